import FileFormats
import Tokenizers

/// Reads the examples of a JSON-lines file one by one, holding no more of the file than a line and a buffer.
///
/// All lines of a file have the same of the three shapes of `Example.Shape`. Lines of white space are passed over, and
/// members beyond those of the shape are allowed, since data sets have them. The reader takes the examples as they are
/// but for what no model could use: empty answers, conversations out of order, and what are no token ids.
public struct ExampleReader {
  /// The most bytes of a line.
  public static let maximumLineLength = 1 << 26

  /// The file, as the caller named it.
  public let path: String

  private var lines: LineReader
  private var line = 0
  private var first: (shape: Example.Shape, line: Int)?

  /// Opens a file.
  /// - Throws: `ExampleError` where it cannot be read.
  public init(path: String) throws(ExampleError) {
    do {
      lines = try LineReader(path: path, maximumLength: Self.maximumLineLength)
    } catch {
      throw ExampleError(.system, path, line: nil, "cannot read the file: \(error.reason)")
    }
    self.path = path
  }

  /// All examples of a file.
  /// - Throws: `ExampleError` for the first fault, and where there are no examples at all.
  public static func all(path: String) throws(ExampleError) -> [Example] {
    var reader = try ExampleReader(path: path)
    var examples: [Example] = []
    while let example = try reader.next() { examples.append(example) }
    guard !examples.isEmpty else { throw .noExamples(path) }
    return examples
  }

  /// The next example, or nil after the last.
  /// - Throws: `ExampleError` for the line at fault.
  public mutating func next() throws(ExampleError) -> Example? {
    while true {
      line += 1
      let bytes: [UInt8]?
      do {
        bytes = try lines.next()
      } catch {
        switch error {
        case .tooLong:
          throw fault(.size, "the line is longer than the limit of \(lines.maximumLength) bytes")
        case .file(let error):
          throw fault(.system, "cannot read the file: \(error.reason)")
        }
      }
      guard let bytes else { return nil }
      if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      return try example(bytes)
    }
  }

  private func fault(_ rule: ExampleError.Rule, _ detail: String) -> ExampleError {
    ExampleError(rule, path, line: line, detail)
  }

  private mutating func example(_ bytes: [UInt8]) throws(ExampleError) -> Example {
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw fault(.json, "\(error)")
    }
    let fields = try ExampleFields(json, path: path, line: line)
    let shape = try shape(of: json)
    if let first, first.shape != shape {
      throw fault(
        .mixedShapes,
        "the line gives \(shape.rawValue), line \(first.line) gives \(first.shape.rawValue); use one shape")
    }
    let content: Example.Content =
      switch shape {
      case .question:
        .chat([
          ChatMessage(.user, try fields.text("question")), ChatMessage(.assistant, try fields.answer("answer")),
        ])
      case .messages: .chat(try fields.messages())
      case .tokens: try tokens(json)
      }
    first = first ?? (shape, line)
    return Example(line: line, shape: shape, content: content)
  }

  private func shape(of json: JSON) throws(ExampleError) -> Example.Shape {
    var found: [Example.Shape] = []
    if json["question"] != nil || json["answer"] != nil { found.append(.question) }
    if json["messages"] != nil { found.append(.messages) }
    if json["prompt_ids"] != nil || json["answer_ids"] != nil { found.append(.tokens) }
    guard let shape = found.first else {
      let names = (json.members ?? []).prefix(8).map { quoted($0.name) }.joined(separator: ", ")
      throw fault(
        .shape,
        "expected members question and answer, messages, or prompt_ids and answer_ids; found "
          + (names.isEmpty ? "none" : names))
    }
    guard found.count == 1 else {
      throw fault(.shape, "the line gives both \(found[0].rawValue) and \(found[1].rawValue); use one shape")
    }
    return shape
  }

  private func tokens(_ json: JSON) throws(ExampleError) -> Example.Content {
    let prompt = try ids(json, "prompt_ids")
    guard !prompt.isEmpty else {
      throw fault(
        .empty, "prompt_ids is empty; what has nothing before it has no probability: begin with the BOS token")
    }
    let answer = try ids(json, "answer_ids")
    guard !answer.isEmpty else { throw fault(.empty, "answer_ids is empty; there must be something to learn") }
    return .tokens(prompt: prompt, answer: answer)
  }

  private func ids(_ json: JSON, _ name: String) throws(ExampleError) -> [Int32] {
    guard let value = json[name] else { throw fault(.shape, "there is no member \(name)") }
    guard let elements = value.elements else { throw fault(.type, "\(name) must be an array of whole numbers") }
    var ids: [Int32] = []
    ids.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let number = element.integerValue else {
        throw fault(.type, "\(name)[\(index)] must be a whole number without fraction or exponent")
      }
      guard let id = Int32(exactly: number), id >= 0 else {
        throw fault(.tokenID, "\(name)[\(index)] must be a token id, 0 to \(Int32.max), not \(number)")
      }
      ids.append(id)
    }
    return ids
  }
}
