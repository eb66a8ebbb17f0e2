/// One value of a `TidyTable`.
public enum Cell: Equatable, Sendable {
  /// Text; must not be empty, since an empty cell of a CSV file reads back as a missing one.
  case string(String)
  /// A whole number.
  case integer(Int)
  /// A real number; written as the shortest decimal that reads back as the same double.
  case number(Double)
  /// A number already in decimal, for values a `Double` or an `Int` cannot hold, such as `1.2345e+5000`; spelt as JSON
  /// spells numbers.
  case decimal(String)
  /// A truth value.
  case boolean(Bool)
  /// No value.
  case missing

  /// What is wrong with the cell for a column of this kind, or nil if nothing is.
  func fault(for kind: Column.Kind) -> String? {
    switch (self, kind) {
    case (.missing, _), (.integer, .integer), (.integer, .number), (.number, .number), (.boolean, .boolean): nil
    case (.string(let text), .string):
      text.isEmpty ? "an empty string would read back as a missing cell; use .missing" : nil
    case (.decimal(let text), .number):
      NumberLiteral.isNumber(text) ? nil : "\(quoted(text)) is no decimal number; expected one like -1.5e+3"
    case (.decimal(let text), .integer):
      NumberLiteral.whole(text)?.isInteger == true ? nil : "\(quoted(text)) is no whole number; expected one like -15"
    default: "\(self) does not fit the column's type, \(kind.rawValue)"
    }
  }

  /// The cell as CSV text before any quoting. Doubles that are not finite are spelt as Frictionless Data spells them.
  var text: String {
    switch self {
    case .string(let text), .decimal(let text): text
    case .integer(let value): value.description
    case .number(let value):
      value.isFinite ? value.description : value.isNaN ? "NaN" : value < 0 ? "-INF" : "INF"
    case .boolean(let value): value ? "true" : "false"
    case .missing: ""
    }
  }

  /// The cell that a CSV text means in a column of this kind, or nil if it means none.
  init?(_ text: String, kind: Column.Kind) {
    if text.isEmpty {
      self = .missing
      return
    }
    switch kind {
    case .string: self = .string(text)
    case .boolean:
      guard text == "true" || text == "false" else { return nil }
      self = .boolean(text == "true")
    case .integer:
      guard NumberLiteral.whole(text)?.isInteger == true else { return nil }
      self = Int(text).map(Cell.integer) ?? .decimal(text)
    case .number:
      switch text {
      case "NaN": self = .number(.nan)
      case "INF": self = .number(.infinity)
      case "-INF": self = .number(-.infinity)
      default:
        guard NumberLiteral.isNumber(text) else { return nil }
        self = NumberLiteral.double(text).map(Cell.number) ?? .decimal(text)
      }
    }
  }
}
