import StagedLearners

/// Lemma C.2: `P_U Delta_0 != 0` almost surely, so that ascent has something to grow.
///
/// Theorem: proofs/lemma-c.2.md
public struct LemmaC2: Sendable {
  /// `||P_U Delta_0|| / ||Delta_0||`, between 0 and 1: the share of the difference that ascent amplifies.
  public let share: Double
  /// The share below which rounding could have made it.
  public let roundingLevel: Double
  /// Whether the projection is not 0, and its value known.
  public let holds: Bool

  /// Measures the share.
  public init(_ divergence: PathDivergence) {
    let norm = divergence.difference.norm
    share = norm > 0 ? divergence.coordinates.norm / norm : 0
    roundingLevel = norm > 0 ? divergence.projectionRounding / norm : 0
    holds = divergence.projectedSignificance.isKnown
  }

  static func precondition(_ divergence: PathDivergence) -> Precondition {
    let lemma = LemmaC2(divergence)
    return Precondition(
      assumption: "P_U Delta_0 is not 0 (Lemma C.2)", holds: lemma.holds,
      evidence: divergence.projectedSignificance.evidence(
        "||P_U Delta_0|| / ||Delta_0||", lemma.share, rounding: lemma.roundingLevel))
  }
}
