import FileFormats
import TestSupport
import Testing

private func samplePackage() throws -> DataPackage {
  var table = try TidyTable(columns: [
    Column("step", .integer, description: "The step."), Column("loss", .number, unit: "nat", description: "The loss."),
    Column("note", .string, description: "A note."), Column("kept", .boolean, description: "Whether kept."),
  ])
  try table.append([.integer(1), .number(0.5), .string("a,b"), .boolean(true)])
  try table.append([.integer(2), .number(.nan), .missing, .boolean(false)])
  try table.append([.integer(3), .number(-.infinity), .string("line\nbreak"), .missing])
  try table.append([.decimal("12345678901234567890123"), .decimal("1.2345e+5000"), .string("é"), .missing])
  return DataPackage(
    name: "sample", title: "A sample", description: "For the tests.", version: "1.0.0",
    licenses: [.init(name: "CC-BY-4.0", path: "https://creativecommons.org/licenses/by/4.0/")],
    sources: [.init(title: "Palimpsest", path: "https://example.org/")],
    custom: [JSON.Member("seed", 7), JSON.Member("blas", "OpenBLAS")],
    resources: [
      DataResource(name: "loss", title: "Loss", description: "One row per step.", table: table),
      DataResource(name: "again", path: "data/again.csv", title: "Loss", description: "The same.", table: table),
    ])
}

@Suite struct DataPackageTests {
  @Test func `a descriptor of another name stands beside other packages`() throws {
    let directory = try TemporaryDirectory()
    _ = try directory.file("datapackage.json", Array("{}".utf8))
    try AtomicFile.write(samplePackage().files(in: directory.path, descriptorName: "loss.datapackage.json"))
    #expect(try InputFile.bytes(of: directory.file("datapackage.json")) == Array("{}".utf8))
    #expect(
      try InputFile.bytes(of: directory.file("loss.datapackage.json")) == samplePackage().descriptor().bytes())
    #expect(throws: DataPackageError.self) {
      try samplePackage().files(in: directory.path, descriptorName: "data/again.csv")
    }
  }

  @Test func `the descriptor names the bytes that are written`() throws {
    let directory = try TemporaryDirectory()
    try samplePackage().write(to: directory.file("out"))
    let descriptor = try JSON(parsing: InputFile.bytes(of: directory.file("out/datapackage.json")))
    #expect(descriptor["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json")
    #expect(descriptor["seed"] == 7)
    #expect(descriptor["created"] == nil)
    let resources = try #require(descriptor["resources"]?.elements)
    #expect(resources.compactMap { $0["path"]?.stringValue } == ["loss.csv", "data/again.csv"])
    for resource in resources {
      let path = try directory.file("out/" + #require(resource["path"]?.stringValue))
      let bytes = try InputFile.bytes(of: path)
      #expect(resource["bytes"]?.integerValue == bytes.count)
      #expect(resource["hash"]?.stringValue == "sha256:" + run("sha256sum < '\(path)'").output.prefix(64))
    }
    let field = resources[0]["schema"]?["fields"]?.elements?[1]
    #expect(field == ["name": "loss", "type": "number", "description": "The loss.", "unit": "nat"])
    #expect(try samplePackage().descriptor() == descriptor)
  }

  @Test func `a package that breaks a rule is not written`() throws {
    let directory = try TemporaryDirectory()
    let good = try samplePackage()
    let changes: [(inout DataPackage) -> Void] = [
      { $0.name = "Sample" }, { $0.name = "" }, { $0.resources = [] }, { $0.resources[0].name = "a b" },
      { $0.resources[1].name = "loss" }, { $0.resources[0].path = "../loss.csv" },
      { $0.resources[0].path = "/loss.csv" },
      { $0.resources[0].path = "data//x.csv" }, { $0.resources[0].path = "" }, { $0.resources[0].path = "~/x" },
      { $0.resources[0].path = "datapackage.json" }, { $0.resources[0].path = "data/again.csv" },
      { $0.custom.append(JSON.Member("title", "x")) }, { $0.custom.append(JSON.Member("seed", 8)) },
    ]
    for change in changes {
      var package = good
      change(&package)
      let error = try #require(throws: DataPackageError.self) { try package.write(to: directory.path) }
      #expect(!error.description.contains("\n"))
    }
    #expect(directory.names().isEmpty)
  }

  @Test(.enabled(if: hasFrictionless, "needs the command frictionless"))
  func `Frictionless finds the package valid, and an altered table not`() throws {
    let directory = try TemporaryDirectory()
    try samplePackage().write(to: directory.path)
    let command = "cd '\(directory.path)' && frictionless validate datapackage.json --json"
    let result = run(command)
    #expect(result.status == 0, "\(result.output)")
    let bytes = try InputFile.bytes(of: directory.file("loss.csv"))
    try place(bytes.map { $0 == UInt8(ascii: "5") ? UInt8(ascii: "6") : $0 }, at: directory.file("loss.csv"))
    #expect(run(command).status != 0)
  }
}
