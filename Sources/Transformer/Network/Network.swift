/// The order of the network, from top to bottom, written once: the layout of the weights, the forward pass, the
/// backward pass (which runs it in reverse) and decoding all follow these lists.
///
/// Every layer reads the residual stream, a vector [C] for each token, through a norm, and adds to it twice.
enum Network {
  /// What comes before the layers: the tokens' vectors become the stream.
  static let beginning: [Operation] = [.embedding]

  /// One layer.
  static let layer: [Operation] = [
    .norm(.attention),  // of the stream
    .projection(.qkv),  // queries, keys and values, maybe with a bias
    .rotation,  // of queries and keys, by their position
    .attention,
    .projection(.attentionOutput),  // added to the stream
    .norm(.mlp),  // of the stream
    .projection(.gateUp),
    .activation,  // SwiGLU
    .projection(.down),  // added to the stream
  ]

  /// What comes after the layers. The head follows, for the rows that predict something (`Pass+Head.swift`).
  static let end: [Operation] = [.norm(.final)]

  /// All operations of a model in their order, each with the number of its layer: 0 for those before the layers, and
  /// the number of layers for those after them.
  static func operations(layers count: Int) -> [(operation: Operation, layer: Int)] {
    operations(through: count - 1) + end.map { ($0, count) }
  }

  /// Those up to a layer's last.
  static func operations(through last: Int) -> [(operation: Operation, layer: Int)] {
    beginning.map { ($0, 0) } + (0...last).flatMap { index in layer.map { ($0, index) } }
  }
}

/// An operation of the network.
enum Operation: Hashable, Sendable {
  /// The row of the table for each token.
  case embedding
  /// RMSNorm.
  case norm(Norm)
  /// A product with weights, of one or of several linear layers that share their input.
  case projection(Projection)
  /// The rotary embedding.
  case rotation
  /// What tokens learn from those before them.
  case attention
  /// SwiGLU.
  case activation
}

/// A norm, by what reads it.
enum Norm: Hashable, Sendable {
  case attention
  case mlp
  case final

  /// The name of its weight.
  func tensorName(_ layer: Int) -> String {
    switch self {
    case .attention: TensorName.attentionNorm(layer)
    case .mlp: TensorName.mlpNorm(layer)
    case .final: TensorName.finalNorm
    }
  }
}

/// Linear layers that share their input, whose weights lie one after the other and are one product.
enum Projection: Int, CaseIterable, Hashable, Sendable {
  case qkv
  case attentionOutput
  case gateUp
  case down

  /// The linear layers.
  var targets: [LoRAConfiguration.Target] {
    switch self {
    case .qkv: [.q, .k, .v]
    case .attentionOutput: [.o]
    case .gateUp: [.gate, .up]
    case .down: [.down]
    }
  }

  /// Whether the result is added to the residual stream.
  var addsToStream: Bool { self == .attentionOutput || self == .down }

  /// Whether there are biases.
  func hasBias(in model: ModelConfiguration) -> Bool { self == .qkv && model.hasQKVBias }

  /// The operation whose result it multiplies, where that is not kept for the backward pass but made again.
  var source: Operation? {
    switch self {
    case .qkv: .norm(.attention)
    case .attentionOutput: nil
    case .gateUp: .norm(.mlp)
    case .down: .activation
    }
  }
}
