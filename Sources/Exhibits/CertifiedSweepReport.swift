import Certification
import FileFormats
import Theorems

/// What `palimpsest sweep --certified` writes: how often each claim was proved, refuted and undecided.
public struct CertifiedSweepReport {
  /// The trials.
  public let trials: [CertifiedTrial]

  private let sweep: CertifiedSweep

  /// A report on these trials.
  public init(_ sweep: CertifiedSweep, _ trials: [CertifiedTrial]) { (self.sweep, self.trials) = (sweep, trials) }

  /// The claims that were decided anywhere, in the order of their names' list.
  public var names: [CertifiedClaim.Name] {
    CertifiedClaim.Name.allCases.filter { name in trials.contains { $0.count(name, where: { _ in true }) > 0 } }
  }

  /// How many claims of this kind came out so, over all instances.
  public func count(_ name: CertifiedClaim.Name, where matches: (Decision) -> Bool) -> Int {
    trials.reduce(0) { $0 + $1.count(name, where: matches) }
  }

  /// The trials with a claim that came out so.
  public func trials(where matches: (Decision) -> Bool) -> [CertifiedTrial] {
    trials.filter { trial in trial.open.contains { matches($0.decision) } }
  }

  /// The most bits that an instance used.
  public var bits: Int { trials.map(\.bits).max() ?? 0 }

  /// `certified.json` in this folder.
  public func file(in directory: String) -> OutputFile {
    OutputFile(path: "\(directory)/certified.json", bytes: json().bytes())
  }

  /// The counts.
  public func json() -> JSON {
    let byBits = Dictionary(grouping: trials.filter(\.applies), by: \.bits)
    func seeds(_ trials: [CertifiedTrial]) -> JSON { .array(trials.map { .decimal(String($0.seed)) }) }
    return [
      "version": .string(palimpsestVersion),
      "law": sweep.sweep.law.json,
      "generator": .string(Sweep.generator),
      "trials": .integer(trials.count),
      "first_seed": trials.first.map { .decimal(String($0.seed)) } ?? .null,
      "steps": .integer(sweep.sweep.steps),
      "epsilon": .number(sweep.certifier.epsilon),
      "bits_limit": .integer(sweep.certifier.limit),
      "hypothesis_refuted": .integer(trials.count { !$0.applies }),
      "instances_by_bits": .object(
        byBits.keys.sorted().map { JSON.Member(String($0), .integer(byBits[$0]?.count ?? 0)) }),
      "claims": .array(
        names.map { name in
          [
            "claim": .string(name.rawValue), "proved": .integer(count(name) { $0 == .proved }),
            "refuted": .integer(count(name) { $0 == .refuted }),
            "undecided": .integer(count(name) { !$0.isDecided }),
          ]
        }),
      "refuted_seeds": seeds(trials(where: { $0 == .refuted })),
      "undecided_seeds": seeds(trials(where: { !$0.isDecided })),
    ]
  }
}
