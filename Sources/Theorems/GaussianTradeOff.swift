import CGSL
import Glibc
import LinearAlgebra

/// How well two normal laws `N(0, s^2 I)` and `N(v, s^2 I)` hide which of them an output came from: the least delta
/// for which they are (epsilon, delta)-indistinguishable, `P(A) <= e^epsilon Q(A) + delta` for every event A.
///
/// It depends on `a = ||v|| / s` alone, and with `x = epsilon/a - a/2`, `y = epsilon/a + a/2` it is
///
///     delta(epsilon, a) = Phi(-x) - e^epsilon Phi(-y)
///
/// (Balle and Wang, ICML 2018, Theorem 8). Its derivative in a is the normal density at x, which is positive: delta
/// grows strictly, from 0 at a = 0 towards 1.
///
/// Theorem: proofs/certified-unlearning.md
public enum GaussianTradeOff {
  /// `log delta(epsilon, a)`, finite also where delta or `e^epsilon` leaves Double's range. Traps unless
  /// `epsilon >= 0` is finite and `a >= 0`.
  public static func logDelta(epsilon: Double, distance a: Double) -> Double {
    precondition(epsilon >= 0 && epsilon.isFinite && a >= 0, "epsilon \(epsilon), distance \(a)")
    guard a > 0 else { return -.infinity }
    guard a < .infinity else { return 0 }
    let (x, y) = (epsilon / a - a / 2, epsilon / a + a / 2)
    guard x < .infinity else { return -.infinity }
    // e^epsilon phi(y) = phi(x), so that neither e^epsilon nor a tail needs to be formed.
    let logDensity = -x * x / 2 - log(2 * Double.pi) / 2
    // Near and above 0 the two terms are close to each other: their difference is one integral of what is positive.
    if x > -1 { return logDensity + log(tailRatio(x, less: a)) }
    BLASLibrary.useOneThreadPerCall()
    return log1p(-(gsl_cdf_ugaussian_P(x) + exp(logDensity) * tailRatio(y, less: .infinity)))
  }

  /// The a at which `log delta(epsilon, a)` is this: the farthest that two laws can be apart and still be
  /// (epsilon, delta)-indistinguishable. Bisection down to neighbouring Doubles; traps unless `epsilon >= 0` is finite
  /// and `logDelta` is finite and negative.
  public static func distance(epsilon: Double, logDelta: Double) -> Double {
    precondition(logDelta < 0 && logDelta > -.infinity, "log delta \(logDelta)")
    var low = 0.0
    var high = 1.0
    while Self.logDelta(epsilon: epsilon, distance: high) < logDelta { (low, high) = (high, 2 * high) }
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return high }
      if Self.logDelta(epsilon: epsilon, distance: middle) < logDelta { low = middle } else { high = middle }
    }
  }

  /// `int_0^inf exp(-x u - u^2/2) (1 - exp(-a u)) du` for x >= -1, which is `Q(x) / phi(x) - Q(x + a) / phi(x + a)`, Q
  /// being the upper tail and phi the density. For infinite a it is Mills' ratio `Q(x) / phi(x)`.
  private static func tailRatio(_ x: Double, less a: Double) -> Double {
    let scale = 1 / (1 + max(0, x))
    return scale
      * nodes.reduce(0) { sum, node in
        let u = scale * node.point
        let density = node.weight * exp(-x * u - u * u / 2)
        return sum + (a == .infinity ? density : density * -expm1(-a * u))
      }
  }

  /// The trapezoidal rule after the substitution `u = exp(v - exp(-v))`, by which integrands that decay like an
  /// exponential become doubly exponential at both ends (Takahasi and Mori 1974). What is cut off is below 10^-20.
  private static let nodes: [(point: Double, weight: Double)] = {
    let spacing = 1.0 / 16
    return stride(from: -4.5, through: 7, by: spacing).map { v in
      let u = exp(v - exp(-v))
      return (u, spacing * u * (1 + exp(-v)))
    }
  }()
}
