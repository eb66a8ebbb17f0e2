import Foundation
import LinearAlgebra
import PropertyTesting
import Testing

/// One row of growthReferences.
struct GrowthReference: Sendable {
  let rate: Double
  let steps: Int
  let sign: Int
  let log: Double

  init(_ rate: Double, _ steps: Int, _ sign: Int, _ log: Double) {
    (self.rate, self.steps, self.sign, self.log) = (rate, steps, sign, log)
  }
}

/// One row of decimalReferences: exp(log) = mantissa * 10^exponent.
struct DecimalReference: Sendable {
  let log: Double
  let mantissa: Double
  let exponent: Int

  init(_ log: Double, _ mantissa: Double, _ exponent: Int) {
    (self.log, self.mantissa, self.exponent) = (log, mantissa, exponent)
  }
}

/// A bound on the relative error of `p - 1`, `p = (1 + rate)^steps`, computed through L = log p. `rateError` is the
/// relative error of the rate as given. With u = 2^-53, elementary functions err by less than an ulp, 2u:
/// log1p and the product with the steps, 3u |L|; the error of the rate, amplified in log(1 + rate) by
/// rate / (1 + rate), times the steps; an error of L becomes one of p - 1 amplified by p / (p - 1); expm1, 2u.
func growthError(rate: Double, steps: Int, growth: Double, rateError: Double) -> Double {
  guard steps > 0, rate != 0, rate != -1 else { return 2 * roundoff }
  let logPower = Double(steps) * log(abs(1 + rate))
  let ofLog = Double(steps) * abs(rate / (1 + rate)) * rateError + 4 * roundoff * abs(logPower)
  // For tiny rates L p / (p - 1) is 1 and is not to be computed as 0 / 0.
  let amplification = abs(growth).isFinite ? abs((growth + 1) / growth) : 1
  let tiny = abs(Double(steps) * rate) < 1e-3
  return (tiny ? 2 * (rateError + 4 * roundoff) : ofLog * amplification) + 2 * roundoff
}

/// Doubles of both signs, over 300 orders of magnitude and, for cancellation, close to 1.
private let numbers = Gen<Double>.oneOf([
  .logUniform(in: 1e-150...1e150), Gen<Double>.logUniform(in: 1e-150...1e150).map { -$0 },
  Gen<Int>.int(in: -1000...1000).map { 1 + Double($0) * .ulpOfOne },
  Gen<Int>.int(in: -1000...1000).map { -1 - Double($0) * .ulpOfOne },
  .constant(0),
])

private func logOf(_ x: Double) -> Double { x == 0 ? 0 : abs(log(abs(x))) }

@Suite("LogNumber")
struct LogNumberTests {
  @Test func `there and back: the error of the logarithm, and that of exp`() {
    checkProperty("round trip", count: 1000, numbers) { x in
      let number = LogNumber(x)
      try ensure(number.sign == (x > 0 ? 1 : x < 0 ? -1 : 0), "sign")
      // log errs by an ulp, 2u |log x|; exp by another.
      let bound = 2 * roundoff * (logOf(x) + 2)
      try ensure(abs(number.value - x) <= bound * abs(x), "\(number.value) for \(x)")
      try ensure(abs(number.log10Magnitude - log10(abs(x))) <= 4 * roundoff * abs(log10(abs(x))) || x == 0, "log10")
    }
    for edge in [
      Double.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, -.leastNonzeroMagnitude,
    ] {
      #expect(relativeError(LogNumber(edge).value, edge) <= 2 * roundoff * (logOf(edge) + 2) || edge.isSubnormal)
      #expect(LogNumber(edge).value != 0)
    }
    #expect(LogNumber(.infinity).value == .infinity && LogNumber(-.infinity).value == -.infinity)
    #expect(LogNumber(0).logMagnitude == -.infinity && LogNumber(-0.0) == .zero && LogNumber(1).logMagnitude == 0)
    #expect(LogNumber(sign: -8, logMagnitude: 2).sign == -1)
    #expect(LogNumber(sign: 1, logMagnitude: -.infinity) == .zero && LogNumber(sign: 0, logMagnitude: 9) == .zero)
    #expect(LogNumber(log: 710).value == .infinity && LogNumber(log: -800).value == 0)
    #expect((-LogNumber(log: 710)).value == -.infinity)
  }

  @Test func `a NaN stays a NaN and does not become zero`() {
    #expect(LogNumber(.nan).value.isNaN && LogNumber(-.nan).value.isNaN && LogNumber(.nan).sign != 0)
    #expect(LogNumber.growth(rate: .nan, steps: 3).value.isNaN && LogNumber.expm1(.nan).value.isNaN)
    for other in [0, 1, -2, Double.infinity] {
      #expect((LogNumber(.nan) + LogNumber(other)).value.isNaN)
      #expect((LogNumber(other) + LogNumber(.nan)).value.isNaN)
      #expect((LogNumber(other) - LogNumber(.nan)).value.isNaN)
    }
    #expect((LogNumber(.nan) * LogNumber(3)).value.isNaN && (LogNumber(3) / LogNumber(.nan)).value.isNaN)
  }

