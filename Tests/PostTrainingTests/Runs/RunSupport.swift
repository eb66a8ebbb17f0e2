import FileFormats
import Glibc
import PostTraining
import Synchronization
import TestSupport
import Testing

/// A graph of runs whose results are texts made of their parents' results, and a log of what was worked on.
struct Family: Sendable {
  /// For each run, the earlier ones it builds on.
  var parents: [[Int]]
  var costs: [Double]

  init(parents: [[Int]], costs: [Double]? = nil) {
    self.parents = parents
    self.costs = costs ?? parents.map { _ in 1 }
  }

  /// A family whose shape follows from a seed.
  static func random(_ count: Int, seed: UInt64) -> Family {
    var random = SplitMix64(seed: seed)
    let parents = (0..<count).map { index in
      (0..<index).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }.suffix(3)
    }
    let costs = (0..<count).map { _ in Double.random(in: 1...9, using: &random) }
    return Family(parents: parents.map(Array.init), costs: costs)
  }

  var plans: [RunPlan] {
    parents.indices.reduce(into: []) { plans, index in
      plans.append(
        RunPlan(
          kind: "test", version: 1, title: "run \(index)", inputs: ["number": .integer(index)],
          parents: parents[index].map { plans[$0].key }))
    }
  }

  /// The work comes in three steps, each saved, so that it goes on where it was ended.
  /// - Parameter onStep: Called before each step of a run, and once, with 3, before its result is written.
  func graph(
    onStep: @escaping @Sendable (_ run: Int, _ step: Int, RunContext) throws -> Void = { _, _, _ in }
  ) -> WorkGraph {
    var graph = WorkGraph()
    let plans = plans
    for (index, plan) in plans.enumerated() {
      graph.add(plan, cost: costs[index]) { context in
        let notes = "\(context.folder)/notes"
        var text = (try? InputFile.bytes(of: notes)) ?? []
        for step in text.count..<3 {
          if context.shouldStop() { return nil }
          try onStep(index, step, context)
          text.append(UInt8(ascii: "0") + UInt8(step))
          try AtomicFile.write(text, to: notes)
        }
        try onStep(index, 3, context)
        for parent in plan.parents { text += try context.store.bytes(of: "text", in: parent) }
        text += Array("<\(index)>".utf8)
        try AtomicFile.write(Array(SHA256.hex(text).utf8), to: "\(context.folder)/text")
        return ["text"]
      }
    }
    return graph
  }
}

/// A graph with the work of each run.
struct WorkGraph: Sendable {
  typealias Work = @Sendable (RunContext) throws -> [String]?

  private(set) var graph = RunGraph()
  private var works: [RunKey: Work] = [:]

  mutating func add(_ plan: RunPlan, cost: Double, work: @escaping Work) {
    graph.add(plan, cost: cost)
    works[plan.key] = works[plan.key] ?? work
  }

  @discardableResult
  func run(in store: RunStore, options: RunOptions = RunOptions()) throws -> RunGraph.Outcome {
    try graph.run(in: store, options: options) { try works[$0.key]?($1) }
  }

  func run<Value>(
    in store: RunStore, options: RunOptions, reading body: (RunStore) throws -> Value
  ) throws -> Value? {
    try graph.run(in: store, options: options, by: { try works[$0.key]?($1) }, reading: body)
  }
}

/// The bytes of every file below a folder, by path.
func tree(_ path: String) throws -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for line in run("cd '\(path)' && find . -type f").output.split(separator: "\n") {
    files[String(line)] = try InputFile.bytes(of: "\(path)/\(line)")
  }
  return files
}

/// A list that threads add to.
final class Log<Entry: Sendable>: Sendable {
  private let content = Mutex<[Entry]>([])
  func add(_ entry: Entry) { content.withLock { $0.append(entry) } }
  var entries: [Entry] { content.withLock { $0 } }
}

/// A folder that a test's process and its child both know, for the child is told nothing.
func sharedPath(_ name: String, of parent: pid_t) -> String { "/tmp/palimpsest-runs-\(name)-\(parent)" }

/// Adds a line to a file, whatever other process does so too.
func note(_ line: String, in path: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o666)
  let bytes = Array("\(line)\n".utf8)
  _ = write(descriptor, bytes, bytes.count)
  close(descriptor)
}

func options(_ threads: Int) -> RunOptions {
  var options = RunOptions()
  options.workers = .init(count: threads)
  return options
}

/// Whether a small file system can be mounted, which takes root and a kernel that allows it.
let canMount =
  run("d=$(mktemp -d) && mount -t tmpfs -o size=1m none $d && umount $d; s=$?; rmdir $d; exit $s").status == 0
