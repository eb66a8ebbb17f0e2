import FileFormats

/// Why a plan cannot be carried out.
public enum ExperimentError: SystemFault, CustomStringConvertible {
  /// The data at this place of the plan cannot be had.
  case data(String, any Error)
  /// Stages of a study are not trained with one and the same adapter.
  case adaptersDiffer(study: String, stage: String, other: String)
  /// The base model cannot be read.
  case base(any Error)
  /// What a model has become after this step of unlearning cannot be measured.
  case measuring(step: Int, ExaminerError)
  /// A result that a run left is not what this version writes.
  case result(String, String)

  /// Whether it was the system that refused.
  public var isSystems: Bool {
    switch self {
    case .data(_, let error), .base(let error): (error as? any SystemFault)?.isSystems ?? false
    default: false
    }
  }

  /// What is wrong at which place, and what would be right.
  public var description: String {
    switch self {
    case .data(let place, let error): "\(place): \(error)"
    case .adaptersDiffer(let study, let stage, let other):
      "studies.\(study): one adapter lives through all stages, but those of \(stage) and \(other) differ; give all stages "
        + "the same adapter, or none"
    case .base(let error): "base: \(error)"
    case .measuring(let step, let error):
      "after step \(step), \(error); a lower learning rate or optimizer.clip_norm may help"
    case .result(let file, let reason): "\(quotedPath(file)): \(reason)"
    }
  }
}
