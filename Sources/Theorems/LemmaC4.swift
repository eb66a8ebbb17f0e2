import LinearAlgebra
import StagedLearners

/// Lemma C.4: `rank(X_test P_U) = k` almost surely when m >= k, so that the test set sees every direction that grows.
///
/// The m x d matrix X_test P_U has min(m, d) singular values, of which all but k are always 0; the k-th is meant
/// where the paper writes sigma_min.
///
/// Theorem: proofs/lemma-c.4.md
public struct LemmaC4: Sendable {
  /// The k singular values of `X_test P_U` that need not be 0, descending.
  public let singularValues: [Double]
  /// The numerical rank.
  public let rank: Int
  /// k.
  public let required: Int

  /// Reads the rank off the singular values.
  public init(_ divergence: PathDivergence) {
    singularValues = divergence.testSingularValues
    required = divergence.instance.forgetCount
    rank = SingularValues.numericalRank(
      values: singularValues, rows: divergence.instance.testCount, columns: required)
  }

  /// Whether the rank is k.
  public var holds: Bool { rank == required }

  static func precondition(_ divergence: PathDivergence) -> Precondition {
    let lemma = LemmaC4(divergence)
    return Precondition(
      assumption: "rank(X_test P_U) = k (Lemma C.4)", holds: lemma.holds,
      evidence: "the rank is \(lemma.rank) for k = \(lemma.required)")
  }
}
