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
  /// The same of what was held out; nil where nothing was.
  public let heldOutLogLikelihood: Double?
  /// The share of greedy answers that are right, of what was learned: the same text, or for problems the same number.
  public let learnedRight: Double
  /// The same of what was held out.
  public let heldOutRight: Double?
  /// The share of greedy answers that were cut off before the model ended its turn, of what was learned.
  public let learnedCut: Double
  /// The same of what was held out.
  public let heldOutCut: Double?
  /// The share of reference answers that a generated one may not be as long as, of all that were asked for.
  public let referenceCut: Double
  /// How many tokens the longest reference answer has with the end of its turn, of all that were asked for.
  public let longestReference: Int

  /// A stage's quality.
  public init(
    study: String, seed: UInt64, path: Path, stage: String, learnedLogLikelihood: Double,
    heldOutLogLikelihood: Double?, learnedRight: Double, heldOutRight: Double?, learnedCut: Double = 0,
    heldOutCut: Double? = nil, referenceCut: Double = 0, longestReference: Int = 0
  ) {
    self.study = study
    self.seed = seed
    self.path = path
    self.stage = stage
    self.learnedLogLikelihood = learnedLogLikelihood
    self.heldOutLogLikelihood = heldOutLogLikelihood
    self.learnedRight = learnedRight
    self.heldOutRight = heldOutRight
    self.learnedCut = learnedCut
    self.heldOutCut = heldOutCut
    self.referenceCut = referenceCut
    self.longestReference = longestReference
  }
}
