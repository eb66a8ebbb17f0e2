/// How well a score tells members of a training set from others: the area under the ROC curve,
/// `P(s_member > s_other) + P(s_member = s_other) / 2`.
///
/// The Mann-Whitney statistic over all pairs of a member and another, divided by their number; in 0...1. 1/2 means that
/// the score cannot tell, which is what forgetting should come to; above, that members score higher; below, that they
/// were made to score lower than what was never seen. It is counted in whole numbers and rounded once. As a measure of
/// unlearning it is that of MUSE (Shi et al., arXiv 2407.06460), with ``MinKProbability`` for the score.
public struct MembershipInference: Hashable, Sendable {
  /// The area under the curve.
  public let auc: Double

  /// The area for the scores of two samples.
  /// - Parameters:
  ///   - members: The scores of what was trained on, and maybe forgotten; higher means rather a member.
  ///   - others: The scores of held-out data.
  /// - Throws: `MetricError` where either is empty or a score is not finite.
  public init(members: [Double], others: [Double]) throws(MetricError) {
    try Self.check(members, "members", "score of the member")
    try Self.check(others, "held-out sequences", "score of the held-out sequence")
    let (members, others) = (members.sorted(), others.sorted())
    // Twice the pairs that the member wins, and once those that are tied.
    var (wins, below, notAbove) = (0, 0, 0)
    for score in members {
      while below < others.count, others[below] < score { below += 1 }
      while notAbove < others.count, others[notAbove] <= score { notAbove += 1 }
      wins += below + notAbove
    }
    auc = Double(wins) / Double(2 * members.count * others.count)
  }

  private static func check(_ scores: [Double], _ plural: String, _ name: String) throws(MetricError) {
    try MetricError.requireSome(scores.count, plural)
    for (index, score) in scores.enumerated() where !score.isFinite {
      throw .notFinite(name, index: index, score)
    }
  }
}
