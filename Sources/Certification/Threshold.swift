import Glibc

/// The first step at which a growing quantity has reached a level: the least integer t, negative ones included, with
/// `(1 + rho)^(2t) size >= level`. Guessed by logarithms, then proved.
public struct Threshold: Sendable {
  /// Where that is.
  public enum Place: Sendable, Equatable {
    /// Before every step: the level is exactly 0.
    case always
    /// This step, proved.
    case step(Int)
    /// This step, proved, or one before it: one step before, the two sides are too close for this precision.
    case atMost(Int)
    /// Not within 2^53 of 0.
    case beyond
    /// Not found at this precision.
    case unknown
  }

  /// Where it is.
  public let place: Place
  /// The two inequalities that say so: reached there, and not one step before. None where no step was found; neither is
  /// ever refuted, since they locate a step and the theory does not claim them.
  public let claims: [CertifiedClaim]
  /// The first step from 0 on at which the level is proved to be reached; nil when none was found.
  public let firstProved: Int?

  /// Finds it; the claims get these names.
  init(
    rho: Ball, size: Ball, level: Ball,
    names: (reached: CertifiedClaim.Name, notBefore: CertifiedClaim.Name) = (.t0Reached, .t0NotBefore)
  ) {
    func reached(_ t: Int) -> CertifiedClaim {
      let (grown, level) = Self.sides(t, rho, size, level)
      return CertifiedClaim(names.reached, at: t, grown, .atLeast, level)
    }
    guard !level.isZero else {
      (place, claims, firstProved) = (.always, [], 0)
      return
    }
    guard let step = Self.first(near: Self.guess(rho, size, level), where: { reached($0).decision == .proved }) else {
      let far = [reached(-Self.farthest), reached(Self.farthest)].map(\.decision)
      place = far[0] == .proved || far[1] == .refuted ? .beyond : .unknown
      (claims, firstProved) = ([], reached(0).decision == .proved ? 0 : nil)
      return
    }
    let before = Self.sides(step - 1, rho, size, level)
    let notBefore = CertifiedClaim(names.notBefore, at: step - 1, before.level, .greater, before.grown)
    place = notBefore.decision == .proved ? .step(step) : .atMost(step)
    (claims, firstProved) = ([reached(step), notBefore], max(0, step))
  }

  /// Steps are sought up to so far from 0.
  private static let farthest = 1 << 53

  /// The step by Double's logarithms, which may be many steps off where rho* is small.
  private static func guess(_ rho: Ball, _ size: Ball, _ level: Ball) -> Int {
    let rate = 2 * log1p(rho.midpoint.approximation)
    let guess = ((level.midpoint.logMagnitude - size.midpoint.logMagnitude) / rate).rounded(.up)
    return guess.isNaN ? 0 : Int(max(-0x1p53, min(0x1p53, guess)))
  }

  /// A step that holds while the one before it does not: by strides that double from a guess, then by bisection. Nil
  /// where none is found between `-farthest` and `farthest`.
  private static func first(near guess: Int, where holds: (Int) -> Bool) -> Int? {
    let found = holds(guess)
    let end = found ? -farthest : farthest
    var (last, next, stride) = (guess, guess, 1)
    repeat {
      guard next != end else { return nil }
      last = next
      next = max(-farthest, min(farthest, found ? next - stride : next + stride))
      stride *= 2
    } while holds(next) == found
    var (without, with) = found ? (next, last) : (last, next)
    while with - without > 1 {
      let middle = without + (with - without) / 2
      if holds(middle) { with = middle } else { without = middle }
    }
    return with
  }

  /// Both sides of `(1 + rho)^(2t) size >= level`; for a negative t the power goes to the other side.
  private static func sides(_ t: Int, _ rho: Ball, _ size: Ball, _ level: Ball) -> (grown: Ball, level: Ball) {
    let power = (Ball.one(bits: rho.bits) + rho).power(2 * abs(t))
    return t < 0 ? (size, level * power) : (size * power, level)
  }
}
