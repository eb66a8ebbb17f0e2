import FileFormats
import Transformer

extension TrainingConfiguration {
  /// The whole configuration as YAML, everything in it that has a default included, for the record of a run.
  ///
  /// Equal configurations give equal texts, and reading the text gives the configuration back. Keys without effect,
  /// such as beta of gradient ascent, are left out.
  public var yaml: String { Self.yaml(yamlValues, indentation: "") }

  /// Some of ``yamlValues`` as YAML, every line after this indentation.
  package static func yaml(_ values: [(path: String, text: String)], indentation: String) -> String {
    var text = ""
    var group: String?
    for (path, value) in values {
      let parts = path.split(separator: ".").map(String.init)
      if parts.count == 2, parts[0] != group {
        group = parts[0]
        text += "\(indentation)\(parts[0]):\n"
      }
      text += indentation + (parts.count == 2 ? "  " : "") + "\(parts[parts.count - 1]): \(value)\n"
    }
    return text
  }

  /// Writes ``yaml`` to a file, atomically.
  /// - Throws: `FileError` with the path and the reason.
  public func write(to path: String) throws(FileError) {
    try AtomicFile.write(yaml, to: path)
  }

  /// Every key that has an effect, with its value as it is written.
  package var yamlValues: [(path: String, text: String)] {
    var values: [(path: String, text: String)] = []
    func add(_ path: String, _ text: String?) { values.append((path, text ?? "null")) }

    add("epochs", "\(epochs)")
    add("max_steps", maxSteps.map { "\($0)" })
    add("batch_size", "\(batchSize)")
    add("gradient_accumulation", "\(gradientAccumulation)")
    add("shuffle", "\(shuffle)")
    add("drop_last", "\(dropLast)")
    add("seed", "\(seed)")
    add("sequence_length", sequenceLength.map { "\($0)" })
    add("truncate", "\(truncate)")
    add("template", template.rawValue)
    add("system_prompt", systemPrompt.map(Self.quotedYAML))
    switch optimizer.algorithm {
    case .adamW: add("optimizer.name", "adamw")
    case .sgd: add("optimizer.name", "sgd")
    }
    add("optimizer.learning_rate", "\(optimizer.learningRate)")
    if case .adamW(let beta1, let beta2, let epsilon) = optimizer.algorithm {
      add("optimizer.betas", "[\(beta1), \(beta2)]")
      add("optimizer.epsilon", "\(epsilon)")
    }
    add("optimizer.weight_decay", "\(optimizer.weightDecay)")
    add("optimizer.clip_norm", optimizer.clipNorm.map { "\($0)" })
    add("schedule.name", schedule.shape.rawValue)
    add("schedule.warmup", "\(schedule.warmup)")
    if let decay = schedule.decay { add("schedule.decay", "\(decay)") }
    if let adapter {
      add("adapter.rank", "\(adapter.rank)")
      add("adapter.alpha", "\(adapter.alpha)")
      add("adapter.dropout", "\(adapter.dropout)")
      add("adapter.targets", Self.targetsText(adapter.targets))
    } else {
      add("adapter", nil)
    }
    let main = objective.main.objective
    add("objective.name", main.name)
    let retain = objective.retain.objective
    var written: Set<String> = []
    for chosen in [objective.main, objective.retain] {
      for (parameter, value) in zip(chosen.objective.parameters, chosen.values)
      where written.insert(parameter.name).inserted {
        add("objective.\(parameter.name)", parameter.range == .whole ? "\(Int(value))" : "\(value)")
      }
    }
    if main.purpose == .unlearning { add("objective.forget_coefficient", "\(objective.forgetCoefficient)") }
    add("objective.retain_coefficient", "\(objective.retainCoefficient)")
    // Not where it is the usual one, so that records from before there were others read the same.
    if retain != .sft { add("objective.retain_objective", retain.name) }
    add("objective.retain_data", objective.retainData.map(Self.quotedYAML))
    add("proximal.mu", "\(proximal.mu)")
    return values
  }

  static func targetsText(_ targets: Set<LoRAConfiguration.Target>) -> String {
    let names = LoRAConfiguration.Target.allCases.filter { targets.contains($0) }.map(\.shortName)
    return "[" + names.joined(separator: ", ") + "]"
  }

  /// A string in double quotes, with escapes for all that YAML does not let stand for itself, and for ampersands, which
  /// the reader could take for anchors.
  package static func quotedYAML(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22, 0x5C: result += "\\" + String(scalar)
      case 0x26: result += "\\u0026"
      case 0x20..<0x7F, 0xA0..<0x2028, 0x202A..<0xD800, 0xE000..<0xFEFF, 0xFF00..<0xFFFE, 0x10000...0x10FFFF:
        result += String(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}

extension LoRAConfiguration.Target {
  /// The name in configuration files: `q` for `q_proj`, but `lm_head`.
  var shortName: String {
    rawValue.hasSuffix("_proj") ? String(rawValue.dropLast("_proj".count)) : rawValue
  }
}
