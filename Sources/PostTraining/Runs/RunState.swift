import FileFormats

/// What a store has of a run.
public enum RunState: Hashable, Sendable {
  /// Nothing.
  case missing
  /// A folder whose work has not come to its end; maybe with checkpoints to go on from.
  case unfinished
  /// All results, which are these files.
  case finished([FileRecord])
  /// Results that are not what they were when the run was finished.
  case damaged(RunDamage)

  /// One word for it.
  public var name: String {
    switch self {
    case .missing: "missing"
    case .unfinished: "unfinished"
    case .finished: "finished"
    case .damaged: "damaged"
    }
  }
}

/// A finished run that is not what it was.
public struct RunDamage: Hashable, Sendable, CustomStringConvertible {
  /// The run.
  public let key: RunKey
  /// The run's folder.
  public let folder: String
  /// What is wrong with which file.
  public let reason: String

  /// One line: the run's folder and what is wrong with which file.
  public var description: String { "the run \(quotedPath(folder)) is damaged: \(reason)" }
}

/// Why a run's results cannot be had, or not be stored.
public enum RunStoreError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The results are not what they were; a graph that has the run makes it again.
  case damaged(RunDamage)
  /// The run has no results yet.
  case notFinished(RunKey, folder: String)
  /// The run has no result of this name.
  case noFile(String, folder: String)
  /// A result cannot have this name, or not twice.
  case name(String)
  /// Runs are being removed from the store, or are being made there: the two exclude each other.
  case inUse(String)
  /// What is to be removed holds something that is no part of a run.
  case stranger(String, folder: String)
  /// The system refused.
  case file(FileError)

  /// Whether it was the system that refused.
  public var isSystems: Bool { if case .file = self { true } else { false } }

  /// What is wrong with which run, file or store.
  public var description: String {
    switch self {
    case .damaged(let damage): damage.description
    case .notFinished(_, let folder): "the run \(quotedPath(folder)) is not finished"
    case .noFile(let name, let folder): "the run \(quotedPath(folder)) has no file \(quoted(name))"
    case .name(let name): "a run cannot have a result named \(quoted(name)), or not twice"
    case .inUse(let directory): "another process works in \(quotedPath(directory)); try again when it has ended"
    case .stranger(let name, let folder):
      "\(quotedPath(folder)) is not removed: it holds \(quoted(name)), which is no part of a run"
    case .file(let error): error.description
    }
  }

  /// The run that has to be made, again or at all; nil where that is not what is wrong.
  var runToMake: RunKey? {
    switch self {
    case .damaged(let damage): damage.key
    case .notFinished(let key, _): key
    default: nil
    }
  }
}
