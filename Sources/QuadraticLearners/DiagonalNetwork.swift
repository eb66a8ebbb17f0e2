import Glibc
import LinearAlgebra
import StagedLearners

/// A diagonal linear network: it predicts `x' theta` with `theta = u o u - v o v` (entrywise products), and is trained
/// on the mean squared loss by moving u and v. Not convex and without a closed form; the simplest model in which
/// features are learned.
///
/// From `u = v = alpha (1, ..., 1)`, where theta = 0. With g the gradient in theta, `du = -2 u o g` and `dv = 2 v o g`,
/// so theta moves by `-4 (u^2 + v^2) o g`, which at the start is `-8 alpha^2 g`: 4 alpha^2 from u and as much from v.
/// Steps and times are therefore given on the scale of the linear learner, and the network takes them times
/// `1 / (8 alpha^2)`.
///
/// *The invariant.* Under the flow u o v does not move: `d(uv) = -2 g uv + 2 g uv = 0`. A discrete step of size a in
/// (u, v) multiplies it by `(1 - 2 a g)(1 + 2 a g) = 1 - 4 a^2 g^2`, which with `a = s/(8 alpha^2)` is
///
///     1 - s^2 g^2 / (16 alpha^4):   of second order in the step, so of first order over a fixed time; alpha^-4.
///
/// By the invariant `u^2 + v^2 = sqrt(theta^2 + 4 u^2 v^2)`, the flow is one equation in theta alone,
/// `d theta = -sqrt(1 + theta^2 / (4 alpha^4)) o g`, and its limit for large alpha the linear learner's flow
/// (``LazyExpansion``). It is a mirror flow: `asinh(theta / (2 alpha^2))` moves along g alone, and so inside the row
/// space of the data. A stage trained from the start to convergence therefore ends in the interpolant that minimises
/// the convex potential with this gradient: near the least norm ||theta||_2 for large alpha, as linear learners do, and
/// near the least ||theta||_1 for small alpha (Woodworth et al., arXiv 2002.09277). For small alpha, coordinates move
/// the faster the larger they are; under ascent that is a blow-up: `d theta ~ |theta| |g| / (2 alpha^2)` with g growing
/// like theta runs to infinity in finite time.
public struct DiagonalNetwork: Sendable {
  /// alpha, the size of the initial weights.
  public let alpha: Double
  /// u, d entries.
  public private(set) var u: Vector
  /// v, d entries.
  public private(set) var v: Vector

  /// The network at its start, of d inputs.
  ///
  /// - Throws: ``QuadraticLearnersError/invalidInput(_:)`` unless alpha is positive and its fourth power normal and
  ///   finite.
  public init(dimension: Int, alpha: Double) throws {
    guard alpha > 0, (alpha * alpha * alpha * alpha).isNormal, dimension > 0 else {
      throw QuadraticLearnersError.invalidInput(
        "alpha is \(alpha) for \(dimension) inputs; it must be positive with a fourth power in Double's range")
    }
    self.alpha = alpha
    u = Vector([Double](repeating: alpha, count: dimension))
    v = u
  }

  /// d.
  public var dimension: Int { u.count }

  /// theta, as (u - v)(u + v).
  public var parameters: Vector { Vector(zip(u.elements, v.elements).map { ($0 - $1) * ($0 + $1) }) }

  /// The largest entry of `|u o v / alpha^2 - 1|`.
  public var drift: Double { Self.drift(u.elements[...], v.elements[...], alpha) }

  /// Trains on a stage of a linear learner with the step size or the time that the linear learner would take.
  ///
  /// - Returns: the largest ``drift`` seen along the way.
  /// - Throws: ``QuadraticLearnersError/noSuchTrainer(stage:reason:)`` for a trainer without steps or a flow,
  ///   ``QuadraticLearnersError/leavesRange(stage:step:)`` with the step at which the run left Double's range, and what
  ///   ``ODEIntegrator`` throws. The network is then where it was before that step.
  @discardableResult
  public mutating func train(on stage: LinearStage, integrator: ODEIntegrator = ODEIntegrator()) throws -> Double {
    guard stage.examples.dimension == dimension else {
      throw StagedLearnersError.dimension(stage.name, stage.examples.dimension, "the network", dimension)
    }
    try stage.trainer.validate()
    switch stage.trainer {
    case .gradientDescent(let steps, let size): return try run(stage, steps, -size)
    case .gradientAscent(let steps, let size): return try run(stage, steps, size)
    case .gradientFlow(let time): return try flow(stage, time, -1, integrator)
    case .ascentFlow(let time): return try flow(stage, time, 1, integrator)
    case .ridge, .interpolation, .implicitAscent:
      throw QuadraticLearnersError.noSuchTrainer(
        stage: stage.name,
        reason: "a diagonal network is trained by explicit gradient steps or flows, not by \(stage.trainer)")
    }
  }

  private mutating func run(_ stage: LinearStage, _ steps: Int, _ size: Double) throws -> Double {
    let scaled = size / (4 * alpha * alpha)
    var largest = drift
    for step in 0..<steps {
      let g = stage.examples.gradient(parameters)
      var next = self
      for index in 0..<dimension {
        next.u[index] *= 1 + scaled * g[index]
        next.v[index] *= 1 - scaled * g[index]
      }
      guard g.isFinite, next.parameters.isFinite else {
        throw QuadraticLearnersError.leavesRange(stage: stage.name, step: step + 1)
      }
      self = next
      largest = max(largest, drift)
    }
    return largest
  }

  private mutating func flow(
    _ stage: LinearStage, _ time: Double, _ sign: Double, _ integrator: ODEIntegrator
  ) throws -> Double {
    let (d, alpha, scaled) = (dimension, alpha, sign / (4 * alpha * alpha))
    var (state, largest) = (u.elements + v.elements, drift)
    try integrator.integrate(&state, time: time) { state in
      let theta = Vector((0..<d).map { (state[$0] - state[d + $0]) * (state[$0] + state[d + $0]) })
      let g = stage.examples.gradient(theta)
      return (0..<d).map { scaled * state[$0] * g[$0] } + (0..<d).map { -scaled * state[d + $0] * g[$0] }
    } observe: {
      largest = max(largest, Self.drift($0[..<d], $0[d...], alpha))
    }
    (u, v) = (Vector(Array(state[..<d])), Vector(Array(state[d...])))
    return largest
  }

  private static func drift(_ u: ArraySlice<Double>, _ v: ArraySlice<Double>, _ alpha: Double) -> Double {
    zip(u, v).reduce(0) { max($0, abs($1.0 / alpha * ($1.1 / alpha) - 1)) }
  }
}
