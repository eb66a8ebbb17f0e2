import Foundation
import PostTraining
import Testing

@Suite("palimpsest experiment") struct ExperimentTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func arguments(_ plan: String = "plan.yaml", store: String = "runs", output: String = "out") -> [String] {
    ["experiment", plan, "--no-render", "--store", store, "--output", output]
  }

  /// Makes the whole experiment of a plan at once.
  private func makeWhole() throws {
    try Command.succeed(arguments(store: "whole", output: "whole-out") + ["--quiet"], in: directory)
  }

  /// Expects the store's files and the exhibits of an experiment that was never disturbed.
  private func expectWhole(
    store: String = "runs", output: String = "out", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (runs, whole) = (try directory.contents(store), try directory.contents("whole"))
    #expect(runs.keys.sorted() == whole.keys.sorted(), sourceLocation: sourceLocation)
    for (name, bytes) in whole { #expect(runs[name] == bytes, "\(name)", sourceLocation: sourceLocation) }
    #expect(try directory.exhibits(output) == directory.exhibits("whole-out"), sourceLocation: sourceLocation)
    #expect(!whole.isEmpty, sourceLocation: sourceLocation)
  }

  /// What was said of runs, not of exhibits that the plan cannot fill.
  private func notices(_ outcome: Outcome) -> [Substring] {
    outcome.complaints.split(separator: "\n").filter { !$0.contains(" is left out: ") }
  }

  private func count(_ words: String..., in store: String = "runs") throws -> Int {
    let outcome = try Command.run(["runs", "list", "--store", store], in: directory)
    return outcome.lines.count { line in words.allSatisfy(line.contains) }
  }

  /// Waits until a file of this name in the store has so many bytes, or the command has ended.
  private func wait(for name: String, bytes: Int, of running: Running) throws {
    while running.process.isRunning {
      let paths = try directory.versions("runs", of: name).keys
      if paths.contains(where: { (try? directory.bytes("runs/\($0)").count) ?? 0 >= bytes }) { break }
      usleep(1000)
    }
  }

  // MARK: - What is made

  @Test func `A dry run makes nothing, a run everything, and a second one nothing again`() throws {
    try SmallExperiment().write(to: directory)
    let dry = try Command.succeed(arguments() + ["--dry-run"], in: directory)
    #expect(dry.output == "small: 17 runs, 0 of them finished in runs\n")
    #expect(try directory.contents().keys.sorted() == ["plan.yaml"])

    let first = try Command.run(arguments(), in: directory)
    #expect(first.status == 0 && notices(first).isEmpty, "\(first.complaints)")
    let (runs, exhibits) = (try directory.versions("runs"), try directory.contents("out"))
    #expect(runs.keys.count { $0.hasSuffix("/done.json") } == 17)
    let names = exhibits.keys.filter { $0.hasSuffix(".csv") }
    for name in names { #expect(first.output.contains(name)) }
    #expect(names.contains("findings.csv") && names.contains("cost.csv") && exhibits.keys.contains("datapackage.json"))

    let second = try Command.run(arguments(), in: directory)
    #expect((second.status, second.output, second.complaints) == (0, first.output, first.complaints))
    #expect(try directory.versions("runs") == runs)
    #expect(try directory.contents("out") == exhibits)
    let after = try Command.succeed(arguments() + ["--dry-run"], in: directory)
    #expect(after.output == "small: 17 runs, 17 of them finished in runs\n")

    // What the store's own command says of it, and what figures makes of it.
    #expect(try count("\tfinished\t") == 17)
    #expect(try count("\tunlearn\t", "order, seed 1: npo after refusal>inst") == 1)
    let verified = try Command.succeed(["runs", "verify"], in: directory)
    #expect(verified.output == "of 17 runs, 17 finished and whole, none damaged\n")
    let list = try Command.succeed(["runs", "list"], in: directory).lines
    let line = try #require(list.first { $0.contains("ga after inst>refusal") })
    let shown = try Command.succeed(["runs", "show", String(line.prefix(10))], in: directory)
    #expect(shown.output.contains("trajectory.csv") && shown.output.contains("order, seed 1: inst>refusal"))
    try Command.succeed(
      ["figures", "cost", "findings", "--plan", "plan.yaml", "--no-render", "-o", "figures"], in: directory)
    #expect(try directory.contents("figures")["findings.csv"] == exhibits["findings.csv"])
    #expect(try directory.versions("runs") == runs)
  }

  @Test func `The exhibits go to a folder of the plan's name, and the runs to the store of the environment`() throws {
    try directory.makeFolder("plans")
    try SmallExperiment(take: "[label]").write(to: directory, name: "plans/tiny.yaml")
    let outcome = try Command.run(
      ["experiment", "plans/tiny.yaml", "--no-render"], in: directory,
      environment: ["PALIMPSEST_RUNS": directory.file("elsewhere")])
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["elsewhere", "plans", "small"])
    #expect(try directory.versions("elsewhere", of: "done.json").count == 14)
  }

  @Test func `A figure that the experiment cannot fill is no success, and the folder stays as it is`() throws {
    try SmallExperiment().write(to: directory)
    try makeWhole()
    let figures = ["figures", "--plan", "plan.yaml", "--store", "whole", "--no-render", "-o", "out"]
    try Command.fail(65, ["nothing was written", "none of the exhibits"], figures + ["figure-4", "-q"], in: directory)
    let outcome = try Command.run(figures + ["figure-4"], in: directory)
    #expect(outcome.status == 65 && outcome.output == "")
    #expect(
      outcome.complaints.hasPrefix("palimpsest: figure-4 is left out: the plan has no study of the role phrasings\n"))
    let mixed = try Command.run(figures + ["figure-4", "cost"], in: directory)
    #expect(mixed.status == 0 && mixed.output == "wrote cost.csv to out\n")
  }

  // MARK: - Runs that are ended

  @Test func `Killed again and again, it ends with the bytes of one that was not, and makes no finished run again`()
    throws
  {
    try SmallExperiment().write(to: directory)
    try makeWhole()
    var (killed, delay, finished) = (0, UInt32(20_000), [String: [Int]]())
    while true {
      let running = try Running(Command.path, arguments() + ["--quiet"], in: directory.path)
      // Later each time, so that it comes to an end on a busy machine too; but never twice at the same place.
      usleep(delay)
      delay += .random(in: 1000...20_000)
      running.signal(SIGKILL)
      let outcome = try running.outcome()
      let now = try directory.versions("runs", of: "done.json")
      for (name, version) in finished { #expect(now[name] == version) }
      finished = now
      if outcome.status == 0 { break }
      try #require(outcome.status == nil, "\(outcome.complaints)")
      killed += 1
    }
    #expect(killed >= 3)
    #expect(finished.count == 17)
    try expectWhole()
  }

  @Test func `Ctrl-C ends it with one notice, and the same command goes on from the step it was at`() throws {
    var plan = SmallExperiment()
    plan.base.replace("max_steps: 12", with: "epochs: 20")
    try plan.write(to: directory)
    try makeWhole()
    var finished: [String: [Int]] = [:]
    // While the base model takes its steps, and after it.
    for (name, bytes) in [("metrics.csv", 600), ("model.safetensors", 1)] {
      let running = try Running(Command.path, arguments(), in: directory.path)
      try wait(for: name, bytes: bytes, of: running)
      running.signal(SIGINT)
      let outcome = try running.outcome()
      #expect(outcome.status == 130)
      #expect(outcome.complaints == "palimpsest: stopped; the same command goes on from there\n")
      #expect(outcome.output == "" && !FileManager.default.fileExists(atPath: directory.file("out")))
      let now = try directory.versions("runs", of: "done.json")
      #expect(now.count > finished.count && now.count < 17)
      for (name, version) in finished { #expect(now[name] == version) }
      finished = now
      if name == "metrics.csv" {
        #expect(try !directory.versions("runs").keys.filter { $0.contains("/checkpoints/step-") }.isEmpty)
      }
    }
    let outcome = try Command.run(arguments(), in: directory)
    #expect(outcome.status == 0 && notices(outcome).isEmpty)
    try expectWhole()
  }

  @Test func `Two processes share a store and make every run once`() throws {
    try SmallExperiment().write(to: directory)
    try makeWhole()
    let both = try ["one", "two"].map { output in
      try Running(Command.path, arguments(output: output), in: directory.path)
    }
    for (running, output) in zip(both, ["one", "two"]) {
      let outcome = try running.outcome()
      #expect(outcome.status == 0 && notices(outcome).isEmpty, "\(outcome.complaints)")
      try expectWhole(output: output)
    }
    let verified = try Command.succeed(["runs", "verify"], in: directory)
    #expect(verified.output == "of 17 runs, 17 finished and whole, none damaged\n")
  }

  // MARK: - Damage

  @Test func `A damaged run is said in one line and made again, with the same bytes`() throws {
    try SmallExperiment().write(to: directory)
    try makeWhole()
    try FileManager.default.copyItem(atPath: directory.file("whole"), toPath: directory.file("runs"))
    func path(_ title: String, _ name: String) throws -> String {
      let store = RunStore(directory: directory.file("runs"))
      let key = try #require(store.keys().first { try store.plan(of: $0).title == title })
      return "runs/\(key)/\(name)"
    }
    func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
      var bytes = try directory.bytes(path)
      body(&bytes)
      try directory.write(bytes, to: path)
    }
    func expectRepair(_ count: Int, _ words: String...) throws {
      let outcome = try Command.run(arguments(), in: directory)
      #expect(outcome.status == 0)
      let said = notices(outcome)
      #expect(said.count == count, "\(said)")
      #expect(said.allSatisfy { $0.hasPrefix("palimpsest: the run \"runs/") && $0.hasSuffix("; making it again") })
      for word in words { #expect(said.contains { $0.contains(word) }, "\(said)") }
      try expectWhole()
    }
    let trajectory = try path("order, seed 1: ga after inst>refusal", "files/trajectory.csv")
    try change(trajectory) { $0.removeLast(30) }
    try expectRepair(1, "trajectory.csv")
    // A digit of a number: the size is right, and it is read all the same.
    try change(trajectory) { bytes in
      let place = bytes.lastIndex { (UInt8(ascii: "0")...UInt8(ascii: "8")).contains($0) }
      if let place { bytes[place] += 1 }
    }
    try expectRepair(1, "trajectory.csv")
    try change(try path("base model, seed 1", "done.json")) { $0 = Array("garbage".utf8) }
    try expectRepair(1, "done.json")
    try FileManager.default.removeItem(
      atPath: directory.file(path("order, seed 1: quality after inst", "files/quality.csv")))
    try expectRepair(1, "quality.csv")
    // Nobody reads weights that all is made of; until something is to be made of them again.
    let weights = try path("order, seed 1: inst>refusal", "files/adapter_model.safetensors")
    try change(weights) { $0[$0.count - 3] ^= 8 }
    try Command.fail(65, ["adapter_model.safetensors", "of 17 runs, 1 damaged"], ["runs", "verify"], in: directory)
    try FileManager.default.removeItem(atPath: directory.file(trajectory))
    try expectRepair(2, "trajectory.csv", "adapter_model.safetensors")
    try Command.succeed(["runs", "verify"], in: directory)
  }

  @Test(arguments: ["experiment", "gc"])
  func `Killed while it takes damaged results away, it goes on all the same`(_ command: String) throws {
    try SmallExperiment().write(to: directory)
    try makeWhole()
    try FileManager.default.copyItem(atPath: directory.file("whole"), toPath: directory.file("runs"))
    let store = RunStore(directory: directory.file("runs"))
    let key = try #require(store.keys().first { try store.plan(of: $0).title == "order, seed 1: inst>refusal" })
    let weights = "runs/\(key)/files/adapter_model.safetensors"
    try directory.write([1, 2, 3], to: weights)
    // So many that they are not gone in a moment.
    for number in 0..<3000 { try directory.write([], to: "runs/\(key)/files/more-\(number)") }
    let repair = command == "gc" ? ["runs", "gc"] : arguments()
    let running = try Running(Command.path, repair, in: directory.path)
    while running.process.isRunning, access(directory.file("runs/\(key)/done.json"), F_OK) == 0 {}
    running.signal(SIGKILL)
    #expect(try running.outcome().status == nil)
    try Command.succeed(arguments() + ["--quiet"], in: directory)
    try expectWhole()
  }

  @Test(.enabled(if: Tools.mount, "needs the right to mount a small file system"))
  func `On a full disk it says so in one line, and goes on when there is room`() throws {
    try SmallExperiment().write(to: directory)
    try makeWhole()
    try directory.makeFolder("disk")
    func mount(_ options: String) throws {
      let arguments = ["mount", "-t", "tmpfs", "-o", options, "none", directory.file("disk")]
      try #require(Command.start("/usr/bin/env", arguments).status == 0)
    }
    // Less than the experiment's files take, and more than its first ones.
    try mount("size=200k")
    defer { _ = try? Command.start("/usr/bin/env", ["umount", directory.file("disk")]) }
    let full = try Command.run(arguments(store: "disk/runs"), in: directory)
    #expect(full.status == 74 && full.output == "")
    #expect(full.complaints.hasPrefix("palimpsest: error: run "))
    #expect(full.complaints.hasSuffix(": No space left on device\n"))
    #expect(full.complaints.split(separator: "\n").count == 1, "\(full.complaints)")
    #expect(!FileManager.default.fileExists(atPath: directory.file("out")))
    let finished = try directory.versions("disk/runs", of: "done.json")
    #expect(!finished.isEmpty && finished.count < 17)
    try mount("remount,size=8m")
    let outcome = try Command.run(arguments(store: "disk/runs"), in: directory)
    #expect(outcome.status == 0 && notices(outcome).isEmpty, "\(outcome.complaints)")
    let now = try directory.versions("disk/runs", of: "done.json")
    for (name, version) in finished { #expect(now[name] == version) }
    try expectWhole(store: "disk/runs")
  }

  // MARK: - Runs that fail

  @Test(arguments: [("sgd", "stopped before step 2: the norm of the gradient is "), ("adamw", "after step 1, label: ")])
  func `A run that diverges is named with what would help; all others are finished, and nothing is shown of a part`(
    _ optimizer: String, _ words: String
  ) throws {
    // Without the adapter, whose huge values RMSNorm makes zeros of.
    var plan = SmallExperiment(adapter: "")
    try plan.write(to: directory)
    try makeWhole()
    plan.runs.append(
      "boom: {objective: {name: ga}, optimizer: {name: \(optimizer), learning_rate: 1e38}, schedule: {name: constant}}")
    try plan.write(to: directory)
    for _ in 0..<2 {
      let outcome = try Command.run(arguments(), in: directory)
      #expect(outcome.status == 65 && outcome.output == "")
      #expect(outcome.complaints.split(separator: "\n").count == 1, "\(outcome.complaints)")
      #expect(outcome.complaints.hasPrefix("palimpsest: error: run "))
      #expect(outcome.complaints.contains(" (order, seed 1: boom after "))
      #expect(outcome.complaints.contains(words), "\(outcome.complaints)")
      #expect(outcome.complaints.hasSuffix("; a lower learning rate or optimizer.clip_norm may help\n"))
      #expect(!FileManager.default.fileExists(atPath: directory.file("out")))
      #expect(try count("\tfinished\t") == 17)
      #expect(try count("\tunfinished\t", "boom") == 2)
    }
    // Without it, nothing is left to do.
    let finished = try directory.versions("runs", of: "done.json")
    plan.runs.removeLast()
    try plan.write(to: directory)
    try Command.succeed(arguments() + ["--quiet"], in: directory)
    #expect(try directory.versions("runs", of: "done.json") == finished)
    #expect(try directory.exhibits("out") == directory.exhibits("whole-out"))
    try Command.succeed(["runs", "gc"], in: directory)
    try expectWhole()
  }
}
