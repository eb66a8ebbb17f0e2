import Core
import FileFormats
import Transformer

/// A folder with an adapter as PEFT lays it out: `adapter_config.json` and `adapter_model.safetensors`.
public struct AdapterFolder: Sendable {
  /// The folder, as the caller named it.
  public let path: String
  /// The adapter.
  public let adapter: LoRAConfiguration
  /// The name or path of the model that the adapter was trained on, as the file has it.
  public let baseModel: String?

  private let table: TensorTable
  private let targets: TargetModules

  /// Opens a folder: reads `adapter_config.json` and the header of the weights.
  /// - Throws: `CheckpointError` naming the file and the key.
  public init(path: String) throws(CheckpointError) {
    self.path = path
    let configuration = try AdapterConfigurationFile(path: "\(path)/adapter_config.json")
    adapter = configuration.adapter
    baseModel = configuration.baseModel
    targets = configuration.targets
    let weights = "\(path)/adapter_model.safetensors"
    guard FolderFiles.exists(weights) else {
      let hasPickle = FolderFiles.exists("\(path)/adapter_model.bin")
      throw .noWeights(
        folder: path,
        reason: "it has no adapter_model.safetensors"
          + (hasPickle ? "; save the adapter anew with safe_serialization=True" : ""))
    }
    table = try TensorTable(file: weights)
  }

  /// Reads the adapter's matrices.
  ///
  /// PEFT stores a copy of the model's head beside an adapter of the head, and puts it in the model's place when it
  /// loads the adapter. Such a copy is accepted only where the model's weights are given and equal it.
  /// - Parameters:
  ///   - model: The model that is adapted.
  ///   - base: The model's own weights, needed only for such a copy.
  ///   - workers: What the numbers are read on.
  /// - Throws: `CheckpointError` naming file and tensor, with what was expected and what was found.
  public func loadParameters(
    for model: ModelConfiguration, base: Parameters? = nil, workers: Workers = .all
  ) throws(CheckpointError) -> Parameters {
    try model.checkSize(file: path)
    try targets.check(layerCount: model.layerCount)
    let layout = ParameterLayout(model, adapter)
    var items: [(entry: TensorTable.Entry, tensor: ParameterLayout.Tensor)] = []
    for tensor in layout.tensors {
      let entry = try table.entry(tensor.name, shape: tensor.shape)
      try TensorReader.checkDType(entry)
      items.append((entry, tensor))
    }
    let copies = try copies(beside: layout, of: base)
    let parameters = Parameters(layout: layout)
    try TensorReader.read(items, into: parameters, workers: workers)
    if let base {
      for copy in copies { try TensorReader.check(copy.entry, equals: copy.tensor, of: base, workers: workers) }
    }
    return parameters
  }

  /// The stored copies of the model's own weights; any other tensor that has no place in the layout is refused.
  private func copies(
    beside layout: ParameterLayout, of base: Parameters?
  ) throws(CheckpointError) -> [(entry: TensorTable.Entry, tensor: ParameterLayout.Tensor)] {
    var copies: [(entry: TensorTable.Entry, tensor: ParameterLayout.Tensor)] = []
    for entry in table.entries where layout[entry.name] == nil {
      let embedding = TensorName.embedding, head = TensorName.head
      let original: String
      switch entry.name {
      case "base_model.model.lm_head.base_layer.weight", "base_model.model.lm_head.weight":
        original = base?.layout[head] == nil ? embedding : head
      case "base_model.model.model.embed_tokens.weight": original = embedding
      default:
        throw .unexpectedTensor(file: table.path, tensor: entry.tensor.name, found: entry.tensor.shape)
      }
      guard let tensor = base?.layout[original] else {
        throw .unexpectedTensor(file: table.path, tensor: entry.tensor.name, found: entry.tensor.shape)
      }
      try TensorReader.checkDType(table.entry(entry.name, shape: tensor.shape))
      copies.append((entry, tensor))
    }
    return copies
  }

  /// Writes an adapter that PEFT loads; complete or not at all, `adapter_config.json` last.
  /// - Parameters:
  ///   - adapter: The adapter.
  ///   - parameters: Its matrices.
  ///   - path: The folder; made where it is missing. Other files in it stay.
  ///   - format: How the matrices are stored.
  ///   - baseModel: The name or path of the model, for `base_model_name_or_path`.
  ///   - workers: What BF16 is rounded on.
  /// - Throws: `CheckpointError`; the folder is then as it was.
  public static func save(
    _ adapter: LoRAConfiguration, _ parameters: Parameters, to path: String, format: WeightFormat = .float32,
    baseModel: String? = nil, workers: Workers = .all
  ) throws(CheckpointError) {
    let files = try files(adapter, parameters, to: path, format: format, baseModel: baseModel, workers: workers)
    try checkpointErrors(file: path) { try AtomicFile.write(files) }
  }

  /// The files of a saved adapter, for `AtomicFile.write(_:)` together with others.
  /// - Throws: `CheckpointError` where the matrices have no safetensors header.
  public static func files(
    _ adapter: LoRAConfiguration, _ parameters: Parameters, to path: String, format: WeightFormat = .float32,
    baseModel: String? = nil, workers: Workers = .all
  ) throws(CheckpointError) -> [OutputFile] {
    let configuration = AdapterConfigurationFile.json(for: adapter, baseModel: baseModel)
    return [
      try TensorWriter.file(
        parameters, format: format, path: "\(path)/adapter_model.safetensors", workers: workers),
      OutputFile(path: "\(path)/adapter_config.json", bytes: configuration.bytes()),
    ]
  }
}
