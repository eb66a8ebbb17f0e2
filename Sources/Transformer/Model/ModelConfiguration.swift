#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Shape letters of this module: B sequences of a batch, T tokens of a sequence, N tokens of the whole batch (the sum of
// T, nothing is padded), C hidden size, H query heads, G key/value heads, D head dimension, F intermediate size,
// V vocabulary, L layers, r rank of an adapter. All matrices are row-major; a linear layer's weight is [out, in].

/// The shape and constants of a decoder-only Llama or Qwen2 model.
///
/// It covers Llama 2, 3 and 3.2 and Qwen2 and Qwen2.5: grouped key/value heads, a head dimension of its own, plain or
/// `llama3`-scaled rotary embeddings, a tied or untied head, and biases of the q, k and v projections. A value of this
/// type has been checked: every count is positive and every division that the model needs comes out even.
public struct ModelConfiguration: Hashable, Sendable {
  /// V, the number of token ids.
  public let vocabularySize: Int
  /// C, the width of the residual stream.
  public let hiddenSize: Int
  /// F, the width between the gate/up and the down projection.
  public let intermediateSize: Int
  /// L, the number of decoder layers.
  public let layerCount: Int
  /// H, the number of query heads.
  public let headCount: Int
  /// G, the number of key and value heads; H / G query heads share one.
  public let keyValueHeadCount: Int
  /// D, the width of a head, even; H D need not equal C.
  public let headDimension: Int
  /// The longest sequence the model is meant for, in tokens (`max_position_embeddings`).
  public let contextLength: Int
  /// The number added to the mean square in RMSNorm.
  public let normEpsilon: Double
  /// The base of the rotary frequencies.
  public let ropeTheta: Double
  /// How the rotary frequencies are stretched, or nil for plain ones.
  public let ropeScaling: RopeScaling?
  /// Whether the head's matrix is the embedding's.
  public let tiesEmbeddings: Bool
  /// Whether the q, k and v projections (not o) have biases, as Qwen2's have.
  public let hasQKVBias: Bool

  /// A checked configuration.
  /// - Parameter headDimension: D; nil means C / H, which must then come out even.
  /// - Throws: `ModelConfigurationError` naming the value that makes no model.
  public init(
    vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int? = nil, headDimension: Int? = nil, contextLength: Int, normEpsilon: Double = 1e-6,
    ropeTheta: Double = 10_000, ropeScaling: RopeScaling? = nil, tiesEmbeddings: Bool = false, hasQKVBias: Bool = false
  ) throws(ModelConfigurationError) {
    let keyValueHeadCount = keyValueHeadCount ?? headCount
    let counts = [
      ("vocabulary size", vocabularySize), ("hidden size", hiddenSize), ("intermediate size", intermediateSize),
      ("number of layers", layerCount), ("number of heads", headCount),
      ("number of key/value heads", keyValueHeadCount), ("context length", contextLength),
      ("head dimension", headDimension ?? 1),
    ]
    for (name, value) in counts {
      // The bound keeps every product of two sizes, and so every offset, well inside Int.
      guard (1...Int(Int32.max)).contains(value) else { throw .count(name, value) }
    }
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw .headsNotShared(heads: headCount, keyValueHeads: keyValueHeadCount)
    }
    if headDimension == nil, !hiddenSize.isMultiple(of: headCount) {
      throw .headDimensionUnknown(hiddenSize: hiddenSize, heads: headCount)
    }
    let width = headDimension ?? hiddenSize / headCount
    guard width.isMultiple(of: 2) else { throw .headDimensionOdd(width) }
    let constants = [("RMSNorm epsilon", normEpsilon), ("RoPE theta", ropeTheta)]
    for (name, value) in constants {
      guard value > 0, value.isFinite else { throw .constant(name, value) }
    }
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = width
    self.contextLength = contextLength
    self.normEpsilon = normEpsilon
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.tiesEmbeddings = tiesEmbeddings
    self.hasQKVBias = hasQKVBias
  }

  /// H D, the width of all query heads together.
  public var queryWidth: Int { headCount * headDimension }
  /// G D, the width of all key heads together, and of all value heads.
  public var keyValueWidth: Int { keyValueHeadCount * headDimension }
  /// (H + 2 G) D, the width of queries, keys and values together.
  public var qkvWidth: Int { queryWidth + 2 * keyValueWidth }

  /// The rotary frequencies, one for each of the D / 2 pairs of a head, in radians per position.
  public var ropeFrequencies: [Double] {
    (0..<headDimension / 2).map { pair in
      let plain = pow(ropeTheta, -2 * Double(pair) / Double(headDimension))
      return ropeScaling?.scaled(plain) ?? plain
    }
  }
}
