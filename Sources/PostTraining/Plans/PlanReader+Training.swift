import FineTuning
import Unlearning

/// What a training of a plan is for.
enum TrainingPurpose {
  /// The base model, whose weights are all new.
  case pretraining
  /// A stage.
  case stage
  /// What the unlearning runs share, which need not say how they unlearn.
  case sharedUnlearning
  /// An unlearning run.
  case unlearning
}

extension PlanReader {
  /// Keys of a training configuration that a plan gives elsewhere or not at all, with the reason.
  static let refusedTrainingKeys = [
    ("seed", "every seed of the plan trains; give seeds at the plan's top"),
    ("template", "all trainings of a plan have one; give chat.template at the plan's top"),
    ("system_prompt", "all trainings of a plan have one; give chat.system_prompt at the plan's top"),
    ("objective.retain_coefficient", "experiments unlearn locally, on the forget stage alone; remove the key"),
    ("objective.retain_objective", "experiments unlearn locally, on the forget stage alone; remove the key"),
    ("objective.retain_data", "experiments unlearn locally, on the forget stage alone; remove the key"),
  ]

  /// A training configuration, laid over one that it shares with others.
  ///
  /// What is shared has been read by itself, so only what is given here is warned of.
  mutating func training(
    _ own: ConfigurationNode?, over shared: ConfigurationNode? = nil, for purpose: TrainingPurpose
  ) throws(ConfigurationError) -> TrainingConfiguration {
    var values = ConfigurationValues(keys: TrainingConfiguration.keys)
    for layer in [shared, own].compactMap({ $0 }) { try values.merge(layer) }
    let reader = ConfigurationValueReader(values)
    for (path, reason) in Self.refusedTrainingKeys where values.leaves[path] != nil {
      throw reader.error(.combination, path, reason)
    }
    var (configuration, found) = try TrainingConfiguration.resolve(values)
    let objective = configuration.objective.main.objective
    switch purpose {
    case .pretraining, .stage:
      guard objective == .sft else {
        throw reader.error(
          .combination, "objective.name", "a stage is learned with sft, not \(objective.name); unlearn it in runs")
      }
      guard purpose == .stage || configuration.adapter == nil else {
        throw reader.error(.combination, "adapter", "all weights of a new base model are trained; remove the key")
      }
    case .unlearning:
      guard objective != .sft else {
        throw reader.error(
          .combination, "objective.name",
          "a run unlearns; expected \(ConfigurationKey.oneOf(Objective.unlearning.map(\.name))), found sft")
      }
    case .sharedUnlearning: break
    }
    configuration.template = template
    configuration.systemPrompt = systemPrompt
    if let own { warnings += found.filter { $0.keyPath.hasPrefix("\(own.keyPath).") } }
    return configuration
  }
}
