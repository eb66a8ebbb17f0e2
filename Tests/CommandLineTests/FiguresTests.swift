import FileFormats
import Foundation
import Testing

private let theory = [
  "divergence", "bound-losses", "stage-orders", "retrain-distance", "tolerance-time", "step-size", "ridge",
  "exact-law", "last-in-first-out", "recency", "order-overlap",
  "quadratic-ascent", "lazy-limit", "diagonal-network",
  "weakly-local", "certified-unlearning", "preference-unlearning",
]

private let ladder = ["ladder-head", "ladder-last-in-first-out", "ladder-tangent-kernel"]

private let experiment = [
  "findings", "figure-1", "figure-3", "table-1", "figure-4", "figure-5", "figure-6", "figure-7", "figure-8", "table-2",
  "stage-quality", "distance-to-retrained", "path-divergence", "cost", "trajectories",
]

private let exhibits = theory + ladder + experiment

/// A plan with all stages, runs and measures that takes seconds.
let quickPlan = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/plans/quick.yaml"

/// What is said before its runs start.
private let quickNotice =
  "palimpsest: the learning rate is 0 in step 1, where the warm-up starts, of base (44 steps)\n"

private func resources(_ package: JSON) throws -> [JSON] { try #require(package["resources"]?.elements) }

@Suite struct FiguresTests {
  @Test func `the list names every exhibit with its title`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(["figures", "--list"], in: directory)
    #expect(outcome.lines.map { String($0.prefix { $0 != "\t" }) } == exhibits)
    for line in outcome.lines { #expect(line.split(separator: "\t").last.map { $0.count > 10 } == true) }
    #expect(try directory.contents().isEmpty)
  }

  @Test func `all exhibits are written, for any number of threads the same`() throws {
    let directory = try TemporaryDirectory()
    for threads in ["1", "4"] {
      let outcome = try Command.run(
        [
          "figures", "--no-render", "-o", threads, "--threads", threads, "--plan", quickPlan, "--store",
          "runs-\(threads)",
        ], in: directory)
      #expect(outcome.status == 0 && outcome.lines.count == 1, "\(outcome.complaints)")
      #expect(outcome.complaints == quickNotice)
    }
    let files = try directory.contents("1")
    #expect(files == (try directory.contents("4")))
    let expected =
      exhibits.flatMap { ["\($0).csv"] + ($0 == "trajectories" ? [] : ["\($0).vl.json"]) } + ["datapackage.json"]
    #expect(files.keys.sorted() == expected.sorted())
    let package = try directory.json("1/datapackage.json")
    #expect(package["seed"] == 1)
    #expect(package["version"]?.stringValue != nil)
    #expect(package["blas"]?.stringValue != nil)
    #expect(package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json")
    #expect(try resources(package).compactMap { $0["name"]?.stringValue } == exhibits)
    for resource in try resources(package) {
      let path = try #require(resource["path"]?.stringValue)
      #expect(resource["bytes"]?.integerValue == files[path]?.count)
      #expect(files[path]?.contains(UInt8(ascii: "\r")) == false)
      #expect(files[path]?.last == UInt8(ascii: "\n"))
      let header = try #require(CSV.parse(directory.bytes("1/\(path)")).first)
      let fields = try #require(resource["schema"]?["fields"]?.elements)
      #expect(fields.compactMap { $0["name"]?.stringValue } == header)
      for field in fields { #expect(field["description"]?.stringValue?.isEmpty == false) }
    }
  }

  @Test func `one exhibit made again leaves the others as they were, each with its own seed`() throws {
    let directory = try TemporaryDirectory()
    func figures(_ arguments: [String]) throws {
      try Command.succeed(["figures", "--no-render", "-o", "out", "-q"] + arguments, in: directory)
    }
    try figures(["ridge", "divergence"])
    let before = try directory.contents("out")
    // In the order of the list, whatever the order asked for.
    #expect(try names(directory) == ["divergence", "ridge"])
    try figures(["ridge", "ridge", "--seed", "18446744073709551615"])
    let after = try directory.contents("out")
    #expect(try names(directory) == ["divergence", "ridge"])
    for name in ["divergence.csv", "divergence.vl.json", "ridge.vl.json"] { #expect(after[name] == before[name]) }
    #expect(after["ridge.csv"] != before["ridge.csv"])
    let package = try directory.json("out/datapackage.json")
    let seeds = try resources(package).map { $0["seed"] }
    #expect(seeds == [1, .decimal("18446744073709551615")])
    #expect(package["seed"] == .decimal("18446744073709551615"))
    for resource in try resources(package) {
      let path = try #require(resource["path"]?.stringValue)
      #expect(resource["bytes"]?.integerValue == after[path]?.count)
    }
    // A descriptor that is no JSON is replaced, not stumbled over.
    try directory.write(Array("{".utf8), to: "out/datapackage.json")
    try figures(["step-size"])
    #expect(try names(directory) == ["step-size"])
  }

  private func names(_ directory: TemporaryDirectory) throws -> [String] {
    try resources(directory.json("out/datapackage.json")).compactMap { $0["name"]?.stringValue }
  }

  @Test(.enabled(if: Tools.frictionless, "needs frictionless"))
  func `the data package is valid, also after a part was made again`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(["figures", "--no-render", "--quiet", "-o", "out", "--plan", quickPlan], in: directory)
    try Command.succeed(["figures", "--no-render", "-o", "out", "ridge", "--seed", "5"], in: directory)
    let outcome = try Command.start(
      "/usr/bin/env", ["frictionless", "validate", "datapackage.json"], in: directory.file("out"))
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test(.enabled(if: Tools.renderer, "needs python3 with vl-convert-python"))
  func `plots and a page are drawn where the renderer is`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(["figures", "-o", "out", "divergence"], in: directory)
    let outcome = try Command.succeed(["figures", "-o", "out", "ridge"], in: directory)
    #expect(outcome.lines.last == "rendered SVG, PNG and out/index.html")
    let files = try directory.contents("out")
    for name in ["divergence", "ridge"] {
      #expect(files["\(name).svg"]?.starts(with: Array("<svg".utf8)) == true)
      #expect(files["\(name).png"]?.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)
    }
    // The page shows the exhibit made before, too, and needs no other file.
    let page = String(decoding: try #require(files["index.html"]), as: UTF8.self)
    for name in ["divergence", "ridge"] { #expect(page.contains("<section id=\"\(name)\">")) }
    #expect(!page.contains("src=\"http"))
  }

  @Test(arguments: [
    ("#!/bin/sh\nread line\necho 'Traceback' >&2\necho 'the renderer is missing' >&2\nexit 3\n", "is missing"),
    ("#!/bin/sh\nexit 3\n", "exit status 3"),
    ("#!/bin/sh\nkill -9 $$\n", "exit status 9"),
    ("", "python3"),
  ])
  func `without the renderer the tables are complete and one line says so`(_ python: String, _ word: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(Array(python.utf8), to: "python3")
    if !python.isEmpty {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.file("python3"))
    }
    // A PATH with nothing but this python3, or with none.
    let environment = ["PATH": python.isEmpty ? "/nonexistent" : "\(directory.path):/bin"]
    let arguments = ["figures", "ridge", "-o", "out"]
    let outcome = try Command.run(arguments, in: directory, environment: environment)
    #expect(outcome.status == 0)
    #expect(outcome.output == "wrote ridge.csv to out\n")
    #expect(outcome.complaints.split(separator: "\n").count == 1, "\(outcome.complaints)")
    #expect(outcome.complaints.hasPrefix("palimpsest: the plots were not rendered: "))
    #expect(outcome.complaints.contains(word), "\(outcome.complaints)")
    #expect(try directory.contents("out").keys.sorted() == ["datapackage.json", "ridge.csv", "ridge.vl.json"])
    let quiet = try Command.run(arguments + ["--quiet"], in: directory, environment: environment)
    #expect(quiet.status == 0)
    #expect(quiet.complaints == "")
  }
}
