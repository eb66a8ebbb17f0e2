import BigInt

/// An interval `[midpoint - radius, midpoint + radius]` that certainly holds a real number.
///
/// The inclusion principle: whatever numbers lie in the balls of an operation's arguments, the exact result of the
/// operation on them lies in the ball it returns. So what is decided about balls is decided about the numbers, whatever
/// was rounded on the way. The midpoint is rounded to ``bits`` bits, and what the rounding cut off is added to the
/// radius, which itself is only ever rounded up. More bits make smaller balls.
public struct Ball: Sendable {
  /// The centre.
  public let midpoint: Dyadic
  /// How far from the centre the number can lie; infinite where nothing is known, as after dividing by a ball that
  /// holds 0.
  public let radius: Magnitude
  /// N, the bits that midpoints are rounded to. An operation on two balls works with the larger N.
  public let bits: Int

  /// The ball around a number, which is rounded to `bits` bits.
  public init(_ number: Dyadic, radius: Magnitude = .zero, bits: Int) {
    let (value, error) = number.rounded(to: bits)
    let beyond = !value.isZero && abs(value.top) >= Magnitude.exponentLimit
    midpoint = beyond ? .zero : value
    self.radius = beyond ? .infinity : radius + error
    self.bits = bits
  }

  /// The ball of a finite Double: exact from 53 bits on.
  public init(_ value: Double, bits: Int) { self.init(Dyadic(value), bits: bits) }

  /// The ball of an integer: exact where it has at most `bits` bits.
  public init(_ value: Int, bits: Int) { self.init(Dyadic(BigInt(value)), bits: bits) }

  /// The ball that holds everything between two numbers, `lower <= upper`.
  public init(from lower: Dyadic, to upper: Dyadic, bits: Int) {
    let (sum, width) = (lower + upper, upper - lower)
    self.init(sum.scaled(by: -1), radius: width.scaled(by: -1).magnitudeAbove, bits: bits)
  }

  /// The ball that holds every number.
  public static func unbounded(bits: Int) -> Ball { Ball(.zero, radius: .infinity, bits: bits) }

  /// The number 0.
  public static func zero(bits: Int) -> Ball { Ball(.zero, bits: bits) }

  /// The number 1.
  public static func one(bits: Int) -> Ball { Ball(1, bits: bits) }

  /// Whether it holds a single number.
  public var isExact: Bool { radius.isZero }
  /// Whether it bounds its number at all.
  public var isBounded: Bool { !radius.isInfinite }

  // MARK: What is certain about the number.

  /// Whether every number of the ball is greater than 0.
  public var isPositive: Bool { midpoint.sign > 0 && isBounded && Dyadic(radius) < midpoint }
  /// Whether every number of the ball is less than 0.
  public var isNegative: Bool { (-self).isPositive }
  /// Whether no number of the ball is less than 0.
  public var isNonnegative: Bool { isBounded && midpoint >= Dyadic(radius) }
  /// Whether the ball is the number 0 and nothing else.
  public var isZero: Bool { isExact && midpoint.isZero }
  /// Whether 0 lies in the ball.
  public var containsZero: Bool { !isPositive && !isNegative }

  /// Whether a number lies in the ball.
  public func contains(_ number: Dyadic) -> Bool {
    !isBounded || (number >= midpoint - Dyadic(radius) && number <= midpoint + Dyadic(radius))
  }

  /// A number that none of the ball is below; nil for an unbounded ball.
  public var lower: Dyadic? { end(-1) }
  /// A number that none of the ball is above; nil for an unbounded ball.
  public var upper: Dyadic? { end(1) }

  /// The exact end, or, of a radius too small for that to be sensible, a little beyond it.
  private func end(_ side: Int) -> Dyadic? {
    guard isBounded else { return nil }
    guard !radius.isZero else { return midpoint }
    let least = midpoint.isZero ? radius.exponent : midpoint.top - 4 * bits
    let width = radius.exponent < least ? Dyadic(radius + Magnitude(powerOfTwo: least)) : Dyadic(radius)
    return side < 0 ? midpoint - width : midpoint + width
  }

  /// A bound on the absolute value of every number of the ball.
  public var magnitudeAbove: Magnitude { midpoint.magnitudeAbove + radius }

  /// A lower bound on the absolute value of every number of the ball: 0 where 0 is one of them.
  var magnitudeBelow: Magnitude {
    guard isBounded, !midpoint.isZero else { return .zero }
    guard !radius.isZero else { return midpoint.magnitudeBelow }
    let size = midpoint.sign < 0 ? -self : self
    guard let lower = size.lower, lower.sign > 0 else { return .zero }
    return lower.magnitudeBelow
  }

  /// The midpoint alone, as an exact number: for guesses, which need no bound.
  var centre: Ball { Ball(midpoint, bits: bits) }
}
