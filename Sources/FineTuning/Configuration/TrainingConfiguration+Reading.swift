import FileFormats
import Tokenizers
import Transformer
import Unlearning

extension TrainingConfiguration {
  /// The configuration of a file, with overrides.
  ///
  /// - Parameters:
  ///   - path: The YAML file.
  ///   - overrides: Texts `key=value`: the key is written from the top with dots, the value as in YAML. They take
  ///     effect in order, each replacing what the file or an earlier one says. A group can be given as a whole, as in
  ///     `adapter={rank: 4}`, and taken away, as in `adapter=null`.
  /// - Returns: The configuration, and a warning for each key that was given and changes nothing.
  /// - Throws: `ConfigurationError` for the first fault found.
  public static func read(
    path: String, overrides: [String] = []
  ) throws(ConfigurationError) -> (configuration: TrainingConfiguration, warnings: [ConfigurationWarning]) {
    let file = try YAMLReader(source: path, maximumByteCount: maximumByteCount).readFile()
    return try resolve(file, overrides)
  }

  /// The same, but with all faults at once, for who is asked to check a file.
  /// - Throws: `ConfigurationFaults`, in which overrides are among the last.
  public static func check(
    path: String, overrides: [String] = []
  ) throws(ConfigurationFaults) -> (configuration: TrainingConfiguration, warnings: [ConfigurationWarning]) {
    let file: ConfigurationNode?
    do throws(ConfigurationError) {
      file = try YAMLReader(source: path, maximumByteCount: maximumByteCount).readFile()
    } catch {
      throw ConfigurationFaults(faults: [error], mayBeMore: error.rule != .system)
    }
    return try ConfigurationFaults.gather(file) { node throws(ConfigurationError) in try resolve(node, overrides) }
  }

  /// The configuration of a text, with overrides; an empty text means the defaults.
  ///
  /// Parameters, result and errors are those of ``read(path:overrides:)``; `source` names the text in errors.
  public static func parse(
    _ bytes: [UInt8], source: String = "configuration", overrides: [String] = []
  ) throws(ConfigurationError) -> (configuration: TrainingConfiguration, warnings: [ConfigurationWarning]) {
    try resolve(YAMLReader(source: source, maximumByteCount: maximumByteCount).read(bytes), overrides)
  }

