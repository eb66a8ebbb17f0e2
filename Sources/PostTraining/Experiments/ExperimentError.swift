import FileFormats

/// Why a plan cannot be carried out.
public enum ExperimentError: SystemFault, CustomStringConvertible {
  /// The data at this place of the plan cannot be had; of files, with what they should be.
  case data(String, any Error, expected: String? = nil)
  /// Stages of a study are not trained with one and the same adapter.
  case adaptersDiffer(study: String, stage: String, other: String)
  /// The base model cannot be read.
  case base(any Error)
  /// What a model has become after this step of unlearning cannot be measured.
  case measuring(step: Int, ExaminerError)
  /// A result that a run left is not what this version writes.
  case result(String, String)
  /// Several files or folders cannot be had.
  case several([ExperimentError])

  /// Whether it was the system that refused.
  public var isSystems: Bool {
    switch self {
    case .data(_, let error, _), .base(let error): (error as? any SystemFault)?.isSystems ?? false
    case .several(let errors): errors.allSatisfy(\.isSystems)
    default: false
    }
  }

  /// Each fault by itself.
  var faults: [ExperimentError] { if case .several(let errors) = self { errors } else { [self] } }

  /// A line for each.
  public var lines: [String] { faults.map(\.description) }

  /// These faults as one error; nil where there are none.
  init?(_ faults: [ExperimentError]) {
    guard let first = faults.first else { return nil }
    self = faults.count == 1 ? first : .several(faults)
  }

  /// What is wrong at which place, and what would be right.
  public var description: String {
    switch self {
    case .data(let place, let error, let expected):
      "\(place): \(error)" + (expected.map { "; it should be \($0)" } ?? "")
    case .adaptersDiffer(let study, let stage, let other):
      "studies.\(study): one adapter lives through all stages, but those of \(stage) and \(other) differ; give all stages "
        + "the same adapter, or none"
    case .base(let error): "base: \(error)"
    case .measuring(let step, let error):
      "after step \(step), \(error); a lower learning rate or optimizer.clip_norm may help"
    case .result(let file, let reason): "\(quotedPath(file)): \(reason)"
    case .several(let errors): errors.map(\.description).joined(separator: "; ")
    }
  }
}
