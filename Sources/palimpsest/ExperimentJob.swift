import ArgumentParser
import LinearAlgebra
import PostTraining
import Synchronization

/// Makes the runs of an experiment, with a display of how far they are.
struct ExperimentJob {
  let plan: ExperimentPlan
  let store: RunStore
  let common: CommonOptions

  /// The runs, after the notices of what is to be known of them.
  /// - Throws: `Failure.Data` where those that are left to make do not fit into memory.
  func graph() throws -> ExperimentGraph {
    let graph = try ExperimentGraph(plan)
    if try graph.finishedCount(in: store) < graph.count {
      let count = common.workers.count
      let runs = count == 1 ? "a run" : "the runs on \(count) threads (fewer --threads take less)"
      try Memory.require(graph.memory(workers: count), "\(plan.name): \(runs)", verb: count == 1 ? "takes" : "take")
    }
    for notice in graph.notices { common.console.notice(notice) }
    if case .folder(let path) = plan.base,
      let notice = try ModelFiles(path: path).templateNotice(
        for: plan.template, givesSystem: plan.systemPrompt != nil)
    {
      common.console.notice(notice)
    }
    return graph
  }

  /// The results; where the user stops it, what is finished stays and the exit status says so.
  func run() throws -> ExperimentResults {
    let console = common.console
    let graph = try graph()
    Interruption.watch()
    Interruption.endAfter(seconds: Self.patience) { _ in console.notice(Self.goingOn) }
    // The time left is told from what this process does, not from what was there.
    let bar = Mutex<ProgressBar?>(nil)
    var options = RunOptions()
    options.workers = common.workers
    options.shouldStop = { Interruption.exitStatus != nil }
    options.onDamage = { console.notice("\($0); making it again") }
    options.onProgress = { progress in
      let done = Int(progress.costShare * Self.units)
      let label = "run \(min(progress.finished + 1, progress.total)) of \(progress.total)"
      bar.withLock { bar in
        if bar == nil { bar = ProgressBar(label, total: Int(Self.units), done: done, console: console) }
        bar?.set(done, label: label)
      }
    }
    defer { bar.withLock { $0?.finish() } }
    guard let results = try graph.run(in: store, options: options) else {
      bar.withLock { $0?.finish() }
      console.notice(Self.goingOn)
      throw ExitCode(Interruption.exitStatus ?? 1)
    }
    for notice in results.notices { console.notice(notice) }
    return results
  }

  private static let goingOn = "stopped; the same command goes on from there"
  /// How long runs may take to save what they have, in seconds; those that take longer go on from what they saved last.
  private static let patience = 8
  /// The bar's steps.
  private static let units = 1e6
}
