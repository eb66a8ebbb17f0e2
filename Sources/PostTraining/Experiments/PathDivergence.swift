import Unlearning

/// How far the models of two paths are apart, exactly over the whole vocabulary, after as many steps of unlearning.
public struct PathDivergence: Equatable, Sendable {
  /// The answers on which models are compared, in the order in which ``Trajectory/trueTokens`` has them.
  public enum Part: String, CaseIterable, Sendable {
    /// Answers of the forget stage.
    case forget
    /// Answers of all other stages.
    case kept
  }

  /// The study.
  public let study: String
  /// The seed.
  public let seed: UInt64
  /// The name of the unlearning run.
  public let run: String
  /// The paths, in the order of the plan.
  public let (one, other): (Path, Path)
  /// How many unlearning steps both had taken: 0, or all.
  public let step: Int
  /// On what the models are compared.
  public let part: Part
  /// How many answer tokens that has.
  public let tokens: Int
  /// The Jeffreys divergence, the mean of KL in both directions and over these tokens, in nats a token.
  public let jeffreys: Double

  /// A divergence.
  public init(
    study: String, seed: UInt64, run: String, one: Path, other: Path, step: Int, part: Part, tokens: Int,
    jeffreys: Double
  ) {
    (self.study, self.seed, self.run) = (study, seed, run)
    (self.one, self.other, self.step) = (one, other, step)
    (self.part, self.tokens, self.jeffreys) = (part, tokens, jeffreys)
  }
}
