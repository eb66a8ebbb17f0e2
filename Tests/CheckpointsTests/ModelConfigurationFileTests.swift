import Checkpoints
import FileFormats
import PropertyTesting
import Testing
import Transformer

private let llama: JSON = [
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 32, "hidden_size": 24,
  "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4,
]

private let qwen2 = changed(
  changed(changed(llama, "architectures", ["Qwen2ForCausalLM"]), "model_type", "qwen2"), "num_key_value_heads", 2)

private func read(_ json: JSON) throws -> ModelConfigurationFile { try ModelConfigurationFile(parsing: json.bytes()) }

private func field(_ json: JSON) -> String? {
  switch checkpointError({ try read(json) }) {
  case .field(_, let key, _), .unsupported(_, let key, _): key
  default: nil
  }
}

@Suite struct ModelConfigurationFileTests {
  @Test func `what is missing gets the default of transformers`() throws {
    let plain = try read(llama)
    let expected = try ModelConfiguration(
      vocabularySize: 32, hiddenSize: 24, intermediateSize: 40, layerCount: 2, headCount: 4, keyValueHeadCount: 4,
      headDimension: 6, contextLength: 2048, normEpsilon: 1e-6, ropeTheta: 10_000)
    #expect(plain.model == expected)
    #expect(plain.specialTokens == SpecialTokens(begin: 1, end: [2]))
    let qwen = try read(qwen2)
    #expect(qwen.model.hasQKVBias && !qwen.model.tiesEmbeddings && qwen.model.contextLength == 32_768)
    #expect(qwen.specialTokens == SpecialTokens())
    // Qwen2's class has 32 key/value heads where the key is missing and as many as heads where it is null.
    #expect(
      checkpointError { try read(changed(qwen2, "num_key_value_heads", nil)) }
        == .configuration(file: "config.json", .headsNotShared(heads: 4, keyValueHeads: 32)))
    #expect(try read(changed(qwen2, "num_key_value_heads", .null)).model.keyValueHeadCount == 4)
    #expect(try read(changed(llama, "num_key_value_heads", .null)).model.keyValueHeadCount == 4)
    #expect(try read(changed(llama, "tie_word_embeddings", true)).model.tiesEmbeddings)
    #expect(try read(changed(llama, "head_dim", 10)).model.headDimension == 10)
    #expect(try read(changed(llama, "head_dim", .null)).model.headDimension == 6)
    // transformers goes by model_type; either of the two names is enough.
    #expect(try read(changed(qwen2, "architectures", nil)).model.hasQKVBias)
    #expect(try read(changed(qwen2, "model_type", nil)).model.hasQKVBias)
  }

  @Test func `RoPE is read in every spelling`() throws {
    let scaling = try RopeScaling(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    func fields(_ kind: String, _ more: JSON = .object([])) -> JSON {
      let own: JSON = [
        "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
      ]
      return .object([JSON.Member(kind, "llama3")] + (own.members ?? []) + (more.members ?? []))
    }
    let theta = changed(llama, "rope_theta", 500_000)
    for json in [
      changed(theta, "rope_scaling", fields("rope_type")), changed(theta, "rope_scaling", fields("type")),
      changed(llama, "rope_parameters", fields("rope_type", ["rope_theta": 500_000.0])),
      changed(theta, "rope_parameters", fields("rope_type")),
      // An inner theta is taken before an outer one, and rope_scaling before rope_parameters.
      changed(
        changed(changed(llama, "rope_theta", 7), "rope_scaling", fields("rope_type", ["rope_theta": 500_000])),
        "rope_parameters", ["rope_type": "default", "rope_theta": 3]),
    ] {
      let model = try read(json).model
      #expect(model.ropeTheta == 500_000 && model.ropeScaling == scaling)
    }
    for json in [
      theta, changed(theta, "rope_scaling", .null), changed(theta, "rope_scaling", ["type": "default"]),
      changed(llama, "rope_parameters", ["rope_type": "default", "rope_theta": 500_000]),
      changed(theta, "rope_scaling", .object([])),
    ] {
      let model = try read(json).model
      #expect(model.ropeTheta == 500_000 && model.ropeScaling == nil)
    }
    let short = changed(fields("rope_type"), "original_max_position_embeddings", nil)
    let original = try read(changed(changed(llama, "rope_scaling", short), "max_position_embeddings", 77)).model
    #expect(original.ropeScaling?.originalContextLength == 77)
    for (kind, key) in [("linear", "rope_type"), ("yarn", "type"), ("dynamic", "type")] {
      let json = changed(llama, "rope_scaling", [key: .string(kind), "factor": 2.0])
      #expect(field(json) == "rope_scaling.\(key)")
    }
    #expect(field(changed(llama, "rope_scaling", ["rope_type": "llama3"])) == "rope_scaling.factor")
    #expect(field(changed(llama, "rope_scaling", ["rope_type": "default", "mrope_section": [1]])) != nil)
    #expect(field(changed(llama, "partial_rotary_factor", 0.5)) == "partial_rotary_factor")
    #expect(field(changed(llama, "rope_scaling", "llama3")) == "rope_scaling")
  }

  @Test func `what the engine does not have is refused by its key`() throws {
    for (key, value) in [
      ("hidden_act", "gelu"), ("attention_bias", true), ("mlp_bias", true), ("attention_dropout", 0.1),
      ("quantization_config", ["bits": 4]), ("layer_types", ["full_attention", "sliding_attention"]),
    ] as [(String, JSON)] {
      guard case .unsupported("config.json", key, _) = checkpointError({ try read(changed(llama, key, value)) })
      else {
        Issue.record("\(key) was not refused")
        continue
      }
    }
    #expect(field(changed(qwen2, "use_sliding_window", true)) == "use_sliding_window")
    let harmless = changed(changed(qwen2, "use_sliding_window", false), "sliding_window", 4096)
    #expect(try read(harmless).model == read(qwen2).model)
    #expect(try read(changed(llama, "hidden_act", "swish")).model == read(llama).model)
  }

  @Test func `unknown architectures name what is supported`() {
    for json in [
      changed(changed(llama, "architectures", ["GPT2LMHeadModel"]), "model_type", "gpt2"),
      changed(llama, "architectures", ["LlamaForSequenceClassification"]),
      changed(llama, "architectures", ["Qwen2ForCausalLM"]), changed(llama, "model_type", "mistral"),
    ] {
      let error = checkpointError { try read(json) }
      guard case .architecture = error else {
        Issue.record("\(json.text()) was not refused")
        continue
      }
      #expect(error?.description.contains("LlamaForCausalLM, Qwen2ForCausalLM") == true)
    }
    let nameless = changed(changed(llama, "architectures", nil), "model_type", nil)
    #expect(field(nameless) == "model_type")
  }

  @Test func `values of wrong kinds and sizes are refused`() throws {
    for key in ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"] {
      #expect(field(changed(llama, key, nil)) == key)
      #expect(field(changed(llama, key, "8")) == key)
      #expect(field(changed(llama, key, 8.0)) == key)
      #expect(field(changed(llama, key, .decimal("9223372036854775808"))) == key)
      for number in [0, -1, Int.max, 1 << 31] {
        guard case .configuration = checkpointError({ try read(changed(llama, key, .integer(number))) }) else {
          Issue.record("\(key) \(number) was not refused")
          continue
        }
      }
    }
    #expect(field(changed(llama, "rms_norm_eps", "nan")) == "rms_norm_eps")
    #expect(field(changed(llama, "rope_theta", true)) == "rope_theta")
    #expect(field(changed(llama, "eos_token_id", "2")) == "eos_token_id")
    for number in ["0", "-1e-6", "1e999", "1e-999"] {
      let text = changed(llama, "rms_norm_eps", .decimal(number)).text()
      guard case .configuration = checkpointError({ try ModelConfigurationFile(parsing: Array(text.utf8)) }) else {
        Issue.record("an epsilon of \(number) was not refused")
        continue
      }
    }
    let nan = llama.text(.compact).replacing("\"hidden_size\"", with: "\"rms_norm_eps\":NaN,\"hidden_size\"")
    guard case .json = checkpointError({ try ModelConfigurationFile(parsing: Array(nan.utf8)) }) else {
      Issue.record("NaN was not refused")
      return
    }
    #expect(field([1, 2]) == "")
    // Each count is allowed, and together they would overflow the layout.
    var large = llama
    for key in ["vocab_size", "hidden_size", "intermediate_size", "num_attention_heads", "head_dim"] {
      large = changed(large, key, .integer(Int(Int32.max) - 1))
    }
    guard
      case .configuration(_, .tooMany("number of parameters", _, limit: 1 << 46)) = checkpointError({ try read(large) })
    else {
      Issue.record("a model too large for any computer was not refused")
      return
    }
    guard
      case .configuration(_, .tooMany("number of layers", _, limit: 65_536)) = checkpointError({
        try read(changed(llama, "num_hidden_layers", 2_000_000_000))
      })
    else {
      Issue.record("two thousand million layers were not refused")
      return
    }
  }

  @Test func `special tokens are read as one id, several or none`() throws {
    let json = changed(changed(changed(llama, "bos_token_id", 5), "eos_token_id", [6, 7]), "pad_token_id", -1)
    #expect(try read(json).specialTokens == SpecialTokens(begin: 5, end: [6, 7]))
    #expect(try read(changed(llama, "eos_token_id", .null)).specialTokens == SpecialTokens(begin: 1))
  }

  @Test func `writing and reading is the identity`() {
    checkProperty("config.json round trip", zip(models, Gen.int(in: 0...3))) { model, count in
      let model = try #require(model)
      let tokens = SpecialTokens(
        begin: count == 0 ? nil : 3, end: Array([2, 9, 11].prefix(count)), padding: count > 1 ? 0 : nil)
      let json = ModelConfigurationFile.json(for: model, format: .bfloat16, specialTokens: tokens)
      let copy = try ModelConfigurationFile(parsing: json.bytes())
      return copy.model == model && copy.specialTokens == tokens && copy.json == json
    }
  }

  @Test func `other keys are kept and contradicting ones are not`() throws {
    let source: JSON = [
      "initializer_range": 0.5, "rope_parameters": ["rope_theta": 3.0], "dtype": "float16", "vocab_size": 99,
      "sliding_window": 12,
    ]
    let model = try smallModel()
    let json = ModelConfigurationFile.json(
      for: model, format: .float32, specialTokens: SpecialTokens(), keeping: source)
    #expect(json["initializer_range"] == 0.5)
    #expect(json["rope_parameters"] == nil && json["dtype"] == nil && json["sliding_window"] == nil)
    #expect(json["torch_dtype"] == "float32")
    #expect(try read(json).model == model)
  }
}
