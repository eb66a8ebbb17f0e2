import FileFormats
import FoundationEssentials
import Glibc

/// The folder of a training run: what it trains (`run.json`, `training.yaml`), what it has recorded (`metrics.csv`),
/// its checkpoints, and at the end the model.
///
/// A run may be ended at any moment, by any means. Opened again with the same model, data and configuration, the folder
/// goes on from the last checkpoint, and its files end as if there had been no break, but for the column `seconds`.
/// One process works on a folder at a time.
public final class TrainingFolder {
  /// How often a checkpoint is written.
  public enum CheckpointInterval: Hashable, Sendable {
    /// After so many steps.
    case steps(Int)
    /// Once a minute, or less often where writing one takes more than a twentieth of that.
    case automatic
  }

  /// How ``train(checkpoints:shouldStop:onStep:)`` ended.
  public enum Outcome: Hashable, Sendable {
    /// All steps have been taken.
    case finished
    /// It was asked to stop; a checkpoint has been written.
    case stopped
  }

  /// The folder, as the caller named it.
  public let path: String
  /// The run.
  public let trainer: Trainer
  /// Whether the run had been finished when the folder was opened; the model is there.
  public let wasFinished: Bool
  /// The step of the checkpoint that the run goes on from; 0 for a new run.
  public let resumedStep: Int
  /// The step of the latest checkpoint, or nil where there is none.
  public private(set) var lastCheckpoint: Int?
  /// Checkpoints that were passed over because they are damaged.
  public let warnings: [CheckpointWarning]

  private let identity: RunIdentity
  private let store: CheckpointStore
  private let lock: FolderLock
  private var metrics: MetricsLog?

  private static let runName = "run.json"
  private static let metricsName = "metrics.csv"
  private static let checkpointsName = "checkpoints"

  /// Opens a folder for a run that has not taken a step yet: makes a new one, or brings the trainer to the state of the
  /// last checkpoint of one that was ended.
  /// - Parameter startsAnew: Whether a run that is there is given up.
  /// - Throws: `TrainingFolderError` where the folder has another run or other files in it, or another process works on
  ///   it; `TrainingError`, `MetricsLogError`, `CheckpointStoreError` or `FileError` where what is there cannot be read.
  public init(path: String, trainer: Trainer, startsAnew: Bool = false) throws {
    precondition(trainer.completedSteps == 0, "a run starts at its start")
    self.path = path
    self.trainer = trainer
    identity = RunIdentity(trainer)
    store = CheckpointStore(directory: "\(path)/\(Self.checkpointsName)")
    guard let lock = try FolderLock(path) else { throw TrainingFolderError.inUse(path) }
    self.lock = lock
    let record = "\(path)/\(Self.runName)"
    if startsAnew {
      try Self.remove(record)
      try Self.remove(store.directory)
    }

    if let found = try Self.record(record) {
      if let part = identity.firstDifference(from: found.identity) {
        throw TrainingFolderError.otherRun(path, part: part)
      }
      wasFinished = found.isFinished
    } else {
      // Names with a dot are what a process left that was killed before it had written anything.
      let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }
      if !startsAnew, let name = names.min() { throw TrainingFolderError.notEmpty(path, name) }
      wasFinished = false
    }

