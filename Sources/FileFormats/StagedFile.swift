import Glibc
import Synchronization

/// Makes temporary names unique within the process; the process number makes them so between processes.
private let stagedFileCounter = Atomic<Int>(0)

/// A file written under a temporary name beside its destination, then either put in place or removed.
final class StagedFile {
  /// Where the content goes meanwhile.
  let writer: FileWriter
  /// The directory that holds both names.
  let directory: String

  private let path: String
  private let destination: String
  private let temporary: String
  private let createdDirectories: [String]
  private var isPending = true

  init(path: String) throws(FileError) {
    self.path = path
    destination = try Self.destination(for: path)
    directory = Folder.parent(of: destination)
    createdDirectories = try Folder.make(directory, for: path)
    do {
      let (name, descriptor) = try Self.openTemporary(in: directory, for: path)
      temporary = name
      writer = FileWriter(path: path, descriptor: descriptor)
    } catch {
      for created in createdDirectories.reversed() { rmdir(created) }
      throw error
    }
  }

  /// Gives the finished file its name; from then on readers see the new content, until then the old.
  func commit() throws(FileError) {
    guard rename(temporary, destination) == 0 else { throw FileError(.write, path, code: errno) }
    isPending = false
  }

  /// Removes what was made and not put in place: the temporary file and any directories left empty.
  func discard() {
    if isPending { unlink(temporary) }
    isPending = false
    for created in createdDirectories.reversed() { rmdir(created) }
  }

  /// Where the file really goes. A link is followed, so that it stays a link; anything that exists and is no regular
  /// file is refused, because renaming onto `/dev/null` as root would replace the device.
  private static func destination(for path: String) throws(FileError) -> String {
    guard !path.isEmpty else { throw FileError(.write, path, reason: "the path is empty") }
    guard !path.utf8.contains(0) else { throw FileError(.write, path, reason: "the path contains a NUL character") }
    guard path.utf8.last != UInt8(ascii: "/") else {
      throw FileError(.write, path, reason: "the path names a directory; give a file's path")
    }
    var status = stat()
    guard stat(path, &status) == 0 else { return path }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(.write, path, code: EISDIR)
    default: throw FileError(.write, path, reason: "it exists and is not a regular file")
    }
    guard let resolved = realpath(path, nil) else { throw FileError(.write, path, code: errno) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func openTemporary(in directory: String, for path: String) throws(FileError) -> (String, Int32) {
    // A name can be taken only by the leavings of a dead process that had our number; the bound ends a hopeless loop.
    for _ in 0..<1000 {
      let serial = stagedFileCounter.wrappingAdd(1, ordering: .relaxed).newValue
      // The final name is no part of this one: with it, a long but legal name would become too long.
      let name = "\(directory)/\(AtomicFile.temporaryPrefix)\(getpid())-\(serial).tmp"
      let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (name, descriptor) }
      guard errno == EEXIST || errno == EINTR else { throw FileError(.write, path, code: errno) }
    }
    throw FileError(.write, path, code: EEXIST)
  }
}
