/// Why numbers make no model or adapter.
public enum ModelConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The named count is below 1 or over 2^31 - 1.
  case count(String, Int)
  /// The named count is over the limit.
  case tooMany(String, Int, limit: Int)
  /// The named constant is not positive and finite.
  case constant(String, Double)
  /// The query heads cannot be shared out evenly among the key/value heads.
  case headsNotShared(heads: Int, keyValueHeads: Int)
  /// No head dimension is given, and the hidden size is no multiple of the number of heads.
  case headDimensionUnknown(hiddenSize: Int, heads: Int)
  /// Rotary embeddings turn pairs, so that the head dimension must be even.
  case headDimensionOdd(Int)
  /// The low frequency factor must be less than the high one.
  case ropeFactorOrder(low: Double, high: Double)
  /// An adapter must adapt something.
  case noAdapterTargets
  /// Dropout must be at least 0 and under 1.
  case dropout(Double)

  /// What is wrong with which value, and what would be right.
  public var description: String {
    switch self {
    case .count(let name, let value): "the \(name) must be between 1 and \(Int32.max), not \(value)"
    case .tooMany(let name, let value, let limit): "the \(name) must be at most \(limit), not \(value)"
    case .constant(let name, let value): "the \(name) must be positive and finite, not \(value)"
    case .headsNotShared(let heads, let keyValueHeads):
      "the number of heads (\(heads)) must be a multiple of the number of key/value heads (\(keyValueHeads))"
    case .headDimensionUnknown(let hiddenSize, let heads):
      "without a head dimension the hidden size (\(hiddenSize)) must be a multiple of the number of heads (\(heads))"
    case .headDimensionOdd(let value): "the head dimension must be even, not \(value)"
    case .ropeFactorOrder(let low, let high):
      "the RoPE low frequency factor (\(low)) must be less than the high one (\(high))"
    case .noAdapterTargets: "an adapter needs at least one target"
    case .dropout(let value): "the adapter's dropout must be at least 0 and under 1, not \(value)"
    }
  }
}
