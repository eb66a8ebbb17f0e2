import Core
import FileFormats
import Transformer

extension ModelFolder {
  /// Writes a model that transformers loads: `model.safetensors` and `config.json`.
  ///
  /// All files are on the disk before the first takes its name, and `config.json` takes its own last: whenever the
  /// process ends, a new folder is either a complete model or none, and an existing model is replaced by files that
  /// were complete.
  /// - Parameters:
  ///   - model: The model.
  ///   - parameters: Its weights.
  ///   - path: The folder; made where it is missing. Other files in it stay.
  ///   - format: How the weights are stored.
  ///   - source: A folder from which the tokenizer's files and `generation_config.json` are copied, and those keys of
  ///     `config.json` that do not describe the model's numbers.
  ///   - specialTokens: The token ids that `config.json` singles out; nil means those of the source, if there is one.
  ///   - workers: What BF16 is rounded on.
  /// - Throws: `CheckpointError`; the folder is then as it was.
  public static func save(
    _ model: ModelConfiguration, _ parameters: Parameters, to path: String, format: WeightFormat = .float32,
    source: String? = nil, specialTokens: SpecialTokens? = nil, workers: Workers = .all
  ) throws(CheckpointError) {
    let files = try files(
      model, parameters, to: path, format: format, source: source, specialTokens: specialTokens, workers: workers)
    try checkpointErrors(file: path) { try AtomicFile.write(files) }
  }

  /// The files of a saved model, for `AtomicFile.write(_:)` together with others.
  /// - Throws: `CheckpointError` where the source folder cannot be read.
  public static func files(
    _ model: ModelConfiguration, _ parameters: Parameters, to path: String, format: WeightFormat = .float32,
    source: String? = nil, specialTokens: SpecialTokens? = nil, workers: Workers = .all
  ) throws(CheckpointError) -> [OutputFile] {
    precondition(parameters.layout == ParameterLayout(model), "the parameters must be laid out for the model")
    var original: ModelConfigurationFile?
    if let source, FolderFiles.exists("\(source)/config.json") {
      original = try ModelConfigurationFile(path: "\(source)/config.json")
    }
    let configuration = ModelConfigurationFile.json(
      for: model, format: format, specialTokens: specialTokens ?? original?.specialTokens ?? SpecialTokens(),
      keeping: original?.json)
    var files: [OutputFile] = []
    if let source { files = try FolderFiles.copies(from: source, to: path) }
    files.append(
      try TensorWriter.file(parameters, format: format, path: "\(path)/model.safetensors", workers: workers))
    files.append(OutputFile(path: "\(path)/config.json", bytes: configuration.bytes()))
    return files
  }
}
