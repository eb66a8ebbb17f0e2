/// A table with one row per observation and one column per variable, whose every cell is of its column's type.
public struct TidyTable: Equatable, Sendable {
  /// What the cells of each row mean, in order.
  public let columns: [Column]
  /// The observations, each with one cell per column.
  public private(set) var rows: [[Cell]] = []

  /// Makes a table without rows.
  /// - Throws: `TableError` where there is no column, or a name is empty or occurs twice.
  public init(columns: [Column]) throws(TableError) {
    guard !columns.isEmpty else { throw TableError(.columns, "a table needs at least one column") }
    var names: Set<[UInt8]> = []
    for column in columns {
      guard !column.name.isEmpty else { throw TableError(.columns, "a column's name must not be empty") }
      guard names.insert(Array(column.name.utf8)).inserted else {
        throw TableError(.columns, column: column.name, "two columns have this name; names must differ")
      }
    }
    self.columns = columns
  }

  /// Adds an observation. Integers are accepted in a number column, and any column accepts a missing cell.
  /// - Throws: `TableError` where the row has too many or too few cells, one of the wrong type or no value at all; the
  ///   table is then as before.
  public mutating func append(_ row: [Cell]) throws(TableError) {
    let number = rows.count + 1
    guard row.count == columns.count else {
      throw TableError(.arity, row: number, "\(row.count) cells; there are \(columns.count) columns")
    }
    // CSV readers drop a blank line or stumble over it, and Frictionless refuses one however many commas it has.
    guard row.contains(where: { $0 != .missing }) else {
      throw TableError(.blank, row: number, "all cells are missing; a row needs at least one value")
    }
    for (cell, column) in zip(row, columns) {
      if let fault = cell.fault(for: column.kind) {
        throw TableError(.type, row: number, column: column.name, fault)
      }
    }
    rows.append(row)
  }

  /// The table as a CSV file of RFC 4180 in UTF-8, with a header line and line feeds. Missing cells are empty.
  public func csv() -> [UInt8] {
    var output = CSV.line(columns.map(\.name))
    for row in rows { output += CSV.line(row.map(\.text)) }
    return output
  }

  /// Reads a table back from a CSV file whose header line names exactly these columns.
  ///
  /// A number column gives `.number` for every number a `Double` can hold, integers included.
  /// - Throws: `TableError` where the text is no CSV file, or its header or a cell does not fit the columns.
  public init(columns: [Column], csv: [UInt8]) throws(TableError) {
    try self.init(columns: columns)
    let records = try CSV.parse(csv)
    let names = columns.map(\.name)
    guard let header = records.first, header.elementsEqual(names, by: { $0.utf8.elementsEqual($1.utf8) }) else {
      let found = (records.first ?? []).map { quoted($0) }.joined(separator: ",")
      throw TableError(
        .header, "the header line is \(found); expected \(names.map { quoted($0) }.joined(separator: ","))")
    }
    for (index, record) in records.dropFirst().enumerated() {
      guard record.count == columns.count else {
        throw TableError(.arity, row: index + 1, "\(record.count) cells; there are \(columns.count) columns")
      }
      var row: [Cell] = []
      for (text, column) in zip(record, columns) {
        guard let cell = Cell(text, kind: column.kind) else {
          throw TableError(.type, row: index + 1, column: column.name, "\(quoted(text)) is no \(column.kind.rawValue)")
        }
        row.append(cell)
      }
      try append(row)
    }
  }
}

extension TidyTable {
  /// A table with these columns and rows.
  /// - Throws: `TableError` for the first row that does not fit.
  public init(_ columns: [Column], rows: some Sequence<[Cell]>) throws {
    try self.init(columns: columns)
    for row in rows { try append(row) }
  }
}