  private static func resolve(
    _ root: ConfigurationNode?, _ overrides: [String]
  ) throws(ConfigurationError) -> (configuration: TrainingConfiguration, warnings: [ConfigurationWarning]) {
    var values = ConfigurationValues(keys: keys)
    if let root { try values.merge(root) }
    for text in overrides {
      let place = ConfigurationPlace(source: "--set \(text)")
      guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
        throw ConfigurationError(.syntax, place, "an override has the form key=value")
      }
      let key = String(text[..<equals])
      let node = try YAMLReader(
        source: place.source, maximumByteCount: maximumByteCount, hasLines: false, keyPath: key
      ).read(Array(text.utf8[text.utf8.index(after: equals)...]))
      let nothing = ConfigurationNode(content: .scalar("", isPlain: true), place: place, keyPath: key)
      try values.set(key, node ?? nothing, at: place)
    }
    return try resolve(values)
  }

  /// The configuration of these values, which have its ``keys``; what is not given has its default.
  package static func resolve(
    _ values: ConfigurationValues
  ) throws(ConfigurationError) -> (configuration: TrainingConfiguration, warnings: [ConfigurationWarning]) {
    let reader = ConfigurationValueReader(values)
    var result = TrainingConfiguration()
    var warnings: [ConfigurationWarning] = []
    func warn(_ path: String, _ reason: String) {
      guard let leaf = values.leaves[path] else { return }
      warnings.append(ConfigurationWarning(leaf.place, key: leaf.keyPath, reason))
    }

    result.epochs = try reader.integer("epochs") ?? result.epochs
    result.maxSteps = try reader.optional("max_steps") { path throws(ConfigurationError) in
      try reader.integer(path)
    }
    result.batchSize = try reader.integer("batch_size") ?? result.batchSize
    result.gradientAccumulation =
      try reader.integer("gradient_accumulation") ?? result.gradientAccumulation
    result.shuffle = try reader.boolean("shuffle") ?? result.shuffle
    result.dropLast = try reader.boolean("drop_last") ?? result.dropLast
    result.seed = try reader.integer("seed").map(UInt64.init) ?? result.seed
    result.sequenceLength = try reader.optional("sequence_length") { path throws(ConfigurationError) in
      try reader.integer(path)
    }
    result.truncate = try reader.boolean("truncate") ?? result.truncate
    result.template = try reader.choice("template", ChatTemplate.self) ?? result.template
    result.systemPrompt = try reader.optional("system_prompt") { path throws(ConfigurationError) in
      try reader.string(path)
    }
    result.optimizer = try optimizer(reader, warn)
    result.schedule = try schedule(reader, warn)
    if values.groups.contains("adapter") { result.adapter = try adapter(reader) }
    result.objective = try objective(reader, warn)
    result.proximal.mu = try reader.number("proximal.mu") ?? result.proximal.mu
    return (result, warnings)
  }

  private enum AlgorithmName: String, CaseIterable {
    case adamw, sgd
  }

  private static func optimizer(
    _ reader: ConfigurationValueReader, _ warn: (String, String) -> Void
  ) throws(ConfigurationError) -> Optimizer {
    var result = Optimizer()
    let name = try reader.choice("optimizer.name", AlgorithmName.self) ?? .adamw
    let betas = try reader.numbers("optimizer.betas")
    let epsilon = try reader.number("optimizer.epsilon")
    switch name {
    case .sgd:
      result.algorithm = .sgd
      for key in ["optimizer.betas", "optimizer.epsilon"] { warn(key, "sgd has none") }
    case .adamw:
      guard case .adamW(var beta1, var beta2, let defaultEpsilon) = result.algorithm else { break }
      if let betas { (beta1, beta2) = (betas[0], betas[1]) }
      result.algorithm = .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon ?? defaultEpsilon)
    }
    result.learningRate = try reader.number("optimizer.learning_rate") ?? result.learningRate
    result.weightDecay =
      try reader.number("optimizer.weight_decay") ?? result.algorithm.defaultWeightDecay
    result.clipNorm = try reader.optional("optimizer.clip_norm") { path throws(ConfigurationError) in
      try reader.number(path)
    }
    return result
  }

  private static func schedule(
    _ reader: ConfigurationValueReader, _ warn: (String, String) -> Void
  ) throws(ConfigurationError) -> Schedule {
    var result = Schedule()
    result.shape =
      try reader.choice("schedule.name", LearningRateSchedule.Shape.self, formerly: ["wsd_linear": .wsd])
      ?? result.shape
    let warmup = try reader.number("schedule.warmup") { StepSpan($0) != nil }.flatMap(StepSpan.init)
    let decay = try reader.number("schedule.decay") { StepSpan($0) != nil }.flatMap(StepSpan.init)
    result.warmup = warmup ?? Schedule.defaultWarmup(for: result.shape)
    result.decay = result.shape.hasDecaySpan ? decay ?? Schedule.defaultDecay(for: result.shape) : nil
    if !result.shape.hasDecaySpan {
      warn("schedule.decay", "\(result.shape.rawValue) has no stretch of decay of its own")
    }
    return result
  }

  private static func adapter(_ reader: ConfigurationValueReader) throws(ConfigurationError) -> LoRAConfiguration {
    let rank = try reader.integer("adapter.rank") ?? AdapterDefaults.rank
    let alpha = try reader.number("adapter.alpha") ?? AdapterDefaults.alpha
    let dropout = try reader.number("adapter.dropout") ?? AdapterDefaults.dropout
    let targets = try targets(reader) ?? AdapterDefaults.targets
    do {
      return try LoRAConfiguration(rank: rank, alpha: alpha, dropout: dropout, targets: targets)
    } catch {
      throw reader.error(.range, "adapter", "\(error)")
    }
  }

  /// The adapter's targets, by their short names or by those of the modules.
  private static func targets(
    _ reader: ConfigurationValueReader
  ) throws(ConfigurationError) -> Set<LoRAConfiguration.Target>? {
    let path = "adapter.targets"
    guard let nodes = try reader.list(path) else { return nil }
    var targets: Set<LoRAConfiguration.Target> = []
    for node in nodes {
      let text = try reader.text(node, path)
      guard let target = LoRAConfiguration.Target.allCases.first(where: { $0.shortName == text || $0.rawValue == text })
      else {
        throw ConfigurationError(
          .range, node.place, key: reader.values.keyPath(path),
          nearest: nearest(to: text, among: LoRAConfiguration.Target.allCases.map(\.shortName)),
          "\(quoted(text)) is no layer that can be adapted")
      }
      guard targets.insert(target).inserted else {
        throw ConfigurationError(
          .range, node.place, key: reader.values.keyPath(path), "the layer \(target.shortName) is given twice")
      }
    }
    guard !targets.isEmpty else {
      throw reader.error(.range, path, "an adapter needs a target; to train all weights, remove the key adapter")
    }
    return targets
  }

  private static func objective(
    _ reader: ConfigurationValueReader, _ warn: (String, String) -> Void
  ) throws(ConfigurationError) -> Loss {
    var result = Loss()
    let objective =
      try reader.choice("objective.name", among: Objective.main.map(\.name)).flatMap(Objective.named) ?? .sft
    let retain =
      try reader.choice("objective.retain_objective", among: Objective.retaining.map(\.name)).flatMap(Objective.named)
      ?? .sft
    let terms = retain == .sft ? [objective] : [objective, retain]
    var given: [String: Double] = [:]
    for name in Objective.parameterNames {
      let path = "objective.\(name)"
      // What another objective may have is checked as if it were this one's, and then has no effect.
      let parameters = terms.flatMap(\.parameters).filter { $0.name == name }
      let ranges = (parameters.isEmpty ? Objective.parameters(named: name).map(\.parameter) : parameters).map(\.range)
      let value = try reader.number(path) { value in ranges.contains { $0.contains(value) } }
      if parameters.isEmpty {
        warn(path, "\(terms.map(\.name).joined(separator: " and ")) has none")
      } else {
        given[name] = value
      }
    }
    func chosen(_ objective: Objective) throws(ConfigurationError) -> ChosenObjective {
      let names = objective.parameters.map(\.name)
      do {
        return try ChosenObjective(objective, given.filter { names.contains($0.key) })
      } catch {
        throw reader.error(.range, "objective", "\(error)")
      }
    }
    let factor = try reader.number("objective.forget_coefficient") { $0 > 0 && $0.isNormal }
    if objective.purpose == .unlearning {
      result.forgetCoefficient = factor ?? result.forgetCoefficient
    } else {
      warn("objective.forget_coefficient", "\(objective.name) has none")
    }
    result.main = try chosen(objective)
    result.retain = try chosen(retain)
    result.retainCoefficient =
      try reader.number("objective.retain_coefficient") ?? result.retainCoefficient
    result.retainData = try reader.optional("objective.retain_data") { path throws(ConfigurationError) in
      try reader.string(path)
    }
    if result.retainCoefficient > 0, result.retainData == nil {
      throw reader.error(
        .combination, "objective.retain_coefficient",
        "a retain term needs data; give objective.retain_data")
    }
    if result.retainCoefficient == 0 {
      let reason = "objective.retain_coefficient is 0"
      if result.retainData != nil { warn("objective.retain_data", reason) }
      if retain != .sft { warn("objective.retain_objective", reason) }
    }
    return result
  }
}
