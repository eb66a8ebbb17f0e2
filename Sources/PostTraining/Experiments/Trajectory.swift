import Unlearning

/// What was measured of one model while it unlearned: row t is after t steps, row 0 before the first.
public struct Trajectory: Equatable, Sendable {
  /// The study.
  public let study: String
  /// The seed.
  public let seed: UInt64
  /// The order in which the stages had been learned.
  public let path: Path
  /// The name of the unlearning run.
  public let run: String
  /// The names of what was measured.
  public let columns: [String]
  /// The values, step by step, in the order of the columns.
  public let rows: [[Double]]
  /// The log-likelihoods of the true tokens of the same answers after each step: `trueTokens[t][i]` has those of answer
  /// i in nats. Two paths are compared by them without their models.
  public let trueTokens: [[[Double]]]

  /// A trajectory.
  public init(
    study: String, seed: UInt64, path: Path, run: String, columns: [String], rows: [[Double]],
    trueTokens: [[[Double]]] = []
  ) {
    self.study = study
    self.seed = seed
    self.path = path
    self.run = run
    self.columns = columns
    self.rows = rows
    self.trueTokens = trueTokens
  }

  /// A column's values by step, or nil where it was not measured.
  public subscript(column: String) -> [Double]? {
    columns.firstIndex(of: column).map { index in rows.map { $0[index] } }
  }
}

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

/// What an experiment cost, whatever the machine.
public struct ExperimentCost: Equatable, Sendable {
  /// How many runs were made.
  public var runs = 0
  /// How many tokens went forward and backward.
  public var trainedTokens = 0
  /// How many tokens were read by measurements or generated.
  public var measuredTokens = 0
  /// Floating-point operations of the matrix products: 2 a weight and token forward, 4 more (2 with an adapter)
  /// backward.
  public var operations = 0.0

  /// Nothing yet.
  public init() {}
}
