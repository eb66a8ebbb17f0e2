/// One table of a `DataPackage` and what to call it.
public struct DataResource: Equatable, Sendable {
  /// The identifier within the package: lower-case letters, digits, `-`, `_` and `.`.
  public var name: String
  /// The CSV file's path relative to the package's directory.
  public var path: String
  /// A title for people.
  public var title: String
  /// What one row is, and how it came about.
  public var description: String
  /// The data.
  public var table: TidyTable

  /// Makes a resource; its path is the name with `.csv` unless another is given.
  public init(name: String, path: String? = nil, title: String, description: String, table: TidyTable) {
    self.name = name
    self.path = path ?? name + ".csv"
    self.title = title
    self.description = description
    self.table = table
  }

  /// The resource's part of the descriptor, given the bytes of its file.
  func descriptor(csv: [UInt8]) -> JSON {
    [
      "name": .string(name),
      "type": "table",
      "path": .string(path),
      "title": .string(title),
      "description": .string(description),
      "format": "csv",
      "mediatype": "text/csv",
      "encoding": "utf-8",
      "bytes": .integer(csv.count),
      "hash": .string("sha256:" + SHA256.hex(csv)),
      // The rest of the dialect is the default one, but that ends lines in CR LF.
      "dialect": ["lineTerminator": "\n"],
      "schema": ["fields": .array(table.columns.map(Self.field))],
    ]
  }

  private static func field(_ column: Column) -> JSON {
    var members: [JSON.Member] = [
      JSON.Member("name", .string(column.name)), JSON.Member("type", .string(column.kind.rawValue)),
      JSON.Member("description", .string(column.description)),
    ]
    // Not a property of the standard, which has none for units; it allows additional ones.
    if let unit = column.unit { members.append(JSON.Member("unit", .string(unit))) }
    return .object(members)
  }
}
