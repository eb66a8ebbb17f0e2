import Glibc
import Transformer

/// How likely a model finds false answers beside the true one.
///
/// For a question with the paraphrased true answer `a` and false answers `f_1 ... f_k` of the same wording, and with
/// `p(y) = P(y|x)^(1/|y|) = exp(l / |y|)`,
///
///     R = (average of p(f_j)) / p(a)
///
/// is 0 where only the truth is likely, 1 where the model cannot tell, and without bound where it prefers what is
/// false. Maini et al., "TOFU" (arXiv 2401.06121), Section 2.2, Equation 1. That equation averages probabilities; the
/// code of TOFU and of OpenUnlearning averages log-likelihoods, which is the geometric mean: see ``Averaging``.
public struct TruthRatio: Hashable, Sendable {
  /// What is averaged over a question's false answers.
  public enum Averaging: CaseIterable, Hashable, Sendable {
    /// The probabilities `p(f_j)`, as the equation of TOFU's paper says.
    case probabilities
    /// The logarithms of `p(f_j)`, as the code of TOFU and of OpenUnlearning does.
    case logLikelihoods
  }

  /// The logarithm of each question's ratio, in nats; finite even where the ratio is not.
  public let logRatios: [Double]

  /// The ratios of questions.
  /// - Parameters:
  ///   - truths: The score of each question's true answer.
  ///   - falsehoods: The scores of each question's false answers, for the same questions in the same order.
  /// - Throws: `MetricError` where there are no questions, their numbers differ, a question has no false answer, or a
  ///   score is not that of an answer.
  public init(
    truths: [SequenceScore], falsehoods: [[SequenceScore]], averaging: Averaging
  ) throws(MetricError) {
    try MetricError.requireEqual(truths.count, falsehoods.count, "questions with true and with false answers")
    var logRatios: [Double] = []
    for (truth, scores) in zip(try truths.checkedMeans(), falsehoods) {
      let means = try scores.checkedMeans()
      switch averaging {
      case .logLikelihoods: logRatios.append(means.mean - truth)
      case .probabilities:
        // Relative to the largest, so that not all exponentials vanish.
        let largest = means.reduce(-.infinity, Swift.max)
        logRatios.append(largest + log(means.map { exp($0 - largest) }.mean) - truth)
      }
    }
    self.logRatios = logRatios
  }

  /// Each question's ratio.
  public var ratios: [Double] { logRatios.map { exp($0) } }

  /// The mean over questions of `min(R, 1/R)`, in 0...1, for the forget set: 1 where truth and falsehood are equally
  /// likely, as for a model that never learned the answers. TOFU's "forget quality" is another thing, the p-value of a
  /// Kolmogorov-Smirnov test between the ratios of two models.
  public var indifference: Double { logRatios.map { exp(-abs($0)) }.mean }

  /// The mean over questions of `max(0, 1 - R)`, in 0...1, for what is to be kept: 1 where only the truth is likely.
  public var retainedTruth: Double { logRatios.map { max(0, -expm1($0)) }.mean }
}
