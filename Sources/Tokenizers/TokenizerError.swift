import FileFormats

/// Why a tokenizer cannot be read, made or used.
public struct TokenizerError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The rule that is broken.
  public enum Rule: Sendable {
    /// The system must be able to read and write the file.
    case system
    /// The text must be JSON.
    case json
    /// A member must be there and have its type.
    case structure
    /// Every component and setting must be one that this module implements.
    case unsupported
    /// A pre-tokeniser's regular expression must be one of `SplitPattern`.
    case pattern
    /// Tokens must be distinct, and so must their ids, from 0 to `Tokenizer.maximumID`.
    case vocabulary
    /// A merge must join two tokens into a third.
    case merges
    /// Added tokens must be distinct, not empty, and agree with the vocabulary.
    case addedTokens
    /// A template must name what it inserts.
    case template
    /// A binary vocabulary must have the layout of llama2.c.
    case layout
    /// An id to decode must have a token.
    case tokenID
    /// A conversation must have the turns, and a tokenizer the tokens, that the template asks for.
    case conversation
    /// A vocabulary to train must have room for its special tokens and the bytes.
    case training
  }

  /// The rule that is broken.
  public let rule: Rule
  /// The file or folder, as the caller named it; nil where none is at fault.
  public let path: String?
  /// What was found and what would be right, in one line.
  public let detail: String

  init(_ rule: Rule, _ path: String?, _ detail: String) {
    self.rule = rule
    self.path = path
    self.detail = detail
  }

  init(_ error: FileError) { self.init(.system, error.path, error.description) }

  /// Whether it was the system that refused.
  public var isSystems: Bool { rule == .system }

  /// One line: the file if there is one, and what is wrong.
  public var description: String {
    guard rule != .system, let path else { return detail }
    return "\(quoted(path)): \(detail)"
  }
}
