import FileFormats
import Glibc

/// A run that nobody else works on for as long as this lives.
package final class RunClaim: Sendable {
  /// Whether the results are there already.
  package let isFinished: Bool
  /// What was wrong with earlier results, which have been removed.
  package let damage: RunDamage?
  /// Where the work goes. What an earlier attempt left there unfinished is there still, to go on from; nothing of it
  /// leads out of the folder.
  package let folder: String

  private let key: RunKey
  private let runFolder: String
  private let lock: FolderLock

  fileprivate init(_ key: RunKey, in store: RunStore, isFinished: Bool, damage: RunDamage?, lock: FolderLock) {
    (self.key, self.isFinished, self.damage, self.lock) = (key, isFinished, damage, lock)
    (folder, runFolder) = (store.results(of: key), store.folder(of: key))
  }

  /// Makes the run a finished one and removes what else the work left in its folder.
  /// - Parameter names: The results: files in ``folder``, as `AtomicFile` brings them to the disk.
  /// - Throws: `RunStoreError` where a result is not there or the system refuses; the run is then unfinished.
  package func finish(_ names: [String]) throws(RunStoreError) {
    var (seen, files): (Set<[UInt8]>, [FileRecord]) = ([], [])
    for name in names {
      guard FileRecord.isAllowed(name), seen.insert(Array(name.utf8)).inserted else { throw .name(name) }
      // Read back, so that the hash is that of what the disk has.
      files.append(try RunStore.system { () throws(FileError) in try FileRecord(name, in: folder) })
    }
    let record = RunRecord(key, files)
    try RunStore.system { () throws(FileError) in
      try AtomicFile.write(record.bytes, to: "\(runFolder)/\(RunRecord.pendingName)")
      try record.complete(in: runFolder, results: folder)
    }
  }
}

extension RunRecord {
  /// Whether all results are as recorded.
  fileprivate func isWhole(in results: String) throws(FileError) -> Bool {
    for file in files where try file.damage(in: results) != nil { return false }
    return true
  }

  /// Removes what is no result, and gives the record the name that says so.
  fileprivate func complete(in folder: String, results: String) throws(FileError) {
    // Not before the record is there: work that is done again needs what it left.
    let names = Set(files.map { Array($0.name.utf8) })
    for name in try Folder.names(of: results) where !names.contains(Array(name.utf8)) {
      Folder.remove("\(results)/\(name)")
    }
    let path = "\(folder)/\(Self.name)"
    guard rename("\(folder)/\(Self.pendingName)", path) == 0 else { throw FileError(.write, path, code: errno) }
  }
}

extension RunStore {
  /// Takes a run to work on; nil where another has it. Who asks keeps removals out meanwhile, by a shared lock on the
  /// store's directory.
  ///
  /// Damaged results are removed, so that they can be made again.
  /// - Parameter checkingHashes: Looks for damage by reading all results, not by their sizes.
  /// - Throws: `RunStoreError.file` where the system refuses.
  package func claim(_ plan: RunPlan, checkingHashes: Bool = false) throws(RunStoreError) -> RunClaim? {
    let (key, folder, results) = (plan.key, folder(of: plan.key), results(of: plan.key))
    var damage: RunDamage?
    if [.file, .other].contains(Folder.kind(of: folder)) {
      damage = self.damage(of: key, "it is no folder")
      // Not what another process may have made in its place meanwhile, which is a folder.
      unlink(folder)
    }
    let lock = try Self.system { () throws(FileError) in try FolderLock(folder) }
    guard let lock else { return nil }
    switch try state(of: key, checkingHashes: checkingHashes) {
    case .finished: return RunClaim(key, in: self, isFinished: true, damage: nil, lock: lock)
    case .damaged(let found):
      damage = found
      discardResults(of: key)
      Folder.remove("\(folder)/\(RunRecord.name)")
    case .missing, .unfinished:
      // What is not the run's own cannot be gone on from.
      if Folder.kind(of: results) != .folder || !Folder.isClosed(results) { Folder.remove(results) }
      // A process was ended that had all results.
      let pending = "\(folder)/\(RunRecord.pendingName)"
      guard Folder.kind(of: pending) == .file else {
        Folder.remove(pending)
        break
      }
      try Self.system { () throws(FileError) in
        let bytes = try InputFile.bytes(of: pending, followsLink: false)
        guard let record = RunRecord(bytes), record.key == key, try record.isWhole(in: results) else { return }
        try record.complete(in: folder, results: results)
      }
      if access(pending, F_OK) != 0 { return RunClaim(key, in: self, isFinished: true, damage: nil, lock: lock) }
      discardResults(of: key)
      Folder.remove(pending)
    }
    for path in [folder, results] { Temporary.removeAbandoned(in: path) }
    // A link would be followed.
    if Folder.kind(of: "\(folder)/\(Self.planName)") != .file { Folder.remove("\(folder)/\(Self.planName)") }
    do throws(FileError) {
      try AtomicFile.write(plan.json.bytes(), to: "\(folder)/\(Self.planName)")
      try Folder.make(results)
    } catch {
      // On a full disk, not even an empty folder is left.
      for path in [results, folder] { rmdir(path) }
      throw .file(error)
    }
    return RunClaim(key, in: self, isFinished: false, damage: damage, lock: lock)
  }
}
