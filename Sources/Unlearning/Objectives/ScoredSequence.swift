/// What a model says of the answer of one sequence.
public struct ScoredSequence: Hashable, Sendable {
  /// The log-likelihood of each answer token, in nats; at least one.
  public let tokens: [Double]
  /// Their sum, in nats: the `l` of the literature.
  public let logLikelihood: Double
  /// The same under the frozen reference model; empty where the objective does not need it.
  public let referenceTokens: [Double]
  /// Their sum, 0 where there are none.
  public let reference: Double

  /// An answer of these tokens.
  /// - Parameter reference: As many as tokens, or none.
  public init(tokens: [Double], reference: [Double] = []) {
    precondition(reference.isEmpty || reference.count == tokens.count, "a reference has the answer's tokens")
    (self.tokens, referenceTokens) = (tokens, reference)
    logLikelihood = tokens.reduce(0, +)
    self.reference = reference.reduce(0, +)
  }

  /// `|y|`, the number of answer tokens.
  public var answerTokens: Int { tokens.count }
}

/// What one example adds to an objective, before the average over the step.
public struct ExampleLoss: Hashable, Sendable {
  /// The loss.
  public var value: Double
  /// Its derivative by the log-likelihood of each answer token, for each sequence of the example. A weight over 0
  /// pushes the token's likelihood down.
  public var weights: [[Double]]
  /// The log of how much of gradient ascent's step is taken, which tells when an objective has extinguished itself; it
  /// may go on where the weights themselves have become 0.
  public var logWeight: Double

  /// A loss whose weights differ by token.
  public init(value: Double, weights: [[Double]], logWeight: Double = 0) {
    (self.value, self.weights, self.logWeight) = (value, weights, logWeight)
  }

  /// The loss of an example of one sequence that is a function of its log-likelihood alone.
  public init(value: Double, weight: Double, of sequence: ScoredSequence, logWeight: Double = 0) {
    self.init(
      value: value, weights: [Array(repeating: weight, count: sequence.answerTokens)], logWeight: logWeight)
  }
}
