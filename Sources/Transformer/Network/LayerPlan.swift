/// Where one layer's weights lie in the flat buffer, and its adapters.
struct LayerPlan: Sendable {
  let norm1: Int
  let qkv: Int
  let qkvBias: Int?
  let out: Int
  let norm2: Int
  let gateUp: Int
  let down: Int
  let qkvAdapter: LoRALinear?
  let outAdapter: LoRALinear?
  let gateUpAdapter: LoRALinear?
  let downAdapter: LoRALinear?
}

/// Where everything lies: the weights of each layer, and the adapters' if there are any.
struct ModelPlan: Sendable {
  let embedding: Int
  let layers: [LayerPlan]
  let finalNorm: Int
  /// The embedding's offset where the head is tied.
  let head: Int
  let headAdapter: LoRALinear?
  /// The columns that a layer's `u` needs for all its adapters.
  let adapterColumns: Int

  init(_ model: ModelConfiguration, _ adapter: LoRAConfiguration?) {
    let layout = ParameterLayout(model)
    let adapterLayout = adapter.map { ParameterLayout(model, $0) }
    func offset(_ name: String) -> Int {
      guard let tensor = layout[name] else { preconditionFailure("the layout lacks \(name)") }
      return tensor.offset
    }
    var key: UInt64 = 0
    var columns = 0
    func adapted(_ prefix: String, _ targets: [LoRAConfiguration.Target]) -> LoRALinear? {
      guard let adapter, let adapterLayout else { return nil }
      var parts: [LoRALinear.Part] = []
      var output = 0
      for target in targets {
        let outputs = output..<output + target.outputWidth(in: model)
        output = outputs.upperBound
        let name = "base_model.model." + prefix + target.moduleName
        key += 1
        guard let a = adapterLayout[name + ".lora_A.weight"], let b = adapterLayout[name + ".lora_B.weight"] else {
          continue
        }
        parts.append(LoRALinear.Part(key: key, outputs: outputs, a: a.offset, b: b.offset))
      }
      guard let first = targets.first, !parts.isEmpty else { return nil }
      let start = columns
      columns += parts.count * adapter.rank
      return LoRALinear(
        parts: parts, rank: adapter.rank, inputWidth: first.inputWidth(in: model), scale: Float(adapter.scale),
        columns: start..<columns)
    }
    embedding = offset("model.embed_tokens.weight")
    var widest = 0
    layers = (0..<model.layerCount).map { layer in
      let prefix = "model.layers.\(layer)."
      let (attention, mlp) = (prefix + "self_attn.", prefix + "mlp.")
      columns = 0
      defer { widest = max(widest, columns) }
      return LayerPlan(
        norm1: offset(prefix + "input_layernorm.weight"), qkv: offset(attention + "q_proj.weight"),
        qkvBias: model.hasQKVBias ? offset(attention + "q_proj.bias") : nil, out: offset(attention + "o_proj.weight"),
        norm2: offset(prefix + "post_attention_layernorm.weight"), gateUp: offset(mlp + "gate_proj.weight"),
        down: offset(mlp + "down_proj.weight"), qkvAdapter: adapted(attention, [.q, .k, .v]),
        outAdapter: adapted(attention, [.o]), gateUpAdapter: adapted(mlp, [.gate, .up]),
        downAdapter: adapted(mlp, [.down]))
    }
    finalNorm = offset("model.norm.weight")
    head = model.tiesEmbeddings ? embedding : offset("lm_head.weight")
    columns = 0
    headAdapter = adapted("", [.head])
    adapterColumns = widest
  }
}
