import FileFormats

/// The members of one example of a data file, read with errors that name its place.
package struct ExampleFields {
  /// The example.
  package let json: JSON
  /// The line in which it begins, counted from 1.
  package let line: Int

  private let path: String
  private let place: String?

  /// What those who have raw text are told.
  static let rawText =
    #"for texts without turns, {"text": ...}, give --source text, or text: FILE in a plan"#

  /// The members of an object.
  /// - Parameters:
  ///   - path: The file, for errors.
  ///   - line: The line in which it begins, counted from 1.
  ///   - place: What else tells where it is in the file, such as `element 3`.
  /// - Throws: `ExampleError` where it is no object.
  package init(_ json: JSON, path: String, line: Int, place: String? = nil) throws(ExampleError) {
    self.json = json
    self.path = path
    self.line = line
    self.place = place
    guard json.members != nil else {
      throw fault(
        .json,
        "expected an object like {\"question\": ..., \"answer\": ...}"
          + (json.stringValue == nil ? "" : ", found a string; \(Self.rawText)"))
    }
  }

  /// An error in this example.
  package func fault(_ rule: ExampleError.Rule, _ detail: String) -> ExampleError {
    ExampleError(rule, path, line: line, (place.map { "\($0): " } ?? "") + detail)
  }

  /// An object within this one, by its name in errors.
  func nested(_ json: JSON, _ name: String) throws(ExampleError) -> ExampleFields {
    try ExampleFields(json, path: path, line: line, place: (place.map { "\($0): " } ?? "") + name)
  }

  /// The value of this name, or nil where there is none or it is `null`, as tables write what a row has not.
  func value(_ name: String) -> JSON? {
    json[name].flatMap { $0 == .null ? nil : $0 }
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
  func answer(_ text: String, _ name: String) throws(ExampleError) -> String {
    guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
      throw fault(.empty, "\(name) is empty; there must be something to learn")
    }
    return text
  }

  /// The one of some names that the object has, or nil.
  /// - Throws: `ExampleError` where it has two of them that differ.
  func name(of names: [String]) throws(ExampleError) -> String? {
    let found = names.filter { value($0) != nil }
    guard let first = found.first else { return nil }
    if let other = found.first(where: { value($0) != value(first) }) {
      throw fault(.shape, "there are both \(first) and \(other); use one")
    }
    return first
  }

  /// The names of the first members, for errors.
  var someNames: String {
    let names = (json.members ?? []).prefix(8).map { quoted($0.name) }.joined(separator: ", ")
    return names.isEmpty ? "none" : names
  }
}
