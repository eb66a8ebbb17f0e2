/// A number that is not negative, kept to 32 bits, whose operations all round **up**: the radius of a ``Ball``.
///
/// `mantissa * 2^exponent` with a mantissa in `2^31 ..< 2^32`, or 0. Every operation returns at least the exact result
/// and at most a factor `1 + 2^-30` more. An exponent beyond `exponentLimit` makes it infinite; one below the
/// opposite is raised to it.
public struct Magnitude: Sendable, Equatable {
  /// The bits, normalised.
  let mantissa: UInt64
  /// The power of two they are multiplied by.
  let exponent: Int

  /// Exponents stay within this of 0, so that no sum of two of them overflows.
  static let exponentLimit = 1 << 60

  /// Zero.
  public static let zero = Magnitude(normalised: 0, exponent: 0)
  /// More than any number.
  public static let infinity = Magnitude(normalised: 1 << 31, exponent: exponentLimit)

  /// Whether it is 0.
  public var isZero: Bool { mantissa == 0 }
  /// Whether it bounds nothing.
  public var isInfinite: Bool { exponent == Self.exponentLimit }

  /// The least t with `value < 2^t`; meaningless for 0.
  var top: Int { exponent + 32 }

  private init(normalised mantissa: UInt64, exponent: Int) { (self.mantissa, self.exponent) = (mantissa, exponent) }

  /// `bits * 2^exponent`, rounded up where it has more than 32 bits.
  init(above bits: UInt64, exponent: Int) {
    guard bits != 0 else {
      self = .zero
      return
    }
    var shift = 32 - bits.leadingZeroBitCount
    var kept: UInt64
    if shift > 0 {
      kept = bits >> UInt64(shift)
      // Whatever was shifted out counts for one unit of the last place kept.
      if kept << UInt64(shift) != bits { kept += 1 }
      if kept == 1 << 32 { (kept, shift) = (1 << 31, shift + 1) }
    } else {
      kept = bits << UInt64(-shift)
    }
    let scaled = exponent + shift
    if scaled >= Self.exponentLimit {
      self = .infinity
    } else if scaled < -Self.exponentLimit {
      self.init(normalised: 1 << 31, exponent: -Self.exponentLimit)
    } else {
      self.init(normalised: kept, exponent: scaled)
    }
  }

  /// `2^exponent`.
  init(powerOfTwo exponent: Int) { self.init(above: 1, exponent: exponent) }

  /// The sum, rounded up.
  static func + (left: Magnitude, right: Magnitude) -> Magnitude {
    guard !left.isZero else { return right }
    guard !right.isZero else { return left }
    guard !left.isInfinite, !right.isInfinite else { return .infinity }
    let (large, small) = left.exponent >= right.exponent ? (left, right) : (right, left)
    let gap = large.exponent - small.exponent
    // Beyond 31 the small one is below one unit of the large one's last place; up to there the sum is exact in 64 bits.
    guard gap <= 31 else { return Magnitude(above: large.mantissa + 1, exponent: large.exponent) }
    return Magnitude(above: (large.mantissa << UInt64(gap)) + small.mantissa, exponent: small.exponent)
  }

  /// The product, rounded up; 0 times anything is 0.
  static func * (left: Magnitude, right: Magnitude) -> Magnitude {
    guard !left.isZero, !right.isZero else { return .zero }
    guard !left.isInfinite, !right.isInfinite else { return .infinity }
    return Magnitude(above: left.mantissa * right.mantissa, exponent: left.exponent + right.exponent)
  }

  /// The quotient, rounded up, where `divisor` is a **lower** bound on what is divided by; infinite for 0.
  func dividedUp(byAtLeast divisor: Magnitude) -> Magnitude {
    guard !isZero else { return .zero }
    guard !isInfinite, !divisor.isZero else { return .infinity }
    // The quotient's floor is below it by less than 1.
    return Magnitude(
      above: (mantissa << 32) / divisor.mantissa + 1, exponent: exponent - divisor.exponent - 32)
  }
}
