/// How many tokens of the true answers a model would say itself: `(1/n) sum_i (1/|y_i|) sum_t [argmax_t = y_it]`.
///
/// `argmax_t` is the model's most likely token after the prompt and the true tokens before t. The fraction of tokens is
/// averaged over sequences; in 0...1. Called exact memorisation by Tirumala et al. (arXiv 2205.10770), and in this form
/// by OpenUnlearning (Dorna et al., arXiv 2506.12618), whose code leaves out each answer's last token, the end of the
/// turn; so does a ``TrajectoryExaminer`` unless ``MeasurementPlan/countsEndOfTurn``.
public struct ExactMatch: Hashable, Sendable {
  /// The mean over sequences.
  public let mean: Double
  /// Each sequence's fraction.
  public let values: [Double]

  /// The fractions of answers' tokens that were predicted.
  /// - Parameters:
  ///   - predictions: The most likely token at each place of each answer.
  ///   - answers: The true tokens.
  /// - Throws: `MetricError` where there are no answers, one has no tokens, or the numbers of either differ.
  public init(predictions: [[Int32]], answers: [[Int32]]) throws(MetricError) {
    values = try matches(predictions, answers).map { matches in
      Double(matches.count { $0 }) / Double(matches.count)
    }
    mean = values.mean
  }
}

/// Whether each token of each answer was predicted.
func matches(_ predictions: [[Int32]], _ answers: [[Int32]]) throws(MetricError) -> [[Bool]] {
  try MetricError.requireSome(answers.count, "answers")
  try MetricError.requireEqual(predictions.count, answers.count, "predictions and answers")
  var result: [[Bool]] = []
  for (index, (prediction, answer)) in zip(predictions, answers).enumerated() {
    try MetricError.requireEqual(prediction.count, answer.count, "predicted and true tokens of answer \(index)")
    guard !answer.isEmpty else { throw .noTokens(index: index) }
    result.append(zip(prediction, answer).map { $0 == $1 })
  }
  return result
}