    guard !wasFinished else {
      (resumedStep, warnings) = (trainer.totalSteps, [])
      return
    }
    try AtomicFile.write([
      Self.file(record, identity, isFinished: false),
      OutputFile(path: "\(path)/training.yaml", bytes: Array(trainer.configuration.yaml.utf8)),
    ])
    let latest = try store.latest()
    warnings = latest.warnings
    lastCheckpoint = latest.checkpoint?.step
    resumedStep = lastCheckpoint ?? 0
    if let checkpoint = latest.checkpoint { try trainer.restore(checkpoint) }
    let log = "\(path)/\(Self.metricsName)"
    metrics = startsAnew ? try MetricsLog.create(path: log) : try MetricsLog.resume(path: log, afterStep: resumedStep)
  }

  /// Takes the steps that are left, recording each.
  /// - Parameters:
  ///   - shouldStop: Asked before each step; true ends the work with a checkpoint.
  ///   - onStep: Told each step's record.
  /// - Throws: `TrainingError` where the run diverges: the last checkpoint stays, and it is a good one. Otherwise
  ///   `MetricsLogError` or `CheckpointStoreError` where the system refuses.
  public func train(
    checkpoints interval: CheckpointInterval = .automatic, shouldStop: () -> Bool = { false },
    onStep: (MetricsRow) -> Void = { _ in }
  ) throws -> Outcome {
    guard let metrics else { return .finished }
    let clock = ContinuousClock()
    var lastSave = clock.now
    var pause = Duration.seconds(60)
    func save() throws {
      let start = clock.now
      try trainer.requireFinite()
      try metrics.synchronize()
      try store.save(step: trainer.completedSteps, files: trainer.checkpointFiles())
      lastCheckpoint = trainer.completedSteps
      lastSave = clock.now
      pause = max(.seconds(60), (lastSave - start) * 20)
    }
    while !trainer.isFinished {
      if shouldStop() {
        try save()
        return .stopped
      }
      let row = try trainer.step()
      try metrics.append(row)
      onStep(row)
      let isDue =
        switch interval {
        case .steps(let count): trainer.completedSteps.isMultiple(of: count)
        case .automatic: clock.now - lastSave >= pause
        }
      if isDue, !trainer.isFinished { try save() }
    }
    try trainer.requireFinite()
    try metrics.synchronize()
    return .finished
  }

  /// Puts the results of a run whose steps have all been taken in place, and takes its checkpoints away.
  /// - Parameter files: The results.
  /// - Throws: `FileError`, or what a file's closure throws; the run can then be finished later.
  public func finish(_ files: [OutputFile]) throws {
    precondition(trainer.isFinished, "the run has steps left")
    // The record comes last: with it, the results are there.
    try AtomicFile.write(files + [Self.file("\(path)/\(Self.runName)", identity, isFinished: true)])
    try? Self.remove(store.directory)
  }

  // MARK: - The record of the run

  private static func file(_ path: String, _ identity: RunIdentity, isFinished: Bool) -> OutputFile {
    let json: JSON = ["finished": .bool(isFinished), "identity": identity.json]
    return OutputFile(path: path, bytes: json.bytes())
  }

  private static func record(_ path: String) throws -> (identity: RunIdentity, isFinished: Bool)? {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try InputFile.bytes(of: path, limit: 1 << 20)
    } catch {
      if error.code == ENOENT { return nil }
      throw error
    }
    guard let json = try? JSON(parsing: bytes), let isFinished = json["finished"]?.boolValue,
      let identity = json["identity"].flatMap(RunIdentity.init)
    else { throw TrainingFolderError.damaged(path) }
    return (identity, isFinished)
  }

  // MARK: - The folder

  private static func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw FileError(.write, path, reason: "it cannot be removed")
    }
  }
}

/// Why a folder cannot be a run's.
public enum TrainingFolderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It holds a run that differs in this part.
  case otherRun(String, part: String)
  /// It holds other files, such as this.
  case notEmpty(String, String)
  /// Another process works on it.
  case inUse(String)
  /// Its record cannot be read.
  case damaged(String)

  /// What is wrong with which folder.
  public var description: String {
    switch self {
    case .otherRun(let path, let part):
      "\(quotedPath(path)) holds a run with another \(part); choose a new folder, or start anew in this one"
    case .notEmpty(let path, let name):
      "\(quotedPath(path)) is no run's folder and is not empty: it holds \(quoted(name)); choose a new folder"
    case .inUse(let path): "another process is training in \(quotedPath(path))"
    case .damaged(let path): "\(quotedPath(path)) is no record of a run; choose a new folder, or start anew in this one"
    }
  }
}
