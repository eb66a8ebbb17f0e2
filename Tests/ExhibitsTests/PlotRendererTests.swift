import Exhibits
import FileFormats
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Python.renders, "needs python3 with vl-convert-python"))
struct PlotRendererTests {
  /// A folder of a few exhibits, written and rendered.
  private struct Rendered {
    let directory: TemporaryDirectory
    let exhibits: [Exhibit]

    init(_ names: [String] = ["ridge", "findings", "table-2", "cost"]) throws {
      directory = try TemporaryDirectory()
      exhibits = try Exhibit.named(names)
      try ExhibitWriter(directory: directory.path, context: .init(results: SyntheticResults().results()))
        .write(exhibits)
      try render()
    }

    func render() throws { try PlotRenderer.render(exhibits, in: directory.path) }

    func bytes(_ name: String) throws -> [UInt8] { try InputFile.bytes(of: directory.file(name)) }

    func contents() throws -> [String: [UInt8]] {
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      return try Dictionary(uniqueKeysWithValues: names.map { ($0, try bytes($0)) })
    }

    /// Which of the plots' files are other files than they were while this ran, whatever is in them.
    func replaced(by change: () throws -> Void) throws -> Set<String> {
      func identities() throws -> [String: UInt64] {
        var found: [String: UInt64] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
        where name.hasSuffix(".svg") || name.hasSuffix(".png") {
          let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(name))
          found[name] = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value
        }
        return found
      }
      // A second name keeps the number of a file that is replaced from being given to its successor.
      let before = try identities()
      let held = try TemporaryDirectory()
      for name in before.keys {
        try FileManager.default.linkItem(atPath: directory.file(name), toPath: held.file(name))
      }
      try change()
      return Set(try identities().filter { before[$0.key] != $0.value }.keys)
    }
  }

  @Test func `what is up to date is neither drawn nor written again`() throws {
    let folder = try Rendered()
    let before = try folder.contents()
    #expect(before.keys.count { $0.hasSuffix(".svg") } == 4)
    #expect(before.keys.count { $0.hasSuffix(".png") } == 4)
    #expect(try folder.replaced { try folder.render() } == [])
    #expect(try folder.contents() == before)
  }

  @Test func `what is missing, was changed or half written is drawn again, to the same bytes`() throws {
    let folder = try Rendered()
    let before = try folder.contents()
    func again(_ expected: Set<String>, _ damage: () throws -> Void) throws {
      #expect(
        try folder.replaced {
          try damage()
          try folder.render()
        } == expected)
      #expect(try folder.contents() == before)
    }
    func write(_ bytes: [UInt8], _ name: String) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: folder.directory.file(name)))
    }
    try again(["cost.svg", "cost.png"]) {
      try FileManager.default.removeItem(atPath: folder.directory.file("cost.svg"))
    }
    try again(["cost.svg", "cost.png"]) {
      try FileManager.default.removeItem(atPath: folder.directory.file("cost.png"))
    }
    let svg = try folder.bytes("ridge.svg")
    try again(["ridge.svg", "ridge.png"]) { try write(svg + Array("<!-- mine -->".utf8), "ridge.svg") }
    try again(["ridge.svg", "ridge.png"]) { try write([0xFF, 0xFE] + svg, "ridge.svg") }
    let png = try folder.bytes("ridge.png")
    try again(["ridge.svg", "ridge.png"]) { try write(Array(png.dropLast(100)), "ridge.png") }
    // The page is made anew in any case.
    try again([]) { try write([], "index.html") }
    let all = Set(before.keys.filter { $0.hasSuffix(".svg") || $0.hasSuffix(".png") })
    for record in ["{", "[1]", "{\"ridge\": 1, \"findings\": {}}"] {
      try again(all) { try write(Array(record.utf8), ".rendered.json") }
    }
  }

  @Test(arguments: ["csv", "vl.json", "datapackage.json"])
  func `a plot follows each of its inputs, and only they`(_ kind: String) throws {
    let folder = try Rendered()
    let name = kind == "datapackage.json" ? kind : "cost.\(kind)"
    let text = String(decoding: try folder.bytes(name), as: UTF8.self)
    let changed =
      switch kind {
      case "csv": text.replacingOccurrences(of: "runs,", with: "runs,1")
      case "vl.json": text.replacingOccurrences(of: "#56B4E9", with: "#000000")
      // What the page says of an exhibit is not drawn.
      default: text.replacingOccurrences(of: "What the experiment cost", with: "What it all cost")
      }
    #expect(changed != text)
    let page = try folder.bytes("index.html")
    let replaced = try folder.replaced {
      // The same length, and a date as early as the SVG's: neither may be what tells.
      try changed.write(toFile: folder.directory.file(name), atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: folder.directory.file(name))
      try folder.render()
    }
    #expect(replaced == (kind == "datapackage.json" ? [] : ["cost.svg", "cost.png"]))
    #expect(try folder.bytes("index.html") != page)
  }

  @Test func `what another edition of the script drew is drawn again`() throws {
    let folder = try Rendered(["cost"])
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let script = try InputFile.bytes(of: "/\(root)/Sources/Exhibits/Resources/render.py")
    let before = try folder.bytes("cost.svg")
    func drawn(_ edition: String) throws -> Set<String> {
      let results = try TemporaryDirectory()
      let start = "import sys; exec(sys.stdin.buffer.read(\(script.count)))"
      let arguments = ["-c", start, edition, folder.directory.path, results.path, "cost"]
      let outcome = try Python.run(arguments, input: script, keepsInput: true)
      #expect(outcome.status == 0, "\(outcome.output)")
      return Set(try FileManager.default.contentsOfDirectory(atPath: results.path))
    }
    #expect(try drawn(SHA256.hex(script)) == [".rendered.json", "index.html"])
    #expect(try drawn("another") == [".rendered.json", "index.html", "cost.svg", "cost.png"])
    #expect(try folder.bytes("cost.svg") == before)
  }

  @Test func `a plot that cannot be drawn leaves every file as it was`() throws {
    let folder = try Rendered()
    try Data("{\"mark\": 1}".utf8).write(to: URL(fileURLWithPath: folder.directory.file("cost.vl.json")))
    try FileManager.default.removeItem(atPath: folder.directory.file("ridge.svg"))
    let before = try folder.contents()
    #expect { try folder.render() } throws: { "\($0)".hasPrefix("the plots were not rendered: cost: ") }
    #expect(try folder.contents() == before)
  }

  @Test func `one page holds every plot, what was found first, and how the settings were fixed`() throws {
    let folder = try Rendered(["divergence", "ridge", "findings", "figure-1", "table-2", "cost"])
    let page = String(decoding: try folder.bytes("index.html"), as: UTF8.self)
    for exhibit in folder.exhibits {
      #expect(page.contains(String(decoding: try folder.bytes("\(exhibit.name).svg"), as: UTF8.self)))
      #expect(page.components(separatedBy: "<a href=\"#\(exhibit.name)\">").count > 1)
    }
    // Nothing is fetched, and nothing runs.
    for word in ["src=", "<script", "<link rel=\"stylesheet", "@import"] { #expect(!page.contains(word), "\(word)") }
    let order = ["findings", "ridge", "settings", "table-2", "cost"].map { name in
      page.range(of: "<section id=\"\(name)\">")?.lowerBound
    }
    let places = order.compactMap { $0 }
    #expect(places.count == order.count && places == places.sorted())
    let cost = try SyntheticResults().results().cost
    for text in ["<b>synthetic</b>, seeds 1, 2, 3, 4", "\(cost.runs) runs"] { #expect(page.contains(text), "\(text)") }
    // Plots in one page must not share the names that they refer to.
    let ids = page.components(separatedBy: " id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(Set(ids).count == ids.count)
    #expect(["divergence", "figure-1"].allSatisfy { name in ids.contains { $0.hasPrefix("\(name)-clip") } })
  }
}
