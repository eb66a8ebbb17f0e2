/// A number as RFC 8259 spells it, found within UTF-8 bytes.
///
/// The one grammar serves JSON, CSV cells and ready-made decimals, so that what one of them writes the others read.
/// Swift's own `Double(_:)` would also accept `0x1p3`, `inf` and `+1`.
struct NumberLiteral {
  /// One past the last byte.
  let end: Int
  /// Whether it has neither fraction nor exponent.
  let isInteger: Bool

  /// The longest number that starts at `start`, or nil where none does.
  static func scan(_ bytes: [UInt8], from start: Int) -> NumberLiteral? {
    var position = start

    func isNext(_ first: UInt8, or second: UInt8? = nil) -> Bool {
      position < bytes.count && (bytes[position] == first || bytes[position] == second)
    }

    func skipDigits() -> Bool {
      let first = position
      while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
      return position > first
    }

    if isNext(UInt8(ascii: "-")) { position += 1 }
    if isNext(UInt8(ascii: "0")) {
      position += 1
    } else if !skipDigits() {
      return nil
    }
    var isInteger = true
    if isNext(UInt8(ascii: ".")) {
      position += 1
      isInteger = false
      guard skipDigits() else { return nil }
    }
    if isNext(UInt8(ascii: "e"), or: UInt8(ascii: "E")) {
      position += 1
      isInteger = false
      if isNext(UInt8(ascii: "+"), or: UInt8(ascii: "-")) { position += 1 }
      guard skipDigits() else { return nil }
    }
    return NumberLiteral(end: position, isInteger: isInteger)
  }

  /// The literal that the whole text is, or nil.
  static func whole(_ text: String) -> NumberLiteral? {
    let bytes = Array(text.utf8)
    guard let literal = scan(bytes, from: 0), literal.end == bytes.count else { return nil }
    return literal
  }

  /// Whether the whole text is one number.
  static func isNumber(_ text: String) -> Bool { whole(text) != nil }

  /// The nearest `Double`, or nil where the literal lies outside its range: infinity or zero would then stand for a
  /// number that is neither.
  static func double(_ text: String) -> Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    if value == 0 {
      let mantissa = text.utf8.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
      if mantissa.contains(where: { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }) { return nil }
    }
    return value
  }
}
