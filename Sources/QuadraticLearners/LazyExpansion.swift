import LinearAlgebra
import StagedLearners

/// The lazy limit of a ``DiagonalNetwork`` and its first correction, `epsilon = alpha^-4`:
///
///     theta         = theta_0 + epsilon theta_1 + O(epsilon^2),      theta_0 the linear learner's run, step by step
///     u o v/alpha^2 = 1 + epsilon q_1 + O(epsilon^2).
///
/// *Why alpha^-4.* In theta, `w = (u^2 + v^2) / (2 alpha^2)` and `q = u o v / alpha^2` a step of size s (on the linear
/// scale) is
///
///     theta <- theta - s g w + (epsilon/16) s^2 g^2 theta
///     w     <- w (1 + (epsilon/16) s^2 g^2) - (epsilon/4) s g theta
///     q     <- q (1 - (epsilon/16) s^2 g^2),                             g = (2/n) X'(X theta - y),
///
/// from theta = 0, w = q = 1: a polynomial in epsilon, and alpha appears nowhere else. At epsilon = 0 it is gradient
/// descent of the linear learner, w = q = 1 for ever. So gap and drift have expansions in powers of alpha^-4, and both
/// fall by 16 when alpha doubles. The derivative at epsilon = 0, with `w = q + epsilon theta^2/8` to first order, is
///
///     theta_1 <- theta_1 - s g_1 - s g_0 (q_1 + theta_0^2/8) + s^2 g_0^2 theta_0 / 16,      g_1 = (2/n) X'X theta_1
///     q_1     <- q_1 - s^2 g_0^2 / 16.
///
/// Over a fixed time the drift term is of first order in s. The flow has none, and
/// `d theta_1 = -g_1 - g_0 theta_0^2/8`: its gap is of order alpha^-4 as well, for the curvature of `sqrt(1 + theta^2 /
/// (4 alpha^4))` alone. Where `theta^2` reaches `4 alpha^4` the expansion ends and the network departs from the theory.
public struct LazyExpansion: Sendable {
  /// theta_0, the linear learner.
  public private(set) var linear: Vector
  /// theta_1: `alpha^4` times the gap to the linear learner, in the limit.
  public private(set) var correction: Vector
  /// q_1: `alpha^4` times the change of u o v / alpha^2, in the limit.
  public private(set) var invariantCorrection: Vector

  /// The start, theta = 0.
  public init(dimension: Int) {
    (linear, correction, invariantCorrection) =
      (Vector(zeros: dimension), Vector(zeros: dimension), Vector(zeros: dimension))
  }

  /// Follows the stage that ``DiagonalNetwork/train(on:integrator:)`` trains.
  ///
  /// - Throws: as the network does.
  public mutating func train(on stage: LinearStage, integrator: ODEIntegrator = ODEIntegrator()) throws {
    guard stage.examples.dimension == linear.count else {
      throw StagedLearnersError.dimension(stage.name, stage.examples.dimension, "the expansion", linear.count)
    }
    try stage.trainer.validate()
    switch stage.trainer {
    case .gradientDescent(let steps, let size): try run(stage, steps, size)
    case .gradientAscent(let steps, let size): try run(stage, steps, -size)
    case .gradientFlow(let time): try flow(stage, time, 1, integrator)
    case .ascentFlow(let time): try flow(stage, time, -1, integrator)
    case .ridge, .interpolation, .implicitAscent:
      throw QuadraticLearnersError.noSuchTrainer(
        stage: stage.name,
        reason: "a diagonal network is trained by explicit gradient steps or flows, not by \(stage.trainer)")
    }
  }

  private mutating func run(_ stage: LinearStage, _ steps: Int, _ s: Double) throws {
    let homogeneous = Examples(features: stage.examples.features, labels: Vector(zeros: stage.examples.count))
    for step in 0..<steps {
      let (g0, g1) = (stage.examples.gradient(linear), homogeneous.gradient(correction))
      var next = self
      for i in 0..<linear.count {
        let square = s * s * g0[i] * g0[i] / 16
        next.linear[i] -= s * g0[i]
        next.correction[i] -=
          s * g1[i] + s * g0[i] * (invariantCorrection[i] + linear[i] * linear[i] / 8) - square * linear[i]
        next.invariantCorrection[i] -= square
      }
      guard next.linear.isFinite, next.correction.isFinite, next.invariantCorrection.isFinite else {
        throw QuadraticLearnersError.leavesRange(stage: stage.name, step: step + 1)
      }
      self = next
    }
  }

  private mutating func flow(_ stage: LinearStage, _ time: Double, _ sign: Double, _ integrator: ODEIntegrator) throws {
    let (d, q1) = (linear.count, invariantCorrection)
    let homogeneous = Examples(features: stage.examples.features, labels: Vector(zeros: stage.examples.count))
    var state = linear.elements + correction.elements
    try integrator.integrate(&state, time: time) { state in
      let (theta0, theta1) = (Vector(Array(state[..<d])), Vector(Array(state[d...])))
      let (g0, g1) = (stage.examples.gradient(theta0), homogeneous.gradient(theta1))
      return (0..<d).map { -sign * g0[$0] }
        + (0..<d).map { -sign * (g1[$0] + g0[$0] * (q1[$0] + theta0[$0] * theta0[$0] / 8)) }
    }
    (linear, correction) = (Vector(Array(state[..<d])), Vector(Array(state[d...])))
  }
}
