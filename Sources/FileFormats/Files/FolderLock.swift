import Glibc

/// Keeps others who ask in this way, within the process or in another, out of a folder for as long as it lives.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Locks a folder, which is made where it is missing; nil where another has it.
  /// - Parameter shared: Keeps out only those who want the folder for themselves.
  /// - Throws: `FileError` where the folder can be neither made nor opened.
  package init?(_ path: String, shared: Bool = false) throws(FileError) {
    // The bound ends what no repetition would, such as a link that leads nowhere.
    for _ in 0..<1000 {
      try Folder.make(path)
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else {
        if errno == ENOENT { continue }
        throw FileError(.read, path, code: errno)
      }
      guard flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        if code == EWOULDBLOCK { return nil }
        throw FileError(.write, path, code: code)
      }
      // Who had it before may have removed the folder, and another made it anew.
      var (opened, named) = (stat(), stat())
      if fstat(descriptor, &opened) == 0, stat(path, &named) == 0,
        (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
      {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
    throw FileError(.write, path, code: ENOENT)
  }

  /// Whether the folder still has its name: a lock does not keep it from being removed.
  package func isHeld(at path: String) -> Bool {
    var (opened, named) = (stat(), stat())
    return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0
      && (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
  }

  deinit {
    // Closing alone would leave the lock to a child process that was forked and has not yet become its program.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
