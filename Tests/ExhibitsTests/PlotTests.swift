import Exhibits
import FileFormats
import Foundation
import TestSupport
import Testing

private let names = Exhibit.theory.map(\.name)

/// Every value of a "field" in a specification, and every name that a transform declares.
private struct Fields {
  var used: Set<String> = []
  var declared: Set<String> = []

  init(_ specification: JSON) { walk(specification, inTransform: false) }

  private mutating func walk(_ value: JSON, inTransform: Bool) {
    for member in value.members ?? [] {
      if member.name == "field", let name = member.value.stringValue { used.insert(name) }
      if inTransform, member.name == "as", let name = member.value.stringValue { declared.insert(name) }
      // An expression speaks of its columns as datum.NAME.
      if let text = member.value.stringValue, inTransform {
        for part in text.components(separatedBy: "datum.").dropFirst() {
          used.insert(String(part.prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
        }
      }
      walk(member.value, inTransform: inTransform || member.name == "transform")
    }
    for element in value.elements ?? [] { walk(element, inTransform: inTransform) }
  }
}

@Suite struct PlotTests {
  @Test(arguments: Exhibit.all.filter { $0.plot != nil }.map(\.name))
  func `a plot reads its own table and no column that is not there`(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let exhibit = try #require(Exhibit.named([name]).first)
    let context = try Exhibit.Context(results: SyntheticResults().results())
    try ExhibitWriter(directory: directory.path, context: context).write([exhibit])
    let specification = try JSON(parsing: InputFile.bytes(of: directory.file("\(name).vl.json")))
    #expect(specification["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json")
    #expect(specification["data"]?["url"]?.stringValue == "\(name).csv")
    #expect(specification["title"]?["text"]?.stringValue == exhibit.title)
    let table = try exhibit.table(context)
    let columns = Set(table.columns.map(\.name))
    let fields = Fields(specification)
    #expect(!fields.used.isEmpty)
    #expect(fields.used.subtracting(fields.declared).subtracting(columns).isEmpty)
    #expect(fields.declared.isDisjoint(with: columns))
    let parse = try #require(specification["data"]?["format"]?["parse"]?.members)
    #expect(parse.map(\.name) == table.columns.map(\.name))
    #expect(try InputFile.bytes(of: directory.file("\(name).csv")) == table.csv())
  }

  @Test(arguments: names)
  func `every curve has a colour of its own or shares it on purpose`(_ name: String) throws {
    let exhibit = try #require(Exhibit.named([name]).first)
    let fields = Fields(try #require(exhibit.plot))
    var scales: [(String, [JSON], Int)] = []
    func collect(_ value: JSON) {
      // The domain of a quantity is a range, not a list.
      if let domain = value["scale"]?["domain"]?.elements, let field = value["field"]?.stringValue,
        value["type"] == "nominal"
      {
        scales.append((field, domain, value["scale"]?["range"]?.elements?.count ?? 0))
      }
      for member in value.members ?? [] { collect(member.value) }
      for element in value.elements ?? [] { collect(element) }
    }
    collect(try #require(exhibit.plot))
    #expect(!scales.isEmpty)
    let rows = try Computed.rows(name)
    for (field, domain, count) in scales {
      #expect(count == domain.count)
      let listed = Set(domain.compactMap { $0.stringValue ?? $0.integerValue.map(\.description) })
      // A value that the scale does not list would be drawn in a colour of Vega-Lite's choice.
      if !fields.declared.contains(field) { #expect(Set(rows.compactMap { $0[field]?.label }) == listed) }
    }
  }

  @Test(arguments: Exhibit.experiment.filter { $0.plot != nil }.map(\.name))
  func `the colours of an experiment's plot suffice for its table`(_ name: String) throws {
    let exhibit = try #require(Exhibit.named([name]).first)
    let rows = try rows(name)
    func check(_ value: JSON) {
      if let scale = value["scale"], let range = scale["range"]?.elements, let field = value["field"]?.stringValue,
        value["type"] == "nominal"
      {
        let shown = Set(rows.compactMap { $0[field]?.label })
        #expect(!shown.isEmpty)
        #expect(shown.count <= range.count, "\(field)")
        if let domain = scale["domain"]?.elements {
          #expect(domain.count == range.count)
          #expect(shown.isSubset(of: domain.compactMap(\.stringValue)), "\(field)")
        }
      }
      for member in value.members ?? [] { check(member.value) }
      for element in value.elements ?? [] { check(element) }
    }
    check(try #require(exhibit.plot))
  }

  @Test func `a writer puts all files in place or none`() throws {
    let directory = try TemporaryDirectory()
    let writer = ExhibitWriter(directory: directory.file("out"), context: .init())
    let exhibits = try Exhibit.named(["ridge", "divergence"])
    var told: [String] = []
    try writer.write(exhibits) { told.append("\($0) \($1.name)") }
    #expect(told == ["0 ridge", "1 divergence"])
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.file("out"))
    #expect(
      files.sorted() == [
        "datapackage.json", "divergence.csv", "divergence.vl.json", "ridge.csv", "ridge.vl.json",
      ])
    // A folder has the name of the last file: the others, complete by then, are not put in place.
    let other = ExhibitWriter(directory: directory.file("other"), context: .init())
    try FileManager.default.createDirectory(
      atPath: directory.file("other/divergence.csv"), withIntermediateDirectories: true)
    #expect(throws: FileError.self) { try other.write(exhibits) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.file("other")) == ["divergence.csv"])
  }
}
