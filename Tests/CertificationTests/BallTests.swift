import BigInt
import PropertyTesting
import Testing

@testable import Certification

@Suite("Balls")
struct BallTests {
  /// Points of a ball that stand for all of it: operations are monotonic between them often enough to catch a slip.
  private func points(_ ball: Ball) -> [Fraction] { [ball.ends.lower, ball.ends.centre, ball.ends.upper] }

  @Test func `The exact sum, difference, product and quotient of any of their points lie in the balls`() {
    checkProperty("inclusion", count: 600, zip(balls, balls)) { left, right in
      let (sum, difference, product, quotient) = (left + right, left - right, left * right, left / right)
      for x in points(left) {
        for y in points(right) {
          try ensure(sum.holds(x + y), "\(x) + \(y)")
          try ensure(difference.holds(x - y), "\(x) - \(y)")
          try ensure(product.holds(x * y), "\(x) * \(y)")
          if y.numerator != 0 { try ensure(quotient.holds(x / y), "\(x) / \(y)") }
        }
      }
      try ensure(quotient.isBounded != right.containsZero, "\(left) / \(right) is bounded: \(quotient.isBounded)")
    }
  }

  @Test func `Powers, roots and inner products hold the exact results`() {
    checkProperty("power", count: 200, zip(balls, Gen<Int>.int(in: 0...9))) { ball, exponent in
      let power = ball.power(exponent)
      for x in points(ball) {
        try ensure(power.holds((0..<exponent).reduce(Fraction(1)) { product, _ in product * x }), "\(x)^\(exponent)")
      }
    }
    checkProperty("root", count: 300, balls) { ball in
      let root = ball.squareRoot
      guard ball.ends.upper >= Fraction(0) else { return try ensure(!root.isBounded, "a root of negative numbers") }
      let (low, high) = (root.ends.lower, root.ends.upper)
      for x in points(ball) where x >= Fraction(0) {
        try ensure(high >= Fraction(0) && x <= high * high, "root above \(high)")
        try ensure(low <= Fraction(0) || low * low <= x, "root below \(low)")
      }
    }
    checkProperty("dot", count: 200, zip(balls, balls).array(count: 0...6)) { pairs in
      let dot = Ball.dot(pairs.map { $0.0 }, pairs.map { $0.1 }, bits: 128)
      for choice in 0..<9 {
        let exact = pairs.reduce(Fraction(0)) { $0 + points($1.0)[choice % 3] * points($1.1)[choice / 3] }
        try ensure(dot.holds(exact), "the inner product misses \(exact)")
      }
    }
  }

  @Test func `Radii are what is necessary, but for a few units of the last place`() {
    checkProperty("tightness", count: 400, zip(balls, balls)) { left, right in
      let bits = max(left.bits, right.bits)
      let (rx, ry) = (left.radiusFraction, right.radiusFraction)
      let (x, y) = (left.ends.centre.magnitude, right.ends.centre.magnitude)
      // The midpoint is cut to N bits, a quotient's fraction before that, and each of a handful of operations on radii
      // gains at most 2^-30.
      func near(_ ball: Ball, _ necessary: Fraction, _ name: String) throws {
        let ulp = ball.ends.centre.magnitude * .powerOfTwo(2 - bits)
        let allowed = (necessary + ulp) * (Fraction(1) + .powerOfTwo(-27))
        try ensure(ball.radiusFraction <= allowed, "\(name): \(ball.radiusFraction) for \(necessary)")
      }
      try near(left + right, rx + ry, "+")
      try near(left * right, x * ry + y * rx + rx * ry, "*")
      guard y > ry else { return }
      try near(left / right, (rx + x / y * ry) / (y - ry), "/")
    }
  }

  @Test func `Sums of numbers far apart stay short and keep both`() {
    for (bits, gap, sign) in [(64, 10_000, 1), (128, 321, -1), (128, 319, 1), (256, 1_000_000, 1), (256, 999, -1)] {
      let number = Dyadic(BigInt(3 * sign), exponent: -gap)
      let (one, tiny) = (Ball.one(bits: bits), Ball(number, bits: bits))
      let dot = Ball.dot([tiny, one, tiny], [one, one, .zero(bits: bits)], bits: bits)
      for sum in [one + tiny, tiny + one, dot] {
        #expect(sum.contains(Dyadic(1) + number))
        #expect(sum.midpoint.mantissa.bitWidth <= bits + 1)
      }
    }
  }

  @Test func `A radius far below the midpoint's last bit counts at both ends`() {
    let tiny = Dyadic(1, exponent: -10_000)
    let ball = Ball(from: Dyadic(1) - tiny, to: Dyadic(1) + tiny, bits: 64)
    #expect(ball.midpoint == Dyadic(1) && !ball.isExact)
    #expect(ball.lower.map { $0 <= Dyadic(1) - tiny && $0 > Dyadic(0.99) } == true)
    #expect(ball.upper.map { $0 >= Dyadic(1) + tiny && $0 < Dyadic(1.01) } == true)
  }

