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
