import Core
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
    public var theorems = Statement.own
    /// Where the instance came from, for the certificate.
    public var source: [JSON.Member] = []

    /// T = 1000, eps = 1, logarithmic spacing, all theorems.
    public init() {}
  }

  /// What the paper's two statements say, or the hypothesis for want of which they say nothing. The theorems beyond the
  /// paper's have hypotheses of their own.
  public var paper: Result<ExaminedInstance.Paper, HypothesisFailure> { instance.paper }
  /// How far the constants can be trusted.
  public var digits: TrustedDigits { instance.digits }
  /// What the theorems beyond the paper's say.
  public let pages: [StatementPage]

  /// What the instance was multiplied by, in words, for the numbers that are in these units; nil where it was not.
  public var unitsNotice: String? {
    let units = divergence.units
    guard units != .given else { return nil }
    return "computed with features times 2^\(units.features), labels 2^\(units.labels) and X_test 2^\(units.test), "
      + "exactly: the numbers of the lemmas and of B1 to B8 are in these units"
  }

  private let options: Options
  private let instance: ExaminedInstance
  private var divergence: PathDivergence { instance.divergence }
  private let lemmaC1: LemmaC1
  private let lemma32: Lemma32
  private let retrained: RetrainedPair?
  private let reported: [Int]
  private let workers: Workers

  /// Examines an instance.
  ///
  /// - Throws: what `PathDivergence` throws, and `LinearAlgebraError.invalidParameter(_:)` for an epsilon.
  public init(
    _ instance: TwoPathInstance, _ options: Options, workers: Workers,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let divergence = try PathDivergence(instance, workers: workers)
    let examined = try ExaminedInstance(
      divergence, steps: options.steps, epsilon: options.epsilon, workers: workers, progress: progress)
    let models = examined.models
    self.instance = examined
    lemmaC1 = try LemmaC1(divergence, models)
    // The lemma is checked against models that really unlearn: only for as long as they stay in Double's range.
    let inRange = min(5, 300 / log1p(divergence.growth.first ?? 0))
    lemma32 = try Lemma32(divergence, models, steps: min(options.steps, Int(inRange)), workers: workers)
    retrained = try RetrainedPair(divergence, models, workers: workers)
    pages = try options.theorems.map { try $0.page(examined) }
    reported =
      options.every.map { Array(stride(from: 0, to: options.steps, by: $0)) + [options.steps] }
      ?? LogarithmicSteps.upTo(options.steps)
    (self.options, self.workers) = (options, workers)
  }

  /// What was found, over all: `violated` as soon as one statement is; else what Theorem 3.1 says, nil where it does
  /// not apply.
  public var verdict: Verdict? {
    let found = try? paper.get()
    // That Delta_0 is not 0 is Lemma C.1 of almost all instances: only its identity is one of all.
    let identitiesHold = lemmaC1.identityError <= lemmaC1.roundingLevel && lemma32.holds
    let verdicts = [found?.check.verdict, found?.corollaryCheck.verdict] + pages.map(\.verdict)
    return verdicts.contains(.violated) || !identitiesHold ? .violated : found?.check.verdict
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
    let statements = OutputFile(path: "\(directory)/statements.md", bytes: Array(try statements().utf8))
    return try package.files(in: directory) + [certificate, statements]
  }

  /// One page for each statement, for people.
  private func statements() throws -> String {
    let paper = try Statement.paper.map { try $0.page(instance) }
    let notices = [unitsNotice, digits.warning].compactMap(\.self).map { "\($0.capitalisedFirst).\n\n" }.joined()
    return "# What the theorems say of this instance\n\n" + notices
      + (paper + pages).map(\.markdown).joined(separator: "\n")
  }

  /// The trajectory.
  public func trajectory() throws -> TidyTable {
    let trajectory = divergence.trajectory
    let theorem = try? paper.get().theorem
    let unit = divergence.units.logDistance
    let distances = trajectory.logDistances(at: reported, workers: workers).map { $0 - unit }
    let towards = [retrained?.alongAB, retrained?.alongBA].map { run in
      run?.logDistances(at: reported, workers: workers).map { $0 - unit }
    }
    return try TidyTable(
      [
        Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
        Column("log10_re_distance", .number, unit: "log10", description: "log10 d(theta_AB^t, theta_BA^t)"),
        Column(
          "log10_lower_bound", .number, unit: "log10",
          description: "log10 of the bound of Theorem 3.1; empty where it does not apply"),
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
          .integer(step), .number(distances[index] / M_LN10),
          theorem.map { .number(($0.logBound(at: step) - unit) / M_LN10) } ?? .missing,
          .number(trajectory.log10Asymptote(at: step) - unit / M_LN10),
          .boolean(theorem?.firstClaimedStep.map { step >= $0 } ?? false),
        ]
          // A distance may leave Double's range: it is then written as a decimal with a large exponent.
          + towards.map { $0.map { .decimal(LogNumber(log: $0[index]).decimal) } ?? .missing }
          + towards.map { $0.map { .number($0[index] / M_LN10) } ?? .missing }
      })
  }

  /// The certificate; null is what an instance without Theorem 3.1's hypotheses has not.
  public func certificate() -> JSON {
    let (found, divergence) = (try? paper.get(), divergence)
    let units = divergence.units
    func given(_ value: Double, _ power: Int) -> JSON { .number(InstanceUnits.given(value, times: power)) }
    let (theorem, check) = (found?.theorem, found?.check)
    let corollary = found.map { found in
      let departures = [retrained?.alongAB, retrained?.alongBA].map { run in
        run.flatMap { found.corollary.firstDeparture($0, through: options.steps, workers: workers) }
      }
      return [
        "verdict": .string(found.corollaryCheck.verdict.rawValue),
        "first_claimed_step": integer(found.corollary.firstClaimedStep),
        "steps_not_checked": .integer(found.corollaryCheck.stepsLeftOut),
        "first_step_outside_epsilon_ab": integer(departures[0]),
        "first_step_outside_epsilon_ba": integer(departures[1]),
      ] as JSON
    }
    return [
      "statement": "Theorem 3.1 and Corollary 1, arXiv 2510.16629",
      "version": .string(palimpsestVersion),
      "blas": .string(BLASLibrary.name),
      "instance": divergence.given.json(source: options.source),
      "computed_in": [
        "features_power_of_two": .integer(units.features), "labels_power_of_two": .integer(units.labels),
        "test_power_of_two": .integer(units.test),
        "meaning": .string(unitsNotice ?? "computed in the units given"),
      ],
      "trusted_digits": trustedDigits(theorem),
      "rho_star": number(theorem?.rhoStar),
      "sigma_u": number(theorem?.sigmaU),
      "projected_difference_norm": given(divergence.coordinates.norm, units.models),
      "difference_norm": given(divergence.difference.norm, units.models),
      "c0": number(theorem?.c0),
      "t0": theorem.map { whole($0.t0) } ?? .null,
      "lambda_max": number(divergence.growth.first),
      "test_operator_norm": given(divergence.testOperatorNorm, units.test),
      "epsilon": .number(options.epsilon),
      "t_star": number(found?.corollary.tStar),
      "steps": .integer(options.steps),
      "holds": check.map { .bool($0.verdict != .violated) } ?? .null,
      "verdict": .string(check?.verdict.rawValue ?? "does_not_apply"),
      "first_claimed_step": integer(theorem?.firstClaimedStep),
      "first_violation_step": integer(check?.firstViolation),
      "steps_checked": .integer(check?.stepsChecked ?? 0),
      "steps_not_checked": .integer(check?.stepsLeftOut ?? 0),
      "smallest_margin_log10": check.flatMap { $0.stepsChecked > 0 ? .number($0.smallestMargin) : nil } ?? .null,
      "tightest_step": integer(check?.tightestStep),
      "corollary_1": corollary ?? .null,
      "preconditions": .array(Theorem31.preconditions(of: divergence).map(\.json)),
      "lemmas": [
        "c1": identity(lemmaC1.holds, lemmaC1.identityError, lemmaC1.roundingLevel),
        "c2": ["holds": .bool(LemmaC2(divergence).holds), "share": .number(LemmaC2(divergence).share)],
        "c4": ["holds": .bool(LemmaC4(divergence).holds), "rank": .integer(LemmaC4(divergence).rank)],
        "3.2": identity(lemma32.holds, lemma32.identityError, lemma32.roundingLevel),
      ],
      "proof_steps": found.map { proofSteps($0.theorem) } ?? .null,
      "beyond_the_paper": .array(pages.map(\.json)),
    ]
  }

  /// How many digits of each constant stand clear of rounding, why, and what that leaves open of t_0.
  private func trustedDigits(_ theorem: Theorem31?) -> JSON {
    let range = theorem.map(digits.rangeOfT0)
    return [
      "condition_x_u": .number(digits.forgetCondition),
      "condition_stages": .number(digits.stageCondition),
      "difference_norm": .number(digits.digits(.difference)),
      "projected_difference_norm": .number(digits.digits(.projectedDifference)),
      "sigma_u": .number(digits.digits(.sigmaU)),
      "c0": .number(digits.digits(.c0)),
      "rho_star": .number(digits.digits(.rhoStar)),
      "t0_at_least": range.map { whole($0.least) } ?? .null,
      "t0_at_most": range.map { whole($0.largest) } ?? .null,
    ]
  }

  /// The smallest margin of each step of the proof over the reported steps at which the theorem is claimed.
  private func proofSteps(_ theorem: Theorem31) -> JSON {
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

  private func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
  private func integer(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }

  private func identity(_ holds: Bool, _ error: Double, _ rounding: Double) -> JSON {
    ["holds": .bool(holds), "identity_error": .number(error), "rounding_level": .number(rounding)]
  }

  private func whole(_ value: Double) -> JSON {
    Int(exactly: value).map { .integer($0) } ?? .number(value)
  }
}

extension String {
  /// With a capital first letter, to begin a sentence.
  fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
