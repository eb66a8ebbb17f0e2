import FileFormats
import Transformer

/// A family of models that checkpoints are read and written for, one value in the list ``all``: what it is called in
/// `config.json`, what transformers takes where that is silent, what is refused, and what is written for it alone.
///
/// Its tensors' names are those of `TensorName`, the order of its layers that of the engine's `Network`, which knows
/// biases of q, k and v, tied embeddings, grouped keys and values, and Llama 3's stretched rotary frequencies.
struct Architecture: Sendable {
  /// The name under `model_type`.
  let name: String
  /// The name under `architectures`.
  let className: String
  /// The name of the same without a head, whose weights transformers loads too.
  let baseClassName: String
  /// Whether the q, k and v projections have biases.
  let hasQKVBias: Bool
  /// The number of key/value heads where the key is missing; nil means as many as there are heads.
  let defaultKeyValueHeadCount: Int?
  /// The context length where the key is missing.
  let defaultContextLength: Int
  /// The tokens where their keys are missing.
  let defaultSpecialTokens: SpecialTokens
  /// Keys that must be false or missing, for each the reason. They are written as false.
  let refusedSwitches: [(key: String, reason: String)]

  /// All architectures.
  static let all: [Architecture] = [.llama, .qwen2]

  /// Refuses what would change the model's numbers and what the engine does not have.
  func refuseUnsupported(_ fields: JSONFields) throws(CheckpointError) {
    for (key, reason) in refusedSwitches where try fields.bool(key) ?? false { throw fields.unsupported(key, reason) }
  }

  /// The architecture that a configuration names.
  ///
  /// transformers goes by `model_type`; `architectures` must not contradict it.
  static func named(in fields: JSONFields) throws(CheckpointError) -> Architecture {
    let type = try fields.string("model_type")
    let names = try fields.strings("architectures") ?? []
    guard names.count <= 1 else {
      throw .architecture(file: fields.file, found: names.joined(separator: ", "))
    }
    guard let found = type ?? names.first else {
      throw .field(file: fields.file, key: "model_type", reason: "is missing, and so is architectures")
    }
    guard let known = all.first(where: { [$0.name, $0.className, $0.baseClassName].contains(found) }) else {
      throw .architecture(file: fields.file, found: names.first ?? found)
    }
    if let name = names.first, name != known.className, name != known.baseClassName {
      throw .architecture(file: fields.file, found: name)
    }
    return known
  }

  /// The architecture that a model is written as: that of the configuration it comes from, or the first of those that
  /// have its blocks.
  static func of(_ model: ModelConfiguration, from source: JSON? = nil) -> Architecture {
    let fitting = all.filter { $0.hasQKVBias == model.hasQKVBias }
    let named = fitting.first { $0.name == source?["model_type"]?.stringValue }
    guard let architecture = named ?? fitting.first else { preconditionFailure("no architecture has these blocks") }
    return architecture
  }
}
