import BigInt
import Glibc

/// An exact binary number `mantissa * 2^exponent`, such as every finite Double is.
public struct Dyadic: Sendable {
  /// The bits, with their sign.
  public let mantissa: BigInt
  /// The power of two they are multiplied by.
  public let exponent: Int

  /// `mantissa * 2^exponent`.
  public init(_ mantissa: BigInt, exponent: Int = 0) { (self.mantissa, self.exponent) = (mantissa, exponent) }

  /// The value of a finite Double, exactly; traps for a NaN or an infinity.
  public init(_ value: Double) {
    precondition(value.isFinite, "\(value) is no number")
    let ulp = value.ulp
    self.init(BigInt(Int(value / ulp)), exponent: Int(ulp.exponent))
  }

  /// The value of a magnitude, which must not be infinite.
  init(_ magnitude: Magnitude) { self.init(BigInt(magnitude.mantissa), exponent: magnitude.exponent) }

  /// 0.
  public static let zero = Dyadic(BigInt(0))

  /// Whether it is 0.
  public var isZero: Bool { mantissa.isZero }

  /// -1, 0 or 1.
  public var sign: Int { mantissa.isZero ? 0 : mantissa.sign == .minus ? -1 : 1 }

  /// The least t with `|value| < 2^t`; meaningless for 0.
  var top: Int { exponent + mantissa.magnitude.bitWidth }

  /// `value * 2^power`.
  func scaled(by power: Int) -> Dyadic { isZero ? self : Dyadic(mantissa, exponent: exponent + power) }

  /// The number cut to this many bits, and a bound on what was cut off: 0 where it fits.
  func rounded(to bits: Int) -> (value: Dyadic, error: Magnitude) {
    let excess = mantissa.magnitude.bitWidth - bits
    guard excess > 0 else { return (self, .zero) }
    let kept = Dyadic(
      BigInt(sign: mantissa.sign, magnitude: mantissa.magnitude >> excess), exponent: exponent + excess)
    let exact = mantissa.magnitude.trailingZeroBitCount >= excess
    return (kept, exact ? .zero : Magnitude(powerOfTwo: kept.exponent))
  }

  /// The least ``Magnitude`` that is at least `|value|`, but for the last bit.
  var magnitudeAbove: Magnitude {
    guard !isZero else { return .zero }
    let (bits, cut) = topBits
    return Magnitude(above: bits + (cut > 0 ? 1 : 0), exponent: exponent + cut)
  }

  /// A ``Magnitude`` that is at most `|value|`, by less than `2^-31` of it.
  var magnitudeBelow: Magnitude {
    guard !isZero else { return .zero }
    let (bits, cut) = topBits
    return Magnitude(above: bits, exponent: exponent + cut)
  }

  /// `floor(|mantissa| / 2^cut)` of at most 32 bits.
  private var topBits: (bits: UInt64, cut: Int) {
    let magnitude = mantissa.magnitude
    let words = magnitude.words
    let width = magnitude.bitWidth
    let cut = max(0, width - 32)
    let (word, offset) = (cut / 64, cut % 64)
    var bits = UInt64(words[word]) >> UInt64(offset)
    if offset > 32, word + 1 < words.count { bits |= UInt64(words[word + 1]) << UInt64(64 - offset) }
    return (bits & 0xFFFF_FFFF, cut)
  }

  /// The exact product.
  static func * (left: Dyadic, right: Dyadic) -> Dyadic {
    Dyadic(left.mantissa * right.mantissa, exponent: left.exponent + right.exponent)
  }

  /// The number of opposite sign.
  static prefix func - (number: Dyadic) -> Dyadic { Dyadic(-number.mantissa, exponent: number.exponent) }

  /// The exact sum; the time it takes grows with the distance of the exponents.
  static func + (left: Dyadic, right: Dyadic) -> Dyadic {
    guard !left.isZero else { return right }
    guard !right.isZero else { return left }
    let base = min(left.exponent, right.exponent)
    return Dyadic(
      (left.mantissa << (left.exponent - base)) + (right.mantissa << (right.exponent - base)), exponent: base)
  }

  /// The exact difference.
  static func - (left: Dyadic, right: Dyadic) -> Dyadic { left + (-right) }

  /// The nearest Double, or nearly: for guesses only. Infinite or 0 where it is out of Double's range.
  public var approximation: Double {
    guard !isZero else { return 0 }
    let cut = max(0, mantissa.magnitude.bitWidth - 64)
    let head = Double(UInt64(mantissa.magnitude >> cut))
    let power = max(-5000, min(5000, exponent + cut))
    return (sign < 0 ? -1 : 1) * scalbn(head, Int32(power))
  }

  /// `log |value|`, to the accuracy of a Double: for guesses only; minus infinity for 0.
  public var logMagnitude: Double {
    guard !isZero else { return -.infinity }
    let shift = top
    return log(abs(Dyadic(mantissa, exponent: exponent - shift).approximation)) + Double(shift) * M_LN2
  }
}

extension Dyadic: Comparable {
  /// Order by value.
  public static func < (left: Dyadic, right: Dyadic) -> Bool {
    if left.sign != right.sign { return left.sign < right.sign }
    // Numbers of different length need no subtraction, whose cost grows with the distance of the exponents.
    guard left.sign != 0 else { return false }
    if left.top != right.top { return (left.top < right.top) == (left.sign > 0) }
    return (left - right).sign < 0
  }

  /// Equality of values, not of representations.
  public static func == (left: Dyadic, right: Dyadic) -> Bool { !(left < right) && !(right < left) }
}
