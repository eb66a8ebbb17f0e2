import Transformer

/// What a model makes of a given answer: its tokens and how likely it finds each.
public struct AnswerReading: Hashable, Sendable {
  /// The answer's tokens.
  public let tokens: [Int32]
  /// The log-likelihood of each, given all before it, in nats.
  public let logLikelihoods: [Double]

  /// The answer's log-likelihood.
  public var score: SequenceScore {
    SequenceScore(logLikelihood: logLikelihoods.reduce(0, +), answerTokens: tokens.count)
  }
}
