import Tokenizers
import Transformer
import Unlearning

/// One key of a configuration file or plan: what it means and what it may be.
public struct ConfigurationKey: Hashable, Sendable {
  /// The key from the top, such as `optimizer.betas`.
  public let path: String
  /// What a value may be.
  package let type: ConfigurationType
  /// What it decides.
  public let summary: String
  /// The default where it is not simply what the default configuration holds, because it depends on other keys.
  let dependentDefault: String?

  package init(_ path: String, _ type: ConfigurationType, _ summary: String, default: String? = nil) {
    self.path = path
    self.type = type
    self.summary = summary
    dependentDefault = `default`
  }

  /// The values allowed, in a few words.
  public var values: String { type.words }
  /// The last part of the path.
  var name: String { String(path.split(separator: ".").last ?? "") }
  /// The part of the path before the last, or nil at the top.
  var group: String? { path.contains(".") ? path.split(separator: ".").first.map(String.init) : nil }

  /// The default, as it would be written.
  public var defaultText: String {
    if let dependentDefault { return dependentDefault }
    let values = TrainingConfiguration().yamlValues
    return values.first { $0.path == path }?.text ?? "null"
  }

  /// Keys with their values, defaults and meanings, one a line.
  package static func table(_ keys: [ConfigurationKey]) -> String {
    let rows = keys.map { [$0.path, $0.values, $0.defaultText, $0.summary] }
    let table = [["key", "values", "default", "meaning"]] + rows
    let widths = (0..<3).map { column in table.reduce(0) { max($0, $1[column].count) } }
    return table.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ") + "  " + row[3]
    }.joined(separator: "\n") + "\n"
  }

  /// One of several that have a key of the same name.
  package struct Owner {
    let name: String
    let type: ConfigurationType
    let (standard, summary): (String, String)

    package init(name: String, type: ConfigurationType, default standard: String, summary: String) {
      (self.name, self.type, self.standard, self.summary) = (name, type, standard, summary)
    }
  }

  /// The key that several have, each in its own way: what most of them say, and what others say, with their names.
  /// - Parameter isOptional: Whether the key belongs to some of many, so that a single owner is named.
  package static func combined(_ path: String, _ owners: [Owner], isOptional: Bool = false) -> ConfigurationKey {
    func text(_ say: (Owner) -> String, namesOne: Bool = false) -> String {
      var said: [(text: String, names: [String])] = []
      for owner in owners {
        if let index = said.firstIndex(where: { $0.text == say(owner) }) {
          said[index].names.append(owner.name)
        } else {
          said.append((say(owner), [owner.name]))
        }
      }
      let most = said.map(\.names.count).max() ?? 0
      let usual = most > 1 || !namesOne ? said.firstIndex { $0.names.count == most } : nil
      let rest = said.enumerated().filter { $0.offset != usual }.map {
        "\($0.element.names.joined(separator: ", ")): \($0.element.text)"
      }
      return ([usual.map { said[$0].text }].compactMap { $0 } + rest).joined(separator: "; ")
    }
    let defaults = Set(owners.map(\.standard))
    let types = owners.map(\.type).reduce(into: [ConfigurationType]()) { if !$0.contains($1) { $0.append($1) } }
    return ConfigurationKey(
      path, types.count == 1 ? types[0] : .several(types, words: text(\.type.words)),
      text(\.summary, namesOne: isOptional),
      default: defaults.count == 1
        ? owners[0].standard : owners.map { "\($0.standard) for \($0.name)" }.joined(separator: ", "))
  }

  /// What is allowed where one of some words is.
  package static func oneOf(_ words: [String]) -> String {
    words.dropLast().joined(separator: ", ") + (words.count > 1 ? " or " : "") + (words.last ?? "")
  }
}

extension TrainingConfiguration {
  /// Every key of the configuration file, in the order in which they are written.
  public static let keys: [ConfigurationKey] = commonKeys + objectiveKeys + lossKeys

