import Core
import FileFormats
import Transformer

/// A folder with a model as Hugging Face's transformers lays it out: `config.json`, the weights in `model.safetensors`
/// or in shards with `model.safetensors.index.json`, and the tokenizer's files.
///
/// Opening it reads `config.json` and the headers of the weights and checks that every tensor is there with the right
/// shape; the weights themselves are read by ``loadParameters(workers:)``.
public struct ModelFolder: Sendable {
  /// The folder, as the caller named it.
  public let path: String
  /// The shape and constants of the model.
  public let model: ModelConfiguration
  /// `config.json`.
  public let configuration: ModelConfigurationFile
  /// The token ids singled out by `config.json` or, before it, by `generation_config.json`.
  public let specialTokens: SpecialTokens

  /// The names of the files that a tokenizer may consist of.
  public static let tokenizerFiles = [
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja",
  ]

  private let table: TensorTable
  /// The name under which the tied matrix of embedding and head is stored, and that of its copy if there is one.
  private let tied: (original: String, copy: String?)

  /// Opens a folder.
  /// - Throws: `CheckpointError` naming the file and the key or tensor, with what was expected and what was found.
  public init(path: String) throws(CheckpointError) {
    self.path = path
    configuration = try ModelConfigurationFile(path: "\(path)/config.json")
    model = configuration.model
    let generation = "\(path)/generation_config.json"
    specialTokens =
      FolderFiles.exists(generation)
      ? try SpecialTokens(JSONFields(path: generation), defaults: configuration.specialTokens)
      : configuration.specialTokens
    table = try Self.table(path)
    if model.tiesEmbeddings, table[TensorName.head] != nil {
      tied =
        table[TensorName.embedding] == nil ? (TensorName.head, nil) : (TensorName.embedding, TensorName.head)
    } else {
      tied = (TensorName.embedding, nil)
    }
    try check()
  }

  /// The weights' files. As in transformers, those of a base model may have names without the head model's prefix.
  private static func table(_ path: String) throws(CheckpointError) -> TensorTable {
    var table = try TensorTable(modelFolder: path)
    let prefix = TensorName.prefix
    guard !table.entries.contains(where: { $0.name.hasPrefix(prefix) }) else { return table }
    if table[String(TensorName.embedding.dropFirst(prefix.count))] != nil {
      table.rename { $0 == TensorName.head ? $0 : prefix + $0 }
      return table
    }
    let beginnings = table.entries.compactMap { entry in
      entry.name.firstRange(of: prefix).map { String(entry.name[..<$0.lowerBound]) }
    }
    if let other = beginnings.first, !other.isEmpty, table.entries.allSatisfy({ $0.name.hasPrefix(other) }) {
      throw .prefix(file: table.path, prefix: other)
    }
    return table
  }

  /// Where each weight lies once it has been loaded.
  public var layout: ParameterLayout { ParameterLayout(model) }

  /// Reads the weights into memory of their own.
  /// - Throws: `CheckpointError` where a file cannot be read, or a tied head is stored and differs from the embedding.
  public func loadParameters(workers: Workers = .all) throws(CheckpointError) -> Parameters {
    let parameters = Parameters(layout: layout)
    try load(into: parameters, workers: workers)
    return parameters
  }

  /// Reads the weights over others of the same model.
  /// - Throws: `CheckpointError`; the parameters may then be partly overwritten.
  public func load(into parameters: Parameters, workers: Workers = .all) throws(CheckpointError) {
    precondition(parameters.layout == layout, "the parameters must be laid out for the folder's model")
    var items: [(entry: TensorTable.Entry, tensor: ParameterLayout.Tensor)] = []
    for tensor in parameters.layout.tensors {
      items.append((try table.entry(storedName(tensor.name), shape: tensor.shape), tensor))
    }
    try TensorReader.read(items, into: parameters, workers: workers)
    if let copy = tied.copy, let entry = table[copy], let tensor = parameters.layout[tied.original] {
      try TensorReader.check(entry, equals: tensor, of: parameters, workers: workers)
    }
  }

  private func storedName(_ name: String) -> String { name == TensorName.embedding ? tied.original : name }

  /// Holds the files' headers against the configuration. Only after this is memory for the weights ever allocated, so
  /// that a false configuration cannot ask for more than the files have.
  private func check() throws(CheckpointError) {
    // A layer has at least nine tensors; a layout of more layers than that is not even made.
    guard model.layerCount <= table.entries.count else {
      let last = TensorName.attentionNorm(model.layerCount - 1)
      throw .missingTensor(file: table.path, tensor: last, expected: [model.hiddenSize])
    }
    let layout = layout
    var expected: Set<String> = []
    for tensor in layout.tensors {
      let name = storedName(tensor.name)
      expected.insert(name)
      try checkVocabulary(name)
      try TensorReader.checkDType(table.entry(name, shape: tensor.shape))
    }
    if let copy = tied.copy {
      expected.insert(copy)
      try checkVocabulary(copy)
      try TensorReader.checkDType(table.entry(copy, shape: [model.vocabularySize, model.hiddenSize]))
    }
    for entry in table.entries where !expected.contains(entry.name) && !isRotaryBuffer(entry.name) {
      throw .unexpectedTensor(file: entry.file.path, tensor: entry.tensor.name, found: entry.tensor.shape)
    }
    if let broken = table.brokenPromises.first(where: { !isRotaryBuffer($0.tensor) }) {
      throw .missingTensor(file: broken.shard, tensor: broken.tensor, expected: layout[broken.tensor]?.shape)
    }
  }

  private func checkVocabulary(_ name: String) throws(CheckpointError) {
    guard name == TensorName.embedding || name == TensorName.head, let entry = table[name] else { return }
    let shape = entry.tensor.shape
    guard shape.count == 2, shape[1] == model.hiddenSize, shape[0] != model.vocabularySize else { return }
    throw .vocabulary(
      file: entry.file.path, tensor: name, configured: model.vocabularySize, found: shape[0])
  }
}
