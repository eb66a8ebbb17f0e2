import FileFormats
import Transformer

extension ModelConfigurationFile {
  /// Keys whose values follow from the model, or that would contradict it.
  private static let managed = common.union(Architecture.all.flatMap { $0.refusedSwitches.map(\.key) })

  private static let common: Set = [
    "architectures", "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
    "num_attention_heads", "num_key_value_heads", "head_dim", "hidden_act", "max_position_embeddings", "rms_norm_eps",
    "rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor", "tie_word_embeddings",
    "attention_dropout", "torch_dtype", "dtype", "bos_token_id", "eos_token_id", "pad_token_id", "sliding_window",
    "max_window_layers", "layer_types", "quantization_config", "_name_or_path",
  ]

  /// A `config.json` that transformers loads.
  ///
  /// RoPE is written as `rope_theta` and `rope_scaling`, which every version of transformers reads.
  /// - Parameters:
  ///   - model: The model.
  ///   - format: How its weights are stored.
  ///   - specialTokens: The token ids to single out.
  ///   - source: A configuration whose other keys, those that do not describe the model's numbers, are kept.
  public static func json(
    for model: ModelConfiguration, format: WeightFormat, specialTokens: SpecialTokens, keeping source: JSON? = nil
  ) -> JSON {
    let architecture = Architecture.of(model, from: source)
    var members: [JSON.Member] = []
    func add(_ name: String, _ value: JSON) { members.append(JSON.Member(name, value)) }
    add("architectures", [.string(architecture.className)])
    add("model_type", .string(architecture.name))
    add("vocab_size", .integer(model.vocabularySize))
    add("hidden_size", .integer(model.hiddenSize))
    add("intermediate_size", .integer(model.intermediateSize))
    add("num_hidden_layers", .integer(model.layerCount))
    add("num_attention_heads", .integer(model.headCount))
    add("num_key_value_heads", .integer(model.keyValueHeadCount))
    add("head_dim", .integer(model.headDimension))
    add("hidden_act", "silu")
    add("max_position_embeddings", .integer(model.contextLength))
    add("rms_norm_eps", .number(model.normEpsilon))
    add("rope_theta", .number(model.ropeTheta))
    add("rope_scaling", model.ropeScaling.map(json) ?? .null)
    add("tie_word_embeddings", .bool(model.tiesEmbeddings))
    for (key, _) in architecture.refusedSwitches { add(key, false) }
    add("attention_dropout", 0.0)
    add("torch_dtype", .string(format.torchName))
    add("bos_token_id", specialTokens.begin.map(JSON.integer) ?? .null)
    let end = specialTokens.end.map(JSON.integer)
    add("eos_token_id", end.count > 1 ? .array(end) : end.first ?? .null)
    add("pad_token_id", specialTokens.padding.map(JSON.integer) ?? .null)
    members += (source?.members ?? []).filter { !managed.contains($0.name) }
    return .object(members)
  }

  private static func json(_ scaling: RopeScaling) -> JSON {
    [
      "rope_type": "llama3", "factor": .number(scaling.factor),
      "low_freq_factor": .number(scaling.lowFrequencyFactor), "high_freq_factor": .number(scaling.highFrequencyFactor),
      "original_max_position_embeddings": .integer(scaling.originalContextLength),
    ]
  }
}
