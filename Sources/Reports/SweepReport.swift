import Core
import FileFormats
import Glibc
import LinearAlgebra
import Theorems

/// What a sweep found: counts, the quantiles of every margin, and the violations with the seeds that replay them.
///
/// Trials are counted as they come, so that a report takes the same memory for any number of them; of those in which
/// something failed the first ``mostListed`` are kept.
public struct SweepReport {
  /// The most violations that are listed; the others are counted.
  public static let mostListed = SeedList.limit

  /// The sweep.
  public let sweep: Sweep
  /// How many trials there are.
  public private(set) var trialCount = 0
  /// How many of them do not meet the hypotheses.
  public private(set) var hypothesisFailed = 0
  /// In how many everything that is claimed was checked and holds.
  public private(set) var held = 0
  /// In how many something that is claimed failed.
  public private(set) var violationCount = 0
  /// The first of these.
  public private(set) var violations: [SweepTrial] = []
  /// The smallest margins of the theorem.
  public private(set) var theoremMargins = RunningQuantiles()

  private var firstSeed: UInt64?
  private var verdicts: [Verdict: Int] = [:]
  private var stepsChecked = 0
  private var proofStepsViolated = 0
  private var t0 = RunningQuantiles()
  private var stepMargins: [ProofSteps.Step: RunningQuantiles] = [:]

  /// A report without trials.
  public init(_ sweep: Sweep) { self.sweep = sweep }

  /// How many trials have this verdict on the bound.
  public func count(_ verdict: Verdict) -> Int { verdicts[verdict] ?? 0 }

  /// Adds a trial.
  public mutating func add(_ trial: SweepTrial) {
    trialCount += 1
    firstSeed = firstSeed ?? trial.seed
    guard let result = trial.result else {
      hypothesisFailed += 1
      return
    }
    verdicts[result.check.verdict, default: 0] += 1
    stepsChecked += result.check.stepsChecked
    if !result.failedProofSteps.isEmpty { proofStepsViolated += 1 }
    if result.violated {
      violationCount += 1
      if violations.count < Self.mostListed { violations.append(trial) }
    } else if result.check.verdict == .holds {
      held += 1
    }
    t0.add(result.t0)
    guard result.check.stepsChecked > 0 else { return }
    theoremMargins.add(result.check.smallestMargin)
    for (step, margin) in result.margins { stepMargins[step, default: RunningQuantiles()].add(margin) }
  }

  /// Writes `sweep.json`, `margins.csv` and `violations.csv` with their `datapackage.json`, all or none.
  public func write(to directory: String) throws {
    let package = DataPackage(
      name: "palimpsest-sweep", title: "Palimpsest: Theorem 3.1 on random instances",
      description: "Margins of the theorem and of the steps of its proof, as quantiles over random instances.",
      version: palimpsestVersion, sources: [.paper], custom: [JSON.Member("blas", .string(BLASLibrary.name))],
      resources: [
        DataResource(
          name: "margins", path: "margins.csv", title: "Margins",
          description: "Quantiles over instances of the smallest margin over the claimed steps.", table: try margins()),
        DataResource(
          name: "violations", path: "violations.csv", title: "Violations",
          description: """
            The instances on which a claim failed, empty when none did; of more than \(Self.mostListed), the first
            """,
          table: try violationTable()),
      ])
    let summary = OutputFile(path: "\(directory)/sweep.json", bytes: summary().bytes())
    try AtomicFile.write(package.files(in: directory) + [summary])
  }

  /// The counts.
  public func summary() -> JSON {
    [
      "version": .string(palimpsestVersion),
      "blas": .string(BLASLibrary.name),
      "law": sweep.law.json,
      "generator": .string(Sweep.generator),
      "trials": .integer(trialCount),
      "first_seed": firstSeed.map { .decimal(String($0)) } ?? .null,
      "steps": .integer(sweep.steps),
      "hypothesis_failed": .integer(hypothesisFailed),
      "holds": .integer(count(.holds)),
      "violated": .integer(count(.violated)),
      "not_reached": .integer(count(.notReached)),
      "steps_checked": .integer(stepsChecked),
      "proof_steps_violated": .integer(proofStepsViolated),
      "violating_instances": .integer(violationCount),
      "violating_seeds": .array(violations.map { .decimal(String($0.seed)) }),
    ]
  }

  /// The quantiles of every margin.
  public func margins() throws -> TidyTable {
    let probabilities = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]
    let samples: [(String, RunningQuantiles)] =
      [("theorem_3_1", theoremMargins), ("t0", t0)]
      + ProofSteps.Step.allCases.map { ($0.rawValue, stepMargins[$0] ?? RunningQuantiles()) }
    return try TidyTable(
      [
        Column("quantity", .string, description: "theorem_3_1 or a step of its proof: its smallest margin; t0: t_0"),
        Column("probability", .number, unit: "1", description: "the probability of the quantile"),
        Column(
          "quantile", .number, unit: "log10 (step for t0)",
          description: """
            the quantile over instances; a margin is log10(left / right), negative where it fails; empty when no \
            instance reached t_0; of more than \(RunningQuantiles.exactCount) instances, those between the least and \
            the greatest are of values rounded to \(RunningQuantiles.digits) significant digits
            """),
      ],
      rows: samples.flatMap { name, sample in
        zip(probabilities, sample.quantiles(at: probabilities)).map { probability, value in
          [.string(name), .number(probability), sample.count == 0 ? .missing : .number(value)]
        }
      })
  }

  private func violationTable() throws -> TidyTable {
    try TidyTable(
      [
        Column(
          "seed", .number, unit: "1", description: "replays the instance: palimpsest theorem --random --seed SEED"),
        Column("first_violation_step", .integer, unit: "step", description: "the first step at which the bound failed"),
        Column("smallest_margin", .number, unit: "log10", description: "the smallest margin of the bound"),
        Column("failed_proof_steps", .string, description: "the steps of the proof that failed, if any"),
      ],
      rows: violations.map { trial in
        [
          .decimal(String(trial.seed)), trial.result?.check.firstViolation.map { .integer($0) } ?? .missing,
          .number(trial.result?.check.smallestMargin ?? .nan),
          failedProofSteps(trial),
        ]
      })
  }

  private func failedProofSteps(_ trial: SweepTrial) -> Cell {
    let names = trial.result?.failedProofSteps.map(\.rawValue) ?? []
    return names.isEmpty ? .missing : .string(names.joined(separator: " "))
  }
}
