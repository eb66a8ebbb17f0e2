/// How tokens are chosen and when a sequence ends.
public struct GenerationSettings: Hashable, Sendable {
  /// The most new tokens of a sequence.
  public var maximumNewTokens: Int
  /// Whether a sequence ends where its own prompt leaves no more of the context; otherwise a prompt that leaves less
  /// than `maximumNewTokens` is an error.
  public var endsWithContext = false
  /// How the next token is chosen.
  public var sampler: Sampler
  /// Sequence `i` draws from child `firstStream + i` of this seed's generator.
  public var seed: UInt64
  /// The stream of the first prompt; to generate in several calls what one call would, it is the number of the prompts
  /// before.
  public var firstStream: UInt64
  /// Tokens that end a sequence.
  public var stopTokens: Set<Int32>

  /// Greedy without stop tokens where nothing else is said.
  public init(
    maximumNewTokens: Int, sampler: Sampler = .greedy, seed: UInt64 = 0, firstStream: UInt64 = 0,
    stopTokens: Set<Int32> = []
  ) {
    self.maximumNewTokens = maximumNewTokens
    self.sampler = sampler
    self.seed = seed
    self.firstStream = firstStream
    self.stopTokens = stopTokens
  }
}

/// What was generated from one prompt.
public struct Generation: Hashable, Sendable {
  /// Why it ended.
  public enum Ending: Hashable, Sendable {
    /// The model chose this stop token, which is not part of ``Generation/tokens``.
    case stopToken(Int32)
    /// There are as many tokens as were asked for.
    case length
    /// The caller wanted no more.
    case caller
  }

  /// The new tokens, without the prompt.
  public var tokens: [Int32]
  /// Why there are no more.
  public var ending: Ending
}
