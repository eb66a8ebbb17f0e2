import FileFormats
import FineTuning
import Tokenizers

/// Conversations in a JSON array or in JSON lines, in one of the shapes in which instruction data is published.
public enum ChatFile {
  /// The conversations of a file.
  ///
  /// An object gives `messages` (each with `role` and `content`), or an instruction (`instruction`, `prompt` or
  /// `question`) with its response (`output`, `response` or `answer`). Beside an instruction, `input` is a text that
  /// follows it after an empty line; `instances` is an array of objects with `input` and `output`, each of which makes a
  /// conversation.
  /// - Throws: `ExampleError` with the file and line, or the element of the array, where it cannot be read.
  public static func conversations(path: String) throws(ExampleError) -> [Conversation] {
    var conversations: [Conversation] = []
    for fields in try DataFile.objects(path) {
      if fields.json["messages"] != nil {
        var messages = try fields.messages()
        let answer = messages.removeLast().content
        conversations.append(Conversation(prompt: messages, answer: answer))
      } else {
        conversations += try pairs(fields)
      }
    }
    return conversations
  }

  private static func pairs(_ fields: ExampleFields) throws(ExampleError) -> [Conversation] {
    let names = ["instruction", "prompt", "question"]
    let instruction = try fields.text(try present(names, in: fields, orElse: ["messages"]))
    guard let instances = fields.json["instances"] else {
      return [try pair(instruction, fields)]
    }
    guard let elements = instances.elements else { throw fields.fault(.type, "instances must be an array") }
    var conversations: [Conversation] = []
    for (index, element) in elements.enumerated() {
      conversations.append(try pair(instruction, try fields.nested(element, "instances[\(index)]")))
    }
    return conversations
  }

  private static func pair(_ instruction: String, _ fields: ExampleFields) throws(ExampleError) -> Conversation {
    let input = fields.json["input"] == nil ? "" : try fields.text("input")
    let name = try present(["output", "response", "answer"], in: fields)
    return Conversation(
      question: input.isEmpty ? instruction : "\(instruction)\n\n\(input)", answer: try fields.answer(name))
  }

  /// The first of the names that the object has.
  private static func present(
    _ names: [String], in fields: ExampleFields, orElse others: [String] = []
  ) throws(ExampleError) -> String {
    if let name = names.first(where: { fields.json[$0] != nil }) { return name }
    let found = (fields.json.members ?? []).prefix(8).map { quoted($0.name) }.joined(separator: ", ")
    throw fields.fault(
      .shape,
      "expected a member \((names + others).joined(separator: ", ")); found " + (found.isEmpty ? "none" : found))
  }
}
