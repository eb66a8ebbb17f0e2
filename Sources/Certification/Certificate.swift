/// What rigorous arithmetic found on one instance.
public struct Certificate: Sendable {
  /// Every claim with its last enclosures: hypotheses first, then t_0, then step by step.
  public let claims: [CertifiedClaim]
  /// t_0 of Theorem 3.1; nil where a hypothesis was not proved.
  public let t0: Threshold.Place?
  /// t_1, the first term of Corollary 1's t* rounded up; nil where a hypothesis was not proved.
  public let t1: Threshold.Place?
  /// The constants, by their symbols, at the highest precision used; empty where a hypothesis was not proved.
  public let constants: [(symbol: String, value: Ball)]

  /// The most bits that were used.
  public var bits: Int { claims.map(\.bits).max() ?? 0 }

  /// How many claims came out so.
  public func count(where matches: (Decision) -> Bool) -> Int { claims.count { matches($0.decision) } }

  /// The claims that were refuted.
  public var refuted: [CertifiedClaim] { claims.filter { $0.decision == .refuted } }
  /// The claims that were not decided.
  public var undecided: [CertifiedClaim] { claims.filter { !$0.decision.isDecided } }
}
