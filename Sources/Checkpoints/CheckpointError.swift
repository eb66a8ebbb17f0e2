import FileFormats
import Transformer

/// Why a model or an adapter cannot be read from its files, or written to them.
public enum CheckpointError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The system refused to read or write a file.
  case file(FileError)
  /// A file is no JSON.
  case json(file: String, JSONError)
  /// A file is no well-formed safetensors file.
  case safetensors(SafetensorsError)
  /// A key of a JSON file is missing, or its value is of a wrong kind.
  case field(file: String, key: String, reason: String)
  /// A value that Hugging Face's libraries understand and this module does not.
  case unsupported(file: String, key: String, reason: String)
  /// The architecture is none of those supported.
  case architecture(file: String, found: String)
  /// The numbers of a file make no model or adapter.
  case configuration(file: String, ModelConfigurationError)
  /// A folder has no weights that can be read.
  case noWeights(folder: String, reason: String)
  /// An index names a shard that is no plain name of a file in its own folder.
  case shardPath(file: String, name: String)
  /// A tensor that the configuration asks for is not in the file.
  case missingTensor(file: String, tensor: String, expected: [Int]?)
  /// The names of all tensors begin with something that no model's do.
  case prefix(file: String, prefix: String)
  /// A tensor that the configuration has no place for.
  case unexpectedTensor(file: String, tensor: String, found: [Int]?)
  /// A tensor has another shape than the configuration says.
  case shape(file: String, tensor: String, expected: [Int], found: [Int])
  /// The embedding or the head has another number of rows than the configuration's vocabulary.
  case vocabulary(file: String, tensor: String, configured: Int, found: Int)
  /// The elements of a tensor are of a type that weights are not read from.
  case dtype(file: String, tensor: String, found: String)
  /// A tensor must equal another one, because the configuration ties them, and does not.
  case unequalCopy(file: String, tensor: String, original: String)
  /// A file is no legacy llama2.c checkpoint.
  case legacy(file: String, reason: String)
  /// An adapter of the head cannot be merged where the head is the embedding: that would change the embedding too.
  case tiedHead

  /// The error as one of this module.
  init(_ error: any Error, file: String) {
    switch error {
    case let error as CheckpointError: self = error
    case let error as FileError: self = .file(error)
    case let error as SafetensorsError: self = .safetensors(error)
    case let error as JSONError: self = .json(file: file, error)
    case let error as ModelConfigurationError: self = .configuration(file: file, error)
    default: self = .field(file: file, key: "", reason: "\(error)")
    }
  }

  /// Whether it was the system that refused.
  public var isSystems: Bool {
    switch self {
    case .file: true
    case .safetensors(let error): error.isSystems
    default: false
    }
  }

  /// One line: the file, the key or tensor, what was found and what would be right.
  public var description: String {
    func at(_ file: String, _ text: String) -> String { "\(quoted(file, limit: .max)): \(text)" }
    switch self {
    case .file(let error): return error.description
    case .json(let file, let error): return at(file, error.description)
    case .safetensors(let error): return error.description
    case .field(let file, let key, let reason): return at(file, "key \(quoted(key)) \(reason)")
    case .unsupported(let file, let key, let reason): return at(file, "key \(quoted(key)) is not supported: \(reason)")
    case .architecture(let file, let found):
      let known = Architecture.all.map(\.className).joined(separator: ", ")
      return at(file, "the architecture is \(quoted(found)); supported are \(known)")
    case .configuration(let file, let error): return at(file, error.description)
    case .noWeights(let folder, let reason): return at(folder, reason)
    case .shardPath(let file, let name):
      return at(file, "the shard \(quoted(name)) is not a plain name of a file beside the index")
    case .missingTensor(let file, let tensor, let expected):
      let shape = expected.map { ", expected with shape \($0)," } ?? ""
      return at(file, "tensor \(quoted(tensor))\(shape) is missing")
    case .prefix(let file, let prefix):
      return at(file, "the names of all tensors begin with \(quoted(prefix)); save the model without this wrapper")
    case .unexpectedTensor(let file, let tensor, let found):
      let shape = found.map { " with shape \($0)" } ?? ""
      return at(file, "tensor \(quoted(tensor))\(shape) has no place in the configured model")
    case .shape(let file, let tensor, let expected, let found):
      return at(file, "tensor \(quoted(tensor)) has shape \(found); the configuration needs \(expected)")
    case .vocabulary(let file, let tensor, let configured, let found):
      return at(
        file,
        "tensor \(quoted(tensor)) has \(found) rows and the configuration's vocab_size is \(configured); "
          + "give both the padded size")
    case .dtype(let file, let tensor, let found):
      return at(file, "tensor \(quoted(tensor)) has dtype \(found); weights must be F32, F16 or BF16")
    case .unequalCopy(let file, let tensor, let original):
      return at(file, "tensor \(quoted(tensor)) must equal \(quoted(original)), with which the configuration ties it")
    case .legacy(let file, let reason): return at(file, reason)
    case .tiedHead:
      return "an adapter of lm_head cannot be merged into a model whose head is tied to its embedding"
    }
  }
}

/// Runs the body, turning any error into one of this module.
func checkpointErrors<Value>(file: String, _ body: () throws -> Value) throws(CheckpointError) -> Value {
  do { return try body() } catch { throw CheckpointError(error, file: file) }
}
