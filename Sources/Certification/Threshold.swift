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
    /// This step or one next to it: the two sides are too close for this precision.
    case near(Int)
    /// Not within 2^53 of 0.
    case beyond
  }

  /// Where it is.
  public let place: Place
  /// The two inequalities that say so: reached there, and not one step before.
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
    let rate = 2 * log1p(rho.midpoint.approximation)
    var guess = ((level.midpoint.logMagnitude - size.midpoint.logMagnitude) / rate).rounded(.up)
    var found: (place: Place, claims: [CertifiedClaim]) = (.beyond, [])
    search: for _ in 0..<64 {
      guard abs(guess) < 0x1p53, let t = Int(exactly: guess) else { break }
      let (before, at) = (Self.sides(t - 1, rho, size, level), reached(t))
      let notBefore = CertifiedClaim(names.notBefore, at: t - 1, before.level, .greater, before.grown)
      found = (.near(t), [at, notBefore])
      switch (at.decision, notBefore.decision) {
      case (.refuted, _): guess += 1
      case (_, .refuted): guess -= 1
      case (.proved, .proved):
        found.place = .step(t)
        break search
      default: break search
      }
    }
    (place, claims) = found
    switch found.place {
    case .step(let t): firstProved = max(0, t)
    case .near(let t): firstProved = [max(0, t), max(0, t + 1)].first { reached($0).decision == .proved }
    case .always, .beyond: firstProved = reached(0).decision == .proved ? 0 : nil
    }
  }

  /// Both sides of `(1 + rho)^(2t) size >= level`; for a negative t the power goes to the other side.
  private static func sides(_ t: Int, _ rho: Ball, _ size: Ball, _ level: Ball) -> (grown: Ball, level: Ball) {
    let power = (Ball.one(bits: rho.bits) + rho).power(2 * abs(t))
    return t < 0 ? (size, level * power) : (size * power, level)
  }
}
