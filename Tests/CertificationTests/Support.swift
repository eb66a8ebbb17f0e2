import BigInt
import Certification
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing

/// An exact rational number: what balls are compared with.
struct Fraction: Comparable, CustomStringConvertible {
  let numerator: BigInt
  let denominator: BigInt

  init(_ numerator: BigInt, _ denominator: BigInt = 1) {
    precondition(!denominator.isZero, "a fraction over 0")
    let divisor = numerator.greatestCommonDivisor(with: denominator) * (denominator.sign == .minus ? -1 : 1)
    (self.numerator, self.denominator) = (numerator / divisor, denominator / divisor)
  }

  init(_ number: Dyadic) {
    let power = BigInt(1) << abs(number.exponent)
    self = number.exponent < 0 ? Fraction(number.mantissa, power) : Fraction(number.mantissa * power)
  }

  /// A decimal number such as `-1.25e-7`.
  init?(decimal: String) {
    let parts = decimal.split(separator: "e")
    guard parts.count <= 2, let digits = parts.first else { return nil }
    let power = parts.count == 2 ? Int(parts[1]) : 0
    let places = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard let power, places.count <= 2, let number = BigInt(places.joined()) else { return nil }
    let exponent = power - (places.count == 2 ? places[1].count : 0)
    let scale = BigInt(10).power(abs(exponent))
    self = exponent < 0 ? Fraction(number, scale) : Fraction(number * scale)
  }

  var description: String { "\(numerator)/\(denominator)" }
  var magnitude: Fraction { Fraction(BigInt(numerator.magnitude), denominator) }

  static func + (left: Fraction, right: Fraction) -> Fraction {
    Fraction(
      left.numerator * right.denominator + right.numerator * left.denominator, left.denominator * right.denominator)
  }
  static func - (left: Fraction, right: Fraction) -> Fraction { left + Fraction(-right.numerator, right.denominator) }
  static func * (left: Fraction, right: Fraction) -> Fraction {
    Fraction(left.numerator * right.numerator, left.denominator * right.denominator)
  }
  static func / (left: Fraction, right: Fraction) -> Fraction {
    Fraction(left.numerator * right.denominator, left.denominator * right.numerator)
  }
  static func < (left: Fraction, right: Fraction) -> Bool {
    left.numerator * right.denominator < right.numerator * left.denominator
  }

  /// 2^power.
  static func powerOfTwo(_ power: Int) -> Fraction { Fraction(Dyadic(1, exponent: power)) }
}

extension Ball {
  /// The exact ends and centre, as fractions; for bounded balls.
  var ends: (lower: Fraction, centre: Fraction, upper: Fraction) {
    let (centre, radius) = (Fraction(midpoint), radiusFraction)
    return (centre - radius, centre, centre + radius)
  }

  /// The exact radius.
  var radiusFraction: Fraction {
    // The radius is a number of 32 bits: as the upper end of the ball around 0 it comes out exactly.
    Ball(.zero, radius: radius, bits: bits).upper.map(Fraction.init) ?? Fraction(0)
  }

  /// Whether an exact number lies in the ball.
  func holds(_ number: Fraction) -> Bool {
    guard isBounded else { return true }
    let (lower, _, upper) = ends
    return lower <= number && number <= upper
  }
}

/// Numbers of 1 to 80 bits over some 60 binary orders of magnitude, 0 and negative ones among them.
let dyadics: Gen<Dyadic> = zip(
  Gen<Int>.int(in: -(1 << 40)...(1 << 40)), Gen<Int>.int(in: 0...(1 << 40)), Gen<Int>.int(in: -60...20)
).map { head, tail, exponent in
  Dyadic(tail % 3 == 0 ? BigInt(head) : (BigInt(head) << 40) + BigInt(tail), exponent: exponent)
}

/// Balls of 64 or 128 bits, exact ones and wide ones among them.
let balls: Gen<Ball> = zip(dyadics, Gen<Int>.int(in: 0...3), dyadics, Gen<Bool>.bool).map { middle, kind, size, wide in
  let bits = wide ? 128 : 64
  let half = kind == 0 ? Dyadic.zero : Dyadic(size.mantissa, exponent: size.exponent - 30 * kind)
  let (low, high) =
    half.sign < 0
    ? (half, Dyadic(-half.mantissa, exponent: half.exponent)) : (Dyadic(-half.mantissa, exponent: half.exponent), half)
  func sum(_ a: Dyadic, _ b: Dyadic) -> Dyadic {
    let base = min(a.exponent, b.exponent)
    return Dyadic((a.mantissa << (a.exponent - base)) + (b.mantissa << (b.exponent - base)), exponent: base)
  }
  return Ball(from: sum(middle, low), to: sum(middle, high), bits: bits)
}

/// An instance of ridge stages given by rows.
func instance(
  a: ([[Double]], [Double]), b: ([[Double]], [Double]), forget: ([[Double]], [Double]), test: [[Double]],
  mu: (Double, Double) = (1, 1), eta: Double, forgetStage: (trainer: SpectralFilter, position: Int)? = nil
) throws -> TwoPathInstance {
  func examples(_ data: ([[Double]], [Double])) -> Examples {
    Examples(features: Matrix(rows: data.0).transposed, labels: Vector(data.1))
  }
  return try TwoPathInstance(
    stageA: LinearStage("A", examples(a), trainer: .ridge(mu: mu.0)),
    stageB: LinearStage("B", examples(b), trainer: .ridge(mu: mu.1)), forget: examples(forget),
    forgetStage: forgetStage, test: Matrix(rows: test).transposed, stepSize: eta)
}

/// `M_U = diag(1, 0, 0)` and `Delta_0` along `(y_B - y_A, y_A, 0)`, every division in the dual being by a power of two.
///
/// With the rows (1, 0, 0), mu = 1 and (1, -1, 0), mu = 2, the models differ by `(y_B x_A - y_A x_B) / (2 * 4)`.
func exactInstance(difference: (Double, Double), test: [[Double]]) throws -> TwoPathInstance {
  try instance(
    a: ([[1, 0, 0]], [difference.1]), b: ([[1, -1, 0]], [difference.0 + difference.1]),
    forget: ([[1, 0, 0]], [0.5]), test: test, mu: (1, 2), eta: 0.5)
}

/// A row of CertificationReference.swift.
struct CertificationReference: CustomTestStringConvertible {
  let name: String
  let a: ([[Double]], [Double])
  let b: ([[Double]], [Double])
  let u: ([[Double]], [Double])
  /// 0 where the forget set is no stage of its own.
  let position: Int
  let test: [[Double]]
  let t0: Int
  /// `||Delta_0||^2`, `||P_U Delta_0||^2`, rho*, `sigma_U^2`, `||X_test||^2`, `C_0^2`.
  let constants: [String]
  /// `d(t)` at 0, 1, 7 and 40.
  let distances: [String]
  /// The floors along AB and BA; empty where there is no retrained model.
  let floors: [String]
  /// `d(theta_t, theta_r)` at these steps, along AB, then along BA.
  let towardsRetrained: [String]

  var testDescription: String { name }

  func instance() throws -> TwoPathInstance {
    try CertificationTests.instance(
      a: a, b: b, forget: u, test: test, mu: (0.75, 1.5), eta: 0.0625,
      forgetStage: position > 0 ? (.ridge(mu: 0.5), position) : nil)
  }
}
