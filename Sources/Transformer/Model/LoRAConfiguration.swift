/// A low-rank adapter: each target `y = W x` becomes `y = W x + (alpha / r) B A dropout(x)`.
///
/// Source: Hu et al. (arXiv 2106.09685), with the scale as PEFT has it.
public struct LoRAConfiguration: Hashable, Sendable {
  /// A linear layer that can be adapted.
  public enum Target: String, CaseIterable, Hashable, Sendable {
    /// The query projection, C -> H D.
    case q = "q_proj"
    /// The key projection, C -> G D.
    case k = "k_proj"
    /// The value projection, C -> G D.
    case v = "v_proj"
    /// The attention's output projection, H D -> C.
    case o = "o_proj"
    /// The gate projection, C -> F.
    case gate = "gate_proj"
    /// The up projection, C -> F.
    case up = "up_proj"
    /// The down projection, F -> C.
    case down = "down_proj"
    /// The head, C -> V.
    case head = "lm_head"

    /// The name in Hugging Face models and PEFT's `target_modules`.
    public var moduleName: String { rawValue }

    /// The width of the layer's input.
    public func inputWidth(in model: ModelConfiguration) -> Int {
      switch self {
      case .q, .k, .v, .gate, .up, .head: model.hiddenSize
      case .o: model.queryWidth
      case .down: model.intermediateSize
      }
    }

    /// The width of the layer's output.
    public func outputWidth(in model: ModelConfiguration) -> Int {
      switch self {
      case .q: model.queryWidth
      case .k, .v: model.keyValueWidth
      case .o, .down: model.hiddenSize
      case .gate, .up: model.intermediateSize
      case .head: model.vocabularySize
      }
    }
  }

  /// r, the inner dimension.
  public let rank: Int
  /// The numerator of the scale.
  public let alpha: Double
  /// The probability with which an element of the adapter's input is dropped during training.
  public let dropout: Double
  /// The layers that are adapted.
  public let targets: Set<Target>

  /// A checked adapter.
  /// - Throws: `ModelConfigurationError` where the rank or alpha is not positive, the dropout not in 0..<1, or nothing
  ///   is adapted.
  public init(
    rank: Int, alpha: Double, dropout: Double = 0, targets: Set<Target>
  ) throws(ModelConfigurationError) {
    guard (1...65_536).contains(rank) else { throw .count("adapter's rank", rank) }
    guard alpha > 0, alpha.isFinite else { throw .constant("adapter's alpha", alpha) }
    guard dropout >= 0, dropout < 1 else { throw .dropout(dropout) }
    guard !targets.isEmpty else { throw .noAdapterTargets }
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.targets = targets
  }

  /// alpha / r.
  public var scale: Double { alpha / Double(rank) }
}
