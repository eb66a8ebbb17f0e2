import FileFormats
import Glibc

/// Runs in one directory, each in a folder that its ``RunKey`` names: `plan.json`, the results in `files`, and at last
/// `done.json` with their sizes and hashes.
///
/// Links are not followed: what a run has outside of its folder is not the run's. A run that has a `done.json` is
/// finished, whatever moment a process was killed at. Any number of processes may use a store at once: whoever works on
/// a run has its folder locked (`claim(_:checkingHashes:)`). The sizes of results are checked whenever a run is
/// looked at, their hashes when they are read.
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
      try checkNames(files, of: key)
      return .finished(files)
    } catch {
      switch error {
      case .damaged(let damage): return .damaged(damage)
      case .notFinished(_, let folder): return Folder.kind(of: folder) == .nothing ? .missing : .unfinished
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
    let files = try files(of: key)
    for file in files { try check(file, of: key) }
    try checkNames(files, of: key)
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
    if case .other = Folder.kind(of: folder(of: key)) { throw .damaged(damage(of: key, "it is no folder")) }
    if Folder.kind(of: path) == .nothing { throw .notFinished(key, folder: folder(of: key)) }
    if [.file, .other].contains(Folder.kind(of: results(of: key))) {
      throw .damaged(damage(of: key, "\(quoted(Self.resultsName)) is no folder in it"))
    }
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
      return try InputFile.bytes(of: path, limit: .max, followsLink: false)
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

  /// Looks for files that are no results: they could change what the results are read as, as another file of weights
  /// does in a model's folder. Names with a dot are what systems leave everywhere.
  private func checkNames(_ files: [FileRecord], of key: RunKey) throws(RunStoreError) {
    guard Folder.kind(of: results(of: key)) == .folder else {
      throw .damaged(damage(of: key, "it has no folder \(quoted(Self.resultsName))"))
    }
    let known = Set(files.map { Array($0.name.utf8) })
    let names = try Self.system { () throws(FileError) in try Folder.names(of: results(of: key)) }
    if let name = names.filter({ !$0.hasPrefix(".") && !known.contains(Array($0.utf8)) }).min() {
      throw .damaged(damage(of: key, "it holds \(quoted(name)), which is none of its results"))
    }
  }

  func damage(of key: RunKey, _ reason: String) -> RunDamage {
    RunDamage(key: key, folder: folder(of: key), reason: reason)
  }
}
