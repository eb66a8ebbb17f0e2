import FineTuning
import Transformer

extension PlanReader {
  /// The keys of a base model.
  static let baseKeys = [
    ConfigurationKey("folder", .path, "a Hugging Face folder; otherwise the base model is trained", default: "none"),
    ConfigurationKey("model", .mapping("mapping"), "the shape of a new model", default: "required without folder"),
    ConfigurationKey(
      "corpus", .mapping("data"), "the texts that a new model learns", default: "required without folder"),
    ConfigurationKey("training", .mapping("training configuration"), "how a new model learns them", default: "{}"),
  ]

  /// The keys of a new model's shape.
  static let modelKeys: [ConfigurationKey] = [
    size("vocabulary_size", "tokens of the vocabulary, learned from all texts"), size("hidden_size", "width"),
    size("intermediate_size", "width within the feed-forward layers"), size("layers", "decoder layers"),
    size("heads", "query heads"), size("key_value_heads", "key and value heads", default: "as many as heads"),
    size("head_dimension", "width of a head, even", default: "hidden_size / heads"),
    size("context_length", "most tokens of a text"),
    ConfigurationKey("norm_epsilon", .number(.overZero), "added to RMSNorm's mean square", default: "1e-06"),
    ConfigurationKey("rope_theta", .number(.overZero), "base of the rotary frequencies", default: "10000.0"),
    ConfigurationKey("tie_embeddings", .boolean, "uses the embedding as the head", default: "false"),
    ConfigurationKey("qkv_bias", .boolean, "gives q, k and v biases, as in Qwen2", default: "false"),
    ConfigurationKey("rope_scaling.factor", .number(.overZero), "stretches rotary frequencies as Llama 3 does"),
    ConfigurationKey("rope_scaling.low_frequency_factor", .number(.overZero), "where stretching is whole"),
    ConfigurationKey("rope_scaling.high_frequency_factor", .number(.overZero), "where stretching ends"),
    ConfigurationKey(
      "rope_scaling.original_context_length", .whole(1...Int(Int32.max)), "the length stretched from"),
  ]

  private static func size(_ path: String, _ summary: String, default: String = "required") -> ConfigurationKey {
    ConfigurationKey(path, .whole(1...Int(Int32.max)), summary, default: `default`)
  }

  private static let sizes = 1...Int(Int32.max)

  /// The model that all stages start from.
  mutating func base(_ node: ConfigurationNode) throws(ConfigurationError) -> BaseModel {
    let reader = try Self.section(node, Self.baseKeys)
    if let folder = try reader.string("folder") {
      for path in ["model", "corpus", "training"] where reader.node(path) != nil {
        throw reader.error(.combination, path, "a model in a folder is not trained anew; give folder or \(path)")
      }
      return .folder(resolved(folder))
    }
    let shape = try model(try reader.required("model", reader.node))
    let corpus = try data(try reader.required("corpus", reader.node))
    let training = try training(reader.node("training"), for: .pretraining)
    return .pretrained(Pretraining(model: shape, corpus: corpus, training: training))
  }

  private func model(_ node: ConfigurationNode) throws(ConfigurationError) -> ModelConfiguration {
    let reader = try Self.section(node, Self.modelKeys)
    func size(_ path: String) throws(ConfigurationError) -> Int {
      try reader.required(path) { path throws(ConfigurationError) in try reader.integer(path) }
    }
    let usual = (epsilon: 1e-6, theta: 10_000.0)
    let (vocabulary, hidden, intermediate) = (
      try size("vocabulary_size"), try size("hidden_size"), try size("intermediate_size")
    )
    let (layers, heads, context) = (try size("layers"), try size("heads"), try size("context_length"))
    let keyValueHeads = try reader.integer("key_value_heads")
    let headDimension = try reader.integer("head_dimension")
    let epsilon = try reader.number("norm_epsilon")
    let theta = try reader.number("rope_theta")
    let scaling = reader.values.groups.contains("rope_scaling") ? try ropeScaling(reader) : nil
    let (ties, biases) = (try reader.boolean("tie_embeddings"), try reader.boolean("qkv_bias"))
    do {
      return try ModelConfiguration(
        vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
        headCount: heads, keyValueHeadCount: keyValueHeads, headDimension: headDimension, contextLength: context,
        normEpsilon: epsilon ?? usual.epsilon, ropeTheta: theta ?? usual.theta, ropeScaling: scaling,
        tiesEmbeddings: ties ?? false, hasQKVBias: biases ?? false)
    } catch {
      throw ConfigurationError(.combination, node.place, key: node.keyPath, "\(error)")
    }
  }

  private func ropeScaling(_ reader: ConfigurationValueReader) throws(ConfigurationError) -> RopeScaling {
    func factor(_ name: String) throws(ConfigurationError) -> Double {
      try reader.required("rope_scaling.\(name)") { path throws(ConfigurationError) in
        try reader.number(path)
      }
    }
    let (whole, low, high) = (
      try factor("factor"), try factor("low_frequency_factor"), try factor("high_frequency_factor")
    )
    let length = try reader.required("rope_scaling.original_context_length") { path throws(ConfigurationError) in
      try reader.integer(path)
    }
    do {
      return try RopeScaling(
        factor: whole, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: length)
    } catch {
      throw reader.error(.combination, "rope_scaling", "\(error)")
    }
  }
}
