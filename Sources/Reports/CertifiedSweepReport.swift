import Certification
import Core
import FileFormats
import Theorems

/// What `palimpsest sweep --certified` writes: how often each claim was proved, refuted and undecided.
///
/// Trials are counted as they come; none is kept, so that a report takes the same memory for any number of them.
public struct CertifiedSweepReport {
  /// How often claims of one kind came out in each way.
  public struct Count: Sendable, Equatable {
    /// Proved.
    public fileprivate(set) var proved = 0
    /// Refuted.
    public fileprivate(set) var refuted = 0
    /// Undecided.
    public fileprivate(set) var undecided = 0
  }

  /// How many trials there are.
  public private(set) var trialCount = 0
  /// How many of them certainly do not meet the hypotheses.
  public private(set) var hypothesisRefuted = 0
  /// How many meet them and have every claim proved.
  public private(set) var allProved = 0
  /// The instances with a refuted claim.
  public private(set) var refuted = SeedList()
  /// The instances with an undecided claim.
  public private(set) var undecided = SeedList()
  /// The most bits that an instance used.
  public private(set) var bits = 0

  private let sweep: CertifiedSweep
  private var firstSeed: UInt64?
  private var counts: [CertifiedClaim.Name: Count] = [:]
  private var instancesByBits: [Int: Int] = [:]

  /// A report without trials.
  public init(_ sweep: CertifiedSweep) { self.sweep = sweep }

  /// Adds a trial.
  public mutating func add(_ trial: CertifiedTrial) {
    trialCount += 1
    firstSeed = firstSeed ?? trial.seed
    bits = max(bits, trial.bits)
    if trial.applies {
      instancesByBits[trial.bits, default: 0] += 1
      if trial.open.isEmpty { allProved += 1 }
    } else {
      hypothesisRefuted += 1
    }
    for (name, count) in trial.proved { counts[name, default: Count()].proved += count }
    for claim in trial.open {
      if claim.decision == .refuted {
        counts[claim.name, default: Count()].refuted += 1
      } else {
        counts[claim.name, default: Count()].undecided += 1
      }
    }
    if trial.open.contains(where: { $0.decision == .refuted }) { refuted.add(trial.seed) }
    if trial.open.contains(where: { !$0.decision.isDecided }) { undecided.add(trial.seed) }
  }

  /// The claims that were decided anywhere with their counts, in the order of their names' list.
  public var claims: [(name: CertifiedClaim.Name, count: Count)] {
    CertifiedClaim.Name.allCases.compactMap { name in counts[name].map { (name, $0) } }
  }

  /// `certified.json` in this folder.
  public func file(in directory: String) -> OutputFile {
    OutputFile(path: "\(directory)/certified.json", bytes: json().bytes())
  }

  /// The counts.
  public func json() -> JSON {
    [
      "version": .string(palimpsestVersion),
      "law": sweep.sweep.law.json,
      "generator": .string(Sweep.generator),
      "trials": .integer(trialCount),
      "first_seed": firstSeed.map { .decimal(String($0)) } ?? .null,
      "steps": .integer(sweep.sweep.steps),
      "epsilon": .number(sweep.certifier.epsilon),
      "bits_limit": .integer(sweep.certifier.limit),
      "hypothesis_refuted": .integer(hypothesisRefuted),
      "instances_by_bits": .object(
        instancesByBits.sorted { $0.key < $1.key }.map { JSON.Member(String($0), .integer($1)) }),
      "claims": .array(
        claims.map { name, count in
          [
            "claim": .string(name.rawValue), "proved": .integer(count.proved), "refuted": .integer(count.refuted),
            "undecided": .integer(count.undecided),
          ]
        }),
      "refuted_instances": .integer(refuted.count),
      "refuted_seeds": refuted.json,
      "undecided_instances": .integer(undecided.count),
      "undecided_seeds": undecided.json,
    ]
  }
}
