/// Where named tensors lie in one flat buffer of FP32 numbers.
///
/// The same layout serves the parameters, their gradients and an optimizer's moments, so that an optimizer step is one
/// pass over flat memory. Names are those of Hugging Face checkpoints. Tensors of a group (q, k and v; gate and up; the
/// A matrices of adapters with one input) follow each other without a gap and so form one taller matrix; each group
/// starts at a multiple of 64 bytes. Numbers in the gaps between groups are 0 and stay so.
public struct ParameterLayout: Hashable, Sendable {
  /// One tensor: its name, shape and place.
  public struct Tensor: Hashable, Sendable {
    /// The name in a Hugging Face checkpoint, for example `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// The dimensions, slowest-varying first.
    public let shape: [Int]
    /// The index of the first element in the flat buffer.
    public let offset: Int

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// The indices of the elements in the flat buffer.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// All tensors in the order of their offsets.
  public private(set) var tensors: [Tensor] = []
  /// The length of the flat buffer in elements, gaps included; a multiple of 16.
  public private(set) var count = 0
  private var indices: [String: Int] = [:]

  /// The number of elements that belong to a tensor.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

  /// The tensor of this name, or nil where there is none.
  public subscript(name: String) -> Tensor? { indices[name].map { tensors[$0] } }

  /// A layout with these groups, one after the other.
  init(groups: [[(name: String, shape: [Int])]]) {
    for group in groups {
      for (name, shape) in group {
        indices[name] = tensors.count
        let tensor = Tensor(name: name, shape: shape, offset: count)
        tensors.append(tensor)
        count += tensor.count
      }
      count = (count + 15) / 16 * 16
    }
  }

  /// The layout of all weights of a model. With a tied head there is no `lm_head.weight`.
  public init(_ model: ModelConfiguration) {
    let (c, f) = (model.hiddenSize, model.intermediateSize)
    let (q, kv) = (model.queryWidth, model.keyValueWidth)
    var groups: [[(name: String, shape: [Int])]] = [[("model.embed_tokens.weight", [model.vocabularySize, c])]]
    for layer in 0..<model.layerCount {
      let prefix = "model.layers.\(layer)."
      let (attention, mlp) = (prefix + "self_attn.", prefix + "mlp.")
      groups.append([(prefix + "input_layernorm.weight", [c])])
      groups.append([
        (attention + "q_proj.weight", [q, c]), (attention + "k_proj.weight", [kv, c]),
        (attention + "v_proj.weight", [kv, c]),
      ])
      if model.hasQKVBias {
        groups.append([
          (attention + "q_proj.bias", [q]), (attention + "k_proj.bias", [kv]), (attention + "v_proj.bias", [kv]),
        ])
      }
      groups.append([(attention + "o_proj.weight", [c, q])])
      groups.append([(prefix + "post_attention_layernorm.weight", [c])])
      groups.append([(mlp + "gate_proj.weight", [f, c]), (mlp + "up_proj.weight", [f, c])])
      groups.append([(mlp + "down_proj.weight", [c, f])])
    }
    groups.append([("model.norm.weight", [c])])
    if !model.tiesEmbeddings { groups.append([("lm_head.weight", [model.vocabularySize, c])]) }
    self.init(groups: groups)
  }

  /// The layout of an adapter's matrices, named as PEFT names them:
  /// `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` [r, in] and `...lora_B.weight` [out, r].
  public init(_ model: ModelConfiguration, _ adapter: LoRAConfiguration) {
    var groups: [[(name: String, shape: [Int])]] = []
    func add(_ prefix: String, _ targets: [LoRAConfiguration.Target]) {
      let targets = targets.filter { adapter.targets.contains($0) }
      guard !targets.isEmpty else { return }
      groups.append(
        targets.map { (prefix + $0.moduleName + ".lora_A.weight", [adapter.rank, $0.inputWidth(in: model)]) })
      for target in targets {
        groups.append([(prefix + target.moduleName + ".lora_B.weight", [target.outputWidth(in: model), adapter.rank])])
      }
    }
    for layer in 0..<model.layerCount {
      let prefix = "base_model.model.model.layers.\(layer)."
      add(prefix + "self_attn.", [.q, .k, .v])
      add(prefix + "self_attn.", [.o])
      add(prefix + "mlp.", [.gate, .up])
      add(prefix + "mlp.", [.down])
    }
    add("base_model.model.", [.head])
    self.init(groups: groups)
  }
}
