extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// Makes a boolean from a literal.
  public init(booleanLiteral value: Bool) { self = .bool(value) }

  /// Makes an integer from a literal.
  public init(integerLiteral value: Int) { self = .integer(value) }

  /// Makes a number from a literal.
  public init(floatLiteral value: Double) { self = .number(value) }

  /// Makes a string from a literal.
  public init(stringLiteral value: String) { self = .string(value) }

  /// Makes an array from a literal.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// Makes an object from a literal, in the order written. Names must differ.
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0, $1) }) }
}
