import FileFormats

/// The objects of a data file one by one: those of its lines, or the elements of the one array that it is.
///
/// The first byte that is no white space tells which of the two a file is, whatever its name. A byte order mark of
/// UTF-8 is passed over, and so are lines of white space. Of lines, no more is held than one and a buffer; of an array,
/// the file's bytes and an element.
package struct RecordReader {
  /// The most bytes of a line.
  package static let maximumLineLength = 1 << 26

  private enum Source {
    case lines(LineReader)
    case array(ArrayElements)
    /// Nothing, while one of the others is at work.
    case none
  }

  private let path: String
  private var source: Source
  private var line = 0

  /// Opens a file.
  /// - Throws: `ExampleError` where it cannot be read or is UTF-16.
  package init(path: String) throws(ExampleError) {
    self.path = path
    let start: [UInt8]
    let file: InputFile
    do {
      file = try InputFile(path: path)
      start = try Self.start(of: file)
    } catch {
      throw .unreadable(path, error)
    }
    guard !start.starts(with: [0xFF, 0xFE]), !start.starts(with: [0xFE, 0xFF]) else {
      throw ExampleError(.json, path, line: nil, "the file is UTF-16; expected UTF-8")
    }
    let mark = start.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    guard start.dropFirst(mark).first(where: { !isJSONSpace($0) }) == UInt8(ascii: "[") else {
      source = .lines(LineReader(file, from: mark, maximumLength: Self.maximumLineLength))
      return
    }
    let bytes: [UInt8]
    do { bytes = try InputFile.bytes(of: path) } catch { throw .unreadable(path, error) }
    source = .array(try ArrayElements(bytes, from: mark, path: path))
  }

  /// The next object, or nil after the last.
  /// - Throws: `ExampleError` with the line where it is no object.
  package mutating func next() throws(ExampleError) -> ExampleFields? {
    switch source {
    case .lines(var lines):
      // Without a second owner, the buffer is not copied.
      source = .none
      defer { source = .lines(lines) }
      return try next(&lines)
    case .array(var elements):
      source = .none
      defer { source = .array(elements) }
      return try elements.next()
    case .none: return nil
    }
  }

  private mutating func next(_ lines: inout LineReader) throws(ExampleError) -> ExampleFields? {
    while true {
      line += 1
      let bytes: [UInt8]?
      do {
        bytes = try lines.next()
      } catch {
        switch error {
        case .tooLong:
          throw ExampleError(
            .size, path, line: line, "the line is longer than the limit of \(lines.maximumLength) bytes")
        case .file(let error): throw .unreadable(path, error)
        }
      }
      guard let bytes else { return nil }
      guard let first = bytes.first(where: { !isJSONSpace($0) }) else { continue }
      let json: JSON
      do {
        json = try JSON(parsing: bytes)
      } catch {
        var detail = "\(error)"
        if first != UInt8(ascii: "{") {
          detail += "; \(ExampleFields.rawText)"
        } else if error.offset >= bytes.count {
          detail += "; each line is an object of its own, or the whole file one array"
        }
        throw ExampleError(.json, path, line: line, detail)
      }
      return try ExampleFields(json, path: path, line: line)
    }
  }

  /// The bytes in which a byte order mark and the first that is no white space are looked for.
  private static func start(of file: InputFile) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(4096, file.byteCount))
    var failure: FileError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { try file.read(into: buffer, at: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Whether JSON takes this byte for white space.
func isJSONSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
