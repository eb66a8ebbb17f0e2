import Unlearning

/// How well a model knows one stage at the end of a path.
public struct StageQuality: Equatable, Sendable {
  /// The study.
  public let study: String
  /// The seed.
  public let seed: UInt64
  /// What had been learned, in this order.
  public let path: Path
  /// The stage that is asked about.
  public let stage: String
  /// The mean log-likelihood of a token of what was learned, in nats.
  public let learnedLogLikelihood: Double
  /// The same of what was kept apart; nil where nothing was.
  public let heldOutLogLikelihood: Double?
  /// The share of greedy answers that are right, of what was learned: the same text, or for problems the same number.
  public let learnedRight: Double
  /// The same of what was kept apart.
  public let heldOutRight: Double?

  /// A stage's quality.
  public init(
    study: String, seed: UInt64, path: Path, stage: String, learnedLogLikelihood: Double,
    heldOutLogLikelihood: Double?, learnedRight: Double, heldOutRight: Double?
  ) {
    self.study = study
    self.seed = seed
    self.path = path
    self.stage = stage
    self.learnedLogLikelihood = learnedLogLikelihood
    self.heldOutLogLikelihood = heldOutLogLikelihood
    self.learnedRight = learnedRight
    self.heldOutRight = heldOutRight
  }
}