  @Test func `products and quotients against Double`() {
    checkProperty("products", count: 1000, zip(numbers, numbers)) { a, b in
      let (x, y) = (LogNumber(a), LogNumber(b))
      // Errors of the two logarithms, 2u each; of their sum, u; of exp, and of Double's own product.
      let bound = 2 * roundoff * (logOf(a) + logOf(b) + logOf(a * b) + 3)
      try ensure(abs((x * y).value - a * b) <= bound * abs(a * b), "\(a) * \(b)")
      try ensure(x * y == y * x, "commutes")
      try ensure((x * LogNumber(1)) == x && (-(-x)) == x && (x * .zero) == .zero, "neutral elements")
      guard b != 0 else { return }
      let quotientBound = 2 * roundoff * (logOf(a) + logOf(b) + logOf(a / b) + 3)
      try ensure(abs((x / y).value - a / b) <= quotientBound * abs(a / b), "\(a) / \(b)")
      try ensure((x / y).sign == (x * y).sign, "sign of the quotient")
    }
    #expect(LogNumber(3) / .zero == LogNumber(.infinity) && LogNumber(-3) / .zero == LogNumber(-.infinity))
    #expect(LogNumber.zero / LogNumber(-2) == .zero)
  }

  @Test func `sums and differences against Double, cancellation included`() {
    let pairs = Gen<(Double, Double)>.oneOf([
      zip(numbers, numbers),
      // Nearly opposite numbers.
      zip(numbers, Gen<Int>.int(in: -20...20)).map { ($0, -$0 * (1 + Double($1) * .ulpOfOne)) },
      zip(numbers, .double(in: -3...3)).map { ($0, $0 * $1) },
    ])
    checkProperty("sums", count: 3000, pairs) { a, b in
      let (x, y) = (LogNumber(a), LogNumber(b))
      let sum = a + b
      // The logarithms of a and b err by 2u |log|, which moves the sum by 2u |a log a| + 2u |b log b|. Their gap is
      // rounded by u |gap|, felt through the smaller number. expm1 or log1p, the final addition of logarithms and
      // exp are relative to the sum, and so is Double's own addition.
      let small = min(abs(a), abs(b))
      let gap = small == 0 ? 0 : log(max(abs(a), abs(b)) / small)
      let shift = sum == 0 ? 0 : abs(log(abs(sum) / max(abs(a), abs(b))))
      let bound =
        2 * roundoff
        * (abs(a) * logOf(a) + abs(b) * logOf(b) + small * gap + abs(sum) * (2 * shift + 2 * logOf(sum) + 6))
      try ensure(abs((x + y).value - sum) <= bound, "\(a) + \(b) gives \((x + y).value), off by more than \(bound)")
      try ensure(abs((x - (-y)).value - sum) <= bound, "\(a) - \(-b)")
      try ensure(x + y == y + x, "commutes")
      try ensure(x + .zero == x && .zero + x == x && x - x == .zero, "neutral and opposite")
      try ensure((x + y).sign == -((-x) + (-y)).sign && (x + y).logMagnitude == ((-x) - y).logMagnitude, "odd")
    }
  }

  @Test func `laws far outside Double's range`() {
    let logs = Gen<Double>.double(in: -1e6...1e6)
    let signs = Gen<Int>.choice(of: [1, -1])
    checkProperty("laws", zip(logs, logs, logs, signs)) { a, b, c, sign in
      // One sign: without cancellation each operation errs by a few u times the largest logarithm on the way, 2e6.
      let (x, y, z) = (
        LogNumber(sign: sign, logMagnitude: a), LogNumber(sign: sign, logMagnitude: b), LogNumber(log: c)
      )
      let bound = 8 * roundoff * (abs(a) + abs(b) + abs(c) + 2)
      let distributed = (x * z + y * z, (x + y) * z)
      try ensure(abs(distributed.0.logMagnitude - distributed.1.logMagnitude) <= bound, "distributive")
      try ensure(distributed.0.sign == sign && distributed.1.sign == sign, "sign")
      let w = LogNumber(sign: sign, logMagnitude: c)
      try ensure(abs(((x + y) + w).logMagnitude - (x + (y + w)).logMagnitude) <= bound, "+ associative")
      try ensure(abs(((x * y) * w).logMagnitude - (x * (y * w)).logMagnitude) <= bound, "* associative")
      try ensure(abs(((x * y) / y).logMagnitude - a) <= bound, "/ undoes *")
      // A number swamped by one 10^26 times as large leaves it as it is.
      let swamped = x + LogNumber(sign: -sign, logMagnitude: a - 60)
      try ensure(swamped.sign == sign && abs(swamped.logMagnitude - a) <= 2 * exp(-60), "swamped")
      try ensure(LogNumber(log: a) - LogNumber(log: a - 1) < LogNumber(log: a), "difference too large")
      let ofTwo = LogNumber(log: a) + LogNumber(log: a)
      try ensure(abs(ofTwo.logMagnitude - (a + M_LN2)) <= bound, "x + x = 2 x")
    }
  }

