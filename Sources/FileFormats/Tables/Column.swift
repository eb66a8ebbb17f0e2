/// One column of a `TidyTable`: what its cells mean.
public struct Column: Equatable, Sendable {
  /// What the cells of a column are.
  public enum Kind: String, Sendable {
    /// Text.
    case string
    /// Whole numbers.
    case integer
    /// Real numbers.
    case number
    /// Truth values.
    case boolean
  }

  /// The name in the header line.
  public var name: String
  /// What the cells are.
  public var kind: Kind
  /// The unit of the values, such as `s` or `bit`; nil where they have none.
  public var unit: String?
  /// What the values are, in a sentence.
  public var description: String

  /// Makes a column.
  public init(_ name: String, _ kind: Kind, unit: String? = nil, description: String) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.description = description
  }
}
