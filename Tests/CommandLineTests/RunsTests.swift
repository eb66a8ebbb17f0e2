import FileFormats
import Foundation
import PostTraining
import Testing

@Suite("palimpsest runs") struct RunsTests {
  private let directory: TemporaryDirectory
  private let store: RunStore
  private let plans: [RunPlan]

  /// A store with a base, two runs that build on it, and one that was not finished.
  init() throws {
    directory = try TemporaryDirectory()
    store = RunStore(directory: directory.file("runs"))
    var graph = RunGraph()
    let base = RunPlan(kind: "train", version: 1, title: "base", inputs: ["seed": 1])
    let others = ["inst", "tofu"].map { name in
      RunPlan(kind: "train", version: 1, title: name, inputs: ["data": .string(name)], parents: [base.key])
    }
    let broken = RunPlan(kind: "score", version: 1, title: "broken", inputs: 1)
    plans = [base] + others + [broken]
    for plan in plans { graph.add(plan, cost: 1) }
    let (whole, runs) = (graph, store)
    let failure = #expect(throws: RunFailure.self) {
      try whole.run(in: runs) { plan, context in
        if plan.kind == "score" { throw CancellationError() }
        try AtomicFile.write("\(plan.title)'s weights", to: "\(context.folder)/weights")
        return ["weights"]
      }
    }
    try #require(failure?.plan.key == broken.key)
  }

  private func flip(_ plan: RunPlan) throws {
    let name = "runs/\(plan.key)/files/weights"
    var bytes = try directory.bytes(name)
    bytes[2] ^= 8
    try directory.write(bytes, to: name)
  }

  @Test func `list says what there is, in the store that is meant`() throws {
    let outcome = try Command.succeed(["runs", "list"], in: directory)
    let rows = outcome.lines.map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.map { $0[0] } == plans.map(\.key).sorted().map(\.short))
    for plan in plans {
      let row = try #require(rows.first { $0[0] == plan.key.short })
      let isFinished = plan.kind == "train"
      #expect(Array(row[1...3]) == [plan.kind, isFinished ? "finished" : "unfinished", isFinished ? "14 B" : "-"])
      #expect(row.count == 6 && row[5] == plan.title && (row[4] == "-") != isFinished)
      if isFinished { #expect(row[4].hasSuffix(" s") || row[4].hasSuffix(" min")) }
    }
    try FileManager.default.createDirectory(atPath: directory.file("elsewhere"), withIntermediateDirectories: false)
    let moved = try TemporaryDirectory()
    let environment = ["PALIMPSEST_RUNS": store.directory]
    #expect(try Command.run(["runs", "list"], in: moved, environment: environment).output == outcome.output)
    let chosen = ["runs", "list", "--store", directory.file("elsewhere")]
    #expect(try Command.run(chosen, in: moved, environment: environment).output == "")
    try Command.fail(74, ["\"runs\"", "No such file"], ["runs", "list"], in: moved)
  }

  @Test func `show gives the plan, the files and the runs it builds on, by the beginning of the key`() throws {
    let key = plans[1].key.description
    let outcome = try Command.succeed(["runs", "show", String(key.prefix(12))], in: directory)
    let json = try JSON(parsing: Array(outcome.output.utf8))
    #expect(json["key"]?.stringValue == key && json["state"] == "finished")
    #expect(json["plan"] == plans[1].json && json["plan"]?["inputs"] == ["data": "inst"])
    #expect(
      json["parents"] == [["key": .string(plans[0].key.description), "title": "base", "state": "finished"]])
    #expect(json["files"]?.elements?.first == FileRecord("weights", bytes: Array("inst's weights".utf8)).json)
    try Command.fail(65, ["no run", "\"xyz\""], ["runs", "show", "xyz"], in: directory)
    try Command.fail(65, ["4 runs", "\"\""], ["runs", "show", ""], in: directory)
  }

  @Test func `verify finds the run with a damaged byte`() throws {
    let whole = try Command.succeed(["runs", "verify"], in: directory)
    #expect(whole.output == "of 4 runs, 3 finished and whole, none damaged\n")
    try flip(plans[2])
    let words = ["\(plans[2].key)", "\"weights\"", "of 4 runs, 1 damaged"]
    try Command.fail(65, words, ["runs", "verify"], in: directory)
    try Command.fail(65, ["of 1 runs, 1 damaged"], ["runs", "verify", plans[2].key.short], in: directory)
    try Command.succeed(["runs", "verify", plans[1].key.short], in: directory)
    try flip(plans[1])
    let both = try Command.run(["runs", "verify"], in: directory)
    #expect(both.status == 65 && both.output == "")
    let lines = both.complaints.split(separator: "\n")
    #expect(lines.count == 2 && lines[1].hasPrefix("palimpsest: error: ") && lines[1].hasSuffix("of 4 runs, 2 damaged"))
    for plan in plans[1...2] { #expect(lines.count { $0.contains("\(plan.key)\" is damaged") } == 1) }
  }

  @Test func `gc removes what is unfinished, and what no option keeps`() throws {
    let before = try directory.contents()
    let trial = try Command.succeed(["runs", "gc", "--dry-run"], in: directory)
    #expect(trial.output == "\(plans[3].key)\tunfinished\nwould be removed: 1 of 4 runs\n")
    #expect(try directory.contents() == before)
    try Command.succeed(["runs", "gc", "--older-than", "1"], in: directory)
    #expect(Set(try store.keys()) == Set(plans.prefix(3).map(\.key)))
    let kept = try Command.succeed(["runs", "gc", "--keep-reachable-from", plans[2].key.short], in: directory)
    #expect(kept.output == "\(plans[1].key)\tfinished\nremoved: 1 of 3 runs\n")
    #expect(Set(try store.keys()) == [plans[0].key, plans[2].key])
    try Command.succeed(["runs", "gc", "--older-than", "0"], in: directory)
    try Command.fail(65, ["no run"], ["runs", "gc", "--keep-reachable-from", "abc"], in: directory)
  }
}
