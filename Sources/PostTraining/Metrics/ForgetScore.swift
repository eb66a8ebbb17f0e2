/// How much of a label unlearning made a model forget: the fall of the mean log-likelihood of the label and its
/// paraphrases, `mean(before) - mean(after)`.
///
/// With `m(y)` the mean over questions of the log-likelihood of a token of `y` (see ``LabelLogLikelihood``), it is the
/// mean of `m_before(y) - m_after(y)` over the label and all paraphrases alike, in nats per token. Higher is more
/// forgotten; it is negative where the model has come to say the label more likely.
///
/// Yu, He, Goyal and Arora (arXiv 2510.16629), Section 4: the label and 20 similar refusals. The scores that their
/// Table 1 prints are the fall of the label alone, ``label``.
public struct ForgetScore: Hashable, Sendable {
  /// The fall of the mean over the label and all paraphrases.
  public let value: Double
  /// The fall of the label alone.
  public let label: Double

  /// The fall from one measurement to the other.
  /// - Throws: `MetricError` where the two were measured with different numbers of questions or paraphrases.
  public init(before: LabelLogLikelihood, after: LabelLogLikelihood) throws(MetricError) {
    try MetricError.requireEqual(before.questions, after.questions, "questions before and after")
    try MetricError.requireEqual(before.paraphrases.count, after.paraphrases.count, "paraphrases before and after")
    self.init(before: (before.label, before.mean), after: (after.label, after.mean))
  }

  /// The fall between two measurements of which the means were kept.
  /// - Parameters:
  ///   - before: The label's mean log-likelihood, and the mean over the label and all paraphrases
  ///     (``LabelLogLikelihood/mean``), before unlearning.
  ///   - after: The same after it.
  public init(before: (label: Double, mean: Double), after: (label: Double, mean: Double)) {
    value = before.mean - after.mean
    label = before.label - after.label
  }
}