  @Test func `What is certain of a ball, and what is not`() {
    func ball(_ low: Int, _ high: Int) -> Ball {
      Ball(from: Dyadic(BigInt(low)), to: Dyadic(BigInt(high)), bits: 64)
    }
    #expect(ball(1, 3).isPositive && ball(-3, -1).isNegative && !ball(0, 2).isPositive && ball(0, 2).isNonnegative)
    #expect(!ball(-1, 2).isNonnegative && ball(-1, 2).containsZero && ball(0, 2).containsZero)
    #expect(ball(0, 0).isZero && !ball(-1, 1).isZero && ball(0, 0).isNonnegative && !ball(0, 0).isPositive)
    let unbounded = ball(1, 1) / ball(0, 2)
    #expect(!unbounded.isBounded && !unbounded.isPositive && !unbounded.isNonnegative && unbounded.lower == nil)
    // Nothing comes back from there, not even by a factor of 0.
    for lost in [unbounded * .zero(bits: 64), unbounded - unbounded, Ball.zero(bits: 64) / unbounded] {
      #expect(!lost.isBounded && lost.containsZero)
    }
    // Out of the range of exponents nothing is known either.
    #expect(!Ball(Dyadic(1, exponent: 1 << 58), bits: 64).power(8).isBounded)
    #expect(!Ball(Dyadic(1, exponent: -(1 << 58)), bits: 64).power(8).isBounded)
  }

  @Test func `Every finite Double is taken exactly`() {
    checkProperty("doubles", Gen<Double>.logUniform(in: 1e-300...1e300)) { value in
      let ball = Ball(-value, bits: 64)
      return ball.isExact && Double(ball.midpoint.approximation) == -value
    }
    for value in [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 0.1,
    ] {
      let ball = Ball(value, bits: 53)
      #expect(ball.isExact && ball.midpoint.approximation == value)
    }
    #expect(Fraction(Dyadic(0.1)) == Fraction(BigInt(3_602_879_701_896_397), BigInt(1) << 55))
  }

  @Test func `Operations on radii round up, by less than 2^-30`() {
    let values = zip(Gen<Int>.int(in: 0...Int.max), Gen<Int>.int(in: -80...80)).map { bits, exponent in
      (
        exact: Fraction(Dyadic(BigInt(bits), exponent: exponent)),
        bound: Magnitude(above: UInt64(bits), exponent: exponent)
      )
    }
    func value(_ magnitude: Magnitude) -> Fraction { Fraction(Dyadic(magnitude)) }
    let most = Fraction(1) + .powerOfTwo(-30)
    checkProperty("magnitudes", count: 500, zip(values, values)) { one, other in
      let (x, y) = (value(one.bound), value(other.bound))
      try ensure(x >= one.exact && x <= one.exact * most, "of an integer")
      let (sum, product) = (value(one.bound + other.bound), value(one.bound * other.bound))
      try ensure(sum >= x + y && sum <= (x + y) * most, "sum")
      try ensure(product >= x * y && product <= x * y * most, "product")
      guard y > Fraction(0) else { return }
      let quotient = value(one.bound.dividedUp(byAtLeast: other.bound))
      try ensure(quotient >= x / y && quotient <= x / y * most, "quotient")
    }
    checkProperty("bounds of numbers", count: 300, dyadics) { number in
      let exact = Fraction(number).magnitude
      let (above, below) = (value(number.magnitudeAbove), value(number.magnitudeBelow))
      return above >= exact && above <= exact * most && below <= exact && below * most >= exact
    }
    #expect((Magnitude.infinity + .zero).isInfinite && (Magnitude.infinity * Magnitude(powerOfTwo: -9)).isInfinite)
    #expect((Magnitude.infinity * .zero).isZero && Magnitude(powerOfTwo: 0).dividedUp(byAtLeast: .zero).isInfinite)
  }

  @Test func `Decimal enclosures are outside of the ball, by less than a unit of their last digit`() {
    checkProperty("decimals", count: 400, zip(balls, Gen<Int>.int(in: 1...20))) { ball, digits in
      guard let texts = ball.decimalEnclosure(digits: digits), let lower = Fraction(decimal: texts.lower),
        let upper = Fraction(decimal: texts.upper)
      else { return try ensure(false, "not readable") }
      let (low, _, high) = ball.ends
      try ensure(lower <= low && high <= upper, "\(texts) for \(ball.ends)")
      let unit = Fraction(1, BigInt(10).power(digits - 1)) + .powerOfTwo(-60)
      try ensure(low - lower <= low.magnitude * unit, "\(texts.lower) for \(low)")
      try ensure(upper - high <= high.magnitude * unit, "\(texts.upper) for \(high)")
    }
    #expect(Ball.one(bits: 64).decimalEnclosure().map { [$0.lower, $0.upper] } == ["1", "1"])
    let third = Ball.one(bits: 128) / Ball(-3, bits: 128)
    #expect(third.decimalEnclosure(digits: 3).map { [$0.lower, $0.upper] } == ["-3.34e-1", "-3.33e-1"])
    let huge = Ball(10, bits: 128).power(1_000_000).decimalEnclosure(digits: 5)
    #expect(huge.map { [$0.lower, $0.upper] } == ["9.9999e+999999", "1.0001e+1000000"])
    #expect(Ball.unbounded(bits: 64).decimalEnclosure() == nil)
  }
}
