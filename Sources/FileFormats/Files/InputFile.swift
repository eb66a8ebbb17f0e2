import Glibc

/// A regular file open for reading at any position, from any number of threads at once.
public final class InputFile: Sendable {
  /// The file, as the caller named it.
  public let path: String
  /// The file's length in bytes when it was opened.
  public let byteCount: Int

  private let descriptor: Int32

  /// Opens a file.
  /// - Parameter followsLink: Opens what the path leads to where it is a symbolic link, which is refused otherwise.
  /// - Throws: `FileError` where it cannot be opened or is not a regular file.
  public init(path: String, followsLink: Bool = true) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(.read, path, reason: "the path contains a NUL character") }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer before it could be refused.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW))
    guard descriptor >= 0 else {
      if errno == ELOOP, !followsLink { throw FileError(.read, path, reason: "it is a symbolic link") }
      throw FileError(.read, path, code: errno)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw FileError(.read, path, code: code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(.read, path, reason: "it is not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    self.byteCount = Int(status.st_size)
    try GitLargeFile.refuse(self)
  }

  deinit { close(descriptor) }

  /// Fills the whole buffer with the bytes from `offset` on.
  /// - Throws: `FileError` where the system fails or the file ends first.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    guard offset >= 0, buffer.count <= Int.max - offset else {
      throw FileError(.read, path, reason: "no file holds \(buffer.count) bytes at offset \(offset)")
    }
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 {
        throw FileError(
          .read, path, reason: "it ends at byte \(offset + done), before byte \(offset + buffer.count)")
      } else if errno != EINTR {
        throw FileError(.read, path, code: errno)
      }
    }
  }

  /// The whole content of a file of at most `limit` bytes.
  /// - Throws: `FileError` where it cannot be read or is longer than the limit.
  public static func bytes(
    of path: String, limit: Int = 1 << 30, followsLink: Bool = true
  ) throws(FileError) -> [UInt8] {
    let file = try InputFile(path: path, followsLink: followsLink)
    guard file.byteCount <= limit else {
      throw FileError(.read, path, reason: "it has \(file.byteCount) bytes, more than the limit of \(limit)")
    }
    var bytes = [UInt8](repeating: 0, count: file.byteCount)
    var failure: FileError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { try file.read(into: buffer, at: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
