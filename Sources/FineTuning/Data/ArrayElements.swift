import FileFormats

/// The objects in the one JSON array that a file is, parsed one by one, each with the line in which it begins.
struct ArrayElements {
  private let bytes: [UInt8]
  private let path: String
  private var elements: JSONElements
  private var count = 0

  /// The elements of an array, which begins with the first byte from `start` on that is no white space.
  /// - Throws: `ExampleError` where the text is not UTF-8.
  init(_ bytes: [UInt8], from start: Int, path: String) throws(ExampleError) {
    (self.bytes, self.path) = (bytes, path)
    do {
      elements = try JSONElements(bytes, from: start)
    } catch {
      throw Self.fault(error, bytes, path)
    }
  }

  /// The next object, or nil after the last.
  /// - Throws: `ExampleError` with the line of what is no JSON, or of the element that is no object.
  mutating func next() throws(ExampleError) -> ExampleFields? {
    let element: (value: JSON, line: Int)?
    do {
      element = try elements.next()
    } catch {
      throw Self.fault(error, bytes, path)
    }
    guard let element else { return nil }
    defer { count += 1 }
    return try ExampleFields(element.value, path: path, line: element.line, place: "element \(count)")
  }

  /// An error told by its line and the byte in it.
  private static func fault(_ error: JSONError, _ bytes: [UInt8], _ path: String) -> ExampleError {
    let before = bytes[..<min(error.offset, bytes.count)]
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return ExampleError(
      .json, path, line: 1 + before.count { $0 == 0x0A },
      "invalid JSON at byte \(error.offset - start): \(error.detail)")
  }
}
