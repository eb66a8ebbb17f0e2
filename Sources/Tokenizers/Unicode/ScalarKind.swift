/// What the pre-tokenisers' regular expressions tell apart.
///
/// `\p{L}` and `\p{N}` are the general categories that begin with L and N; `\s` is the property White_Space, in
/// Oniguruma's Unicode syntax as in Swift's `isWhitespace`: U+0009 to U+000D, U+0020, U+0085, U+00A0, U+1680, U+2000 to
/// U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
enum ScalarKind: UInt8 {
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `[\r\n]`
  case lineBreak
  /// Any other `\s`
  case space
  /// Everything else
  case other

  /// Whether it is `\s`.
  var isSpace: Bool { self == .space || self == .lineBreak }

  init(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = UnicodeVersion.has(scalar, UnicodeVersion.expressions) ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      self = UnicodeVersion.has(scalar, UnicodeVersion.expressions) ? .number : .other
    default: self = scalar.properties.isWhitespace ? .space : .other
    }
  }

  /// The kind of the scalar at a place in valid UTF-8, and where the next one starts.
  @inline(__always) static func read(_ buffer: [UInt8], _ place: Int) -> (kind: ScalarKind, end: Int) {
    let first = buffer[place]
    guard first >= 0x80 else {
      let kind: ScalarKind =
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case 0x0A, 0x0D: .lineBreak
        case 0x20, 0x09, 0x0B, 0x0C: .space
        default: .other
        }
      return (kind, place + 1)
    }
    let scalar = utf8Scalar(buffer, place)
    return (ScalarKind(scalar.value), scalar.end)
  }
}

/// The scalar at a place in valid UTF-8, and where the next one starts.
func utf8Scalar(_ buffer: [UInt8], _ place: Int) -> (value: Unicode.Scalar, end: Int) {
  let first = UInt32(buffer[place])
  let length = utf8Length(buffer[place])
  guard length > 1, place + length <= buffer.count else { return (Unicode.Scalar(buffer[place]), place + 1) }
  var value = first & (0xFF >> (UInt32(length) + 1))
  for offset in 1..<length { value = value << 6 | UInt32(buffer[place + offset] & 0x3F) }
  return (Unicode.Scalar(value) ?? "\u{FFFD}", place + length)
}
