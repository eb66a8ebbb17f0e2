import FileFormats
import Glibc

/// The checkpoints of a run: directories `step-N` in one directory, each with its files and a manifest of their sizes
/// and SHA-256 hashes.
///
/// A checkpoint is written under a temporary name, brought to the disk, and then given its own name in one step. So
/// the end of the process or the machine at any moment leaves the earlier checkpoints and, at most, rubbish whose name
/// begins with a dot. A run has one process that saves; any number may look for the latest.
public struct CheckpointStore: Sendable {
  /// The directory that holds the checkpoints.
  public let directory: String
  /// How many checkpoints are kept.
  public let keptCount: Int

  /// A store in a directory, which need not be there yet.
  /// - Parameter keptCount: How many checkpoints are kept, at least 1. With two, the last may be damaged.
  public init(directory: String, keptCount: Int = 2) {
    self.directory = directory
    self.keptCount = max(1, keptCount)
  }

  /// Saves a checkpoint, then removes those beyond the last ``keptCount``.
  ///
  /// Checkpoints of later steps are removed as well: they are of a run that was given up when this one resumed before
  /// them. One of the same step is replaced.
  /// - Throws: `CheckpointStoreError`, or what a file's closure throws; the checkpoints are then as before.
  @discardableResult
  public func save(step: Int, files: [CheckpointFile]) throws -> Checkpoint {
    guard step >= 0 else { throw CheckpointStoreError.step(step) }
    var names: Set<[UInt8]> = []
    for file in files {
      guard CheckpointManifest.isAllowed(file.name), names.insert(Array(file.name.utf8)).inserted else {
        throw CheckpointStoreError.name(file.name)
      }
    }
    let temporary = "\(directory)/\(Self.rubbishPrefix)\(getpid())-step-\(step)"
    let final = path(of: step)
    do {
      try removeRubbish()
      var manifest = CheckpointManifest(step: step, files: [])
      for file in files {
        try AtomicFile.write(to: "\(temporary)/\(file.name)", file.content)
        // Read back, so that the hash is that of what the disk has.
        manifest.files.append(try FileRecord(file.name, in: temporary))
      }
      try AtomicFile.write(manifest.json.bytes(), to: "\(temporary)/\(CheckpointManifest.name)")
      // A directory cannot take the name of one that is not empty.
      let old = "\(directory)/\(Self.rubbishPrefix)\(getpid())-old-\(step)"
      if rename(final, old) != 0, errno != ENOENT { throw FileError(.write, final, code: errno) }
      guard rename(temporary, final) == 0 else {
        let code = errno
        rename(old, final)
        throw FileError(.write, final, code: code)
      }
    } catch {
      // What cannot be removed now is removed when the next checkpoint is saved.
      try? removeRubbish()
      if let error = error as? FileError { throw CheckpointStoreError.file(error) }
      throw error
    }
    synchronize()
    // The checkpoint is safe; that an old one cannot be removed is no reason to stop a run.
    let found = (try? steps()) ?? []
    for other in found.filter({ $0 > step }) + found.filter({ $0 <= step }).dropLast(keptCount) { discard(other) }
    try? removeRubbish()
    return Checkpoint(step: step, directory: final, names: files.map(\.name))
  }

  /// The latest checkpoint that is whole, or nil where there is none, and a warning for each later one that is not.
  /// - Throws: `CheckpointStoreError` where the directory is there and cannot be read.
  public func latest() throws(CheckpointStoreError) -> (checkpoint: Checkpoint?, warnings: [CheckpointWarning]) {
    var warnings: [CheckpointWarning] = []
    for step in try steps().reversed() {
      switch try examine(step) {
      case .success(let checkpoint): return (checkpoint, warnings)
      case .failure(let damage): warnings.append(CheckpointWarning(directory: path(of: step), reason: damage.reason))
      }
    }
    return (nil, warnings)
  }

  /// The steps of all checkpoints, damaged ones included, ascending.
  /// - Throws: `CheckpointStoreError` where the directory is there and cannot be read.
  public func steps() throws(CheckpointStoreError) -> [Int] {
    try names().compactMap { name in
      // Only names as they are written here: not `step-007`, nor `step-+7`.
      guard name.hasPrefix(Self.prefix), let step = Int(name.dropFirst(Self.prefix.count)), step >= 0 else {
        return nil
      }
      return name == "\(Self.prefix)\(step)" ? step : nil
    }.sorted()
  }

  private static let prefix = "step-"
  private static let rubbishPrefix = ".palimpsest-checkpoint-"

  private func path(of step: Int) -> String { "\(directory)/\(Self.prefix)\(step)" }

  private struct Damage: Error {
    var reason: String
  }

  private func examine(_ step: Int) throws(CheckpointStoreError) -> Result<Checkpoint, Damage> {
    let path = path(of: step)
    do throws(FileError) {
      let bytes = try InputFile.bytes(
        of: "\(path)/\(CheckpointManifest.name)", limit: CheckpointManifest.maximumByteCount)
      guard let manifest = CheckpointManifest(bytes), manifest.step == step else {
        return .failure(Damage(reason: "its manifest is none of step \(step)"))
      }
      for file in manifest.files {
        if let reason = try file.damage(in: path) { return .failure(Damage(reason: reason)) }
      }
      return .success(Checkpoint(step: step, directory: path, names: manifest.files.map(\.name)))
    } catch {
      // What is out of reach for now may be whole: passed over, it would be thrown away.
      guard error.isDamage else { throw .file(error) }
      return .failure(Damage(reason: error.description))
    }
  }

  /// Removes all checkpoints, and the directory where it holds nothing else; what cannot be removed stays.
  public func removeAll() {
    for step in (try? steps()) ?? [] { discard(step) }
    try? removeRubbish()
    rmdir(directory)
  }

  /// Takes a checkpoint's name away before its files, so that none is seen half removed.
  private func discard(_ step: Int) {
    rename(path(of: step), "\(directory)/\(Self.rubbishPrefix)\(getpid())-old-\(step)")
  }

  private func removeRubbish() throws(CheckpointStoreError) {
    for name in try names() where name.hasPrefix(Self.rubbishPrefix) { Folder.remove("\(directory)/\(name)") }
  }

  private func names() throws(CheckpointStoreError) -> [String] {
    do throws(FileError) {
      return try Folder.names(of: directory)
    } catch {
      if error.code == ENOENT { return [] }
      throw .file(error)
    }
  }

  /// Brings the names to the disk; not every file system can, so a failure is no error.
  private func synchronize() {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
