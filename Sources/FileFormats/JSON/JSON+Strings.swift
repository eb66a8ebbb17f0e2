extension JSONParser {
  /// The string that comes next.
  mutating func parseString() throws(JSONError) -> String {
    position += 1
    var content: [UInt8] = []
    while true {
      let start = position
      while let byte = peek(), byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
      let run = bytes[start..<position]
      switch peek() {
      case UInt8(ascii: "\""):
        position += 1
        if content.isEmpty { return String(decoding: run, as: UTF8.self) }
        content.append(contentsOf: run)
        return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"):
        content.append(contentsOf: run)
        content.append(contentsOf: String(try parseEscape()).utf8)
      case let byte?:
        throw JSONError(.syntax, at: position, "control byte \(hex(byte)) in a string; it must be escaped")
      case nil:
        throw JSONError(.syntax, at: position, "the text ends within a string")
      }
    }
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
        throw JSONError(.syntax, at: position, "expected four hexadecimal digits after \\u, found \(saidNext())")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }
}
