import Checkpoints
import FileFormats
import FineTuning
import Testing
import Transformer

/// A run that PyTorch has made (ReferenceValues/training.py): what it is run on, and what must come of it.
struct TrainingReference {
  static let names = [
    "sft_llama", "sft_llama_tied", "sft_qwen2_sgd", "sft_qwen2_1x8", "sft_qwen2_4x2", "sft_llama_lora_all",
    "sft_llama_tied_lora_fresh", "ga_llama", "ga_qwen2_lora_sgd", "npo_qwen2_retain", "npo_llama_lora_all_retain",
    "npo_llama_tied_lora_fresh", "npo_qwen2_lora_1x8", "npo_qwen2_lora_4x2", "simnpo_llama_tied_proximal",
    "simnpo_qwen2_lora_proximal", "simnpo_original_llama_lora_all", "simnpo_original_qwen2_4x2_retain", "wga_llama",
    "ga_llama_kl", "ga_llama_lora_all_kl", "npo_llama_tied_lora_fresh_kl", "ga_qwen2_hidden_states",
    "wga_qwen2_lora_hidden_states",
  ]

  /// Where the references are; the paths in them start from here.
  static let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/References/training"

  let configuration: TrainingConfiguration
  let warnings: [ConfigurationWarning]
  let model: ModelFolder
  let weights: Parameters
  /// The adapter that the run starts from, if it has one.
  let adapter: AdapterFolder?
  let adapterWeights: Parameters?
  let examples: [EncodedExample]
  let retainExamples: [EncodedExample]

  private let json: JSON

  init(_ name: String) throws {
    let path = "\(Self.folder)/cases/\(name)"
    let json = try JSON(parsing: try content("\(path).json"))
    func file(_ key: String) -> String? { json[key]?.stringValue.map { "\(Self.folder)/\($0)" } }
    (configuration, warnings) = try TrainingConfiguration.read(path: "\(path).yaml")
    let folder = try ModelFolder(path: try #require(file("model")))
    let base = try folder.loadParameters()
    adapter = try file("adapter").map { path in try AdapterFolder(path: path) }
    adapterWeights = try adapter.map { try $0.loadParameters(for: folder.model, base: base) }
    func examples(_ path: String) throws -> [EncodedExample] {
      let encoder = ExampleEncoder(path: path, model: folder.model, tokenizer: nil)
      return try ExampleReader.all(path: path).map { try encoder.encode($0) }
    }
    self.examples = try examples(try #require(file("data")))
    retainExamples = try file("retain").map(examples) ?? []
    (model, weights, self.json) = (folder, base, json)
  }

  /// The subcommand that makes such runs.
  var command: String? { json["command"]?.stringValue }
  /// The retain data as the configuration names them.
  var retainData: String? { json["retain"]?.stringValue }

  /// The numbers under this key, one for each step or example.
  func expected(_ key: String) throws -> [Double] {
    try #require(json[key]?.elements, "\(key)").map { try #require($0.doubleValue) }
  }

  /// How far each trained tensor comes from where it starts, by its name in a ``ParameterLayout``.
  func distances() throws -> [String: Double] {
    let members = try #require(json["distances"]?.members)
    return try Dictionary(uniqueKeysWithValues: members.map { ($0.name, try #require($0.value.doubleValue)) })
  }

  /// How far PyTorch's own float32 comes from these numbers, relative to each.
  func deviation(_ key: String) throws -> Double { try #require(json["deviation"]?[key]?.doubleValue, "\(key)") }
}
