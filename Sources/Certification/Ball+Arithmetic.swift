import BigInt

extension Ball {
  /// The ball of opposite numbers.
  public static prefix func - (ball: Ball) -> Ball { Ball(-ball.midpoint, radius: ball.radius, bits: ball.bits) }

  /// The sum.
  public static func + (left: Ball, right: Ball) -> Ball {
    let bits = max(left.bits, right.bits)
    let radius = left.radius + right.radius
    let (a, b) = (left.midpoint, right.midpoint)
    if !a.isZero, !b.isZero {
      // A midpoint so small beside the other that adding it exactly would only make bits to be cut again.
      let reach = 2 * bits + 64
      if b.top < a.top - reach { return Ball(a, radius: radius + b.magnitudeAbove, bits: bits) }
      if a.top < b.top - reach { return Ball(b, radius: radius + a.magnitudeAbove, bits: bits) }
    }
    return Ball(a + b, radius: radius, bits: bits)
  }

  /// The difference.
  public static func - (left: Ball, right: Ball) -> Ball { left + (-right) }

  /// The product: with `x = a + e`, `y = b + f`, `|x y - a b| <= |a| |f| + (|b| + |f|) |e|`.
  public static func * (left: Ball, right: Ball) -> Ball {
    Ball(left.midpoint * right.midpoint, radius: productRadius(left, right), bits: max(left.bits, right.bits))
  }

  private static func productRadius(_ left: Ball, _ right: Ball) -> Magnitude {
    var radius = Magnitude.zero
    if !right.radius.isZero { radius = left.midpoint.magnitudeAbove * right.radius }
    if !left.radius.isZero { radius = radius + right.magnitudeAbove * left.radius }
    // 0 times an unbounded ball is unbounded: its midpoint says nothing.
    return left.isBounded && right.isBounded ? radius : .infinity
  }

  /// The quotient; unbounded where the divisor's ball holds 0.
  ///
  /// With `x = a + e`, `y = b + f`, `|x/y - a/b| = |e - (a/b) f| / |y| <= (|e| + |a/b| |f|) / |y|`.
  public static func / (left: Ball, right: Ball) -> Ball {
    let bits = max(left.bits, right.bits)
    let divisor = right.magnitudeBelow
    guard !divisor.isZero, left.isBounded else { return .unbounded(bits: bits) }
    let (a, b) = (left.midpoint, right.midpoint)
    var quotient = Ball.zero(bits: bits)
    if !a.isZero {
      // So many bits that the quotient has at least `bits` of them; its cut-off fraction is less than one unit.
      let shift = max(0, bits + 1 + b.mantissa.magnitude.bitWidth - a.mantissa.magnitude.bitWidth)
      let (floor, rest) = (a.mantissa.magnitude << shift).quotientAndRemainder(dividingBy: b.mantissa.magnitude)
      let exponent = a.exponent - b.exponent - shift
      let value = Dyadic(BigInt(sign: a.sign == b.sign ? .plus : .minus, magnitude: floor), exponent: exponent)
      quotient = Ball(value, radius: rest.isZero ? .zero : Magnitude(powerOfTwo: exponent), bits: bits)
    }
    let error = left.radius + quotient.magnitudeAbove * right.radius
    return Ball(
      quotient.midpoint, radius: quotient.radius + error.dividedUp(byAtLeast: divisor), bits: bits)
  }

  /// The power with this exponent, not negative, by repeated squaring.
  public func power(_ exponent: Int) -> Ball {
    precondition(exponent >= 0, "a power of exponent \(exponent)")
    var result = Ball.one(bits: bits)
    guard exponent > 0 else { return result }
    for bit in (0..<(Int.bitWidth - exponent.leadingZeroBitCount)).reversed() {
      result = result * result
      if exponent >> bit & 1 == 1 { result = result * self }
    }
    return result
  }

  /// The square root of a number known not to be negative: numbers of the ball below 0 are left out. Unbounded for a
  /// ball that is all negative.
  ///
  /// With `x = a + e`, `|sqrt x - sqrt a| = |e| / (sqrt x + sqrt a) <= |e| / sqrt a`.
  public var squareRoot: Ball {
    guard !isNegative, let upper else { return .unbounded(bits: bits) }
    guard isPositive else {
      // Somewhere in [0, sqrt upper].
      let root = Ball.root(upper, bits: bits)
      return root.upper.map { Ball(from: .zero, to: $0, bits: bits) } ?? root
    }
    let root = Ball.root(midpoint, bits: bits)
    return Ball(root.midpoint, radius: root.radius + radius.dividedUp(byAtLeast: root.magnitudeBelow), bits: bits)
  }

  /// The root of an exact number that is not negative.
  private static func root(_ number: Dyadic, bits: Int) -> Ball {
    guard !number.isZero else { return .zero(bits: bits) }
    var shift = max(0, 2 * bits + 2 - number.mantissa.magnitude.bitWidth)
    // The exponent that is left has to be even.
    if (number.exponent - shift) & 1 != 0 { shift += 1 }
    let scaled = number.mantissa.magnitude << shift
    let floor = scaled.squareRoot()
    let exponent = (number.exponent - shift) / 2
    let exact = floor * floor == scaled
    return Ball(
      Dyadic(BigInt(floor), exponent: exponent), radius: exact ? .zero : Magnitude(powerOfTwo: exponent), bits: bits)
  }

  /// The inner product, rounded once: products and their sum are exact down to a unit that is `2 bits + 64` binary
  /// places below the largest product's first bit.
  static func dot(
    _ left: some RandomAccessCollection<Ball>, _ right: some RandomAccessCollection<Ball>, bits: Int
  ) -> Ball {
    var (top, base) = (Int.min, Int.max)
    var (radius, bounded) = (Magnitude.zero, true)
    for (a, b) in zip(left, right) {
      radius = radius + productRadius(a, b)
      bounded = bounded && a.isBounded && b.isBounded
      guard !a.midpoint.isZero, !b.midpoint.isZero else { continue }
      top = max(top, a.midpoint.top + b.midpoint.top)
      base = min(base, a.midpoint.exponent + b.midpoint.exponent)
    }
    guard bounded else { return .unbounded(bits: bits) }
    guard top != .min else { return Ball(.zero, radius: radius, bits: bits) }
    base = max(base, top - 2 * bits - 64)
    var (sum, cut) = (BigInt(0), UInt64(0))
    for (a, b) in zip(left, right) {
      guard !a.midpoint.isZero, !b.midpoint.isZero else { continue }
      let product = a.midpoint.mantissa * b.midpoint.mantissa
      let shift = a.midpoint.exponent + b.midpoint.exponent - base
      if shift == 0 {
        sum += product
      } else if shift > 0 {
        sum += product << shift
      } else {
        // Off by less than one unit, on one side or the other.
        sum += product >> -shift
        cut += 1
      }
    }
    return Ball(
      Dyadic(sum, exponent: base), radius: radius + Magnitude(above: cut, exponent: base), bits: bits)
  }
}
