import Glibc

extension ConditionalDivergence {
  /// The estimate of both directions from the log probabilities of the same true tokens, as the code of Yu, He, Goyal
  /// and Arora (arXiv 2510.16629) makes it.
  ///
  /// With the data's own tokens, which neither model drew, neither direction is unbiased. With `d = log p_one - log
  /// p_other` and `controlVariate` 1 the Jeffreys divergence of these is the mean of `cosh(d) - 1`: 0 only where both
  /// give every token the same probability, but of another size than the true one. If the one model drew the tokens,
  /// the expectation of `forward` is KL(one || other), but that of `jeffreys` is half of chi-squared, `(sum_v p_one^2 /
  /// p_other - 1) / 2`. For unbiased numbers see ``klEstimate(of:from:controlVariate:)``, for exact ones
  /// ``VocabularyDivergence``.
  /// - Parameters:
  ///   - one: The log-likelihoods of each sequence's answer tokens under the one model, in nats.
  ///   - other: The same tokens' under the other.
  ///   - controlVariate: The factor `alpha` of the control variate.
  /// - Throws: `MetricError` where there are no sequences, one has no tokens, the numbers differ, or a log-likelihood
  ///   or alpha is not finite.
  public init(
    trueTokens one: [[Double]], _ other: [[Double]], controlVariate: Double = 1
  ) throws(MetricError) {
    self.init(
      forward: try Self.klEstimate(of: one, from: other, controlVariate: controlVariate),
      backward: try Self.klEstimate(of: other, from: one, controlVariate: controlVariate))
  }

  /// An estimate of KL(one || other) from the log probabilities of single tokens: the mean over all tokens of
  /// `log r + alpha (1/r - 1)` with `r = p_one / p_other`.
  ///
  /// `1/r - 1` is the control variate. If each token was drawn from the one model, given what stands before it, it has
  /// expectation `sum_v p_one (p_other / p_one - 1) = 0`; so the estimate is unbiased for every alpha, for the
  /// divergence averaged over the prefixes that come with the tokens. Under any other distribution it is biased. With
  /// alpha = 1 it is Schulman's k3, `x - 1 - log x` of `x = 1/r`, which is never negative
  /// (http://joschu.net/blog/kl-approx.html); with alpha = 0 it is the plain k1, `log r`, which may be.
  /// - Parameters:
  ///   - one: The log-likelihoods of each sequence's tokens under the model whose tokens they should be, in nats.
  ///   - other: The same tokens' under the other.
  ///   - controlVariate: alpha.
  /// - Returns: Nats per token; infinite where `1/r` is too large for `Double`.
  /// - Throws: `MetricError` where there are no sequences, one has no tokens, the numbers differ, or a log-likelihood
  ///   or alpha is not finite.
  public static func klEstimate(
    of one: [[Double]], from other: [[Double]], controlVariate alpha: Double = 1
  ) throws(MetricError) -> Double {
    guard alpha.isFinite else { throw .parameter("control variate's factor", alpha, range: "finite") }
    return try meanOverTokens(one, other) { a, b in
      let logRatio = a - b
      // Without a control variate there is none to overflow.
      return alpha == 0 ? logRatio : logRatio + alpha * expm1(-logRatio)
    }
  }

  /// A lower bound of the Jeffreys divergence over the whole vocabulary, from the log probabilities of the true tokens:
  /// the mean over all tokens of the exact divergence of what the two models say of one question, whether the next
  /// token is the true one. With probabilities p and q that is `(p - q) (logit p - logit q) / 2`.
  ///
  /// No function of the next token tells two models better apart than the token itself (the data processing
  /// inequality), so the divergence over the vocabulary is never less. It is in general more, and cannot be had from
  /// true tokens.
  /// - Parameters:
  ///   - one: The log-likelihoods of each sequence's answer tokens under the one model, in nats. Where one is within
  ///     2^-24 of 0, as one of 24 bits may be rounded to, it counts as that far from it.
  ///   - other: The same tokens' under the other.
  /// - Returns: Nats per token.
  /// - Throws: `MetricError` where there are no sequences, one has no tokens, the numbers differ, or a log-likelihood
  ///   is not finite.
  public static func jeffreysLowerBound(
    trueTokens one: [[Double]], _ other: [[Double]]
  ) throws(MetricError) -> Double {
    try meanOverTokens(one, other) { a, b in
      let (a, b) = (min(a, -0x1p-24), min(b, -0x1p-24))
      let logOdds = (a - log(-expm1(a))) - (b - log(-expm1(b)))
      return (exp(a) - exp(b)) * logOdds / 2
    }
  }

  /// The mean over all tokens of what their log-likelihoods under the two models give, both checked.
  private static func meanOverTokens(
    _ one: [[Double]], _ other: [[Double]], of value: (Double, Double) -> Double
  ) throws(MetricError) -> Double {
    try MetricError.requireSome(one.count, "sequences")
    try MetricError.requireEqual(one.count, other.count, "sequences of the two models")
    var (sum, tokens) = (0.0, 0)
    for (index, (first, second)) in zip(one, other).enumerated() {
      try MetricError.requireEqual(first.count, second.count, "tokens of sequence \(index) of the two models")
      try requireLogLikelihoods(first, index: index)
      try requireLogLikelihoods(second, index: index)
      for (a, b) in zip(first, second) {
        sum += value(a, b)
      }
      tokens += first.count
    }
    return sum / Double(tokens)
  }
}
