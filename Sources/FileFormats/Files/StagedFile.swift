import Glibc

/// A file written under a temporary name beside its destination, then either put in place or removed.
final class StagedFile {
  /// Where the content goes meanwhile.
  let writer: FileWriter
  /// The directory that holds both names.
  let directory: String

  private let path: String
  private let destination: String
  private let temporary: Temporary
  private let createdDirectories: [(path: String, registration: Registration)]
  private var isPending = true

  init(path: String) throws(FileError) {
    self.path = path
    destination = try Self.destination(for: path)
    directory = Folder.parent(of: destination)
    createdDirectories = try Folder.make(directory, for: path).map { ($0, Registration($0)) }
    Temporary.removeAbandonedOnce(in: directory)
    do {
      let descriptor: Int32
      (temporary, descriptor) = try Temporary.file(in: directory, for: path)
      writer = FileWriter(path: path, descriptor: descriptor)
    } catch {
      for created in createdDirectories.reversed() { rmdir(created.path) }
      throw error
    }
  }

  /// Gives the finished file its name; from then on readers see the new content, until then the old.
  func commit() throws(FileError) {
    guard temporary.rename(to: destination) else { throw FileError(.write, path, code: errno) }
    isPending = false
    for created in createdDirectories { created.registration.end() }
  }

  /// Removes what was made and not put in place: the temporary file and any directories left empty.
  func discard() {
    if isPending { temporary.remove() }
    isPending = false
    for created in createdDirectories.reversed() { rmdir(created.path) }
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
}
