/// How far apart two models are in what they say next, given the same text so far; in nats per token.
///
/// `KL(one || other) = E_t sum_v p_one(v | t) log(p_one(v | t) / p_other(v | t))`, where t goes over the answer tokens
/// of all sequences, each weighing the same, and v over the vocabulary. It is not negative, 0 only between equal
/// models, and infinite where what it is made from leaves the range of `Double`.
///
/// It comes exact, from logits (``VocabularyDivergence``), or estimated from the log probabilities of the true tokens
/// alone (``init(trueTokens:_:controlVariate:)``), as Yu, He, Goyal and Arora (arXiv 2510.16629) measure it.
public struct ConditionalDivergence: Hashable, Sendable {
  /// KL(one || other): how far the other model is from what the one says.
  public let forward: Double
  /// KL(other || one).
  public let backward: Double

  /// A divergence from its two directions. Two estimates, each from tokens that its own first model drew, make an
  /// unbiased one: see ``klEstimate(of:from:controlVariate:)``.
  public init(forward: Double, backward: Double) {
    (self.forward, self.backward) = (forward, backward)
  }

  /// The Jeffreys divergence as the paper has it: the mean of both directions. (Jeffreys' own is their sum.)
  public var jeffreys: Double { (forward + backward) / 2 }
}
