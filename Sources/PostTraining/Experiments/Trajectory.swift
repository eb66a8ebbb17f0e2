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
