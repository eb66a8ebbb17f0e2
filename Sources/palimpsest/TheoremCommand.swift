import ArgumentParser
import Exhibits
import FileFormats
import LinearAlgebra
import StagedLearners
import Theorems

/// `palimpsest theorem`: Theorem 3.1 on one instance.
struct TheoremCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "theorem",
    abstract: "Check Theorem 3.1 and Corollary 1 on one instance, yours or a random one.",
    discussion: """
      An instance is a safetensors file of F64 tensors X_A, y_A, X_B, y_B, X_U, y_U, X_test (rows are examples) with \
      metadata strings mu_A, mu_B and eta. If the forget set was a training stage of its own, metadata mu_U says so \
      and position_U (1, 2 or 3) says where. --output gets certificate.json (every constant, margin and verdict) \
      and trajectory.csv.

      EXAMPLE
        palimpsest theorem --random --dimension 200 --seed 7 --save-instance my.safetensors
        palimpsest theorem --instance my.safetensors --steps 1000000 --epsilon 0.1 --output result
      """)

  @Option(help: ArgumentHelp("The instance, a safetensors file.", valueName: "file"))
  var instance: String?

  @Flag(help: "Draw a random instance instead; the options below shape it.")
  var random = false

  @Option(help: "The seed of the random instance.")
  var seed: UInt64 = 1

  @OptionGroup(title: "Random instances") var shape: RandomOptions

  @Option(help: ArgumentHelp("Write the instance to this file, for NumPy or for replaying.", valueName: "file"))
  var saveInstance: String?

  @Option(help: "T: the bound is checked at every step up to this one.")
  var steps = 1000

  @Option(help: "The tolerance of Corollary 1 on the RE distance.")
  var epsilon = 1.0

  @Option(help: "eta, the step size of the ascent; given, it replaces the instance's own.")
  var eta: Double?

  @Option(help: "Report every so many steps instead of at logarithmic spacing.")
  var every: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder for certificate.json and trajectory.csv.", valueName: "dir"))
  var output: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (instance != nil) != random else {
      throw ValidationError("Give either --instance FILE or --random.")
    }
    guard steps >= 0 else { throw ValidationError("--steps is \(steps); it must be at least 0.") }
    if let every, every < 1 { throw ValidationError("--every is \(every); it must be at least 1.") }
  }

  func run() throws {
    try Failure.reporting {
      let console = common.console
      let (instance, source) = try load()
      console.detail("d = \(instance.dimension), k = \(instance.forgetCount), BLAS: \(BLASLibrary.name)")
      if let saveInstance { try InstanceFile.write(instance, to: saveInstance) }
      var options = TheoremReport.Options()
      (options.steps, options.epsilon, options.every, options.source) = (steps, epsilon, every, source)
      let bar = ProgressBar("checking steps", total: steps, console: console)
      let report = try TheoremReport(instance, options, workers: common.workers) { done, _ in bar.set(done) }
      bar.finish()
      if let output { try report.write(to: output) }
      summarise(report, console)
      if report.verdict == .violated { throw Failure.claimViolated }
    }
  }

  private func load() throws -> (TwoPathInstance, [JSON.Member]) {
    if let instance {
      let loaded = try InstanceFile.read(instance, stepSize: eta, workers: common.workers)
      return (loaded, [JSON.Member("source", .string("file"))])
    }
    let sweep = Sweep(try shape.law(stepSize: eta), steps: steps)
    let drawn = try sweep.instance(seed: seed, workers: common.workers)
    return (drawn, [JSON.Member("source", .string("random")), JSON.Member("seed", .decimal(String(seed)))])
  }

  private func summarise(_ report: TheoremReport, _ console: Console) {
    let (theorem, check) = (report.theorem, report.check)
    console.result("rho* = \(theorem.rhoStar), lambda_max = \(theorem.lambdaMax), sigma_U = \(theorem.sigmaU)")
    console.result("t_0 = \(theorem.t0), t* = \(report.corollary.tStar) at epsilon = \(report.corollary.epsilon)")
    switch check.verdict {
    case .holds:
      console.result(
        "Theorem 3.1 holds at all \(check.stepsChecked) steps from max(t_0, 0) to \(steps); "
          + "smallest margin 10^\(check.smallestMargin) at step \(check.tightestStep ?? 0)")
    case .notReached:
      console.result("Theorem 3.1 claims nothing up to step \(steps): t_0 lies beyond; raise --steps")
    case .violated:
      console.result(
        "Theorem 3.1 is VIOLATED, first at step \(check.firstViolation ?? 0); "
          + "smallest margin 10^\(check.smallestMargin) at step \(check.tightestStep ?? 0)")
    }
    if report.verdict == .violated, check.verdict != .violated {
      console.result("a lemma or Corollary 1 is VIOLATED; certificate.json says which")
    }
  }
}
