import Core
import Dispatch
import Synchronization

/// Makes the runs of a graph, those with the longest way to the end first.
///
/// The thread that calls ``run()`` decides everything; each run has a thread of its own that reports how it ended.
struct RunScheduler {
  /// How often a run is begun whose parents turn out to be damaged.
  static let attempts = 3

  private enum Status { case waiting, running, finished, failed }

  /// What a run's thread reports.
  private enum Report: Sendable {
    case damage(RunDamage)
    /// How much of a run is done.
    case progress(Int, Double)
    case finished(Int)
    case stopped(Int)
    /// Another process, or another graph, has the run.
    case elsewhere(Int)
    case failed(Int, any Error)
  }

  private final class Mailbox: Sendable {
    let reports = Mutex<[Report]>([])
    let signal = DispatchSemaphore(value: 0)

    func send(_ report: Report) {
      reports.withLock { $0.append(report) }
      signal.signal()
    }
  }

  private let graph: RunGraph
  private let store: RunStore
  private let options: RunOptions
  private let executor: RunGraph.Executor
  private let mailbox = Mailbox()
  private var statuses: [Status] = []
  private var errors: [(any Error)?]
  private var begun: [Int]
  /// Runs whose results are read before they are taken for finished.
  private var suspects: Set<Int>
  /// Runs that others had when they were last asked for.
  private var elsewhere: Set<Int> = []
  /// The threads that each running run has.
  private var threads: [Int: Int] = [:]
  /// How much of each running run is done, where it says so.
  private var shares: [Int: Double] = [:]
  private var isStopping = false

  init(
    _ graph: RunGraph, _ store: RunStore, _ options: RunOptions, _ executor: @escaping RunGraph.Executor,
    suspects: Set<Int>
  ) throws {
    (self.graph, self.store, self.options, self.executor) = (graph, store, options, executor)
    self.suspects = suspects
    errors = Array(repeating: nil, count: graph.nodes.count)
    begun = Array(repeating: 0, count: graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() {
      if !suspects.contains(index), case .finished = try store.state(of: node.plan.key) {
        statuses.append(.finished)
      } else {
        statuses.append(.waiting)
      }
    }
  }

  /// Makes the runs; see ``RunGraph/run(in:options:by:)``.
  mutating func run() throws -> RunGraph.Outcome {
    tellProgress()
    var isTimeToAsk = false
    while true {
      isStopping = isStopping || options.shouldStop()
      if !isStopping { launch(askingAgain: isTimeToAsk) }
      let waitsForOthers = !isStopping && elsewhere.contains(where: isReady)
      if threads.isEmpty && !waitsForOthers { break }
      // Others do not say when they are done with a run.
      let deadline: DispatchTime = waitsForOthers ? .now() + .milliseconds(50) : .distantFuture
      isTimeToAsk = mailbox.signal.wait(timeout: deadline) == .timedOut
      let reports = mailbox.reports.withLock { reports in
        defer { reports = [] }
        return reports
      }
      for report in reports { take(report) }
    }
    for (node, error) in zip(graph.nodes, errors) {
      if let error { throw RunFailure(plan: node.plan, error: error) }
    }
    return statuses.allSatisfy { $0 == .finished } ? .finished : .stopped
  }

  private func isReady(_ index: Int) -> Bool {
    statuses[index] == .waiting && graph.nodes[index].parents.allSatisfy { statuses[$0] == .finished }
  }

  /// Begins runs while there are threads for them.
  private mutating func launch(askingAgain: Bool) {
    let ready = graph.nodes.indices.filter(isReady)
    // What others have is asked for when there is nothing else to do.
    var queue = ready.filter { !elsewhere.contains($0) }
    if queue.isEmpty && askingAgain { queue = ready }
    let lengths = remainingCosts()
    queue.sort { (lengths[$0], $1) > (lengths[$1], $0) }
    var free = options.workers.count - threads.values.reduce(0, +)
    for (position, index) in queue.enumerated() where free > 0 {
      // Where fewer runs than threads are ready, they share the threads.
      let left = queue.count - position
      let share = (free + left - 1) / left
      free -= share
      begin(index, Workers(count: share))
    }
  }

  /// The cost of the longest way from each run to the end, its own included.
  private func remainingCosts() -> [Double] {
    var costs = graph.nodes.indices.map { statuses[$0] == .finished ? 0 : graph.nodes[$0].cost }
    var longest = costs.map { _ in 0.0 }
    for (index, node) in graph.nodes.enumerated().reversed() {
      costs[index] += longest[index]
      for parent in node.parents { longest[parent] = max(longest[parent], costs[index]) }
    }
    return costs
  }

  private mutating func begin(_ index: Int, _ workers: Workers) {
    elsewhere.remove(index)
    statuses[index] = .running
    threads[index] = workers.count
    let (plan, store, options, mailbox) = (graph.nodes[index].plan, store, options, mailbox)
    let executor = executor
    let isSuspect = suspects.contains(index)
    Thread.start {
      do {
        guard let claim = try store.claim(plan, checkingHashes: isSuspect) else {
          return mailbox.send(.elsewhere(index))
        }
        if !claim.isFinished {
          if let damage = claim.damage { mailbox.send(.damage(damage)) }
          let context = RunContext(
            folder: claim.folder,
            onDamage: { mailbox.send(.damage(store.damage(of: plan.key, $0))) },
            store: store, workers: workers, shouldStop: options.shouldStop,
            report: { mailbox.send(.progress(index, $0)) })
          guard let names = try executor(plan, context) else { return mailbox.send(.stopped(index)) }
          try claim.finish(names)
        }
        mailbox.send(.finished(index))
      } catch {
        mailbox.send(.failed(index, error))
      }
    }
  }

  private mutating func take(_ report: Report) {
    switch report {
    case .damage(let damage): options.onDamage(damage)
    case .progress(let index, let share):
      shares[index] = min(max(share, 0), 1)
      tellProgress()
    case .finished(let index):
      end(index, .finished)
      suspects.remove(index)
      tellProgress()
    case .stopped(let index):
      end(index, .waiting)
      isStopping = true
    case .elsewhere(let index):
      end(index, .waiting)
      elsewhere.insert(index)
    case .failed(let index, let error):
      begun[index] += 1
      guard let parent = (error as? RunStoreError)?.runToMake.flatMap(graph.index), begun[index] < Self.attempts
      else {
        errors[index] = error
        return end(index, .failed)
      }
      // The parent is read as a whole and, if need be, made again; then this one is begun anew.
      end(index, .waiting)
      if statuses[parent] == .finished {
        statuses[parent] = .waiting
        suspects.insert(parent)
      }
    }
  }

  private mutating func end(_ index: Int, _ status: Status) {
    threads[index] = nil
    shares[index] = nil
    statuses[index] = status
  }

  private func tellProgress() {
    let costs = zip(graph.nodes, statuses).map { ($0.cost, $1 == .finished) }
    let all = costs.reduce(0) { $0 + $1.0 }
    let done = costs.reduce(0) { $0 + ($1.1 ? $1.0 : 0) } + shares.reduce(0) { $0 + $1.value * costs[$1.key].0 }
    options.onProgress(
      RunProgress(
        finished: costs.count { $0.1 }, total: costs.count, costShare: all > 0 ? done / all : 1))
  }
}
