/// A JSON value that keeps what a text said: member order, and the difference between an integer and a real number.
///
/// `Foundation`'s JSON types lose both, round large numbers silently and accept duplicate names; this one is small and
/// strict so that a file's meaning never depends on which of two equal names a reader picks.
public enum JSON: Equatable, Sendable {
  /// The literal `null`.
  case null
  /// The literal `true` or `false`.
  case bool(Bool)
  /// A number written without fraction or exponent that fits `Int`.
  case integer(Int)
  /// Any other number that a `Double` can hold. A value that is not finite is written as a string (see `bytes(_:)`).
  case number(Double)
  /// A number given by its own decimal text, for values a `Double` or an `Int` cannot hold, such as `1.2345e+5000`.
  case decimal(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSON])
  /// An object. Names must differ from each other; the parser refuses a text in which they do not.
  case object([Member])

  /// One name and its value within an object.
  public struct Member: Equatable, Sendable {
    /// The member's name.
    public var name: String
    /// The member's value.
    public var value: JSON

    /// Makes a member.
    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The value of the object's member with exactly this name; nil where there is none or this is no object.
  ///
  /// Names are compared byte by byte, as JSON does. Swift's own string equality would take a composed and a decomposed
  /// letter for the same name.
  public subscript(name: String) -> JSON? {
    members?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  /// The truth value, or nil where this is no boolean.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer, or nil where this is anything else, a whole real number such as `2.0` included.
  public var integerValue: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  /// The nearest `Double` of an integer, number or decimal, or of the strings that the writer uses for values that are
  /// not finite (`infinity`, `-infinity`, `nan`); nil for anything else.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .decimal(let text): NumberLiteral.isNumber(text) ? Double(text) : nil
    case .string("infinity"): .infinity
    case .string("-infinity"): -.infinity
    case .string("nan"): .nan
    default: nil
    }
  }

  /// The string, or nil where this is no string.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, or nil where this is no array.
  public var elements: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The members in order, or nil where this is no object.
  public var members: [Member]? {
    if case .object(let value) = self { value } else { nil }
  }
}
