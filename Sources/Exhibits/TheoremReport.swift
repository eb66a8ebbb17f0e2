import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

/// Everything that `palimpsest theorem` finds on one instance: a certificate with every constant and verdict, and the
/// trajectory as a tidy table.
public struct TheoremReport {
  /// How an instance is examined.
  public struct Options: Sendable {
    /// T: the bound is checked at every step up to this one.
    public var steps = 1000
    /// eps of Corollary 1.
    public var epsilon = 1.0
    /// Report every so many steps; nil for logarithmic spacing.
    public var every: Int?
    /// The theorems beyond the paper's to report on.
    public var theorems = OwnTheorem.allCases
    /// Where the instance came from, for the certificate.
    public var source: [JSON.Member] = []

    /// T = 1000, eps = 1, logarithmic spacing, all theorems.
    public init() {}
  }

  /// The theorem on the instance, with its constants.
  public let theorem: Theorem31
  /// The bound at every claimed step.
  public let check: StepwiseCheck
  /// Corollary 1 at the tolerance asked for.
  public let corollary: Corollary1
  /// The corollary at every claimed step.
  public let corollaryCheck: StepwiseCheck
  /// What the theorems beyond the paper's say.
  public let pages: [StatementPage]

  private let options: Options
  private let lemmaC1: LemmaC1
  private let lemma32: Lemma32
  private let retrained: RetrainedPair?
  private let reported: [Int]
  private let workers: Workers

  /// Examines an instance.
  ///
  /// - Throws: `HypothesisFailure` when the theorem does not apply, and what `PathDivergence` throws.
  public init(
    _ instance: TwoPathInstance, _ options: Options, workers: Workers,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let divergence = try PathDivergence(instance, workers: workers)
    let theorem = try Theorem31(divergence)
    let models = try divergence.trainedModels()
    self.theorem = theorem
    check = theorem.check(through: options.steps, workers: workers, progress: progress)
    corollary = try Corollary1(theorem, epsilon: options.epsilon)
    corollaryCheck = corollary.check(through: options.steps, workers: workers)
    lemmaC1 = try LemmaC1(divergence, models)
    // The lemma is checked against models that really unlearn: only for as long as they stay in Double's range.
    let inRange = min(5, 300 / log1p(theorem.lambdaMax))
    lemma32 = try Lemma32(divergence, models, steps: min(options.steps, Int(inRange)), workers: workers)
    retrained = try RetrainedPair(divergence, models, workers: workers)
    pages = try options.theorems.map {
      try $0.page(divergence, models: models, steps: options.steps, workers: workers)
    }
    reported =
      options.every.map { Array(stride(from: 0, to: options.steps, by: $0)) + [options.steps] }
      ?? LogarithmicSteps.upTo(options.steps)
    (self.options, self.workers) = (options, workers)
  }

  /// What was found, over all: `violated` as soon as one statement is.
  public var verdict: Verdict {
    let lemmasHold = lemmaC1.holds && lemma32.holds
    let violated = pages.contains { $0.verdict == .violated }
    if check.verdict == .violated || corollaryCheck.verdict == .violated || !lemmasHold || violated { return .violated }
    return check.verdict
  }

  /// Writes `certificate.json`, `statements.md`, `trajectory.csv` and its `datapackage.json`, all or none.
  public func write(to directory: String) throws { try AtomicFile.write(files(in: directory)) }

  /// These files as members of a group.
  public func files(in directory: String) throws -> [OutputFile] {
    let package = DataPackage(
      name: "palimpsest-trajectory", title: "Palimpsest: Theorem 3.1 on one instance",
      description: "The RE distance between the two histories under gradient ascent, its bound and its limit law.",
      version: palimpsestVersion, sources: [.paper], custom: [JSON.Member("blas", .string(BLASLibrary.name))],
      resources: [
        DataResource(
          name: "trajectory", path: "trajectory.csv", title: "Trajectory",
          description: "One row a step of gradient ascent on the forget set.", table: try trajectory())
      ])
    let certificate = OutputFile(path: "\(directory)/certificate.json", bytes: certificate().bytes())
    let statements = OutputFile(path: "\(directory)/statements.md", bytes: Array(statements.utf8))
    return try package.files(in: directory) + [certificate, statements]
  }

  /// One page for each statement, for people.
  private var statements: String {
    let paper = [theorem.page(check), corollary.page(corollaryCheck)]
    return "# What the theorems say of this instance\n\n" + (paper + pages).map(\.markdown).joined(separator: "\n")
  }

