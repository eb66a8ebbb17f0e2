import FileFormats
import Foundation
import Testing

/// A small random model with what PyTorch makes of it, from the references of the engine's tests.
///
/// Its folders are written tensor by tensor, with no help from the modules that read them.
struct ReferenceModel {
  static let names = ["llama_tied", "llama_head_dim", "llama3_scaled", "qwen2", "llama_lora", "qwen2_lora"]

  private static let folder =
    "/\(#filePath.split(separator: "/").dropLast(2).joined(separator: "/"))/TransformerTests/References"

  let file: SafetensorsFile
  /// What PyTorch generated greedily: prompts and their continuations.
  let generated: [(prompt: [Int], tokens: [Int])]

  init(_ name: String) throws {
    file = try SafetensorsFile(path: "\(Self.folder)/\(name).safetensors")
    let json = try JSON(parsing: InputFile.bytes(of: "\(Self.folder)/\(name).generated.json"))
    func lists(_ key: String) throws -> [[Int]] {
      try #require(json[key]?.elements).map { try #require($0.elements).compactMap(\.integerValue) }
    }
    generated = zip(try lists("prompts"), try lists("tokens")).map { ($0, $1) }
  }

  /// The options that name the folders, which this writes into the directory: `model`, and `adapter` where there is
  /// one.
  func write(to directory: TemporaryDirectory) throws -> [String] {
    let data = file.metadata
    func number(_ key: String) throws -> JSON { .decimal(try #require(data[key])) }
    let isQwen2 = data["bias"] == "1"
    var members: [JSON.Member] = []
    for (key, value) in [
      ("architectures", [isQwen2 ? "Qwen2ForCausalLM" : "LlamaForCausalLM"]),
      ("model_type", isQwen2 ? "qwen2" : "llama"), ("vocab_size", try number("vocabulary")),
      ("hidden_size", try number("hidden")), ("intermediate_size", try number("intermediate")),
      ("num_hidden_layers", try number("layers")), ("num_attention_heads", try number("heads")),
      ("num_key_value_heads", try number("kv_heads")), ("head_dim", try number("head_dim")),
      ("max_position_embeddings", 64), ("rms_norm_eps", try number("epsilon")), ("rope_theta", try number("theta")),
      ("tie_word_embeddings", .bool(data["tied"] == "1")), ("eos_token_id", .null),
    ] as [(String, JSON)] {
      members.append(JSON.Member(key, value))
    }
    if data["factor"] != nil {
      members.append(
        JSON.Member(
          "rope_scaling",
          [
            "rope_type": "llama3", "factor": try number("factor"), "low_freq_factor": try number("low_freq_factor"),
            "high_freq_factor": try number("high_freq_factor"),
            "original_max_position_embeddings": try number("original_max_position_embeddings"),
          ]))
    }
    try AtomicFile.write(JSON.object(members).text(), to: directory.file("model/config.json"))
    try copy("model.", "lm_head.", to: directory.file("model/model.safetensors"))
    guard let targets = data["targets"] else { return ["--model", "model"] }
    let adapter: JSON = [
      "peft_type": "LORA", "r": try number("rank"), "lora_alpha": try number("alpha"),
      "target_modules": .array(targets.split(separator: " ").map { .string(String($0)) }),
    ]
    try AtomicFile.write(adapter.text(), to: directory.file("adapter/adapter_config.json"))
    try copy("base_model.", to: directory.file("adapter/adapter_model.safetensors"))
    return ["--model", "model", "--adapter", "adapter"]
  }

  private func copy(_ prefixes: String..., to path: String) throws {
    let names = file.tensors.map(\.name).filter { name in prefixes.contains { name.hasPrefix($0) } }
    try SafetensorsWriter.write(
      tensors: names.map { name in
        let (shape, values) = try file.readFloat64(name)
        return SafetensorsTensor(name: name, shape: shape, values: values.map { Float($0) })
      }, to: path)
  }

  /// PyTorch's log-likelihoods of all sequences as prompt and answer.
  func scored() throws -> [(prompt: [Int], answer: [Int], logLikelihood: Double)] {
    let (tokens, answers) = (try file.readInteger("tokens").values, try file.readInteger("answers").values)
    let sums = try file.readFloat64("log_likelihoods").values
    let (shape, logits) = try file.readFloat64("logits")
    var start = 0
    return try zip(file.readInteger("lengths").values, sums).map { length, sum in
      defer { start += length }
      let first = try #require((start..<start + length).first { answers[$0] != 0 })
      var sum = sum
      // A reference may leave out a token within the answer; its logits tell what it would have added.
      for row in first..<start + length where answers[row] == 0 {
        let before = logits[(row - 1) * shape[1]..<row * shape[1]]
        let greatest = try #require(before.max())
        sum += before[before.startIndex + tokens[row]] - greatest
        sum -= log(before.reduce(0) { $0 + exp($1 - greatest) })
      }
      return (Array(tokens[start..<first]), Array(tokens[first..<start + length]), sum)
    }
  }
}
