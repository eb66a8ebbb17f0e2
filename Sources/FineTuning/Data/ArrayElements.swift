import FileFormats

/// The objects in the one JSON array that a file is, parsed one by one, each with the line in which it begins.
struct ArrayElements {
  private let bytes: [UInt8]
  private let path: String
  private var position: Int
  private var line: Int
  private var index = 0
  private var isOver = false

  /// The elements of an array, which begins with the first byte from `start` on that is no white space.
  init(_ bytes: [UInt8], from start: Int, path: String) {
    (self.bytes, self.path) = (bytes, path)
    (position, line) = (start, 1)
    skipSpace()
    position += 1
  }

  /// The next object, or nil after the last.
  /// - Throws: `ExampleError` with the line of what is no JSON, or of the element that is no object.
  mutating func next() throws(ExampleError) -> ExampleFields? {
    guard !isOver else { return nil }
    skipSpace()
    if index == 0, byte == UInt8(ascii: "]") {
      try finish()
      return nil
    }
    guard let byte, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]") else {
      throw fault(position, "expected an element of the array, \(found)")
    }
    let (start, firstLine) = (position, line)
    let element = bytes[start..<end(from: start)]
    let json: JSON
    do {
      json = try JSON(parsing: Array(element))
    } catch {
      throw fault(start + min(error.offset, element.count), error.detail)
    }
    position = element.endIndex
    line += element.count { $0 == 0x0A }
    skipSpace()
    switch self.byte {
    case UInt8(ascii: ","): position += 1
    case UInt8(ascii: "]"): try finish()
    default: throw fault(position, "expected ',' or ']' after element \(index), \(found)")
    }
    defer { index += 1 }
    return try ExampleFields(json, path: path, line: firstLine, place: "element \(index)")
  }

  private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var found: String {
    byte.map { "found '\(Character(Unicode.Scalar($0)))'" } ?? "found the end of the file"
  }

  /// Where an element ends: after the bracket that closes it, at a comma or a bracket that closes nothing of its own,
  /// or with the file.
  private func end(from start: Int) -> Int {
    var (place, depth, isText) = (start, 0, false)
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\\") where isText: place += 1
      case UInt8(ascii: "\""): isText.toggle()
      case _ where isText: break
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { return place }
        depth -= 1
        if depth == 0 { return place + 1 }
      case UInt8(ascii: ",") where depth == 0: return place
      default: break
      }
      place += 1
    }
    return bytes.count
  }

  /// Goes past the array's last bracket, after which there is nothing.
  private mutating func finish() throws(ExampleError) {
    position += 1
    skipSpace()
    guard byte == nil else { throw fault(position, "\(found) after the array; the file must end there") }
    isOver = true
  }

  private mutating func skipSpace() {
    while let byte, isJSONSpace(byte) {
      if byte == 0x0A { line += 1 }
      position += 1
    }
  }

  /// An error at this byte of the file, told by its line and the byte in it.
  private func fault(_ offset: Int, _ detail: String) -> ExampleError {
    let before = bytes[..<offset]
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return ExampleError(
      .json, path, line: 1 + before.count { $0 == 0x0A }, "invalid JSON at byte \(offset - start): \(detail)")
  }
}
