/// How much of an answer a model completes by itself: `(1/n) sum_i (1 - k_i / |y_i|)`, where `k_i` is the smallest k so
/// that the model, given the prompt and the answer's first k tokens, says the rest greedily and exactly.
///
/// In 0...1, averaged over sequences: 1 where the prompt alone draws out the whole answer, 0 where even the last token
/// must be given, so that `k = |y|`. Carlini et al., "Extracting training data from large language models" (arXiv
/// 2012.07805) and OpenUnlearning (Dorna et al., arXiv 2506.12618); the latter's code never goes beyond `k = |y| - 1`,
/// and gives `1 / |y|` where this gives 0.
public struct ExtractionStrength: Hashable, Sendable {
  /// The mean over sequences.
  public let mean: Double
  /// Each sequence's strength.
  public let values: [Double]

  /// The strengths for answers of which these tokens were predicted.
  /// - Parameters:
  ///   - predictions: The most likely token at each place of each answer, given the true tokens before it. As long as a
  ///     model predicts every token rightly, what it is given is what it would have said: so these tell of greedy
  ///     generation from every k at once.
  ///   - answers: The true tokens.
  /// - Throws: `MetricError` where there are no answers, one has no tokens, or the numbers of either differ.
  public init(predictions: [[Int32]], answers: [[Int32]]) throws(MetricError) {
    values = try matches(predictions, answers).map { matches in
      Double(matches.reversed().prefix { $0 }.count) / Double(matches.count)
    }
    mean = values.mean
  }
}
