import Exhibits
import FileFormats
import Testing

@Suite("The tables in notebooks-export")
struct ExportedTablesTests {
  /// Tables may differ between machines in the rounding of BLAS. All numbers are logarithms or steps of moderate size
  /// whose conditions lose at most some six of sixteen digits.
  private let tolerance = 1e-9

  @Test(arguments: Exhibit.theory.map(\.name))
  func `are what this version computes`(name: String) throws {
    let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let computed = try Computed.table(name)
    let exported = try TidyTable(
      columns: computed.columns, csv: InputFile.bytes(of: "/\(folder)/notebooks-export/\(name).csv"))
    #expect(exported.rows.count == computed.rows.count)
    for (row, (one, other)) in zip(exported.rows, computed.rows).enumerated() {
      // This one is rounding by design.
      guard !one.contains(.string("error_of_plain_difference")) else { continue }
      for (left, right) in zip(one, other) where !agree(left, right) {
        Issue.record("row \(row + 1): \(left) is exported and \(right) computed; run make figures")
        return
      }
    }
  }

  private func agree(_ left: Cell, _ right: Cell) -> Bool {
    guard let one = number(left), let other = number(right) else { return left == right }
    return abs(one - other) <= tolerance * max(1, abs(one))
  }

  private func number(_ cell: Cell) -> Double? {
    switch cell {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }
}
