import Glibc
import Transformer

/// How probable true answers are, whatever their lengths: `P(y|x)^(1/|y|) = exp(l / |y|)`, averaged over answers.
///
/// A token's geometric mean probability, in 0...1.
///
/// Maini et al., "TOFU" (arXiv 2401.06121), Section 2.2, "Probability", for the forget and retain sets.
public struct AnswerProbability: Hashable, Sendable {
  /// The mean over answers.
  public let mean: Double
  /// Each answer's.
  public let values: [Double]

  /// The probabilities of answers with these scores.
  /// - Throws: `MetricError` where there are no answers, or a score is not that of an answer.
  public init(_ scores: [SequenceScore]) throws(MetricError) {
    values = try scores.checkedMeans().map { exp($0) }
    mean = values.mean
  }
}
