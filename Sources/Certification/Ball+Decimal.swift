import BigInt
import Glibc

extension Ball {
  /// Two decimal numbers of so many significant digits, the first not above and the second not below any number of the
  /// ball; nil for an unbounded one. Each is written like `-1.25e-7`, 0 as `0`.
  public func decimalEnclosure(digits: Int = 17) -> (lower: String, upper: String)? {
    guard let lower, let upper else { return nil }
    let (low, high) = (lower.decimal(digits, upward: false), upper.decimal(digits, upward: true))
    return low.flatMap { low in high.map { (low, $0) } }
  }
}

extension Dyadic {
  /// The number in decimal, rounded outwards to so many digits; nil where its exponent is absurd.
  fileprivate func decimal(_ digits: Int, upward: Bool) -> String? {
    guard !isZero else { return "0" }
    guard abs(top) < 1 << 50 else { return nil }
    var power = Int((logMagnitude / M_LN10).rounded(.down))
    // The guess may be one off where |x| is near a power of ten.
    for _ in 0..<4 {
      guard let units = units(power - digits + 1, upward: upward) else { return nil }
      let text = String(units.magnitude)
      if text.count > digits, units.magnitude != BigUInt(10).power(digits) {
        power += 1
      } else if text.count < digits {
        power -= 1
      } else {
        let excess = text.count - digits
        return (units.sign == .minus ? "-" : "") + Self.notation(text.dropLast(excess), power + excess)
      }
    }
    return nil
  }

  /// The number divided by `10^power`, rounded to an integer outwards.
  private func units(_ power: Int, upward: Bool) -> BigInt? {
    // A ball, because the power of ten itself may have millions of digits. 128 bits leave an error far below one unit.
    let bits = max(128, min(mantissa.magnitude.bitWidth, 256))
    let ten = Ball(10, bits: bits).power(abs(power))
    let ratio = power < 0 ? Ball(self, bits: bits) * ten : Ball(self, bits: bits) / ten
    return upward ? ratio.upper?.integer(upward: true) : ratio.lower?.integer(upward: false)
  }

  /// The nearest integer on one side.
  private func integer(upward: Bool) -> BigInt {
    guard exponent < 0 else { return mantissa << exponent }
    let magnitude = mantissa.magnitude
    let exact = magnitude.trailingZeroBitCount >= -exponent
    let outward = !exact && upward == (sign > 0)
    return BigInt(sign: mantissa.sign, magnitude: (magnitude >> -exponent) + (outward ? 1 : 0))
  }

  private static func notation(_ digits: Substring, _ power: Int) -> String {
    let tail = digits.dropFirst().reversed().drop { $0 == "0" }.reversed()
    let mantissa = tail.isEmpty ? String(digits.prefix(1)) : "\(digits.prefix(1)).\(String(tail))"
    return power == 0 ? mantissa : "\(mantissa)e\(power < 0 ? "" : "+")\(power)"
  }
}
