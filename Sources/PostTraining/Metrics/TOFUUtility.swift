import Transformer

/// How well a model kept what it should not forget: `1 - |m_after - m_before|`.
///
/// `m = (1/n) sum_i l_i / |y_i|` is the mean over questions of the mean log-likelihood of a token of the true answer,
/// in nats per token, before and after unlearning. At most 1, which means unchanged; a rise counts as a loss as a fall
/// does, and there is no lower bound.
///
/// Yu, He, Goyal and Arora (arXiv 2510.16629), Section 4, on the answers of TOFU (Maini et al., arXiv 2401.06121).
public struct TOFUUtility: Hashable, Sendable {
  /// The utility.
  public let value: Double
  /// `m` before unlearning.
  public let before: Double
  /// `m` after unlearning.
  public let after: Double

  /// The utility of a model after unlearning.
  /// - Parameters:
  ///   - before: The true answers' scores before unlearning.
  ///   - after: The same answers' scores after it.
  /// - Throws: `MetricError` where there are no answers, their numbers differ, or a score is not that of an answer.
  public init(before: [SequenceScore], after: [SequenceScore]) throws(MetricError) {
    try MetricError.requireEqual(before.count, after.count, "answers before and after")
    self.init(before: try before.checkedMeans().mean, after: try after.checkedMeans().mean)
  }

  /// The utility of a model for which `m` is known before and after unlearning.
  public init(before: Double, after: Double) {
    (self.before, self.after) = (before, after)
    value = 1 - abs(after - before)
  }
}
