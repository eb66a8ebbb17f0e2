/// What a forward pass says of one sequence.
public struct SequenceScore: Hashable, Sendable {
  /// The sum of the answer tokens' log-likelihoods, in nats.
  public var logLikelihood: Double
  /// How many tokens that is.
  public var answerTokens: Int

  /// A score of these numbers.
  public init(logLikelihood: Double, answerTokens: Int) {
    (self.logLikelihood, self.answerTokens) = (logLikelihood, answerTokens)
  }

  /// The mean log-likelihood of an answer token, in nats; NaN for an empty answer.
  public var meanLogLikelihood: Double { logLikelihood / Double(answerTokens) }
}
