/// What an engine's memory is sized for, before its first batch.
public struct EngineCapacity: Hashable, Sendable {
  /// The most tokens of a batch, all sequences together.
  public let tokens: Int
  /// The most sequences of a batch.
  public let sequences: Int
  /// The longest sequence, in tokens.
  public let longestSequence: Int
  /// The most tokens of one example, all its sequences together: what a loss looks at together goes through the head
  /// together.
  public let longestExample: Int
  /// Whether gradients will be asked for; scoring alone needs the activations of one layer only.
  public let training: Bool

  /// Room for `sequences` sequences of up to `longestSequence` tokens each, or for the given number of tokens in all.
  /// - Parameter longestExample: Where examples may have several sequences; otherwise an example is a sequence.
  public init(
    sequences: Int, longestSequence: Int, longestExample: Int? = nil, tokens: Int? = nil, training: Bool = true
  ) {
    precondition(sequences > 0 && longestSequence > 0, "an engine has room for something")
    self.sequences = sequences
    self.longestSequence = longestSequence
    self.tokens = tokens ?? sequences * longestSequence
    self.longestExample = max(longestSequence, longestExample ?? 0)
    self.training = training
  }
}
