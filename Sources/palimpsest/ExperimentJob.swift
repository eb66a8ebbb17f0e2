import ArgumentParser
import LinearAlgebra
import PostTraining
import Synchronization

/// Makes the runs of an experiment, with a display of how far they are.
struct ExperimentJob {
  let plan: ExperimentPlan
  let store: RunStore
  let common: CommonOptions

  /// The results; where the user stops it, what is finished stays and the exit status says so.
  func run() throws -> ExperimentResults {
    let console = common.console
    let graph = try ExperimentGraph(plan)
    for notice in graph.notices { console.notice(notice) }
    Interruption.watch()
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
      console.notice("stopped; the same command goes on from there")
      throw ExitCode(Interruption.exitStatus ?? 1)
    }
    return results
  }

  /// The bar's steps.
  private static let units = 1e6
}
