/// The number with which an answer to a math problem ends: what follows `####`, exactly, in decimal.
///
/// Two are equal where the numbers are, however they are written: `1,080`, `$1080` and `1080.00` are the same. It is
/// the first number that directly follows a mark `####`, but for blanks and a dollar sign; commas among its digits are
/// dropped. What comes after it does not matter. So does OpenAI's code for GSM8K (Cobbe et al., arXiv 2110.14168),
/// which however compares the digits as they are written.
///
/// It reads what a model says, which may be anything; ``FinalNumber`` is stricter, as data has to be.
public struct MathAnswer: Hashable, Sendable, CustomStringConvertible {
  /// The number in its shortest form, such as `-12` or `0.5`.
  public let description: String

  /// The number in a text, or nil where none follows a mark.
  public init?(in text: String) {
    let bytes = Array(text.utf8)
    let mark = Array(FinalNumber.mark.utf8)
    for start in bytes.indices where bytes[start...].starts(with: mark) {
      if let number = Self.number(bytes[(start + mark.count)...]) {
        description = number
        return
      }
    }
    return nil
  }

  /// The number with which these bytes begin, in its shortest form.
  private static func number(_ bytes: ArraySlice<UInt8>) -> String? {
    var rest = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    var isNegative = false
    // A sign and a dollar sign, in either order.
    for _ in 0..<2 {
      if rest.first == UInt8(ascii: "-") {
        isNegative = true
        rest.removeFirst()
      } else if rest.first == UInt8(ascii: "$") {
        rest.removeFirst()
      }
    }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    let whole = rest.prefix { isDigit($0) || $0 == UInt8(ascii: ",") }
    rest = rest.dropFirst(whole.count)
    let fraction = rest.first == UInt8(ascii: ".") ? rest.dropFirst().prefix(while: isDigit) : []
    guard whole.contains(where: isDigit) || !fraction.isEmpty else { return nil }

    let digits = whole.filter(isDigit).drop { $0 == UInt8(ascii: "0") }
    let decimals = fraction.reversed().drop { $0 == UInt8(ascii: "0") }.reversed()
    var text = digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
    if !decimals.isEmpty { text += "." + String(decoding: decimals, as: UTF8.self) }
    return isNegative && text != "0" ? "-" + text : text
  }
}
