import FileFormats
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
  /// The names of the files that the finished run has put in place; none before.
  public private(set) var results: [String]
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
  /// The log of all steps, which `TidyTable` reads with `MetricsRow.columns`.
  package static let metricsName = "metrics.csv"
  private static let checkpointsName = "checkpoints"

  /// Opens a folder for a run that has not taken a step yet: makes a new one, or brings the trainer to the state of the
  /// last checkpoint of one that was ended.
  /// - Parameter startsAnew: Whether a run that is there is given up.
  /// - Throws: `TrainingFolderError` where the folder has another run or other files in it, or another process works on
  ///   it; `TrainingError`, `MetricsLogError`, `CheckpointStoreError` or `FileError` where what is there cannot be
  ///   read.
  public init(path: String, trainer: Trainer, startsAnew: Bool = false) throws {
    precondition(trainer.completedSteps == 0, "a run starts at its start")
    self.path = path
    self.trainer = trainer
    identity = RunIdentity(trainer)
    store = CheckpointStore(directory: "\(path)/\(Self.checkpointsName)")
    guard let lock = try FolderLock(path) else { throw TrainingFolderError.inUse(path) }
    self.lock = lock
    let found = try Self.record(in: path)
    switch found {
    case .none:
      // Names with a dot are what a process left that was killed before it had written anything.
      if let name = try Folder.names(of: path).filter({ !$0.hasPrefix(".") }).min() {
        throw TrainingFolderError.notEmpty(path, name)
      }
    case .damaged:
      guard startsAnew else { throw TrainingFolderError.damaged("\(path)/\(Self.runName)") }
      store.removeAll()
    case .run(let record) where startsAnew:
      // First what says that the results are there.
      try AtomicFile.write([record.file(in: path, isFinished: false)])
      for name in record.results { Folder.remove("\(path)/\(name)") }
      store.removeAll()
    case .run(let record):
      if let part = identity.firstDifference(from: record.identity) {
        throw TrainingFolderError.otherRun(path, part: part)
      }
    }
    Temporary.removeAbandoned(in: path)

    if case .run(let record) = found, record.isFinished, !startsAnew {
      let missing = record.results.first { access("\(path)/\($0)", F_OK) != 0 }
      if let missing { throw TrainingFolderError.resultMissing(path, missing) }
      (wasFinished, resumedStep, warnings, results) = (true, trainer.totalSteps, [], record.results)
      store.removeAll()
      return
    }
    (wasFinished, results) = (false, [])
    try AtomicFile.write([
      Record(identity: identity, isFinished: false, results: []).file(in: path),
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
  ///   - onStep: Told each step's record, before a checkpoint of it is saved.
  /// - Throws: `TrainingError` where the run diverges: the last checkpoint stays, and it is a good one. Otherwise
  ///   `MetricsLogError` or `CheckpointStoreError` where the system refuses.
  public func train(
    checkpoints interval: CheckpointInterval = .automatic, shouldStop: () -> Bool = { false },
    onStep: (MetricsRow) throws -> Void = { _ in }
  ) throws -> Outcome {
    guard let metrics else { return .finished }
    let clock = ContinuousClock()
    var lastSave = clock.now
    var pause = Duration.seconds(60)
    func save() throws {
      let start = clock.now
      try trainer.requireFinite()
      try requirePresent()
      try metrics.synchronize()
      try store.save(step: trainer.completedSteps, files: trainer.checkpointFiles())
      lastCheckpoint = trainer.completedSteps
      lastSave = clock.now
      pause = max(.seconds(60), (lastSave - start) * 20)
    }
    while !trainer.isFinished {
      if shouldStop() {
        if trainer.completedSteps > 0, trainer.completedSteps != lastCheckpoint { try save() }
        return .stopped
      }
      let row = try trainer.step()
      try metrics.append(row)
      try onStep(row)
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

  /// Puts the results of a run whose steps have all been taken in place, and takes its checkpoints away. Does nothing
  /// where the run was finished when the folder was opened.
  /// - Parameter files: The results, all within the folder.
  /// - Throws: `FileError`, or what a file's closure throws; the run can then be finished later.
  public func finish(_ files: [OutputFile]) throws {
    guard !wasFinished else { return }
    precondition(trainer.isFinished, "the run has steps left")
    let names = files.map { file in
      precondition(file.path.hasPrefix("\(path)/"), "a run's results lie in its folder")
      return String(file.path.dropFirst(path.count + 1))
    }
    try requirePresent()
    // The record comes last: with it, the results are there.
    try AtomicFile.write(files + [Record(identity: identity, isFinished: true, results: names).file(in: path)])
    results = names
    store.removeAll()
  }

  /// Made again, a folder that was removed would have a part of the run.
  private func requirePresent() throws(TrainingFolderError) {
    guard lock.isHeld(at: path) else { throw .removed(path) }
  }

  // MARK: - The record of the run

  /// What `run.json` says.
  private struct Record {
    var identity: RunIdentity
    var isFinished: Bool
    /// The names of the files that are the run's results, or were those of the run that was given up for it.
    var results: [String]

    func file(in path: String, isFinished: Bool? = nil) -> OutputFile {
      let json: JSON = [
        "finished": .bool(isFinished ?? self.isFinished), "identity": identity.json,
        "results": .array(results.map(JSON.string)),
      ]
      return OutputFile(path: "\(path)/\(TrainingFolder.runName)", bytes: json.bytes())
    }
  }

  private enum FoundRecord {
    case none
    case damaged
    case run(Record)
  }

  private static func record(in path: String) throws(FileError) -> FoundRecord {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try InputFile.bytes(of: "\(path)/\(runName)", limit: 1 << 20)
    } catch {
      if error.code == ENOENT { return .none }
      throw error
    }
    guard let json = try? JSON(parsing: bytes), let isFinished = json["finished"]?.boolValue,
      let identity = json["identity"].flatMap(RunIdentity.init), let elements = json["results"]?.elements
    else { return .damaged }
    // Only names within the folder are ever removed.
    let results = elements.compactMap(\.stringValue).filter(FileRecord.isAllowed)
    return .run(Record(identity: identity, isFinished: isFinished, results: results))
  }
}

/// Why a folder cannot be a run's.
public enum TrainingFolderError: SystemFault, Hashable, Sendable, CustomStringConvertible {
  /// It holds a run that differs in this part.
  case otherRun(String, part: String)
  /// It holds other files, such as this.
  case notEmpty(String, String)
  /// Another process works on it.
  case inUse(String)
  /// Its record cannot be read.
  case damaged(String)
  /// It was removed while the run was made.
  case removed(String)
  /// The run was finished, and this one of its results is gone.
  case resultMissing(String, String)

  /// Whether it was the system that refused.
  public var isSystems: Bool {
    switch self {
    case .inUse, .removed: true
    default: false
    }
  }

  /// What is wrong with which folder.
  public var description: String {
    switch self {
    case .otherRun(let path, let part):
      "\(quotedPath(path)) holds a run with another \(part); choose a new folder, or start anew in this one"
    case .notEmpty(let path, let name):
      "\(quotedPath(path)) is no run's folder and is not empty: it holds \(quoted(name)); choose a new folder"
    case .removed(let path): "\(quotedPath(path)) was removed while the run was made in it"
    case .inUse(let path): "another process is training in \(quotedPath(path))"
    case .resultMissing(let path, let name):
      "\(quotedPath(path)) holds a finished run whose \(quoted(name)) is gone; start anew in this folder, or in a new one"
    case .damaged(let path): "\(quotedPath(path)) is no record of a run; choose a new folder, or start anew in this one"
    }
  }
}
