import FileFormats
import Glibc

/// Which runs a store can do without.
public struct RunRemoval: Sendable {
  /// Where not nil, finished runs are kept only where these build on them, or another that is kept.
  public var kept: [RunKey]?
  /// Where not nil, finished runs that are older are not kept, but where one that is kept builds on them; in seconds.
  public var maximumAge: Double?

  /// Unfinished and damaged runs, and finished ones where there is a rule for them; with both rules, a run is kept that
  /// either of them keeps.
  public init(kept: [RunKey]? = nil, maximumAge: Double? = nil) { (self.kept, self.maximumAge) = (kept, maximumAge) }
}

extension RunStore {
  /// Removes runs while nobody works in the store.
  /// - Parameter isTrial: Removes nothing.
  /// - Returns: The runs that were, or would be, removed, and what they had been.
  /// - Throws: `RunStoreError`: where a folder holds what is no part of a run, it stays.
  public func remove(_ removal: RunRemoval, isTrial: Bool = false) throws(RunStoreError) -> [(RunKey, RunState)] {
    // A store that is not there is not made.
    _ = try keys()
    guard let lock = try Self.system({ () throws(FileError) in try FolderLock(directory) }) else {
      throw .inUse(directory)
    }
    defer { withExtendedLifetime(lock) {} }
    var states: [RunKey: RunState] = [:]
    let keys = try keys()
    for key in keys { states[key] = try state(of: key) }
    let kept = try keptRuns(states, removal)
    var removed: [(RunKey, RunState)] = []
    for key in keys where !kept.contains(key) {
      guard let state = states[key] else { continue }
      if !isTrial { try remove(key) }
      removed.append((key, state))
    }
    return removed
  }

  /// The moment at which a run was finished, in seconds since 1970, or nil where it was not.
  public func date(of key: RunKey) -> Double? {
    var status = stat()
    guard lstat("\(folder(of: key))/\(RunRecord.name)", &status) == 0 else { return nil }
    return Double(status.st_mtim.tv_sec) + 1e-9 * Double(status.st_mtim.tv_nsec)
  }

  /// Takes back that a run is finished, whose results cannot be what its work makes.
  /// - Returns: The error that lets a graph make it again.
  func revoke(_ key: RunKey, _ reason: String) -> RunStoreError {
    if let lock = try? FolderLock(folder(of: key)) {
      Folder.remove("\(folder(of: key))/\(RunRecord.name)")
      withExtendedLifetime(lock) {}
    }
    return .damaged(damage(of: key, reason))
  }

  private func keptRuns(_ states: [RunKey: RunState], _ removal: RunRemoval) throws(RunStoreError) -> Set<RunKey> {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var waiting = removal.kept ?? []
    if let maximumAge = removal.maximumAge {
      waiting += states.keys.filter { date(of: $0).map { Double(now.tv_sec) - $0 <= maximumAge } ?? false }
    } else if removal.kept == nil {
      waiting += states.keys
    }
    var kept: Set<RunKey> = []
    while let key = waiting.popLast() {
      guard case .finished = states[key], kept.insert(key).inserted else { continue }
      waiting += try plan(of: key).parents
    }
    return kept
  }

  /// Takes a run's results away at once, to a name that is removed with other temporary ones: work that found a part of
  /// them would not know what to go on from. They go before the record, without which they were no results.
  func discardResults(of key: RunKey) {
    guard Folder.kind(of: results(of: key)) == .folder else { return Folder.remove(results(of: key)) }
    let rubbish = "\(folder(of: key))/\(Temporary.prefix)results\(Temporary.suffix)"
    Folder.remove(rubbish)
    if rename(results(of: key), rubbish) != 0 { Folder.remove(results(of: key)) }
  }

  /// Removes a run; of one that is half removed, no results are left.
  private func remove(_ key: RunKey) throws(RunStoreError) {
    let folder = folder(of: key)
    guard Folder.kind(of: folder) == .folder else { return Folder.remove(folder) }
    let own = [RunRecord.name, RunRecord.pendingName, Self.planName, Self.resultsName]
    let names = try Self.system { () throws(FileError) in try Folder.names(of: folder) }
    if let name = names.filter({ !own.contains($0) && !$0.hasPrefix(Temporary.prefix) }).min() {
      throw .stranger(name, folder: folder)
    }
    discardResults(of: key)
    for name in own + names { Folder.remove("\(folder)/\(name)") }
    Temporary.removeAbandoned(in: folder)
    guard rmdir(folder) == 0 || errno == ENOENT else {
      throw .file(FileError(.write, folder, code: errno, context: "it cannot be removed"))
    }
  }
}
