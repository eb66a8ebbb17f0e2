import Core
import LinearAlgebra
import StagedLearners
import Theorems

/// The inequalities of the theory decided on many random instances.
public struct CertifiedSweep: Sendable {
  /// Where the instances come from, and T.
  public let sweep: Sweep
  /// Decides one of them.
  public let certifier: Certifier

  /// A sweep at steps up to the sweep's last one, with at most `limit` bits.
  public init(_ sweep: Sweep, limit: Int = 4096) {
    (self.sweep, certifier) = (sweep, Certifier(steps: sweep.steps, limit: limit))
  }

  /// The trials of these seeds, in their order, whatever the number of workers.
  public func run(seeds: Range<UInt64>, workers: Workers) throws -> [CertifiedTrial] {
    var trials: [CertifiedTrial] = []
    try run(seeds: seeds, workers: workers) { trials.append($0) }
    return trials
  }

  /// Hands the trials of these seeds on in their order, whatever the number of workers; only a few thousand are in
  /// memory at a time.
  ///
  /// - Parameters:
  ///   - progress: told, from any thread, that so many more trials are done.
  ///   - receive: given each trial, on the calling thread.
  public func run(
    seeds: Range<UInt64>, workers: Workers, progress: @Sendable (Int) -> Void = { _ in },
    to receive: (CertifiedTrial) throws -> Void
  ) throws {
    try workers.stream(seeds.count, held: 4096) { index in
      let seed = seeds.lowerBound + UInt64(index)
      defer { progress(1) }
      do {
        return try trial(seed: seed)
      } catch {
        throw TrialFailure(seed: seed, reason: "\(error)")
      }
    } to: {
      try receive($0)
    }
  }

  /// One trial.
  public func trial(seed: UInt64) throws -> CertifiedTrial {
    let instance = try sweep.instance(seed: seed)
    do throws(CertificationError) {
      return CertifiedTrial(seed, try certifier.certificate(instance))
    } catch {
      guard case .hypothesisRefuted = error else { throw error }
      return CertifiedTrial(seed, nil)
    }
  }
}

/// What was decided on one random instance.
public struct CertifiedTrial: Sendable, Equatable {
  /// A claim that was not proved.
  public struct Open: Sendable, Equatable {
    /// What is claimed.
    public let name: CertifiedClaim.Name
    /// t, where a step is involved.
    public let step: Int?
    /// Refuted or undecided.
    public let decision: Decision
  }

  /// The seed that replays the instance.
  public let seed: UInt64
  /// Whether the theorem may apply: false where a hypothesis was refuted.
  public let applies: Bool
  /// How many claims of each kind were proved.
  public let proved: [CertifiedClaim.Name: Int]
  /// The others.
  public let open: [Open]
  /// The most bits that were used.
  public let bits: Int

  /// The trial of a certificate; nil stands for a refuted hypothesis.
  init(_ seed: UInt64, _ certificate: Certificate?) {
    let claims = certificate?.claims ?? []
    (self.seed, applies, bits) = (seed, certificate != nil, certificate?.bits ?? 0)
    open = claims.filter { $0.decision != .proved }.map { Open(name: $0.name, step: $0.step, decision: $0.decision) }
    proved = claims.reduce(into: [:]) { if $1.decision == .proved { $0[$1.name, default: 0] += 1 } }
  }
}
