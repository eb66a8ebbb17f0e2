import LinearAlgebra

/// How a model moves on a quadratic loss: every trainer is `theta -> c + g(H) (theta - c)` for a function g of the
/// curvature h, and g is one of three forms.
///
/// | trainer | g(h) | form |
/// |---|---|---|
/// | `steps` proximal stages, each the stationary point of `loss + (mu/2) ||theta - theta_prev||^2` | `(mu / (h + mu))^steps` | `(1 + h/mu)^-steps` |
/// | T descent steps `theta - a H (theta - c)` | `(1 - a h)^T` | power |
/// | descent flow for a time tau | `exp(-h tau)` | exponential |
/// | descent to convergence, H positive semidefinite | 0 where h > 0, 1 where h = 0 | projection onto the kernel |
/// | t ascent steps `theta + eta H (theta - c)` | `(1 + eta h)^t` | power |
/// | ascent flow for a time tau | `exp(h tau)` | exponential |
/// | T implicit ascent steps `theta_new = theta + a H (theta_new - c)` | `(1 - a h)^-T` | power |
///
/// So ``inverse`` only changes the sign of an exponent, and every last stage but one trained to convergence can be
/// undone by looking at its own loss alone (*last in, first out*, theory B3): a proximal stage by **one explicit ascent
/// step with `eta = 1/mu`**, for any symmetric H with `H + mu I` positive definite.
///
/// Linear learners in the conventions of `StagedLearners.SpectralFilter`, whose ridge adds mu to a *sum* of squares,
/// are the case `H = (2/n) X'X`, `mu -> 2 mu/n`: see ``QuadraticStage/init(_:)``.
public enum QuadraticTrainer: Sendable, Equatable {
  /// Proximal stages with constant mu > 0.
  case proximal(mu: Double, steps: Int = 1)
  /// Gradient descent.
  case gradientDescent(steps: Int, stepSize: Double)
  /// Gradient flow.
  case gradientFlow(time: Double)
  /// Training to convergence.
  case convergence
  /// Gradient ascent.
  case gradientAscent(steps: Int, stepSize: Double)
  /// Ascent flow.
  case ascentFlow(time: Double)
  /// Implicit ascent steps, which undo descent steps.
  case implicitAscent(steps: Int, stepSize: Double)

  /// The trainer that undoes this one on the same loss; nil for training to convergence, which forgets where it came
  /// from.
  public var inverse: QuadraticTrainer? {
    switch self {
    case .proximal(let mu, let steps): .gradientAscent(steps: steps, stepSize: 1 / mu)
    case .gradientAscent(let steps, let size): .proximal(mu: 1 / size, steps: steps)
    case .gradientDescent(let steps, let size): .implicitAscent(steps: steps, stepSize: size)
    case .implicitAscent(let steps, let size): .gradientDescent(steps: steps, stepSize: size)
    case .gradientFlow(let time): .ascentFlow(time: time)
    case .ascentFlow(let time): .gradientFlow(time: time)
    case .convergence: nil
    }
  }

  /// g(h), with a finite logarithm for any number of steps. `zeroBelow` is the size under which ``convergence`` takes a
  /// curvature for 0.
  public func factor(at h: Double, zeroBelow: Double = 0) -> LogNumber {
    switch form {
    case .power(let rate, let exponent): .power(rate: rate * h, steps: exponent)
    case .exponential(let rate): LogNumber(log: rate * h)
    case .projection: h > zeroBelow ? .zero : LogNumber(1)
    }
  }

  /// `g(h) - 1`, exact to rounding where g is close to 1.
  public func change(at h: Double, zeroBelow: Double = 0) -> LogNumber {
    switch form {
    case .power(let rate, let exponent) where exponent >= 0: .growth(rate: rate * h, steps: exponent)
    // x^-n - 1 = -(x^n - 1) / x^n.
    case .power(let rate, let exponent):
      -LogNumber.growth(rate: rate * h, steps: -exponent) * .power(rate: rate * h, steps: exponent)
    case .exponential(let rate): .expm1(rate * h)
    case .projection: h > zeroBelow ? LogNumber(-1) : .zero
    }
  }

  /// Checks the parameters, and that the trainer is defined for these curvatures (ascending).
  func validate(stage: String, _ quadratic: Quadratic) throws {
    func require(_ name: String, _ value: Double, _ holds: Bool, _ rule: String) throws {
      guard value.isFinite, holds else {
        throw QuadraticLearnersError.invalidInput("stage \(stage): \(name) is \(value); it must be finite and \(rule)")
      }
    }
    let (smallest, zero) = (quadratic.curvatures[0], quadratic.zeroLevel)
    switch self {
    case .proximal(let mu, let steps):
      try require("mu", mu, mu > 0, "greater than 0 (for mu -> 0 use convergence)")
      try require("the number of steps", Double(steps), steps >= 0, "at least 0")
      guard smallest + mu > zero else {
        throw QuadraticLearnersError.indefinite(
          stage: stage, needs: "H + mu I positive definite for its proximal training (mu = \(mu))", smallest: smallest)
      }
    case .gradientDescent(let steps, let size), .gradientAscent(let steps, let size),
      .implicitAscent(let steps, let size):
      try require("the number of steps", Double(steps), steps >= 0, "at least 0")
      try require("the step size", size, size > 0, "greater than 0")
      if case .implicitAscent = self, let h = quadratic.curvatures.first(where: { abs(1 - size * $0) <= size * zero }) {
        throw QuadraticLearnersError.noSuchTrainer(
          stage: stage, reason: "implicit ascent with step \(size) is undefined where the curvature is \(h) = 1/step")
      }
    case .gradientFlow(let time), .ascentFlow(let time): try require("the time", time, time >= 0, "at least 0")
    case .convergence:
      guard smallest >= -zero else {
        throw QuadraticLearnersError.indefinite(
          stage: stage, needs: "H positive semidefinite for training to convergence", smallest: smallest)
      }
    }
  }

  private enum Form {
    /// `(1 + rate h)^exponent`.
    case power(rate: Double, exponent: Int)
    /// `exp(rate h)`.
    case exponential(rate: Double)
    /// 0 on the range of H, 1 on its kernel.
    case projection
  }

  private var form: Form {
    switch self {
    case .proximal(let mu, let steps): .power(rate: 1 / mu, exponent: -steps)
    case .gradientDescent(let steps, let size): .power(rate: -size, exponent: steps)
    case .implicitAscent(let steps, let size): .power(rate: -size, exponent: -steps)
    case .gradientAscent(let steps, let size): .power(rate: size, exponent: steps)
    case .gradientFlow(let time): .exponential(rate: -time)
    case .ascentFlow(let time): .exponential(rate: time)
    case .convergence: .projection
    }
  }
}
