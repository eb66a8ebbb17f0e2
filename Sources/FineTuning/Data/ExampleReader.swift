import FileFormats

/// Reads the examples of a data file one by one: JSON lines, or one JSON array.
///
/// An object is an example in one of these shapes, the same for training files and for the `chat` data of plans:
///
/// - an instruction (`instruction`, `prompt` or `question`) with its response (`output`, `response` or `answer`). A
///   text beside it (`input` or `context`) follows the instruction after an empty line; `system` (or `system_prompt`)
///   is the system message; `history`, pairs of a question and its answer, is said before; `instances` is an array of
///   objects with `input` and `output`, each of which makes an example;
/// - `messages` or `conversations`, each message with `role` and `content` or ShareGPT's `from` and `value`, the last
///   one the assistant's; `system` is put first where there is no system message;
/// - `prompt_ids` and `answer_ids`.
///
/// Another member that would change the prompt, what of it is learned or its length, such as `tools`, `images` or a
/// `weight` other than 1, is an error; members that are empty or repeat what is read are none. All others, such as
/// `id`, are passed over, and ``notice`` names them. The reader takes texts as they are but for what no model could
/// use: empty answers, conversations out of order, and what are no token ids. Text and token ids do not mix in one
/// file.
public struct ExampleReader {
  /// The file, as the caller named it.
  public let path: String

  private var records: RecordReader
  private var waiting: ArraySlice<Example> = []
  private var first: (shape: Example.Shape, line: Int)?
  private var unread: UnreadMembers

  /// Opens a file.
  /// - Throws: `ExampleError` where it cannot be read.
  public init(path: String) throws(ExampleError) {
    records = try RecordReader(path: path)
    self.path = path
    unread = UnreadMembers(path: path)
  }

  /// All examples of a file.
  /// - Throws: `ExampleError` for the first fault, and where there are no examples at all.
  public static func all(path: String) throws(ExampleError) -> [Example] {
    var reader = try ExampleReader(path: path)
    return try reader.all()
  }

  /// All examples that are left.
  /// - Throws: `ExampleError` for the first fault, and where there are none.
  mutating package func all() throws(ExampleError) -> [Example] {
    var examples: [Example] = []
    while let example = try next() { examples.append(example) }
    guard !examples.isEmpty else { throw .noExamples(path) }
    return examples
  }

  /// The next example, or nil after the last.
  /// - Throws: `ExampleError` for the line at fault.
  public mutating func next() throws(ExampleError) -> Example? {
    while waiting.isEmpty {
      guard let fields = try records.next() else { return nil }
      let reading = try fields.reading()
      let shape = reading.shape
      if let first, (first.shape == .tokens) != (shape == .tokens) {
        throw fields.fault(
          .mixedShapes,
          "the line gives \(shape.rawValue), line \(first.line) gives \(first.shape.rawValue); use one shape")
      }
      first = first ?? (shape, fields.line)
      unread.add(reading.unread)
      waiting = reading.contents.map { Example(line: fields.line, shape: shape, content: $0) }[...]
    }
    return waiting.popFirst()
  }

  /// What users should know of the examples so far: which members were passed over. Nil where all were read.
  public var notice: String? { unread.notice }
}
