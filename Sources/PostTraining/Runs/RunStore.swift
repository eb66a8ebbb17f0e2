import FileFormats
import Glibc

/// Runs in one directory, each in a folder that its ``RunKey`` names: `plan.json`, the results in `files`, and at last
/// `done.json` with their sizes and hashes.
///
/// A run that has a `done.json` is finished, whatever moment a process was killed at. Any number of processes may use
/// a store at once: whoever works on a run has its folder locked (``claim(_:checkingHashes:)``). The sizes of results
/// are checked whenever a run is looked at, their hashes when they are read.
public struct RunStore: Sendable {
  /// The directory that holds the runs' folders.
  public let directory: String

  /// A store in a directory, which need not be there yet.
  public init(directory: String) { self.directory = directory }

  /// The folder of a run, there or not.
  public func folder(of key: RunKey) -> String { "\(directory)/\(key)" }

  /// The keys of all folders that are named as runs are, ascending.
  /// - Throws: `RunStoreError.file` where the directory cannot be read.
  public func keys() throws(RunStoreError) -> [RunKey] {
    try Self.system { () throws(FileError) in try Folder.names(of: directory) }.compactMap(RunKey.init).sorted()
  }

  /// The plan of a run.
  /// - Throws: `RunStoreError` where there is none that belongs to the key.
  public func plan(of key: RunKey) throws(RunStoreError) -> RunPlan {
    let bytes = try read("\(folder(of: key))/\(Self.planName)", of: key)
    guard let plan = (try? JSON(parsing: bytes)).flatMap(RunPlan.init), plan.key == key else {
      throw .damaged(damage(of: key, "\(quoted(Self.planName)) is not its plan"))
    }
    return plan
  }

  /// What the store has of a run.
  /// - Parameter checkingHashes: Reads all results, where otherwise only their sizes are looked at.
  /// - Throws: `RunStoreError.file` where the system's refusal says nothing of the run.
  public func state(of key: RunKey, checkingHashes: Bool = false) throws(RunStoreError) -> RunState {
    do throws(RunStoreError) {
      let files = try files(of: key)
      _ = try plan(of: key)
      for file in files { try check(file, of: key, onlySize: !checkingHashes) }
      return .finished(files)
    } catch {
      switch error {
      case .damaged(let damage): return .damaged(damage)
      case .notFinished(_, let folder): return access(folder, F_OK) == 0 ? .unfinished : .missing
      default: throw error
      }
    }
  }

  /// The path of a result, whose hash has been checked.
  /// - Throws: `RunStoreError` where the run has no such result, or it is damaged.
  public func path(of name: String, in key: RunKey) throws(RunStoreError) -> String {
    try check(file(name, in: key), of: key)
    return "\(results(of: key))/\(name)"
  }

  /// The bytes of a result, whose hash has been checked.
  /// - Throws: `RunStoreError` where the run has no such result, or it is damaged.
  public func bytes(of name: String, in key: RunKey) throws(RunStoreError) -> [UInt8] {
    let file = try file(name, in: key)
    let bytes = try read("\(results(of: key))/\(name)", of: key)
    if let reason = file.damage(as: FileRecord(name, bytes: bytes)) { throw .damaged(damage(of: key, reason)) }
    return bytes
  }

  /// The folder with all results, whose hashes have been checked; such as a model's.
  /// - Throws: `RunStoreError` where the run is not finished, or damaged.
  public func checkedFolder(of key: RunKey) throws(RunStoreError) -> String {
    for file in try files(of: key) { try check(file, of: key) }
    return results(of: key)
  }

  static let planName = "plan.json"
  static let resultsName = "files"

  /// The folder of a run's results.
  func results(of key: RunKey) -> String { "\(folder(of: key))/\(Self.resultsName)" }

  /// Runs what may fail by the system.
  static func system<Value>(_ work: () throws(FileError) -> Value) throws(RunStoreError) -> Value {
    do throws(FileError) { return try work() } catch { throw .file(error) }
  }

  private func files(of key: RunKey) throws(RunStoreError) -> [FileRecord] {
    let path = "\(folder(of: key))/\(RunRecord.name)"
    if access(path, F_OK) != 0, errno == ENOENT { throw .notFinished(key, folder: folder(of: key)) }
    let bytes = try read(path, of: key)
    guard let record = RunRecord(bytes), record.key == key else {
      throw .damaged(damage(of: key, "\(quoted(RunRecord.name)) is not its record"))
    }
    return record.files
  }

  private func file(_ name: String, in key: RunKey) throws(RunStoreError) -> FileRecord {
    guard let file = try files(of: key).first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw .noFile(name, folder: folder(of: key))
    }
    return file
  }

  private func read(_ path: String, of key: RunKey) throws(RunStoreError) -> [UInt8] {
    do throws(FileError) {
      return try InputFile.bytes(of: path, limit: .max)
    } catch {
      throw error.isDamage ? .damaged(damage(of: key, error.description)) : .file(error)
    }
  }

  private func check(_ file: FileRecord, of key: RunKey, onlySize: Bool = false) throws(RunStoreError) {
    let reason = try Self.system { () throws(FileError) in
      try file.damage(in: results(of: key), onlySize: onlySize)
    }
    if let reason { throw .damaged(damage(of: key, reason)) }
  }

  private func damage(of key: RunKey, _ reason: String) -> RunDamage {
    RunDamage(key: key, folder: folder(of: key), reason: reason)
  }
}
