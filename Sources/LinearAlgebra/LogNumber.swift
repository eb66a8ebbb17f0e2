import Glibc

/// A real number kept as its sign and the natural logarithm of its magnitude, for quantities such as
/// `(1 + lambda)^t` that leave Double's range long before the interesting t.
///
/// The relative error of the number is the absolute error of the logarithm, so about `|log x| * 2^-53`.
public struct LogNumber: Sendable, Equatable {
  /// -1, 0 or 1.
  public let sign: Int
  /// `log |x|`; minus infinity for zero.
  public let logMagnitude: Double

  /// The number `sign * exp(logMagnitude)`.
  public init(sign: Int, logMagnitude: Double) {
    self.sign = logMagnitude == -.infinity ? 0 : sign.signum()
    self.logMagnitude = self.sign == 0 ? -.infinity : logMagnitude
  }

  /// The logarithmic form of a Double; a NaN gives a logarithm that is NaN.
  public init(_ value: Double) {
    self.init(sign: value == 0 ? 0 : value < 0 ? -1 : 1, logMagnitude: log(abs(value)))
  }

  /// The positive number with this natural logarithm.
  public init(log logMagnitude: Double) { self.init(sign: 1, logMagnitude: logMagnitude) }

  /// Zero.
  public static let zero = LogNumber(sign: 0, logMagnitude: -.infinity)

  /// The nearest Double; infinite where the number is out of Double's range.
  public var value: Double { sign == 0 ? 0 : Double(sign) * exp(logMagnitude) }

  /// `log10 |x|`.
  public var log10Magnitude: Double { logMagnitude / M_LN10 }

  /// The product.
  public static func * (left: LogNumber, right: LogNumber) -> LogNumber {
    let sign = left.sign * right.sign
    return sign == 0 ? .zero : LogNumber(sign: sign, logMagnitude: left.logMagnitude + right.logMagnitude)
  }

  /// The quotient; dividing by zero gives an infinite magnitude.
  public static func / (left: LogNumber, right: LogNumber) -> LogNumber {
    guard left.sign != 0 else { return .zero }
    return LogNumber(
      sign: left.sign * (right.sign < 0 ? -1 : 1), logMagnitude: left.logMagnitude - right.logMagnitude)
  }

  /// The sum: the larger magnitude is factored out, so nothing overflows.
  public static func + (left: LogNumber, right: LogNumber) -> LogNumber {
    guard left.sign != 0 else { return right }
    guard right.sign != 0 else { return left }
    let (large, small) = left.logMagnitude >= right.logMagnitude ? (left, right) : (right, left)
    guard large != small else { return LogNumber(sign: large.sign, logMagnitude: large.logMagnitude + M_LN2) }
    let gap = small.logMagnitude - large.logMagnitude
    // Near-opposite numbers: 1 - exp(gap) would lose the digits of a small gap.
    let cancels = large.sign != small.sign && gap > -M_LN2
    let correction = cancels ? log(-Glibc.expm1(gap)) : log1p(Double(large.sign * small.sign) * exp(gap))
    return LogNumber(sign: large.sign, logMagnitude: large.logMagnitude + correction)
  }

  /// The number of opposite sign.
  public static prefix func - (number: LogNumber) -> LogNumber {
    LogNumber(sign: -number.sign, logMagnitude: number.logMagnitude)
  }

  /// The difference.
  public static func - (left: LogNumber, right: LogNumber) -> LogNumber { left + (-right) }

  /// `exp(x) - 1`, exact to rounding for tiny x and finite for huge x.
  public static func expm1(_ x: Double) -> LogNumber {
    // Beyond 40, exp(-x) is below half an ulp of 1.
    x > 40 ? LogNumber(log: x) : LogNumber(Glibc.expm1(x))
  }

  /// `(1 + rate)^steps`, through `steps log1p(rate)` so that a tiny rate loses no digits. Steps may be negative; then
  /// an infinite magnitude where that divides by 0.
  public static func power(rate: Double, steps: Int) -> LogNumber {
    guard steps != 0 else { return LogNumber(1) }
    // Below -1 (an unstable descent) 1 + rate is negative and its power alternates.
    return LogNumber(
      sign: rate < -1 && !steps.isMultiple(of: 2) ? -1 : 1,
      logMagnitude: Double(steps) * (rate < -1 ? log(-1 - rate) : log1p(rate)))
  }

  /// `(1 + rate)^steps - 1`, through `expm1(steps log1p(rate))` so that a tiny rate loses no digits.
  public static func growth(rate: Double, steps: Int) -> LogNumber {
    if rate == -1 { return steps == 0 ? .zero : LogNumber(-1) }
    guard rate < -1 else { return expm1(Double(steps) * log1p(rate)) }
    return power(rate: rate, steps: steps) - LogNumber(1)
  }

  /// The number in decimal notation: as Double prints it where it fits, else `d.dddde+NNN` with any exponent.
  ///
  /// Up to seventeen significant digits are written; of those, about `15 - log10 |log10 x|` are meaningful. Beyond
  /// exponents of 9e18, where the logarithm no longer tells the power of ten, it is "inf" or "0.0".
  public var decimal: String {
    let plain = value
    if sign == 0 || (plain.isFinite && abs(plain) >= Double.leastNormalMagnitude) { return plain.description }
    guard abs(log10Magnitude) < 0x1p63 else { return plain.description }
    var exponent = log10Magnitude.rounded(.down)
    var mantissa = exp(logMagnitude - exponent * M_LN10)
    if mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    if mantissa < 1 { mantissa = 1 }
    return "\(sign < 0 ? "-" : "")\(mantissa)e\(exponent < 0 ? "" : "+")\(Int(exponent))"
  }
}

extension LogNumber: Comparable {
  /// Order by value.
  public static func < (left: LogNumber, right: LogNumber) -> Bool {
    guard left.sign == right.sign else { return left.sign < right.sign }
    switch left.sign {
    case 1: return left.logMagnitude < right.logMagnitude
    case -1: return left.logMagnitude > right.logMagnitude
    default: return false
    }
  }
}
