import Glibc

/// The exact ``ConditionalDivergence`` of two models, row by row of their logits, so that nobody holds them all.
///
///     var divergence = VocabularyDivergence()
///     for row in rows { try divergence.add(one[row], other[row]) }
///     print(try divergence.mean().jeffreys)
public struct VocabularyDivergence: Sendable {
  private var (forward, backward) = (0.0, 0.0)
  /// How many tokens were added.
  public private(set) var tokens = 0

  /// None so far.
  public init() {}

  /// Adds the place of one token.
  /// - Parameters:
  ///   - one: The one model's logits, [V].
  ///   - other: The other's.
  /// - Throws: `MetricError` where there are none, their numbers differ or one is not finite; the index in the error is
  ///   the token's, in the order added.
  public mutating func add(_ one: ArraySlice<Float>, _ other: ArraySlice<Float>) throws(MetricError) {
    add(try Self.divergence(one, other, token: tokens))
  }

  /// Adds what ``divergence(_:_:token:)`` found at the place of one token.
  mutating func add(_ divergence: ConditionalDivergence) {
    forward += divergence.forward
    backward += divergence.backward
    tokens += 1
  }

  /// The mean over the tokens added.
  /// - Throws: `MetricError.empty` where there are none.
  public func mean() throws(MetricError) -> ConditionalDivergence {
    try MetricError.requireSome(tokens, "tokens")
    return ConditionalDivergence(forward: forward / Double(tokens), backward: backward / Double(tokens))
  }

  /// The divergence at the place of one token, in `Double` throughout.
  ///
  /// With `d = log p_one - log p_other` each direction is summed as `p_one (d + exp(-d) - 1)` and
  /// `p_other (-d + exp(d) - 1)`. What is added to `p_one d` sums to 0 over the vocabulary, but makes every term
  /// positive: nothing cancels, and small divergences are as exact as large ones.
  /// - Parameter token: Its index, for errors.
  static func divergence(
    _ one: ArraySlice<Float>, _ other: ArraySlice<Float>, token: Int
  ) throws(MetricError) -> ConditionalDivergence {
    try MetricError.requireSome(one.count, "logits")
    try MetricError.requireEqual(one.count, other.count, "logits of the two models")
    let (normaliser, otherNormaliser) = (
      try logSumExp(one, token: token), try logSumExp(other, token: token)
    )
    var (forward, backward) = (0.0, 0.0)
    for (a, b) in zip(one, other) {
      let (logP, logQ) = (Double(a) - normaliser, Double(b) - otherNormaliser)
      let (p, q, d) = (exp(logP), exp(logQ), logP - logQ)
      // Near 0 the difference of p and q cancels; away from it their ratio may overflow.
      if abs(d) < 1 {
        forward += p * (d + expm1(-d))
        backward += q * (expm1(d) - d)
      } else {
        forward += p * d + (q - p)
        backward += (p - q) - q * d
      }
    }
    return ConditionalDivergence(forward: forward, backward: backward)
  }

  /// `log sum_v exp(z_v)`, relative to the largest so that nothing overflows.
  private static func logSumExp(_ logits: ArraySlice<Float>, token: Int) throws(MetricError) -> Double {
    var largest = -Double.infinity
    for logit in logits {
      guard logit.isFinite else { throw .notFinite("logit of the token", index: token, Double(logit)) }
      largest = max(largest, Double(logit))
    }
    return largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
  }
}
