/// Why a text is not acceptable JSON, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The rule that the text breaks.
  public enum Rule: Sendable {
    /// The text does not follow the grammar of RFC 8259.
    case syntax
    /// The bytes are not UTF-8.
    case encoding
    /// A `\u` escape names half of a surrogate pair.
    case surrogate
    /// An object has two members of one name.
    case duplicateName
    /// Arrays and objects are nested deeper than `JSON.maximumDepth`.
    case depth
    /// Something follows the value.
    case trailingBytes
  }

  /// The rule that the text breaks.
  public let rule: Rule
  /// Where, in bytes from the start of the text.
  public let offset: Int
  /// What was found and what would be right, in one line.
  public let detail: String

  init(_ rule: Rule, at offset: Int, _ detail: String) {
    self.rule = rule
    self.offset = offset
    self.detail = detail
  }

  /// One line: the offset and what is wrong there.
  public var description: String { "invalid JSON at byte \(offset): \(detail)" }
}
