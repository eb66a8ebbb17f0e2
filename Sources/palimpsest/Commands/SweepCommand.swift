import ArgumentParser
import Certification
import Exhibits
import FileFormats
import LinearAlgebra
import Reports
import StagedLearners
import Theorems

/// `palimpsest sweep`: Theorem 3.1 on many random instances.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Check Theorem 3.1 and the steps of its proof on many random instances.",
    discussion: """
      Trial i = 0, 1, ... runs on the instance of seed SEED + i; `palimpsest theorem --random --seed N` with the same \
      shape options replays the one of seed N. --output gets sweep.json (counts), margins.csv (quantiles of every \
      margin) and \
      violations.csv (the first \(SweepReport.mostListed) instances on which a claim failed). The memory needed does \
      not \
      grow with the trials: of more than \(RunningQuantiles.exactCount), quantiles other than the least and the \
      greatest are of \
      margins rounded to \(RunningQuantiles.digits) significant digits.

      EXAMPLE
        palimpsest sweep --trials 100000 --steps 50
        palimpsest sweep --trials 20000 --wide --output sweep-wide
        palimpsest sweep --trials 1000 --certified --output proofs
      """)

  @Option(parsing: .unconditional, help: ArgumentHelp("How many instances to try, 10 million at most.", valueName: "n"))
  var trials = 10_000

  @Option(help: ArgumentHelp("The seed of the first trial.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("T: the claims are checked at every step up to this one.", valueName: "T"))
  var steps = 200

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "eta, the step size of the ascent (default: \(RandomInstance().stepSize)).", valueName: "eta"))
  var eta: Double?

  @OptionGroup(title: "Random instances") var shape: RandomOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder for the results.", valueName: "dir"), transform: path)
  var output: String?

  @OptionGroup(title: "Rigorous arithmetic") var certified: CertifiedOptions

  @OptionGroup var common: CommonOptions

  private func check() throws {
    guard (1...mostRows).contains(trials) else {
      throw ValidationError("--trials is \(trials); it must be between 1 and \(mostRows). For more, vary --seed.")
    }
    try requireSteps(steps)
    try requirePositive("--eta", eta)
    guard seed <= UInt64.max - UInt64(trials) else {
      throw ValidationError("--seed and --trials together leave the range of 64 bits.")
    }
  }

  func run() throws {
    try Failure.reporting {
      try check()
      let console = common.console
      let sweep = Sweep(try shape.law(stepSize: eta), steps: steps)
      let result = certified.certified ? "certified.json" : "sweep.json"
      if let output { try AtomicFile.requireWritable("\(output)/\(result)") }
      let bar = ProgressBar("sweep", total: trials, console: console)
      defer { bar.finish() }
      let seeds = seed..<(seed + UInt64(trials))
      if certified.certified {
        let sweep = CertifiedSweep(sweep, limit: certified.limit)
        var report = CertifiedSweepReport(sweep)
        try sweep.run(seeds: seeds, workers: common.workers, progress: { bar.advance($0) }, to: { report.add($0) })
        bar.finish()
        if let output { try AtomicFile.write([report.file(in: output)]) }
        return try report.summarise(console)
      }
      var report = SweepReport(sweep)
      try sweep.run(seeds: seeds, workers: common.workers, progress: { bar.advance($0) }, to: { report.add($0) })
      bar.finish()
      if let output { try report.write(to: output) }
      console.result("\(trials) instances: holds on \(report.held), violated on \(report.violationCount)")
      let (notReached, without) = (report.count(.notReached), report.hypothesisFailed)
      if notReached > 0 { console.result("\(notReached) have t_0 beyond step \(steps): nothing is claimed there") }
      if without > 0 { console.result("\(without) do not meet the hypotheses") }
      if report.theoremMargins.count > 0 {
        let q = report.theoremMargins.quantiles(at: [0, 0.5, 1])
        console.result("log10 of the smallest margin: least \(q[0]), median \(q[1]), most \(q[2])")
      }
      for violation in report.violations.prefix(10) { console.result("violated: seed \(violation.seed)") }
      if !report.violations.isEmpty { throw Failure.claimViolated }
    }
  }
}
