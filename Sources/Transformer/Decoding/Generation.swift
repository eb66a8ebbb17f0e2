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
