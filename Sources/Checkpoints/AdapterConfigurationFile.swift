import FileFormats
import Transformer

/// An adapter's `adapter_config.json` as PEFT reads and writes it.
///
/// LoRA of whole kinds of layers is read, with either scale. Any other setting that is not at its default and would
/// change the adapter's numbers is an error; keys that this module has never heard of must be empty (null, false, [] or
/// {}).
public struct AdapterConfigurationFile: Equatable, Sendable {
  /// The adapter. Where the file asks for rsLoRA's scale, alpha / sqrt(r), its alpha is sqrt(r) times the file's.
  public let adapter: LoRAConfiguration
  /// Which layers the file names.
  let targets: TargetModules
  /// The name or path of the model that the adapter was trained on, as the file has it.
  public let baseModel: String?

  /// Keys read below, or without influence on what a finished adapter computes.
  private static let handled: Set = [
    "r", "lora_alpha", "lora_dropout", "target_modules", "peft_type", "bias", "init_lora_weights", "task_type",
    "base_model_name_or_path", "auto_mapping", "inference_mode", "peft_version", "revision", "megatron_core",
    "qalora_group_size", "eva_config", "runtime_config", "use_rslora", "layers_to_transform", "layers_pattern",
  ]
  /// Initialisations that leave the model's own weights alone. The others subtract from them what they start with.
  private static let initializations = ["gaussian", "eva", "orthogonal"]

  /// Reads a file.
  /// - Throws: `CheckpointError` naming the file, the key and what would be right.
  public init(path: String) throws(CheckpointError) {
    try self.init(JSONFields(path: path))
  }

  /// Reads a text.
  /// - Parameter path: The file's name, for errors.
  /// - Throws: `CheckpointError` naming the file, the key and what would be right.
  public init(parsing bytes: [UInt8], path: String = "adapter_config.json") throws(CheckpointError) {
    try self.init(JSONFields(parsing: bytes, file: path))
  }

  private init(_ fields: JSONFields) throws(CheckpointError) {
    guard let type = try fields.string("peft_type") else { throw fields.wrong("peft_type", "is missing") }
    guard type == "LORA" else { throw fields.unsupported("peft_type", "it must be \"LORA\", not \(quoted(type))") }
    if let bias = try fields.string("bias"), bias != "none" {
      throw fields.unsupported("bias", "it must be \"none\", not \(quoted(bias))")
    }
    if let start = fields["init_lora_weights"], start.boolValue == nil {
      guard let name = start.stringValue, Self.initializations.contains(name) else {
        throw fields.unsupported("init_lora_weights", "the adapter must leave the model's own weights as they are")
      }
    }
    for member in fields.json.members ?? [] where !Self.handled.contains(member.name) {
      guard Self.isEmpty(member.value) else {
        throw fields.unsupported(member.name, "it must be null, false or empty")
      }
    }
    // PEFT's own defaults.
    let (rank, alpha) = (try fields.integer("r") ?? 8, try fields.number("lora_alpha") ?? 8)
    let dropout = try fields.number("lora_dropout") ?? 0
    let factor = try fields.bool("use_rslora") ?? false ? Double(max(rank, 0)).squareRoot() : 1
    targets = try TargetModules(fields)
    do {
      adapter = try LoRAConfiguration(
        rank: rank, alpha: factor * alpha, dropout: dropout, targets: try targets.kinds())
    } catch {
      throw CheckpointError(error, file: fields.file)
    }
    baseModel = try fields.string("base_model_name_or_path")
  }

  private static func isEmpty(_ value: JSON) -> Bool {
    switch value {
    case .null, .bool(false): true
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    default: false
    }
  }

  /// An `adapter_config.json` that PEFT loads.
  public static func json(for adapter: LoRAConfiguration, baseModel: String? = nil) -> JSON {
    let targets = LoRAConfiguration.Target.allCases.filter(adapter.targets.contains)
    return [
      "peft_type": "LORA", "task_type": "CAUSAL_LM",
      "base_model_name_or_path": baseModel.map(JSON.string) ?? .null,
      "r": .integer(adapter.rank),
      "lora_alpha": Int(exactly: adapter.alpha).map(JSON.integer) ?? .number(adapter.alpha),
      "lora_dropout": .number(adapter.dropout),
      "target_modules": .array(targets.map { .string($0.moduleName) }),
      "bias": "none", "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true,
      "use_rslora": false, "use_dora": false, "modules_to_save": .null, "layers_to_transform": .null,
      "layers_pattern": .null, "rank_pattern": .object([]), "alpha_pattern": .object([]),
    ]
  }
}
