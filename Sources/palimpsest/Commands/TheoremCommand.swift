import ArgumentParser
import Certification
import Exhibits
import FileFormats
import LinearAlgebra
import Reports
import StagedLearners
import Theorems

/// `palimpsest theorem`: Theorem 3.1 on one instance.
struct TheoremCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "theorem",
    abstract: "Check the theorems on one instance, yours or a random one: the paper's and those beyond it.",
    discussion: """
      An instance is a safetensors file of tensors X_A, y_A, X_B, y_B, X_U, y_U, X_test (rows are examples) with \
      metadata strings mu_A, mu_B and eta. If the forget set was a training stage of its own, metadata mu_U says so \
      and position_U (1, 2 or 3) says where. Any other tensor or metadata is refused; F32 and integers are converted, \
      with a notice. Where the hypotheses of Theorem 3.1 fail, the other theorems are still reported on. --output gets \
      certificate.json (every constant, margin and verdict, and how many digits of each constant stand clear of \
      rounding), statements.md (the same for people, a page a theorem) and trajectory.csv. Constants of fewer than \
      six digits, and a t_0 that rounding leaves open, are named; --certified decides them.

      EXAMPLE
        palimpsest theorem --random --seed 7 --save-instance my.safetensors
        palimpsest theorem --instance my.safetensors --steps 1000000 -o result
        palimpsest theorem --random --forget all-of-b --test-rows 20 --theorems b2,b3
        palimpsest theorem --instance my.safetensors --certified -o proof
      """)

  @Option(help: ArgumentHelp("The instance, a safetensors file.", valueName: "file"))
  var instance: String?

  @Flag(help: "Draw a random instance instead, shaped by the options above.")
  var random = false

  @Option(help: ArgumentHelp("The seed of the random instance (default: 1).", valueName: "n"))
  var seed: UInt64?

  @OptionGroup(title: "Random instances") var shape: RandomOptions

  @Option(
    help: ArgumentHelp("Write the instance to this file, for NumPy or for replaying.", valueName: "file"),
    transform: path)
  var saveInstance: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "T: the bound is checked at every step up to this one; long runs by its law, once that decides the rest.",
      valueName: "T"))
  var steps = 1000

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The tolerance of Corollary 1 on the RE distance.", valueName: "eps"))
  var epsilon = 1.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "eta, the step size of the ascent (default: the file's, \(RandomInstance().stepSize) if random).",
      valueName: "eta"))
  var eta: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Report every n-th step; logarithmic spacing unless given.", valueName: "n"))
  var every: Int?

  @Option(
    help: ArgumentHelp(
      """
      Theorems beyond the paper's to report on, of \(Statement.own.map { $0.identifier.lowercased() }.joined(separator: ", ")); \
      all or none of them: all, none.
      """, valueName: "list"))
  var theorems = "all"

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder for certificate.json, statements.md and trajectory.csv.", valueName: "dir"),
    transform: path)
  var output: String?

  @OptionGroup(title: "Rigorous arithmetic") var certified: CertifiedOptions

  @OptionGroup var common: CommonOptions

  // Not `validate`, which the library calls before it looks for unknown options.
  private func check() throws {
    guard (instance != nil) != random else {
      throw ValidationError("Give either --instance FILE or --random.")
    }
    if instance != nil, let name = ((seed == nil ? [] : ["--seed"]) + shape.names).first {
      throw ValidationError("\(name) shapes a random instance and has no effect on --instance; leave it out.")
    }
    try requireSteps(steps)
    try requirePositive("--epsilon", epsilon)
    try requirePositive("--eta", eta)
    if certified.certified, every != nil {
      throw ValidationError("--every chooses rows that --certified does not write; leave it out.")
    }
    if certified.certified, theorems != "all" {
      throw ValidationError("--theorems chooses pages that --certified does not write; leave it out.")
    }
    if let every {
      guard every >= 1 else { throw ValidationError("--every is \(every); it must be at least 1.") }
      guard steps / every < mostRows else {
        throw ValidationError("--every \(every) asks for \(steps / every + 1) rows; \(mostRows) is the most.")
      }
    }
  }

  private func chosenTheorems() throws -> [Statement] {
    switch theorems {
    case "all": return Statement.own
    case "none": return []
    default:
      let chosen = try theorems.lowercased().split(separator: ",", omittingEmptySubsequences: false).map { name in
        guard let theorem = Statement.own.first(where: { $0.identifier.lowercased() == name }) else {
          let known = Statement.own.map { $0.identifier.lowercased() }.joined(separator: ", ")
          throw ValidationError("--theorems names \"\(name.prefix(20))\"; give all, none or a list of \(known).")
        }
        return theorem
      }
      return Statement.own.filter(chosen.contains)
    }
  }

  func run() throws {
    try Failure.reporting {
      let console = common.console
      try check()
      let chosen = try chosenTheorems()
      let result = certified.certified ? "certified.json" : "certificate.json"
      for path in [saveInstance, output.map { "\($0)/\(result)" }].compactMap(\.self) {
        try AtomicFile.requireWritable(path)
      }
      let (instance, subject, source) = try load()
      console.detail("d = \(instance.dimension), k = \(instance.forgetCount), BLAS: \(BLASLibrary.name)")
      let copy = try saveInstance.map { [try InstanceFile.file(instance, path: $0)] } ?? []
      if certified.certified {
        let certifier = Certifier(steps: steps, epsilon: epsilon, limit: certified.limit)
        let report = try Failure.naming(subject) {
          try CertifiedReport(instance, certifier, source: source, workers: common.workers)
        }
        try AtomicFile.write(copy + (output.map { [report.file(in: $0)] } ?? []))
        return try report.summarise(console)
      }
      var options = TheoremReport.Options()
      (options.steps, options.epsilon, options.every) = (steps, epsilon, every)
      (options.theorems, options.source) = (chosen, source)
      let bar = ProgressBar("checking steps", total: steps, console: console)
      defer { bar.finish() }
      let report = try Failure.naming(subject) {
        // The bound is checked from t_0 on only: the steps before it count as done.
        try TheoremReport(instance, options, workers: common.workers) { bar.set(steps - $1 + $0) }
      }
      bar.finish()
      // Together: on an error, none of the files is there.
      try AtomicFile.write(copy + (output.map { try report.files(in: $0) } ?? []))
      summarise(report, console)
      if report.verdict == .violated { throw Failure.claimViolated }
      if case .failure(let failure) = report.paper { throw Failure.Data(description: "\(subject): \(failure)") }
    }
  }

  /// The instance, what to call it, and where it is from.
  private func load() throws -> (TwoPathInstance, String, [JSON.Member]) {
    if let instance {
      let loaded = try InstanceFile.read(
        instance, stepSize: eta, workers: common.workers, notice: common.console.notice)
      return (loaded, quotedPath(instance), [JSON.Member("source", .string("file"))])
    }
    let (sweep, seed) = (Sweep(try shape.law(stepSize: eta), steps: steps), seed ?? 1)
    let subject = "the random instance of seed \(seed)"
    let drawn = try Failure.naming(subject) { try sweep.instance(seed: seed, workers: common.workers) }
    return (drawn, subject, [JSON.Member("source", .string("random")), JSON.Member("seed", .decimal(String(seed)))])
  }

  private func summarise(_ report: TheoremReport, _ console: Console) {
    if let notice = report.unitsNotice { console.result(notice) }
    if let warning = report.digits.warning { console.result(warning) }
    switch report.paper {
    case .success(let found):
      summarise(found, console)
      if let doubt = report.digits.doubt(found.theorem) { console.result(doubt) }
    case .failure(let failure):
      console.result("\(failure)")
      console.result("nor does Corollary 1; the theorems below have hypotheses of their own")
    }
    for page in report.pages { console.result(page.summary) }
    let found = try? report.paper.get()
    let told = found?.check.verdict == .violated || report.pages.contains { $0.verdict == .violated }
    if report.verdict == .violated, !told {
      console.result("a lemma or Corollary 1 is VIOLATED; certificate.json says which")
    }
  }

  private func summarise(_ found: ExaminedInstance.Paper, _ console: Console) {
    let (theorem, check) = (found.theorem, found.check)
    console.result("rho* = \(theorem.rhoStar), lambda_max = \(theorem.lambdaMax), sigma_U = \(theorem.sigmaU)")
    console.result(
      "t_0 = \(theorem.t0.formatted), t* = \(found.corollary.tStar) at epsilon = \(found.corollary.epsilon)")
    switch check.verdict {
    case .holds:
      let claimed = check.stepsChecked + check.stepsLeftOut
      let steps =
        check.stepsLeftOut == 0 ? "all \(claimed) steps" : "the \(check.stepsChecked) steps checked of the \(claimed)"
      console.result(
        "Theorem 3.1 holds at \(steps) from max(t_0, 0) to \(self.steps); "
          + "smallest margin 10^\(check.smallestMargin) at step \(check.tightestStep ?? 0)")
    case .notReached:
      console.result("Theorem 3.1 claims nothing up to step \(steps): t_0 lies beyond; raise --steps")
    case .violated:
      console.result(
        "Theorem 3.1 is VIOLATED, first at step \(check.firstViolation ?? 0); "
          + "smallest margin 10^\(check.smallestMargin) at step \(check.tightestStep ?? 0)")
    }
  }
}

extension Double {
  /// A whole number without ".0".
  fileprivate var formatted: String { Int(exactly: self).map(\.description) ?? description }
}
