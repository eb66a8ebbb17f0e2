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
  /// The rank: k where the k-th singular value stands clear of rounding, else the number of those that do.
  public let rank: Int
  /// k.
  public let required: Int

  private let significance: Significance

  /// Reads the rank off the singular values.
  public init(_ divergence: PathDivergence) {
    singularValues = divergence.testSingularValues
    required = divergence.instance.forgetCount
    significance = divergence.testSignificance
    let numerical = SingularValues.numericalRank(
      values: singularValues, rows: divergence.instance.testCount, columns: required)
    rank = significance.isKnown ? required : min(numerical, required - 1)
  }

  /// Whether the rank is k, and the k-th singular value known.
  public var holds: Bool { significance.isKnown }

  static func precondition(_ divergence: PathDivergence) -> Precondition {
    let lemma = LemmaC4(divergence)
    return Precondition(
      assumption: "rank(X_test P_U) = k (Lemma C.4)", holds: lemma.holds,
      evidence: lemma.evidence)
  }

  private var evidence: String {
    switch significance {
    case .digits: return "the rank is \(rank) for k = \(required)"
    case .zero: return "the rank is below k = \(required), by exact arithmetic"
    case .lost, .undecided:
      return significance.evidence(
        "the k-th singular value of X_test P_U", singularValues[required - 1], rounding: singularValues[0] * 0x1p-52)
    }
  }
}
