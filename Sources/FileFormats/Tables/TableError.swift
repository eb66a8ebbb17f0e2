/// Why a table cannot be made, extended or read.
public struct TableError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The rule that is broken.
  public enum Rule: Sendable {
    /// A table needs at least one column, and column names must be non-empty and differ.
    case columns
    /// A row must have as many cells as there are columns.
    case arity
    /// A row must have a value in at least one cell.
    case blank
    /// A cell must be of its column's type.
    case type
    /// The text must follow RFC 4180 and be UTF-8.
    case syntax
    /// The header line must name the table's columns in order.
    case header
  }

  /// The rule that is broken.
  public let rule: Rule
  /// The row at fault, counted from 1 without the header; nil where it is no row.
  public let row: Int?
  /// The column at fault, or nil where it is no single one.
  public let column: String?
  /// What was found and what would be right, in one line.
  public let detail: String

  init(_ rule: Rule, row: Int? = nil, column: String? = nil, _ detail: String) {
    self.rule = rule
    self.row = row
    self.column = column
    self.detail = detail
  }

  /// One line: the place and what is wrong there.
  public var description: String {
    let place = [row.map { "row \($0)" }, column.map { "column \(quoted($0))" }].compactMap { $0 }
    return "table" + (place.isEmpty ? "" : " " + place.joined(separator: ", ")) + ": " + detail
  }
}
