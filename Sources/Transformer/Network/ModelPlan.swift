/// Where a projection's weights lie in the flat buffer, their shape, and its adapter.
struct ProjectionPlan: Sendable {
  /// [outputs, inputs], at this offset.
  let weight: Int
  let outputs: Int
  let inputs: Int
  let bias: Int?
  let adapter: LoRALinear?
}

/// Where one layer's weights lie.
struct LayerPlan: Sendable {
  let attentionNorm: Int
  let mlpNorm: Int
  private let projections: [ProjectionPlan]

  init(attentionNorm: Int, mlpNorm: Int, projection: (Projection) -> ProjectionPlan) {
    (self.attentionNorm, self.mlpNorm) = (attentionNorm, mlpNorm)
    projections = Projection.allCases.map(projection)
  }

  subscript(projection: Projection) -> ProjectionPlan { projections[projection.rawValue] }
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
    func adapted(_ targets: [LoRAConfiguration.Target], _ layer: Int) -> LoRALinear? {
      guard let adapter, let adapterLayout else { return nil }
      var parts: [LoRALinear.Part] = []
      var output = 0
      for target in targets {
        let outputs = output..<output + target.outputWidth(in: model)
        output = outputs.upperBound
        key += 1
        guard let a = adapterLayout[TensorName.loraA(target, layer)],
          let b = adapterLayout[TensorName.loraB(target, layer)]
        else { continue }
        parts.append(LoRALinear.Part(key: key, outputs: outputs, a: a.offset, b: b.offset))
      }
      guard let first = targets.first, !parts.isEmpty else { return nil }
      let start = columns
      columns += parts.count * adapter.rank
      return LoRALinear(
        parts: parts, rank: adapter.rank, inputWidth: first.inputWidth(in: model), scale: Float(adapter.scale),
        columns: start..<columns)
    }
    embedding = offset(TensorName.embedding)
    var widest = 0
    layers = (0..<model.layerCount).map { layer in
      columns = 0
      defer { widest = max(widest, columns) }
      return LayerPlan(
        attentionNorm: offset(TensorName.attentionNorm(layer)), mlpNorm: offset(TensorName.mlpNorm(layer))
      ) { projection in
        let first = projection.targets[0]
        return ProjectionPlan(
          weight: offset(TensorName.weight(first, layer)),
          outputs: projection.targets.reduce(0) { $0 + $1.outputWidth(in: model) },
          inputs: first.inputWidth(in: model),
          bias: projection.hasBias(in: model) ? offset(TensorName.bias(first, layer)) : nil,
          adapter: adapted(projection.targets, layer))
      }
    }
    finalNorm = offset(TensorName.finalNorm)
    head = model.tiesEmbeddings ? embedding : offset(TensorName.head)
    columns = 0
    headAdapter = adapted([.head], 0)
    adapterColumns = widest
  }

  /// Where a norm's weight lies.
  func weight(of norm: Norm, _ layer: Int) -> Int {
    switch norm {
    case .attention: layers[layer].attentionNorm
    case .mlp: layers[layer].mlpNorm
    case .final: finalNorm
    }
  }
}
