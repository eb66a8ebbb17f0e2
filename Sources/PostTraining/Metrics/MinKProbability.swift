/// A score that tells texts a model was trained on from others: the mean log-likelihood of the least likely tokens,
/// `(1/|E|) sum_{t in E} log p(y_t | y_<t)`.
///
/// `E` are the `max(1, floor(k n))` least likely of a sequence's n tokens. In nats per token, at most 0; higher means
/// rather a member. With k = 1 it is the mean log-likelihood, the attack by loss. Shi et al., "Detecting pretraining
/// data from large language models" (arXiv 2310.16789), Equation 1, where the score is `Min-K% Prob`; the lower bound
/// of one token is OpenUnlearning's.
public enum MinKProbability {
  /// The fraction that Shi et al. recommend.
  public static let usualFraction = 0.2

  /// The score of each sequence.
  /// - Parameters:
  ///   - sequences: The log-likelihood of each token, in nats.
  ///   - fraction: k, above 0 and at most 1.
  /// - Throws: `MetricError` where there are no sequences, one has no tokens, a log-likelihood is not that of a
  ///   probability, or the fraction is out of its range.
  public static func scores(
    _ sequences: [[Double]], fraction: Double = usualFraction
  ) throws(MetricError) -> [Double] {
    guard fraction > 0, fraction <= 1 else { throw .parameter("fraction", fraction, range: "above 0 and at most 1") }
    try MetricError.requireSome(sequences.count, "sequences")
    var scores: [Double] = []
    for (index, tokens) in sequences.enumerated() {
      try requireLogLikelihoods(tokens, index: index)
      let count = max(1, Int(fraction * Double(tokens.count)))
      scores.append(tokens.sorted().prefix(count).mean)
    }
    return scores
  }
}

/// Checks the log-likelihoods of a sequence's tokens.
func requireLogLikelihoods(_ tokens: [Double], index: Int) throws(MetricError) {
  guard !tokens.isEmpty else { throw .noTokens(index: index) }
  for value in tokens {
    guard value.isFinite else { throw .notFinite("log-likelihood of a token of the sequence", index: index, value) }
    guard value <= 0 else { throw .positive(index: index, value) }
  }
}
