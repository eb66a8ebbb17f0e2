import FileFormats

/// The lines of a file, one after the other, through a buffer of bounded size.
struct LineReader {
  /// Why a line cannot be had.
  enum Failure: Error {
    case file(FileError)
    /// The line is longer than the limit.
    case tooLong
  }

  let maximumLength: Int

  private let file: InputFile
  private var buffer: [UInt8] = []
  private var start = 0
  private var offset: Int

  private static let chunk = 1 << 20

  /// The lines from this byte of a file on.
  init(_ file: InputFile, from offset: Int, maximumLength: Int) {
    (self.file, self.offset, self.maximumLength) = (file, offset, maximumLength)
  }

  /// The next line without its line feed, or nil at the end of the file. A last line needs no line feed.
  mutating func next() throws(Failure) -> [UInt8]? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        guard end - start <= maximumLength else { throw .tooLong }
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      guard buffer.count - start <= maximumLength else { throw .tooLong }
      guard offset < file.byteCount else {
        defer { start = buffer.count }
        return start < buffer.count ? Array(buffer[start...]) : nil
      }
      buffer.removeSubrange(..<start)
      start = 0
      searched = buffer.count
      try fill()
    }
  }

  private mutating func fill() throws(Failure) {
    let count = min(Self.chunk, file.byteCount - offset)
    let old = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: count))
    var failure: FileError?
    buffer.withUnsafeMutableBytes { bytes in
      do throws(FileError) {
        try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[old...]), at: offset)
      } catch {
        failure = error
      }
    }
    if let failure { throw .file(failure) }
    offset += count
  }
}