  @Test func `infinite magnitudes add like infinities`() {
    let infinity = LogNumber(log: .infinity)
    #expect(infinity + infinity == infinity)
    #expect(-infinity - infinity == -infinity)
    #expect(infinity + LogNumber(-1e300) == infinity && LogNumber(5) - infinity == -infinity)
    #expect((infinity - infinity).value.isNaN)
    #expect(infinity * LogNumber(-2) == -infinity && LogNumber(-2) / infinity == .zero)
    #expect(LogNumber(log: 1e300) < infinity && -infinity < LogNumber(sign: -1, logMagnitude: 1e300))
  }

  @Test func `order is that of the numbers`() {
    let any = Gen<Double>.oneOf([
      numbers, .constant(.infinity), .constant(-.infinity), .constant(.leastNonzeroMagnitude),
    ])
    checkProperty("order", count: 1000, zip(any, any)) { a, b in
      let (x, y) = (LogNumber(a), LogNumber(b))
      // log is monotone; it may map neighbours to one logarithm, never turn them round.
      if a < b { try ensure(x <= y && !(y < x), "\(a) < \(b)") }
      if a == b { try ensure(x == y && !(x < y) && !(y < x), "\(a) == \(b)") }
      if a < b, a.sign != b.sign || abs(a) * 1.001 < abs(b) || abs(b) * 1.001 < abs(a) {
        try ensure(x < y, "\(a) < \(b) strictly")
      }
    }
    let ascending = [-1e9, -2, 3, 1e9].map { LogNumber(sign: $0 < 0 ? -1 : 1, logMagnitude: abs($0)) }
    #expect(
      [ascending[2], ascending[0], ascending[3], ascending[1], .zero].sorted() == [
        ascending[0], ascending[1], .zero, ascending[2], ascending[3],
      ])
  }

  @Test func `expm1 at both ends and across the switch at 40`() {
    checkProperty("expm1", count: 1000, Gen<Double>.oneOf([.double(in: -50...700), .logUniform(in: 1e-300...1)])) { x in
      let number = LogNumber.expm1(x)
      let expected = Foundation.expm1(x)
      // expm1 errs by an ulp here and there, log by one; dropping exp(-x) beyond 40 by less than u.
      try ensure(abs(number.value - expected) <= 2 * roundoff * (logOf(expected) + 4) * abs(expected), "\(x)")
    }
    #expect(LogNumber.expm1(0) == .zero)
    #expect(LogNumber.expm1(1e7) == LogNumber(log: 1e7))
    #expect(LogNumber.expm1(-1e7) == LogNumber(-1))
    #expect(LogNumber.expm1(40) < LogNumber.expm1(40.0.nextUp))
  }

  @Test(arguments: growthReferences)
  func `growth against mpmath`(reference: GrowthReference) {
    let growth = LogNumber.growth(rate: reference.rate, steps: reference.steps)
    #expect(growth.sign == reference.sign)
    guard reference.sign != 0 else { return }
    let value = Double(reference.sign) * exp(reference.log)
    // The logarithm of the result is rounded once more.
    let bound =
      growthError(rate: reference.rate, steps: reference.steps, growth: value, rateError: 0)
      + 2 * roundoff * abs(reference.log)
    #expect(abs(growth.logMagnitude - reference.log) <= bound, "\(growth.logMagnitude), should be \(reference.log)")
  }

  @Test func `growth adds like exponents: (1 + g_s)(1 + g_t) = 1 + g_(s+t)`() {
    let rates = Gen<Double>.oneOf([.double(in: 0...5), .double(in: -5 ... -2.5), .double(in: -0.9...0)])
    checkProperty("growth", zip(rates, Gen<Int>.int(in: 0...2000), Gen<Int>.int(in: 0...2000))) { rate, s, t in
      let one = LogNumber(1)
      let product = (one + .growth(rate: rate, steps: s)) * (one + .growth(rate: rate, steps: t))
      let whole = one + .growth(rate: rate, steps: s + t)
      // Adding 1 cancels where the growth is near -1: an absolute error of a few u, against the power itself.
      let logPower = Double(s + t) * log(abs(1 + rate))
      let cancellation = rate > -1 && rate < 0 ? 4 * roundoff * (exp(-logPower) + 2) : 0
      guard cancellation < 1e-3 else { return }
      try ensure(product.sign == whole.sign, "sign")
      let bound = 16 * roundoff * (abs(logPower) + 2) + 4 * cancellation
      try ensure(abs(product.logMagnitude - whole.logMagnitude) <= bound, "\(product) and \(whole)")
    }
  }

  /// Mantissa and exponent of a decimal string.
  private func parse(_ text: String) throws -> (mantissa: Double, exponent: Int) {
    let parts = text.split(separator: "e")
    let mantissa = try #require(Double(parts[0]))
    return (mantissa, parts.count > 1 ? try #require(Int(parts[1])) : 0)
  }

  @Test(arguments: decimalReferences)
  func `decimal digits of huge and tiny numbers against mpmath`(reference: DecimalReference) throws {
    for sign in [1, -1] {
      let text = LogNumber(sign: sign, logMagnitude: reference.log).decimal
      let (mantissa, exponent) = try parse(text)
      #expect(abs(mantissa) >= 1 && abs(mantissa) < 10 && (mantissa > 0) == (sign > 0), "\(text)")
      // As documented: about 15 - log10 |log10 x| digits. The product exponent * ln 10 and the constant err by u each,
      // together 2u |log x|, which is below 10^-15 |log10 x| = 3.9 u |log x|; exp and the power of ten by 2u each.
      let bound = 2 * roundoff * (abs(reference.log) + 2)
      #expect(bound <= 1e-15 * (abs(reference.log / M_LN10) + 2))
      let found = abs(mantissa) * pow(10, Double(exponent - reference.exponent))
      #expect(relativeError(found, reference.mantissa) <= bound + 4 * roundoff, "\(text)")
    }
  }

  @Test func `inside Double's range a decimal is what Double prints`() {
    checkProperty("decimal", count: 500, numbers) { x in
      let text = LogNumber(x).decimal
      try ensure(Double(text) == LogNumber(x).value, "\(text) does not read back")
      try ensure(text == LogNumber(x).value.description, text)
    }
    #expect(LogNumber.zero.decimal == "0.0")
    #expect(LogNumber(-1).decimal == "-1.0" && LogNumber(1).decimal == "1.0")
  }

  @Test func `just below, at and above powers of ten the mantissa stays in [1, 10)`() {
    let logs = zip(Gen<Int>.int(in: 310...2_000_000), Gen<Int>.int(in: -4...4), Gen<Bool>.bool)
    checkProperty("powers of ten", count: 3000, logs) { exponent, ulps, negative in
      let power = Double(negative ? -exponent - 20 : exponent)
      var logarithm = power * M_LN10
      for _ in 0..<abs(ulps) { logarithm = ulps < 0 ? logarithm.nextDown : logarithm.nextUp }
      let text = LogNumber(log: logarithm).decimal
      let (mantissa, found) = try parse(text)
      try ensure(mantissa >= 1 && mantissa < 10, text)
      try ensure(text.contains(negative ? "e-" : "e+"), text)
      // The logarithm is within 4 ulp and the rounding of the product of that of the power.
      let error = abs(log(mantissa) + (Double(found) - power) * M_LN10)
      try ensure(error <= 2 * roundoff * (7 * abs(logarithm) + 20), "\(text) is off by \(error)")
    }
  }

  @Test func `decimals without digits: infinite, not a number, or with an exponent that no Int holds`() throws {
    #expect(LogNumber(log: .infinity).decimal == "inf" && (-LogNumber(log: .infinity)).decimal == "-inf")
    #expect(LogNumber(.nan).decimal.hasSuffix("nan"))
    #expect(LogNumber(log: 1e20).decimal == "inf")
    #expect(LogNumber(sign: -1, logMagnitude: 1e300).decimal == "-inf")
    #expect(LogNumber(log: -1e20).decimal == "0.0")
    #expect(LogNumber.growth(rate: 1e10, steps: .max).decimal == "inf")
    let (_, exponent) = try parse(LogNumber(log: 1e18).decimal)
    // The quotient by ln 10 carries 2 u: one for the constant, one for the division.
    #expect(abs(exponent - 434_294_481_903_251_828) <= Int(2 * roundoff * 4.4e17) + 1)
  }

  @Test func `subnormal numbers are written from the logarithm`() throws {
    let (mantissa, exponent) = try parse(LogNumber(log: -740).decimal)
    let bound = 2 * roundoff * (740 + 4)
    #expect(exponent == -322)
    #expect(relativeError(mantissa * 1e-22, exp(-740 + 300 * M_LN10)) <= 4 * bound)
  }
}
