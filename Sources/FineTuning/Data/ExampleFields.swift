import FileFormats
import Tokenizers

/// The members of one example of a data file, read with errors that name its place.
package struct ExampleFields {
  /// The example.
  package let json: JSON

  private let path: String
  private let line: Int?
  private let place: String?

  /// The members of an object.
  /// - Parameters:
  ///   - path: The file, for errors.
  ///   - line: The line, counted from 1, where the example has one of its own.
  ///   - place: Another name for where it is in the file, such as `element 3`.
  /// - Throws: `ExampleError` where it is no object.
  package init(_ json: JSON, path: String, line: Int?, place: String? = nil) throws(ExampleError) {
    self.json = json
    self.path = path
    self.line = line
    self.place = place
    guard json.members != nil else {
      throw fault(.json, "expected an object like {\"question\": ..., \"answer\": ...}")
    }
  }

  /// An error in this example.
  package func fault(_ rule: ExampleError.Rule, _ detail: String) -> ExampleError {
    ExampleError(rule, path, line: line, (place.map { "\($0): " } ?? "") + detail)
  }

  /// An object within this one, by its name in errors.
  package func nested(_ json: JSON, _ name: String) throws(ExampleError) -> ExampleFields {
    try ExampleFields(json, path: path, line: line, place: (place.map { "\($0): " } ?? "") + name)
  }

  /// The string of this name.
  package func text(_ name: String) throws(ExampleError) -> String {
    guard let value = json[name] else { throw fault(.shape, "there is no member \(name)") }
    guard let text = value.stringValue else { throw fault(.type, "\(name) must be a string") }
    return text
  }

  /// The string of this name, which is something to learn.
  package func answer(_ name: String) throws(ExampleError) -> String { try answer(try text(name), name) }

  /// The text unless it is empty or white space, which templates strip.
  private func answer(_ text: String, _ name: String) throws(ExampleError) -> String {
    guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
      throw fault(.empty, "\(name) is empty; there must be something to learn")
    }
    return text
  }

  /// The messages of a conversation, of which the last is the assistant's.
  package func messages() throws(ExampleError) -> [ChatMessage] {
    guard let elements = json["messages"]?.elements else { throw fault(.type, "messages must be an array") }
    var messages: [ChatMessage] = []
    for (index, element) in elements.enumerated() {
      let name = "messages[\(index)]"
      guard element.members != nil else { throw fault(.type, "\(name) must be an object with role and content") }
      guard let word = element["role"]?.stringValue else { throw fault(.type, "\(name).role must be a string") }
      guard let role = ChatMessage.Role(rawValue: word) else {
        throw fault(.conversation, "\(name).role must be system, user or assistant, not \(quoted(word))")
      }
      guard let content = element["content"]?.stringValue else {
        throw fault(.type, "\(name).content must be a string")
      }
      guard role != .system || index == 0 else {
        throw fault(.conversation, "\(name) is a system message; it must come first")
      }
      messages.append(ChatMessage(role, role == .assistant ? try answer(content, "\(name).content") : content))
    }
    guard messages.last?.role == .assistant else {
      throw fault(messages.isEmpty ? .empty : .conversation, "messages must end with one of the assistant, the answer")
    }
    return messages
  }
}
