import FileFormats

/// Why a data file, or one of its examples, cannot be used.
public struct ExampleError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The rule that is broken.
  public enum Rule: Sendable {
    /// The system refused to read the file.
    case system
    /// A line is longer than 64 MiB.
    case size
    /// A line, or an element of an array, is no JSON object.
    case json
    /// An object has none of the known shapes, or more than one.
    case shape
    /// A line gives text and those before it token ids, or the other way round.
    case mixedShapes
    /// A member says something of the text, of what of it is learned or of its length that is not understood.
    case member
    /// A member is of the wrong type.
    case type
    /// There is nothing to learn, or nothing to learn it from.
    case empty
    /// A token id is negative or not in the vocabulary.
    case tokenID
    /// The turns of a conversation are out of order.
    case conversation
    /// There is no tokenizer, or it or the template refused the text.
    case tokenizer
    /// The sequence is longer than allowed.
    case length
    /// The file is no CSV table.
    case csv
    /// An answer ends in no number.
    case number
    /// The file has no examples.
    case noExamples
  }

  /// The rule that is broken.
  public let rule: Rule
  /// The file, as the caller named it.
  public let path: String
  /// The line, counted from 1; nil where it is the file as a whole.
  public let line: Int?
  /// What was found and what would be right, in one line.
  public let detail: String

  /// From the rule that is broken; `line` is nil where it is the file as a whole.
  package init(_ rule: Rule, _ path: String, line: Int?, _ detail: String) {
    self.rule = rule
    self.path = path
    self.line = line
    self.detail = detail
  }

  /// The error for a file that the system refused to read.
  package static func unreadable(_ path: String, _ error: FileError) -> ExampleError {
    ExampleError(.system, path, line: nil, "cannot read the file: \(error.reason)")
  }

  /// The error for a file without examples.
  public static func noExamples(_ path: String) -> ExampleError {
    ExampleError(.noExamples, path, line: nil, "the file has no examples")
  }

  /// Whether it was the system that refused.
  public var isSystems: Bool { rule == .system }

  /// One line: the place and what is wrong there.
  public var description: String { quotedPath(path) + (line.map { ", line \($0)" } ?? "") + ": " + detail }
}
