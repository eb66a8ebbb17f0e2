import Transformer

/// What a model makes of a given answer: its tokens and how likely it finds each.
public struct AnswerReading: Hashable, Sendable {
  /// The answer's tokens.
  public let tokens: [Int32]
  /// The log-likelihood of each, given all before it, in nats.
  public let logLikelihoods: [Double]

  /// The answer without the token that ends its turn and what follows that; the whole answer where it has none, as one
  /// that was cut, or nothing else.
  func ending(before endOfTurn: Int32) -> AnswerReading {
    guard let end = tokens.lastIndex(of: endOfTurn), end > 0 else { return self }
    return AnswerReading(tokens: Array(tokens[..<end]), logLikelihoods: Array(logLikelihoods[..<end]))
  }

  /// The answer's log-likelihood.
  public var score: SequenceScore {
    SequenceScore(logLikelihood: logLikelihoods.reduce(0, +), answerTokens: tokens.count)
  }
}
