import Glibc

/// A buffered writer into a file that is not yet in place; `AtomicFile` makes it and hands it to a closure.
///
/// It holds at most `bufferSize` bytes, so a file's size is not bounded by memory. After one failed write every later
/// one fails alike, and the file is never put in place, even where the closure dropped the error.
public final class FileWriter {
  /// The most bytes held in memory.
  public static let bufferSize = 1 << 20

  /// The file's final path, as the caller named it.
  public let path: String
  /// How many bytes have been written so far, those still in the buffer included.
  public private(set) var byteCount = 0

  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var failure: FileError?

  /// Takes over an open file descriptor.
  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Appends bytes from memory.
  /// - Throws: `FileError` with the path and the system's reason.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try check()
    byteCount += bytes.count
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    if bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
    } else {
      try writeAll(bytes)
    }
  }

  /// Appends bytes.
  /// - Throws: `FileError` with the path and the system's reason.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(FileError) in try write(raw) }
  }

  /// Appends a text in UTF-8.
  /// - Throws: `FileError` with the path and the system's reason.
  public func write(_ text: String) throws(FileError) {
    try write(Array(text.utf8))
  }

  /// Brings everything to the disk and closes the file.
  func finish() throws(FileError) {
    try check()
    try flush()
    // A full disk may show only here: some file systems defer allocation past write().
    var status: Int32
    repeat { status = fsync(descriptor) } while status != 0 && errno == EINTR
    // Pipes and a few file systems have nothing to sync.
    if status != 0 && errno != EINVAL && errno != EROFS { throw fail(errno) }
    let open = descriptor
    descriptor = -1
    // Linux closes the descriptor even when close is interrupted.
    if close(open) != 0 && errno != EINTR { throw fail(errno) }
  }

  private func check() throws(FileError) {
    if let failure { throw failure }
    if descriptor < 0 { throw FileError(.write, path, reason: "the writer was used after its closure had returned") }
  }

  private func flush() throws(FileError) {
    guard !buffer.isEmpty else { return }
    let full = buffer
    try full.span.bytes.withUnsafeBytes { (raw) throws(FileError) in try writeAll(raw) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if written == 0 {
        throw fail(EIO)
      } else if errno != EINTR {
        throw fail(errno)
      }
    }
  }

  private func fail(_ code: Int32) -> FileError {
    let error = FileError(.write, path, code: code)
    failure = error
    return error
  }
}
