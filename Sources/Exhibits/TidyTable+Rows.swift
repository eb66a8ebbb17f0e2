import FileFormats

extension TidyTable {
  /// A table with these columns and rows.
  init(_ columns: [Column], rows: some Sequence<[Cell]>) throws {
    try self.init(columns: columns)
    for row in rows { try append(row) }
  }
}
