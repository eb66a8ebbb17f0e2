extension TidyTable {
  /// A table with these columns and rows.
  /// - Throws: `TableError` for the first row that does not fit.
  public init(_ columns: [Column], rows: some Sequence<[Cell]>) throws {
    try self.init(columns: columns)
    for row in rows { try append(row) }
  }
}