  /// The trajectory.
  public func trajectory() throws -> TidyTable {
    let trajectory = theorem.divergence.trajectory
    let distances = trajectory.logDistances(at: reported, workers: workers)
    let towards = [retrained?.alongAB, retrained?.alongBA].map { $0?.logDistances(at: reported, workers: workers) }
    return try TidyTable(
      [
        Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
        Column("log10_re_distance", .number, unit: "log10", description: "log10 d(theta_AB^t, theta_BA^t)"),
        Column("log10_lower_bound", .number, unit: "log10", description: "log10 of the bound of Theorem 3.1"),
        Column("log10_asymptote", .number, unit: "log10", description: "log10 of the limit law of the RE distance"),
        Column("bound_claimed", .boolean, description: "whether the theorem claims its bound at this step"),
        Column(
          "re_distance_to_retrained_ab", .number, unit: "squared prediction",
          description: "d(theta_AB^t, theta_r), theta_r retrained along AB without the forget set; empty if undefined"),
        Column(
          "re_distance_to_retrained_ba", .number, unit: "squared prediction",
          description: "d(theta_BA^t, theta_r), theta_r retrained along BA without the forget set; empty if undefined"),
        Column(
          "log10_re_distance_to_retrained_ab", .number, unit: "log10", description: "log10 of the column for AB"),
        Column(
          "log10_re_distance_to_retrained_ba", .number, unit: "log10", description: "log10 of the column for BA"),
      ],
      rows: reported.indices.map { index -> [Cell] in
        let step = reported[index]
        return [
          .integer(step), .number(distances[index] / M_LN10), .number(theorem.logBound(at: step) / M_LN10),
          .number(trajectory.log10Asymptote(at: step)),
          .boolean(theorem.firstClaimedStep.map { step >= $0 } ?? false),
        ]
          // A distance may leave Double's range: it is then written as a decimal with a large exponent.
          + towards.map { $0.map { .decimal(LogNumber(log: $0[index]).decimal) } ?? .missing }
          + towards.map { $0.map { .number($0[index] / M_LN10) } ?? .missing }
      })
  }

  /// The certificate.
  public func certificate() -> JSON {
    let divergence = theorem.divergence
    let instance = divergence.instance
    let departures = [retrained?.alongAB, retrained?.alongBA].map { run in
      run.flatMap { corollary.firstDeparture($0, through: options.steps, workers: workers) }
    }
    return [
      "statement": "Theorem 3.1 and Corollary 1, arXiv 2510.16629",
      "version": .string(palimpsestVersion),
      "blas": .string(BLASLibrary.name),
      "instance": instance.json(source: options.source),
      "rho_star": .number(theorem.rhoStar),
      "sigma_u": .number(theorem.sigmaU),
      "projected_difference_norm": .number(theorem.projectedDifferenceNorm),
      "difference_norm": .number(theorem.differenceNorm),
      "c0": .number(theorem.c0),
      "t0": whole(theorem.t0),
      "lambda_max": .number(theorem.lambdaMax),
      "test_operator_norm": .number(divergence.testOperatorNorm),
      "epsilon": .number(corollary.epsilon),
      "t_star": .number(corollary.tStar),
      "steps": .integer(options.steps),
      "holds": .bool(check.verdict != .violated),
      "verdict": .string(check.verdict.rawValue),
      "first_claimed_step": theorem.firstClaimedStep.map { .integer($0) } ?? .null,
      "first_violation_step": check.firstViolation.map { .integer($0) } ?? .null,
      "steps_checked": .integer(check.stepsChecked),
      "smallest_margin_log10": check.stepsChecked > 0 ? .number(check.smallestMargin) : .null,
      "tightest_step": check.tightestStep.map { .integer($0) } ?? .null,
      "corollary_1": [
        "verdict": .string(corollaryCheck.verdict.rawValue),
        "first_claimed_step": corollary.firstClaimedStep.map { .integer($0) } ?? .null,
        "first_step_outside_epsilon_ab": departures[0].map { .integer($0) } ?? .null,
        "first_step_outside_epsilon_ba": departures[1].map { .integer($0) } ?? .null,
      ],
      "preconditions": .array(theorem.preconditions.map(\.json)),
      "lemmas": [
        "c1": identity(lemmaC1.holds, lemmaC1.identityError, lemmaC1.roundingLevel),
        "c2": ["holds": .bool(LemmaC2(divergence).holds), "share": .number(LemmaC2(divergence).share)],
        "c4": ["holds": .bool(LemmaC4(divergence).holds), "rank": .integer(LemmaC4(divergence).rank)],
        "3.2": identity(lemma32.holds, lemma32.identityError, lemma32.roundingLevel),
      ],
      "proof_steps": proofSteps(),
      "beyond_the_paper": .array(pages.map(\.json)),
    ]
  }

  /// The smallest margin of each step of the proof over the reported steps at which the theorem is claimed.
  private func proofSteps() -> JSON {
    let claimed = reported.filter { step in theorem.firstClaimedStep.map { step >= $0 } ?? false }
    guard !claimed.isEmpty else { return .null }
    let inequalities = ProofSteps(theorem).inequalities(at: claimed, workers: workers)
    return .object(
      ProofSteps.Step.allCases.map { step in
        let all = inequalities[step] ?? []
        return JSON.Member(
          step.rawValue,
          [
            "holds": .bool(all.allSatisfy(\.holds)),
            "smallest_margin_log10": .number(all.reduce(.infinity) { min($0, $1.margin) }),
          ])
      })
  }

  private func identity(_ holds: Bool, _ error: Double, _ rounding: Double) -> JSON {
    ["holds": .bool(holds), "identity_error": .number(error), "rounding_level": .number(rounding)]
  }

  private func whole(_ value: Double) -> JSON {
    Int(exactly: value).map { .integer($0) } ?? .number(value)
  }
}
