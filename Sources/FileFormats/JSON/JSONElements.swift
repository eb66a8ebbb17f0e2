/// The elements of the one array that a text is, parsed one by one: no more is held than the bytes and an element.
package struct JSONElements {
  private var parser: JSONParser
  private var isFirst = true
  private var isOver = false
  /// The line of this byte.
  private var (line, counted): (Int, Int)

  /// The elements of the array that begins with the first byte from `start` on that is no white space.
  /// - Throws: `JSONError` where the text is not UTF-8 or there is no array.
  package init(_ bytes: [UInt8], from start: Int = 0) throws(JSONError) {
    parser = try JSONParser(bytes, from: start)
    (line, counted) = (1, start)
    guard parser.nextByte() == UInt8(ascii: "[") else {
      throw JSONError(.syntax, at: parser.position, "expected an array, found \(parser.saidNext())")
    }
    try parser.enter(1)
  }

  /// The next element and the line in which it begins, counted from 1; nil after the last.
  /// - Throws: `JSONError` where the text is no array of JSON values, or goes on after it.
  package mutating func next() throws(JSONError) -> (value: JSON, line: Int)? {
    guard !isOver else { return nil }
    guard try parser.nextElement(isFirst: isFirst) else {
      try parser.finish()
      isOver = true
      return nil
    }
    isFirst = false
    _ = parser.nextByte()
    let first = line(of: parser.position)
    return (try parser.parseValue(depth: 1), first)
  }

  /// The line of a byte, counted from 1, for one that lies after the last element.
  private mutating func line(of offset: Int) -> Int {
    line += parser.bytes[counted..<offset].count { $0 == UInt8(ascii: "\n") }
    counted = offset
    return line
  }
}
