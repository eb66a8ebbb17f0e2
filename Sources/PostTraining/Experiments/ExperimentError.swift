import FileFormats

/// Why a plan cannot be carried out.
public enum ExperimentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The data at this place of the plan cannot be had.
  case data(String, String)
  /// Stages of a study are not trained with one and the same adapter.
  case adaptersDiffer(study: String, stage: String, other: String)
  /// The base model's folder cannot be read.
  case base(String, String)
  /// A result that a run left is not what this version writes.
  case result(String, String)

  /// What is wrong at which place, and what would be right.
  public var description: String {
    switch self {
    case .data(let place, let reason): "\(place): \(reason)"
    case .adaptersDiffer(let study, let stage, let other):
      "studies.\(study): one adapter lives through all stages, but those of \(stage) and \(other) differ; give all stages "
        + "the same adapter, or none"
    case .base(let path, let reason): "base: \(quotedPath(path)): \(reason)"
    case .result(let file, let reason): "\(quotedPath(file)): \(reason)"
    }
  }
}
