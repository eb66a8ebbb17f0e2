import Glibc
import LinearAlgebra
import Theorems

/// Theorem 3.1 of arXiv 2510.16629 for a quadratic forget loss with **any** symmetric Hessian.
///
/// Let `x_j = eta h_j` be the eigenvalues of `M_U = eta H_U`, and call a direction *expanding* when `|1 + x_j| > 1`,
/// that is `x_j > 0` or `x_j < -2`. Let P project onto the span of the k expanding directions, and let
///
///     1 + rho* = sum_expanding alpha_j^2 |1 + x_j| / ||P Delta_0||^2,      alpha = Q' Delta_0
///     sigma    = the k-th singular value of X_test P
///     C_0      = ||X_test||_op ||(I - P) Delta_0||
///     t_0      = ceil( log(2 C_0 / (sigma ||P Delta_0||)) / log(1 + rho*) ),  minus infinity when C_0 = 0.
///
/// Assume k >= 1, `P Delta_0 != 0` and `rank(X_test P) = k` (so m >= k). Then for every `t >= max(t_0, 0)`
///
///     d(theta_AB^t, theta_BA^t)  >=  sigma^2 ||P Delta_0||^2 / (4 m) (1 + rho*)^(2t).
///
/// *Proof.* `Delta_t = (I + M_U)^t Delta_0` commutes with P. Off P every factor is at most 1 in size, so
/// `||(I - P) Delta_t|| <= ||(I - P) Delta_0||`. On P,
/// `||P Delta_t||^2 = sum alpha_j^2 |1 + x_j|^(2t) >= (1 + rho*)^(2t)
/// ||P Delta_0||^2` by Jensen's inequality for the convex x -> x^(2t), x >= 0, t >= 1/2; at t = 0 both sides agree. So
/// `||X_test Delta_t|| >= sigma (1 + rho*)^t ||P Delta_0|| - C_0`, and from t_0 on C_0 is at most half of the first
/// term, since `1 + rho* > 1`. Square and divide by m.
///
/// *What an indefinite Hessian changes.* For positive semidefinite H_U the expanding directions are range(H_U) and this
/// is the paper's theorem. Otherwise its constants taken word for word, P onto range(H_U) and `rho* = <P Delta_0, M_U P
/// Delta_0> / ||P Delta_0||^2`, fail in two ways: with `rho* <= 0` dividing by `log(1 + rho*)` turns the inequality
/// that defines t_0 round (`M_U = diag(-1/2, 0)`, `X_test = (1, 1)`, `Delta_0 = (1, -1)` gives t_0 = -1, but d = 0 at t
/// = 0); and with `M_U = diag(1, -1)`, `Delta_0 = (1, 1)` it is 0, which says nothing about a divergence that grows
/// fourfold a step. Here shrinking directions count as the part that stays, and overshooting ones (`x_j < -2`) as the
/// part that grows. Without any expanding direction the statement has nothing to say: the histories do not diverge at
/// all.
///
/// Theorem: proofs/quadratic-learners.md
public struct QuadraticTheorem31: Sendable {
  /// `X_test Delta_t` for every t.
  public let trajectory: SpectralTrajectory
  /// k, the number of expanding directions.
  public let expandingCount: Int
  /// `||P Delta_0||`.
  public let projectedDifferenceNorm: Double
  /// rho*, the rate of the bound, greater than 0.
  public let rhoStar: Double
  /// sigma.
  public let sigma: Double
  /// C_0.
  public let c0: Double
  /// t_0: a whole number, minus infinity when C_0 = 0.
  public let t0: Double

  private let logBoundAtStart: Double

  /// Finds the constants for two histories that differ by `Delta_0`.
  ///
  /// - Throws: `HypothesisFailure` when there is no expanding direction, `P Delta_0 = 0` or `rank(X_test P) < k`, the
  ///   zeros taken at the level of rounding.
  public init(_ ascent: QuadraticAscent, difference: Vector) throws {
    func require(_ holds: Bool, _ assumption: String, _ evidence: @autoclosure () -> String) throws {
      guard !holds else { return }
      throw HypothesisFailure(
        statement: "Theorem 3.1 for quadratics",
        precondition: Precondition(assumption: assumption, holds: false, evidence: evidence()))
    }
    let zero = ascent.stepSize * ascent.forget.zeroLevel
    trajectory = ascent.divergence(difference)
    let (rates, alphas, m) = (ascent.rates, trajectory.amplitudes, Double(trajectory.testCount))
    let expanding = rates.indices.filter { rates[$0] > zero || rates[$0] < -2 - zero }
    expandingCount = expanding.count
    try require(
      !expanding.isEmpty, "that ascent expands some direction (eta h > 0 or eta h < -2)",
      "the curvatures times eta lie between \(rates[0]) and \(rates[rates.count - 1])")
    let on = Vector(expanding.map { alphas[$0] })
    projectedDifferenceNorm = on.norm
    let rounding = Double(rates.count) * .ulpOfOne * difference.norm
    try require(
      on.norm > rounding, "that P Delta_0, the part along the expanding directions, is not 0",
      "its norm is \(on.norm) and that of Delta_0 \(difference.norm)")
    let values = try SingularValues.values(of: ascent.predictions.selectingColumns(expanding))
    let rank = SingularValues.numericalRank(
      values: values, rows: trajectory.testCount, columns: expanding.count)
    try require(
      rank == expanding.count, "rank(X_test P) = \(expanding.count), the number of expanding directions",
      "it is \(rank) on \(trajectory.testCount) test points")
    sigma = values[expanding.count - 1]
    // Weights scaled to unit length, so that nothing under- or overflows when squared.
    rhoStar = expanding.reduce(0) { [projectedDifferenceNorm] sum, j in
      let weight = alphas[j] / projectedDifferenceNorm
      return sum + weight * weight * (rates[j] > 0 ? rates[j] : -2 - rates[j])
    }
    let rest = Set(rates.indices).subtracting(expanding).sorted()
    c0 = try SingularValues.values(of: ascent.test)[0] * Vector(rest.map { alphas[$0] }).norm
    let logOn = log(sigma) + log(projectedDifferenceNorm)
    t0 = c0 == 0 ? -.infinity : ((log(2) + log(c0) - logOn) / log1p(rhoStar)).rounded(.up)
    logBoundAtStart = 2 * logOn - log(4 * m)
  }

  /// The first step at which the bound is claimed, `max(t_0, 0)`; nil when it lies beyond any Int.
  public var firstClaimedStep: Int? { t0 <= 0 ? 0 : Int(exactly: t0) }

  /// `log` of the bound at a step.
  public func logBound(at step: Int) -> Double { logBoundAtStart + 2 * Double(step) * log1p(rhoStar) }

  /// The claim at one step.
  public func inequality(at step: Int) -> Inequality {
    Inequality(logLeft: trajectory.logDistance(at: step), logRight: logBound(at: step))
  }

  /// The claim at every step from ``firstClaimedStep`` to `lastStep`.
  public func check(through lastStep: Int) -> StepwiseCheck {
    var check = StepwiseCheck()
    guard let first = firstClaimedStep, first <= lastStep else { return check }
    for step in first...lastStep { check.record(step, inequality(at: step)) }
    return check
  }
}
