import Glibc
import LinearAlgebra

/// A linear stage or a linear unlearning run, written as a function of the eigenvalues of `K = X X'`:
///
///     theta  <-  theta + X' phi(K) (y - X theta),     phi(K) = Q diag(phi(lambda_j)) Q'
///
/// The filter is phi. It never needs the d x d matrix `X'X`. Losses are those of the paper (arXiv 2510.16629,
/// Section 3): a stage trained by ridge minimises a **sum** of squares, gradient methods move on the **mean** of
/// squares over the n rows, hence the factors 2/n.
///
/// Theorem: proofs/spectral-filters.md
public enum SpectralFilter: Sendable, Equatable {
  /// The minimiser of `||X theta - y||^2 + mu ||theta - theta_prev||^2`, mu > 0: `1 / (lambda + mu)`. Equation (1).
  case ridge(mu: Double)
  /// T steps of gradient descent on `(1/n) ||X theta - y||^2`: `(1 - (1 - 2 a lambda/n)^T) / lambda`.
  case gradientDescent(steps: Int, stepSize: Double)
  /// Gradient flow on the same loss for a time tau: `(1 - exp(-2 lambda tau/n)) / lambda`.
  case gradientFlow(time: Double)
  /// Training to convergence from the previous iterate, the change of least norm: `1 / lambda`, and 0 where lambda is
  /// 0.
  case interpolation
  /// t steps of gradient **ascent** on the same loss: `-((1 + 2 eta lambda/k)^t - 1) / lambda`.
  case gradientAscent(steps: Int, stepSize: Double)
  /// Ascent flow for a time tau: `-(exp(2 lambda tau/k) - 1) / lambda`.
  case ascentFlow(time: Double)
  /// T steps of **implicit** gradient ascent, step a, each of which solves `theta' = theta + a grad(theta')`, the
  /// gradient at the end of the step: `-((1 - 2 a lambda/n)^-T - 1) / lambda`. No solution where `2 a lambda/n = 1`.
  case implicitAscent(steps: Int, stepSize: Double)

  /// Checks the parameters.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` naming the parameter and its range.
  public func validate() throws {
    func require(_ name: String, _ value: Double, _ holds: Bool, _ rule: String) throws {
      guard value.isFinite, holds else {
        throw LinearAlgebraError.invalidParameter("\(name) is \(value); it must be finite and \(rule)")
      }
    }
    switch self {
    case .ridge(let mu): try require("mu", mu, mu > 0, "greater than 0 (for mu -> 0 use interpolation)")
    case .gradientDescent(let steps, let size), .gradientAscent(let steps, let size),
      .implicitAscent(let steps, let size):
      try require("the number of steps", Double(steps), steps >= 0, "at least 0")
      try require("the step size", size, size > 0, "greater than 0")
    case .gradientFlow(let time), .ascentFlow(let time): try require("the time", time, time >= 0, "at least 0")
    case .interpolation: break
    }
  }

  /// `phi(lambda)` for a data set of `rows` rows. Continuous at lambda = 0: the numerators are exact to rounding for
  /// tiny lambda, and each quotient takes its limit where its argument leaves the range of normal numbers.
  /// Infinite where an ascent has left Double's range (``logValue(at:rows:zeroBelow:)`` has not).
  ///
  /// `zeroBelow` is the level under which ``interpolation`` takes an eigenvalue for zero.
  public func value(at lambda: Double, rows: Int, zeroBelow: Double = 0) -> Double {
    let n = Double(rows)
    switch self {
    case .ridge(let mu): return 1 / (lambda + mu)
    case .interpolation: return lambda > zeroBelow ? 1 / lambda : 0
    case .gradientDescent(let steps, let size):
      let rate = -2 * size * lambda / n
      guard abs(rate) >= .leastNormalMagnitude else { return 2 * size * Double(steps) / n }
      return -LogNumber.growth(rate: rate, steps: steps).value / lambda
    case .gradientFlow(let time):
      let exponent = -2 * lambda * time / n
      guard abs(exponent) >= .leastNormalMagnitude else { return 2 * time / n }
      return -expm1(exponent) / lambda
    case .gradientAscent, .ascentFlow, .implicitAscent: return logValue(at: lambda, rows: rows).value
    }
  }

  /// `phi(lambda)` as a `LogNumber`: finite logarithm for any number of ascent steps.
  public func logValue(at lambda: Double, rows: Int, zeroBelow: Double = 0) -> LogNumber {
    let k = Double(rows)
    switch self {
    case .gradientAscent(let steps, let size):
      let rate = 2 * size * lambda / k
      guard abs(rate) >= .leastNormalMagnitude else { return LogNumber(-2 * size * Double(steps) / k) }
      return -LogNumber.growth(rate: rate, steps: steps) / LogNumber(lambda)
    case .ascentFlow(let time):
      let exponent = 2 * lambda * time / k
      guard abs(exponent) >= .leastNormalMagnitude else { return LogNumber(-2 * time / k) }
      return -LogNumber.expm1(exponent) / LogNumber(lambda)
    case .implicitAscent(let steps, let size):
      let rate = 2 * size * lambda / k
      guard abs(rate) >= .leastNormalMagnitude else { return LogNumber(-2 * size * Double(steps) / k) }
      return -LogNumber.growth(rate: rate / (1 - rate), steps: steps) / LogNumber(lambda)
    default: return LogNumber(value(at: lambda, rows: rows, zeroBelow: zeroBelow))
    }
  }

  /// `1 - lambda phi(lambda)`, what is left of the residual along an eigenvector: 1 where nothing was learned, 0 where
  /// everything was. Without the cancellation of the plain expression.
  public func remainder(at lambda: Double, rows: Int, zeroBelow: Double = 0) -> Double {
    let n = Double(rows)
    switch self {
    case .ridge(let mu): return mu / (lambda + mu)
    case .interpolation: return lambda > zeroBelow ? 0 : 1
    case .gradientDescent(let steps, let size):
      return LogNumber.power(rate: -2 * size * lambda / n, steps: steps).value
    case .gradientFlow(let time): return exp(-2 * lambda * time / n)
    case .gradientAscent, .ascentFlow, .implicitAscent: return 1 - lambda * value(at: lambda, rows: rows)
    }
  }

  /// The filter that undoes a stage trained by this one on the same data: `-phi / (1 - lambda phi)`. An ascent on the
  /// stage's own loss each time (theory B3):
  ///
  /// - ridge is one implicit Euler step of descent, undone by **one** step of ascent, `eta = n / (2 mu)`;
  /// - T steps of descent are undone by T implicit steps of ascent of the same size, unless `2 a lambda/n = 1` for an
  ///   eigenvalue of K, along which one step of descent already forgets where it began;
  /// - flow is undone by ascent flow of the same time.
  ///
  /// Nil for training to convergence, which forgets where it began, and for the ascents, which train nothing.
  public func inverse(rows: Int) -> SpectralFilter? {
    switch self {
    case .ridge(let mu): .gradientAscent(steps: 1, stepSize: Double(rows) / (2 * mu))
    case .gradientDescent(let steps, let size): .implicitAscent(steps: steps, stepSize: size)
    case .gradientFlow(let time): .ascentFlow(time: time)
    case .interpolation, .gradientAscent, .ascentFlow, .implicitAscent: nil
    }
  }
}
