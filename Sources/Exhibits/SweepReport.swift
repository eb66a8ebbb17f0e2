import FileFormats
import Glibc
import LinearAlgebra
import Theorems

/// What a sweep found: counts, the quantiles of every margin, and every violation with the seed that replays it.
public struct SweepReport {
  /// The sweep.
  public let sweep: Sweep
  /// Its trials.
  public let trials: [SweepTrial]

  /// A report on these trials.
  public init(_ sweep: Sweep, _ trials: [SweepTrial]) {
    (self.sweep, self.trials) = (sweep, trials)
  }

  /// The trials in which something that is claimed failed.
  public var violations: [SweepTrial] { trials.filter { $0.result?.violated ?? false } }

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
          description: "Every instance on which a claim failed; empty when none did.", table: try violationTable()),
      ])
    let summary = OutputFile(path: "\(directory)/sweep.json", bytes: summary().bytes())
    try AtomicFile.write(package.files(in: directory) + [summary])
  }

  /// The counts.
  public func summary() -> JSON {
    func count(_ verdict: Verdict) -> JSON { .integer(trials.count { $0.result?.check.verdict == verdict }) }
    let applicable = trials.compactMap(\.result)
    return [
      "version": .string(palimpsestVersion),
      "blas": .string(BLASLibrary.name),
      "law": sweep.law.json,
      "generator": .string(Sweep.generator),
      "trials": .integer(trials.count),
      "first_seed": trials.first.map { .decimal(String($0.seed)) } ?? .null,
      "steps": .integer(sweep.steps),
      "hypothesis_failed": .integer(trials.count { $0.result == nil }),
      "holds": count(.holds),
      "violated": count(.violated),
      "not_reached": count(.notReached),
      "steps_checked": .integer(applicable.reduce(0) { $0 + $1.check.stepsChecked }),
      "proof_steps_violated": .integer(applicable.count { !$0.failedProofSteps.isEmpty }),
      "violating_seeds": .array(violations.map { .decimal(String($0.seed)) }),
    ]
  }

  /// The quantiles of every margin.
  public func margins() throws -> TidyTable {
    let probabilities = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]
    let applicable = trials.compactMap(\.result)
    let results = applicable.filter { $0.check.stepsChecked > 0 }
    let samples: [(String, [Double])] =
      [("theorem_3_1", results.map(\.check.smallestMargin)), ("t0", applicable.map(\.t0))]
      + ProofSteps.Step.allCases.map { step in (step.rawValue, results.compactMap { $0.margins[step] }) }
    return try TidyTable(
      [
        Column("quantity", .string, description: "theorem_3_1 or a step of its proof: its smallest margin; t0: t_0"),
        Column("probability", .number, unit: "1", description: "the probability of the quantile"),
        Column(
          "quantile", .number, unit: "log10 (step for t0)",
          description: """
            the quantile over instances; a margin is log10(left / right), negative where it fails; empty when no \
            instance reached t_0
            """),
      ],
      rows: samples.flatMap { name, sample in
        zip(probabilities, SampleStatistics.quantiles(sample, at: probabilities)).map { probability, value in
          [.string(name), .number(probability), sample.isEmpty ? .missing : .number(value)]
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
