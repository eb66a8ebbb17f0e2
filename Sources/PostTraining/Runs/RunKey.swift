import FileFormats

/// The name of a run: a hash of its plan, 32 lower-case hexadecimal digits.
public struct RunKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// All 32 digits; the name of the run's folder.
  public let description: String

  /// The key that a text is, or nil where it is none.
  public init?(_ text: String) {
    guard text.utf8.count == Self.digitCount, text.utf8.allSatisfy(Self.digits.contains) else { return nil }
    description = text
  }

  /// The key of whatever these bytes say.
  init(hashing bytes: [UInt8]) { description = String(SHA256.hex(bytes).prefix(Self.digitCount)) }

  /// The first ten digits, for people to read.
  public var short: String { String(description.prefix(10)) }

  /// Orders keys as their texts.
  public static func < (one: RunKey, other: RunKey) -> Bool { one.description < other.description }

  private static let digitCount = 32
  private static let digits = Set("0123456789abcdef".utf8)
}
