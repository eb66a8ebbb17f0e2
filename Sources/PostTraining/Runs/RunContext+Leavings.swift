import FileFormats
import FineTuning

extension RunContext {
  /// Goes on from what an earlier attempt left, or begins anew where that is damaged, incomplete or another run's: as a
  /// copy leaves it that was broken off.
  /// - Parameters:
  ///   - trainer: Makes the trainer of a run that has not taken a step.
  ///   - open: Opens what was left, or begins.
  func goOn<Opened>(with trainer: () throws -> Trainer, _ open: (Trainer) throws -> Opened) throws -> Opened {
    let first = try trainer()
    do {
      return try open(first)
    } catch  where Self.isDamage(error) && !isEmpty {
      onDamage("what an earlier attempt left is of no use: \(error)")
      try clear()
    }
    return try open(try trainer())
  }

  /// Removes what an earlier attempt left.
  func clear() throws(FileError) {
    for name in try Folder.names(of: folder) { Folder.remove("\(folder)/\(name)") }
  }

  private var isEmpty: Bool { (try? Folder.names(of: folder).isEmpty) ?? true }

  /// Whether it is the files that are at fault, and not the system or the work.
  private static func isDamage(_ error: any Error) -> Bool {
    switch error {
    case TrainingFolderError.inUse, TrainingFolderError.removed: false
    case is TrainingFolderError, TrainingError.state, ExperimentError.result: true
    case MetricsLogError.file(let error), CheckpointStoreError.file(let error): error.isDamage
    case let error as FileError: error.isDamage
    case is MetricsLogError, is CheckpointStoreError: true
    case let error as SafetensorsError: error.rule != .system
    default: false
    }
  }
}
