/// What an engine's memory is sized for, before its first batch.
public struct EngineCapacity: Hashable, Sendable {
  /// The most tokens of a batch, all sequences together.
  public let tokens: Int
  /// The most sequences of a batch.
  public let sequences: Int
  /// The longest sequence, in tokens.
  public let longestSequence: Int
  /// Whether gradients will be asked for; scoring alone needs the activations of one layer only.
  public let training: Bool

  /// Room for `sequences` sequences of up to `longestSequence` tokens each, or for the given number of tokens in all.
  public init(sequences: Int, longestSequence: Int, tokens: Int? = nil, training: Bool = true) {
    precondition(sequences > 0 && longestSequence > 0, "an engine has room for something")
    self.sequences = sequences
    self.longestSequence = longestSequence
    self.tokens = tokens ?? sequences * longestSequence
    self.training = training
  }
}
