import FileFormats
import Testing

private let columns = [
  Column("name", .string, description: "A name."), Column("count", .integer, description: "A count."),
  Column("time", .number, unit: "s", description: "A time."), Column("done", .boolean, description: "Whether done."),
]

@Suite struct TidyTableTests {
  @Test func `cells are written as the formats spell them and read back`() throws {
    var table = try TidyTable(columns: columns)
    try table.append([.string("plain"), .integer(-3), .number(0.1), .boolean(true)])
    try table.append([.string("a,\"b\"\nc\r"), .missing, .number(1e-5), .boolean(false)])
    try table.append([.string(" é "), .integer(.max), .number(.infinity), .missing])
    try table.append([.missing, .decimal("123456789012345678901"), .decimal("1.2345e+5000"), .missing])
    try table.append([.string("x"), .integer(0), .number(-.infinity), .missing])
    let expected = """
      name,count,time,done
      plain,-3,0.1,true
      "a,""b""
      c\r",,1e-05,false
      " é ",9223372036854775807,INF,
      ,123456789012345678901,1.2345e+5000,
      x,0,-INF,

      """
    #expect(String(decoding: table.csv(), as: UTF8.self) == expected)
    #expect(try TidyTable(columns: columns, csv: table.csv()) == table)
    let crlf = "name,count,time,done\r\nplain,1,NaN,true\r\n"
    let read = try TidyTable(columns: columns, csv: Array(crlf.utf8))
    #expect(String(decoding: read.csv(), as: UTF8.self) == "name,count,time,done\nplain,1,NaN,true\n")
  }

  @Test func `a row that does not fit is refused and named`() throws {
    var table = try TidyTable(columns: columns)
    let rows: [([Cell], TableError.Rule, String?)] = [
      ([.missing], .arity, nil), ([], .arity, nil), ([.missing, .missing, .missing, .missing], .blank, nil),
      ([.integer(1), .missing, .missing, .missing], .type, "name"),
      ([.string(""), .missing, .missing, .missing], .type, "name"),
      ([.missing, .number(1), .missing, .missing], .type, "count"),
      ([.missing, .decimal("1.5"), .missing, .missing], .type, "count"),
      ([.missing, .missing, .decimal("inf"), .missing], .type, "time"),
      ([.missing, .missing, .decimal("1,5"), .missing], .type, "time"),
      ([.missing, .missing, .missing, .string("true")], .type, "done"),
    ]
    for (row, rule, column) in rows {
      let error = try #require(throws: TableError.self) { try table.append(row) }
      #expect(error.rule == rule)
      #expect(error.row == 1)
      #expect(error.column == column)
    }
    #expect(table.rows.isEmpty)
    #expect(throws: TableError.self) { try TidyTable(columns: []) }
    #expect(throws: TableError.self) { try TidyTable(columns: [columns[0], columns[0]]) }
    #expect(throws: TableError.self) { try TidyTable(columns: [Column("", .string, description: "")]) }
  }

  @Test(
    arguments: [
      ("a\n\"b", TableError.Rule.syntax), ("a\n\"b\"c\n", .syntax), ("a\nb\"c\n", .syntax), ("a\rb", .syntax),
      ("b\n1\n", .header), ("", .header), ("a\n1,2\n", .arity), ("a\nx\n", .type), ("a\n0x1\n", .type),
      ("a\ninf\n", .type), ("a\n1,\n", .arity), ("a\n1,", .arity), ("a\n1\n\n2\n", .blank),
    ])
  func `a CSV text that is not the table is refused`(_ text: String, _ rule: TableError.Rule) throws {
    let columns = [Column("a", .number, description: "A.")]
    let error = try #require(throws: TableError.self) { try TidyTable(columns: columns, csv: Array(text.utf8)) }
    #expect(error.rule == rule)
    #expect(!error.description.contains("\n"))
  }

  @Test func `records split as RFC 4180 says`() throws {
    #expect(try CSV.parse(Array("a,,\"b\"\"c\"\r\n\"\n\"".utf8)) == [["a", "", "b\"c"], ["\n"]])
    #expect(try CSV.parse(Array(",".utf8)) == [["", ""]])
    #expect(try CSV.parse([]) == [])
    #expect(throws: TableError.self) { try CSV.parse([0x61, 0xFF]) }
  }
}
