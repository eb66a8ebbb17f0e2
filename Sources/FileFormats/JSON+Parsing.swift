extension JSON {
  /// How deep arrays and objects may nest. The parser recurses, so hostile nesting must end before the stack does.
  public static let maximumDepth = 64

  /// Parses one JSON value that fills the whole text.
  ///
  /// Integers that fit `Int` become `.integer`. Other numbers become `.number`, or `.decimal` where no `Int` or finite
  /// `Double` can stand for them.
  /// - Throws: `JSONError` where the text breaks RFC 8259, repeats a name within an object, is not UTF-8, has a lone
  ///   surrogate, nests deeper than `maximumDepth` or goes on after the value.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw JSONError(.encoding, at: error.byteOffsets.lowerBound, "the bytes are not UTF-8")
    }
    var parser = JSONParser(bytes: bytes)
    self = try parser.parseDocument()
  }

  /// Parses one JSON value that fills the whole text.
  /// - Throws: `JSONError`, as `init(parsing:)` for bytes does.
  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

/// A recursive descent over bytes already known to be UTF-8.
private struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func parseDocument() throws(JSONError) -> JSON {
    let value = try parseValue(depth: 0)
    skipSpace()
    guard position == bytes.count else {
      throw JSONError(.trailingBytes, at: position, "found \(nextByte()) after the value; the text must end there")
    }
    return value
  }

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
    skipSpace()
    guard let byte = peek() else {
      throw JSONError(.syntax, at: position, "the text ends where a value should be")
    }
    switch byte {
    case UInt8(ascii: "{"): return .object(try parseMembers(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try parseElements(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default:
      if skip("null") { return .null }
      if skip("true") { return .bool(true) }
      if skip("false") { return .bool(false) }
      throw JSONError(.syntax, at: position, "expected a value, found \(nextByte())")
    }
  }

  private mutating func parseMembers(depth: Int) throws(JSONError) -> [JSON.Member] {
    try enter(depth)
    var members: [JSON.Member] = []
    var names: Set<ByteString> = []
    skipSpace()
    if skip(UInt8(ascii: "}")) { return members }
    while true {
      skipSpace()
      guard peek() == UInt8(ascii: "\"") else {
        throw JSONError(.syntax, at: position, "expected a member name in double quotes, found \(nextByte())")
      }
      let nameOffset = position
      let name = try parseString()
      guard names.insert(ByteString(name)).inserted else {
        throw JSONError(
          .duplicateName, at: nameOffset, "the name \(quoted(name)) occurs twice in one object; names must differ")
      }
      skipSpace()
      guard skip(UInt8(ascii: ":")) else {
        throw JSONError(.syntax, at: position, "expected ':' after a member name, found \(nextByte())")
      }
      members.append(JSON.Member(name, try parseValue(depth: depth)))
      skipSpace()
      if skip(UInt8(ascii: "}")) { return members }
      guard skip(UInt8(ascii: ",")) else {
        throw JSONError(.syntax, at: position, "expected ',' or '}' after a member, found \(nextByte())")
      }
    }
  }

  private mutating func parseElements(depth: Int) throws(JSONError) -> [JSON] {
    try enter(depth)
    var elements: [JSON] = []
    skipSpace()
    if skip(UInt8(ascii: "]")) { return elements }
    while true {
      elements.append(try parseValue(depth: depth))
      skipSpace()
      if skip(UInt8(ascii: "]")) { return elements }
      guard skip(UInt8(ascii: ",")) else {
        throw JSONError(.syntax, at: position, "expected ',' or ']' after an element, found \(nextByte())")
      }
    }
  }

  private mutating func enter(_ depth: Int) throws(JSONError) {
    guard depth <= JSON.maximumDepth else {
      throw JSONError(.depth, at: position, "nested deeper than the limit of \(JSON.maximumDepth)")
    }
    position += 1
  }

  private mutating func parseNumber() throws(JSONError) -> JSON {
    guard let literal = NumberLiteral.scan(bytes, from: position) else {
      throw JSONError(.syntax, at: position, "malformed number; JSON numbers look like -1.5e+3")
    }
    let text = String(decoding: bytes[position..<literal.end], as: UTF8.self)
    position = literal.end
    // An Int has no negative zero.
    if literal.isInteger && text != "-0" {
      return Int(text).map(JSON.integer) ?? .decimal(text)
    }
    return NumberLiteral.double(text).map(JSON.number) ?? .decimal(text)
  }

  private mutating func parseString() throws(JSONError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"):
        content.append(contentsOf: String(try parseEscape()).utf8)
      case 0..<0x20:
        throw JSONError(.syntax, at: position, "control byte \(hex(byte)) in a string; it must be escaped")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw JSONError(.syntax, at: position, "the text ends within a string")
  }

  private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
    let start = position
    position += 1
    guard let byte = peek() else { throw JSONError(.syntax, at: position, "the text ends within a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try parseHexUnit()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // What is not a scalar by itself is a surrogate; only a high one followed by a low one means a character.
      if first < 0xDC00, skip("\\u") {
        let second = try parseHexUnit()
        if (0xDC00...0xDFFF).contains(second),
          let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        {
          return scalar
        }
      }
      throw JSONError(.surrogate, at: start, "\\u escape of a lone surrogate; surrogates must come in high-low pairs")
    default:
      throw JSONError(.syntax, at: start, "unknown escape; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
    }
  }

  private mutating func parseHexUnit() throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw JSONError(.syntax, at: position, "expected four hexadecimal digits after \\u, found \(nextByte())")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func skip(_ literal: StaticString) -> Bool {
    let matches = literal.withUTF8Buffer { bytes[position...].starts(with: $0) }
    if matches { position += literal.utf8CodeUnitCount }
    return matches
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private func nextByte() -> String {
    guard let byte = peek() else { return "the end of the text" }
    return (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(hex(byte))"
  }

  private func hex(_ byte: UInt8) -> String { "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
