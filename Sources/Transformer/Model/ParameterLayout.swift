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
    let c = model.hiddenSize
    var groups: [[(name: String, shape: [Int])]] = []
    for (operation, layer) in Network.operations(layers: model.layerCount) {
      switch operation {
      case .embedding: groups.append([(TensorName.embedding, [model.vocabularySize, c])])
      case .norm(let norm): groups.append([(norm.tensorName(layer), [c])])
      case .projection(let projection):
        groups.append(
          projection.targets.map {
            (TensorName.weight($0, layer), [$0.outputWidth(in: model), $0.inputWidth(in: model)])
          })
        guard projection.hasBias(in: model) else { continue }
        groups.append(projection.targets.map { (TensorName.bias($0, layer), [$0.outputWidth(in: model)]) })
      case .rotation, .attention, .activation: continue
      }
    }
    if !model.tiesEmbeddings { groups.append([(TensorName.head, [model.vocabularySize, c])]) }
    self.init(groups: groups)
  }

  /// The layout of an adapter's matrices, named as PEFT names them:
  /// `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` [r, in] and `...lora_B.weight` [out, r].
  public init(_ model: ModelConfiguration, _ adapter: LoRAConfiguration) {
    var groups: [[(name: String, shape: [Int])]] = []
    func add(_ targets: [LoRAConfiguration.Target], _ layer: Int) {
      let targets = targets.filter { adapter.targets.contains($0) }
      guard !targets.isEmpty else { return }
      groups.append(targets.map { (TensorName.loraA($0, layer), [adapter.rank, $0.inputWidth(in: model)]) })
      for target in targets {
        groups.append([(TensorName.loraB(target, layer), [target.outputWidth(in: model), adapter.rank])])
      }
    }
    for (operation, layer) in Network.operations(layers: model.layerCount) {
      if case .projection(let projection) = operation { add(projection.targets, layer) }
    }
    add([.head], 0)
    self.init(groups: groups)
  }
}
