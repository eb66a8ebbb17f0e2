import FileFormats
import Transformer

/// A model's `config.json` as Hugging Face's transformers reads and writes it.
///
/// Read are the architectures of `Architecture.all`; what is missing gets the default that transformers gives it.
/// A setting that would change the model's numbers and that the engine does not have is an error, never ignored.
public struct ModelConfigurationFile: Equatable, Sendable {
  /// The shape and constants of the model.
  public let model: ModelConfiguration
  /// The token ids that the file singles out.
  public let specialTokens: SpecialTokens
  /// The whole file.
  public let json: JSON

  /// Reads a file.
  /// - Throws: `CheckpointError` naming the file, the key and what would be right.
  public init(path: String) throws(CheckpointError) {
    try self.init(JSONFields(path: path))
  }

  /// Reads a text.
  /// - Parameter path: The file's name, for errors.
  /// - Throws: `CheckpointError` naming the file, the key and what would be right.
  public init(parsing bytes: [UInt8], path: String = "config.json") throws(CheckpointError) {
    try self.init(JSONFields(parsing: bytes, file: path))
  }

  private init(_ fields: JSONFields) throws(CheckpointError) {
    let architecture = try Architecture.named(in: fields)
    try Self.refuseUnsupported(fields, architecture)
    let contextLength = try fields.integer("max_position_embeddings") ?? architecture.defaultContextLength
    let rope = try RopeFields(fields, contextLength: contextLength)
    var keyValueHeadCount = try fields.integer("num_key_value_heads")
    if !fields.has("num_key_value_heads") { keyValueHeadCount = architecture.defaultKeyValueHeadCount }
    let (vocabulary, hidden) = (try fields.required("vocab_size"), try fields.required("hidden_size"))
    let intermediate = try fields.required("intermediate_size")
    let (layers, heads) = (try fields.required("num_hidden_layers"), try fields.required("num_attention_heads"))
    let headDimension = try fields.integer("head_dim")
    let epsilon = try fields.number("rms_norm_eps") ?? 1e-6
    let isTied = try fields.bool("tie_word_embeddings") ?? false
    do {
      model = try ModelConfiguration(
        vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
        headCount: heads, keyValueHeadCount: keyValueHeadCount, headDimension: headDimension,
        contextLength: contextLength, normEpsilon: epsilon, ropeTheta: rope.theta, ropeScaling: rope.scaling,
        tiesEmbeddings: isTied, hasQKVBias: architecture.hasQKVBias)
    } catch {
      throw .configuration(file: fields.file, error)
    }
    try model.checkSize(file: fields.file)
    specialTokens = try SpecialTokens(fields, defaults: architecture.defaultSpecialTokens)
    json = fields.json
  }

  private static func refuseUnsupported(_ fields: JSONFields, _ architecture: Architecture) throws(CheckpointError) {
    if let activation = try fields.string("hidden_act"), activation != "silu", activation != "swish" {
      throw fields.unsupported("hidden_act", "it must be \"silu\", not \(quoted(activation))")
    }
    if let dropout = try fields.number("attention_dropout"), dropout != 0 {
      throw fields.unsupported("attention_dropout", "it must be 0, not \(dropout)")
    }
    if fields["quantization_config"] != nil {
      throw fields.unsupported("quantization_config", "the weights must be stored as F32, F16 or BF16")
    }
    if let kinds = try fields.strings("layer_types"), kinds.contains(where: { $0 != "full_attention" }) {
      throw fields.unsupported("layer_types", "every layer must have \"full_attention\"")
    }
    try architecture.refuseUnsupported(fields)
  }
}

extension ModelConfiguration {
  /// Refuses sizes that no computer holds, so that offsets within the parameters can be computed without overflow.
  func checkSize(file: String) throws(CheckpointError) {
    let (maximumLayerCount, maximumParameterCount) = (1 << 16, 1 << 46)
    guard layerCount <= maximumLayerCount else {
      throw .configuration(file: file, .tooMany("number of layers", layerCount, limit: maximumLayerCount))
    }
    let (c, f, d) = (Double(hiddenSize), Double(intermediateSize), Double(headDimension))
    let attention = 2 * c * d * (Double(headCount) + Double(keyValueHeadCount))
    let total = 2 * c * Double(vocabularySize) + Double(layerCount) * (attention + 3 * c * f)
    guard total < Double(maximumParameterCount) else {
      throw .configuration(
        file: file, .tooMany("number of parameters", Int(min(total, 0x1p62)), limit: maximumParameterCount))
    }
  }
}
