/// The printable stand-ins by which byte-level vocabularies write bytes.
///
/// GPT-2's table: the 188 bytes that Latin-1 prints without white space stand for themselves, the other 68 follow from
/// U+0100 on in the order of their value; so a space is U+0120 (Ġ) and a line feed U+010A (Ċ).
/// Source: `bytes_to_unicode` in openai/gpt-2, `src/encoder.py`.
enum ByteAlphabet {
  /// The stand-in of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "\u{0}"
      }
    }
  }()

  /// The byte of each stand-in, by code point; nil for what is none. No stand-in lies beyond U+0143.
  static let bytes: [UInt8?] = {
    var table = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = UInt8(byte) }
    return table
  }()

  /// The stand-ins in UTF-8, one after the other.
  static func spelled(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes { result.append(contentsOf: String(scalars[Int(byte)]).utf8) }
    return result
  }

  /// The bytes that a token's stand-ins mean; nil where a character is no stand-in.
  static func bytes(spelledBy token: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(token.count)
    for scalar in String(decoding: token, as: UTF8.self).unicodeScalars {
      guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else { return nil }
      result.append(byte)
    }
    return result
  }
}