  private static let commonKeys = [
    ConfigurationKey("epochs", .whole(1...maximumCount), "passes over the examples"),
    ConfigurationKey(
      "max_steps", .optional(.whole(1...maximumCount)), "ends the run after so many optimizer steps"),
    ConfigurationKey("batch_size", .whole(1...maximumBatch), "examples that go through the model at once"),
    ConfigurationKey(
      "gradient_accumulation", .whole(1...maximumBatch), "batches that make one optimizer step"),
    ConfigurationKey("shuffle", .boolean, "gives every epoch its own order; otherwise the file's"),
    ConfigurationKey("drop_last", .boolean, "leaves out an epoch's last step where it is incomplete"),
    ConfigurationKey("seed", .whole(0...Int.max), "names all random numbers of the run"),
    ConfigurationKey(
      "sequence_length", .optional(.whole(2...Int(Int32.max))), "most tokens of an example; null: the model's"),
    ConfigurationKey("truncate", .boolean, "cuts the end of a longer example; otherwise it is an error"),
    ConfigurationKey(
      "template", .words(ChatTemplate.self), "how questions and conversations become text"),
    ConfigurationKey("system_prompt", .optional(.text), "for conversations that have no system message"),
    ConfigurationKey("optimizer.name", .words(["adamw", "sgd"]), "the update rule", default: "adamw"),
    ConfigurationKey("optimizer.learning_rate", .number(.atLeastZero), "before the schedule's factor"),
    ConfigurationKey("optimizer.betas", .numbers(2, .belowOne), "decay of AdamW's moments"),
    ConfigurationKey("optimizer.epsilon", .number(.overZero), "added to the root of AdamW's second moment"),
    ConfigurationKey(
      "optimizer.weight_decay", .number(.atLeastZero), "decoupled for AdamW", default: "0.01 for adamw, 0 for sgd"),
    ConfigurationKey("optimizer.clip_norm", .optional(.number(.overZero)), "largest norm of the gradient"),
    ConfigurationKey(
      "schedule.name", .words(LearningRateSchedule.Shape.self), "how the learning rate changes"),
    ConfigurationKey(
      "schedule.warmup", .span,
      "rise of the learning rate from 0", default: "0.02 for wsd and wsd_cosine, else 0"),
    ConfigurationKey(
      "schedule.decay", .span,
      "fall to a tenth at the end of wsd, along a line, and of wsd_cosine",
      default: "0.02 for wsd and wsd_cosine"),
    ConfigurationKey(
      "adapter.rank", .whole(1...65_536), "the adapter's inner dimension; without adapter all weights train",
      default: "\(AdapterDefaults.rank)"),
    ConfigurationKey(
      "adapter.alpha", .number(.overZero), "the adapter's scale is alpha / rank", default: "\(AdapterDefaults.alpha)"),
    ConfigurationKey(
      "adapter.dropout", .number(.belowOne), "dropout before the adapter",
      default: "\(AdapterDefaults.dropout)"),
    ConfigurationKey(
      "adapter.targets", .list(.words(LoRAConfiguration.Target.allCases.map(\.shortName))), "the layers adapted",
      default: targetsText(AdapterDefaults.targets)),
    ConfigurationKey("objective.name", .words(Objective.main.map(\.name)), "what is minimised"),
  ]

  private static let lossKeys = [
    ConfigurationKey(
      "objective.forget_coefficient", .number(.overZero), "factor of an unlearning objective", default: "1"),
    ConfigurationKey("objective.retain_coefficient", .number(.atLeastZero), "factor of the loss on the retain data"),
    ConfigurationKey(
      "objective.retain_objective", .words(Objective.retaining.map(\.name)),
      "what is minimised on the retain data", default: "sft"),
    ConfigurationKey("objective.retain_data", .optional(.path), "JSON-lines file of retain examples"),
    ConfigurationKey("proximal.mu", .number(.atLeastZero), "factor of the squared distance from the start"),
  ]

  /// The keys of the objectives' parameters. What several objectives have is one key.
  private static var objectiveKeys: [ConfigurationKey] {
    Objective.parameterNames.map { name in
      .combined(
        "objective.\(name)",
        Objective.parameters(named: name).map { objective, parameter in
          ConfigurationKey.Owner(
            name: objective.name, type: parameter.range.type, default: parameter.standardText,
            summary: parameter.summary)
        }, isOptional: true)
    }
  }

  /// All keys with their values, defaults and meanings, one a line.
  public static var referenceText: String { ConfigurationKey.table(keys) }

  /// The most epochs or steps.
  static let maximumCount = 1_000_000_000
  /// The most examples of a batch, or batches of a step.
  static let maximumBatch = 1_000_000
}
