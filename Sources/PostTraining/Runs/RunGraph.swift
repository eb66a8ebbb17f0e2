import Core
import FileFormats

/// Runs that build on each other: what each needs, and not who makes it.
///
///     var graph = RunGraph()
///     graph.add(base, cost: 2e6)
///     graph.add(tofu, cost: 1e6)
///     try graph.run(in: RunStore(directory: "runs")) { plan, context in
///       let start = try plan.parents.map { try context.store.path(of: "model.safetensors", in: $0) }
///       ...
///       return ["model.safetensors"]
///     }
///
/// Whatever order and number of threads the runs are made with, their results are the same; a plan that is added twice
/// is one run.
public struct RunGraph: Sendable {
  /// Makes a run's results in the folder of its context and gives the names of their files; nil where it was asked to
  /// stop, after it has saved what it needs to go on. Called once for each run that is to be made, on a thread of its
  /// own. It must depend on nothing but the plan and the results of the runs it builds on; where it computes is its own
  /// affair.
  public typealias Executor = @Sendable (_ plan: RunPlan, RunContext) throws -> [String]?

  struct Node: Sendable {
    var plan: RunPlan
    var cost: Double
    var parents: [Int]
  }

  private(set) var nodes: [Node] = []
  private var indices: [RunKey: Int] = [:]

  /// A graph without runs.
  public init() {}

  /// Adds a run, unless one of an equal plan is there. The runs it builds on must have been added before.
  /// - Parameter cost: How long it takes compared with the other runs, such as the number of tokens it trains on.
  public mutating func add(_ plan: RunPlan, cost: Double) {
    guard indices[plan.key] == nil else { return }
    let parents = plan.parents.map { key in
      guard let index = indices[key] else {
        preconditionFailure("the run \(plan.title) builds on \(key.short), which has not been added")
      }
      return index
    }
    indices[plan.key] = nodes.count
    nodes.append(Node(plan: plan, cost: cost, parents: parents))
  }

  /// How many runs there are.
  public var count: Int { nodes.count }

  /// How many runs are finished in a store.
  /// - Throws: `RunStoreError` where the store cannot be read.
  public func finishedCount(in store: RunStore) throws(RunStoreError) -> Int {
    var count = 0
    for node in nodes { if case .finished = try store.state(of: node.plan.key) { count += 1 } }
    return count
  }

  /// The position of a run, or nil where there is none of this key.
  func index(of key: RunKey) -> Int? { indices[key] }
}

/// What a run's work is given.
public struct RunContext: Sendable {
  /// Where the results go, and all that the work keeps for itself until it has ended. It is as an earlier attempt left
  /// it, or empty.
  public let folder: String
  /// Tells that what an earlier attempt left is of no use.
  let onDamage: @Sendable (String) -> Void
  /// Where the results of the runs are that this one builds on.
  public let store: RunStore
  /// The threads this run may use.
  public let workers: Workers
  /// Whether the work should save what it has and stop; to be asked now and then.
  public let shouldStop: @Sendable () -> Bool
  /// Tells how much of the work is done, from 0 to 1, as often as it likes.
  public let report: @Sendable (Double) -> Void
}

/// How the runs of a graph are made, apart from what decides their results.
public struct RunOptions: Sendable {
  /// How many threads all runs share.
  public var workers = Workers.all
  /// Asks for an end, as Ctrl-C does: no more runs are begun, those on their way save what they have.
  public var shouldStop: @Sendable () -> Bool = { false }
  /// Told at the start, after each run that has been finished, here or by another process, and whenever a run reports.
  public var onProgress: @Sendable (RunProgress) -> Void = { _ in }
  /// Told of damaged results, or work left half done, when they are about to be made again.
  public var onDamage: @Sendable (RunDamage) -> Void = { _ in }

  /// All processors, no end, and nobody told.
  public init() {}
}

/// How far the runs of a graph are.
public struct RunProgress: Hashable, Sendable {
  /// How many runs are finished.
  public let finished: Int
  /// How many there are.
  public let total: Int
  /// How much is done of the cost of all runs, from 0 to 1.
  public let costShare: Double
}

/// What kept a run from being finished.
public struct RunFailure: SystemFault, CustomStringConvertible {
  /// The run's plan.
  public let plan: RunPlan
  /// What its work threw, or why its results could not be stored.
  public let error: any Error

  /// Whether it was the system that refused.
  public var isSystems: Bool { (error as? any SystemFault)?.isSystems ?? false }

  /// The run and its error.
  public var description: String { "run \(plan.key.short) (\(printable(plan.title))): \(error)" }
}
