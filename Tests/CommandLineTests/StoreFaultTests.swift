import FileFormats
import Foundation
import Testing

@Suite("A store that was damaged") struct StoreFaultTests {
  private let directory: TemporaryDirectory
  private let arguments = ["experiment", "plan.yaml", "--no-render", "--store", "runs", "--output", "out"]

  init() throws {
    directory = try TemporaryDirectory()
    try SmallExperiment().write(to: directory)
    let first = try Command.run(arguments, in: directory)
    try #require(first.status == 0, "\(first.complaints)")
  }

  /// What is done to a file of each run.
  enum Damage: String, CaseIterable {
    case removed, torn, emptied, grown, folder, link
  }

  private func inflict(_ damage: Damage, on path: String) throws {
    let file = directory.file(path)
    var bytes = try directory.bytes(path)
    switch damage {
    case .removed: try FileManager.default.removeItem(atPath: file)
    case .torn: try directory.write(Array(bytes.dropLast(bytes.count / 2 + 1)), to: path)
    case .emptied: try directory.write([], to: path)
    case .grown:
      bytes.append(0)
      try directory.write(bytes, to: path)
    case .folder:
      try FileManager.default.removeItem(atPath: file)
      try directory.makeFolder("\(path)/within")
    case .link:
      try directory.makeFolder("outside")
      let outside = directory.file("outside/\(path.replacingOccurrences(of: "/", with: "-"))")
      try FileManager.default.moveItem(atPath: file, toPath: outside)
      try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: outside)
    }
  }

  /// Runs the experiment again and expects the store as it was.
  private func expectMended(_ whole: [String: Data], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let again = try Command.run(arguments, in: directory)
    #expect(again.status == 0, "\(again.complaints)", sourceLocation: sourceLocation)
    let found = try directory.contents("runs")
    #expect(found.keys.sorted() == whole.keys.sorted(), sourceLocation: sourceLocation)
    for (name, bytes) in whole { #expect(found[name] == bytes, "\(name)", sourceLocation: sourceLocation) }
    let links = try Command.start("/usr/bin/find", [directory.file("runs"), "-type", "l"])
    #expect(links.output == "", sourceLocation: sourceLocation)
  }

  @Test(arguments: Damage.allCases)
  func `done.json of every run damaged in any way: the same bytes again`(_ damage: Damage) throws {
    let whole = try directory.contents("runs")
    for path in whole.keys where path.hasSuffix("/done.json") { try inflict(damage, on: "runs/\(path)") }
    try expectMended(whole)
  }

  @Test(arguments: Damage.allCases)
  func `A file of every run damaged in any way: the same bytes again`(_ damage: Damage) throws {
    let whole = try directory.contents("runs")
    // In each run another of its files, plans among them.
    for (index, key) in Set(whole.keys.compactMap { $0.split(separator: "/").first }).sorted().enumerated() {
      let files = whole.keys.filter {
        $0.hasPrefix("\(key)/") && !$0.hasSuffix("done.json") && whole[$0]?.isEmpty == false
      }
      .sorted()
      try inflict(damage, on: "runs/\(files[index % files.count])")
    }
    try expectMended(whole)
  }

  @Test func `A run cut down to what a copy had brought, or with what is none of it, is made again`() throws {
    let whole = try directory.contents("runs")
    for (index, key) in Set(whole.keys.compactMap { $0.split(separator: "/").first }).sorted().enumerated() {
      let folder = "runs/\(key)"
      switch index % 5 {
      case 0:
        // All results, and half a record that says so.
        try FileManager.default.moveItem(
          atPath: directory.file("\(folder)/done.json"), toPath: directory.file("\(folder)/results.json"))
        try inflict(.torn, on: "\(folder)/results.json")
      case 1:
        try FileManager.default.removeItem(atPath: directory.file("\(folder)/done.json"))
        try directory.write(Array("{".utf8), to: "\(folder)/files/run.json")
      case 2: try directory.write(Array("{}".utf8), to: "\(folder)/files/added_tokens.json")
      case 3:
        try FileManager.default.removeItem(atPath: directory.file(folder))
        try directory.write([1], to: folder)
      default: try FileManager.default.removeItem(atPath: directory.file("\(folder)/files"))
      }
    }
    try expectMended(whole)
  }

  @Test func `Linked runs are neither read nor removed where they lead to`() throws {
    let whole = try directory.contents("runs")
    let keys = Set(whole.keys.compactMap { $0.split(separator: "/").first }).sorted().map(String.init)
    try directory.makeFolder("outside")
    for (index, key) in keys.enumerated() {
      let name = index % 2 == 0 ? key : "\(key)/files"
      let outside = directory.file("outside/\(key)")
      try FileManager.default.moveItem(atPath: directory.file("runs/\(name)"), toPath: outside)
      try FileManager.default.createSymbolicLink(
        atPath: directory.file("runs/\(name)"), withDestinationPath: outside)
    }
    let outside = try directory.contents("outside")
    let verified = try Command.run(["runs", "verify"], in: directory)
    #expect(verified.status == 65 && verified.complaints.contains("of \(keys.count) runs, \(keys.count) damaged"))
    try expectMended(whole)
    #expect(try directory.contents("outside") == outside)

    try FileManager.default.removeItem(atPath: directory.file("runs/\(keys[0])"))
    try FileManager.default.createSymbolicLink(
      atPath: directory.file("runs/\(keys[0])"), withDestinationPath: directory.file("outside/\(keys[0])"))
    try Command.succeed(["runs", "gc"], in: directory)
    #expect(try directory.contents("outside") == outside)
    #expect(!FileManager.default.fileExists(atPath: directory.file("runs/\(keys[0])")))
  }

  @Test func `A base model whose tokenizer is taken away is not finished; one that was finished without is made again`()
    throws
  {
    let whole = try directory.contents("runs")
    let base = try #require(whole.keys.first { $0.hasSuffix("/files/config.json") }).split(separator: "/")[0]
    // As an earlier version certified it.
    try FileManager.default.removeItem(atPath: directory.file("runs/\(base)/files/tokenizer.json"))
    let record = try directory.json("runs/\(base)/done.json")
    let members = (record.members ?? []).filter { $0.name != "sha256" }.map { member in
      member.name == "files"
        ? JSON.Member(
          "files", .array((member.value.elements ?? []).filter { $0["name"] != "tokenizer.json" })) : member
    }
    let hash = SHA256.hex(JSON.object(members).bytes(.compact))
    try directory.write(
      JSON.object(members + [.init("sha256", .string(hash))]).bytes(), to: "runs/\(base)/done.json")
    #expect(try Command.run(["runs", "verify"], in: directory).status == 0)
    // Something that needs it.
    let stage = try #require(whole.keys.first { $0.hasSuffix("/files/quality.csv") }).split(separator: "/")[0]
    try FileManager.default.removeItem(atPath: directory.file("runs/\(stage)"))
    try expectMended(whole)
  }

  @Test func `A tokenizer that is removed while the base model is trained does not leave it without`() throws {
    let whole = try directory.contents("runs")
    let base = try #require(whole.keys.first { $0.hasSuffix("/files/config.json") }).split(separator: "/")[0]
    let learned = try #require(
      whole.keys.first { $0.hasSuffix("/files/tokenizer.json") && !$0.hasPrefix(base) }
    ).split(separator: "/")[0]
    try FileManager.default.removeItem(atPath: directory.file("runs/\(base)"))
    let running = try Running(Command.path, arguments, in: directory.path)
    while running.process.isRunning, access(directory.file("runs/\(base)/files/metrics.csv"), F_OK) != 0 { usleep(500) }
    try? FileManager.default.removeItem(atPath: directory.file("runs/\(learned)"))
    _ = try running.outcome()
    try expectMended(whole)
  }
}
