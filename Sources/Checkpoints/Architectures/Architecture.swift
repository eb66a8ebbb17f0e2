/// The architectures that checkpoints are read for, with what transformers takes where `config.json` is silent.
enum Architecture: String, CaseIterable {
  /// Llama 2, 3 and 3.2.
  case llama
  /// Qwen2 and Qwen2.5: Llama with biases of q, k and v.
  case qwen2

  /// The name under `architectures`.
  var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    }
  }

  /// The name of the same without a head, whose weights transformers loads too.
  var baseClassName: String {
    switch self {
    case .llama: "LlamaModel"
    case .qwen2: "Qwen2Model"
    }
  }

  /// Whether the q, k and v projections have biases.
  var hasQKVBias: Bool { self == .qwen2 }

  /// The number of key/value heads where the key is missing; nil means as many as there are heads.
  var defaultKeyValueHeadCount: Int? { self == .qwen2 ? 32 : nil }

  /// The context length where the key is missing.
  var defaultContextLength: Int { self == .qwen2 ? 32_768 : 2048 }

  /// The tokens where their keys are missing.
  var defaultSpecialTokens: SpecialTokens {
    self == .qwen2 ? SpecialTokens() : SpecialTokens(begin: 1, end: [2])
  }

  /// The architecture that a configuration names.
  ///
  /// transformers goes by `model_type`; `architectures` must not contradict it.
  init(_ fields: JSONFields) throws(CheckpointError) {
    let type = try fields.string("model_type")
    let names = try fields.strings("architectures") ?? []
    guard names.count <= 1 else {
      throw .architecture(file: fields.file, found: names.joined(separator: ", "))
    }
    guard let found = type ?? names.first else {
      throw .field(file: fields.file, key: "model_type", reason: "is missing, and so is architectures")
    }
    guard let known = Self.allCases.first(where: { [$0.rawValue, $0.className, $0.baseClassName].contains(found) })
    else {
      throw .architecture(file: fields.file, found: names.first ?? found)
    }
    if let name = names.first, name != known.className, name != known.baseClassName {
      throw .architecture(file: fields.file, found: name)
    }
    self = known
  }
}
