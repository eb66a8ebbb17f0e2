import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// Theorem 3.1 (arXiv 2510.16629): models that learned the same stages in opposite orders diverge exponentially under
/// gradient ascent on the forget set. With
///
///     rho*    = <P_U Delta_0, M_U P_U Delta_0> / ||P_U Delta_0||^2
///     sigma_U = the k-th (smallest that is not always 0) singular value of X_test P_U
///     C_0     = ||X_test||_op ||(I - P_U) Delta_0||
///     t_0     = ceil( log(2 C_0 / (sigma_U ||P_U Delta_0||)) / log(1 + rho*) ),  minus infinity when C_0 = 0
///
/// it claims for every `t >= max(t_0, 0)`
///
///     d(theta_AB^t, theta_BA^t)  >=  sigma_U^2 ||P_U Delta_0||^2 / (4 m) (1 + rho*)^(2t).
///
/// Nothing is claimed before t_0, where the bound is false in general, and the distance need not grow monotonically.
///
/// Theorem: proofs/theorem-3.1.md
public struct Theorem31: Sendable {
  /// The models that the theorem speaks of.
  public let divergence: PathDivergence
  /// `||Delta_0||`.
  public let differenceNorm: Double
  /// `||P_U Delta_0||`.
  public let projectedDifferenceNorm: Double
  /// rho*, the rate of the bound.
  public let rhoStar: Double
  /// sigma_U.
  public let sigmaU: Double
  /// C_0.
  public let c0: Double
  /// t_0: a whole number, minus infinity when C_0 = 0.
  public let t0: Double
  /// The largest eigenvalue of M_U, the rate of the divergence itself (theory B1).
  public let lambdaMax: Double
  /// The hypotheses, all of which hold.
  public var preconditions: [Precondition] { Self.preconditions(of: divergence) }

  /// ||X_test||_op.
  public let testOperatorNorm: Double

  /// `log` of sigma_U, `||P_U Delta_0||` and C_0 in the units of the divergence.
  let logConstants: (sigma: Double, projected: Double, c0: Double)
  /// `log` of the bound at t = 0.
  private let logBoundAtStart: Double
  /// `log(1 + rho*)`.
  private let logRate: Double

  /// Finds the constants.
  ///
  /// - Throws: ``HypothesisFailure`` when `Delta_0 = 0`, `P_U Delta_0 = 0` or `rank(X_test P_U) < k`. The paper's
  ///   Lemmas C.1, C.2 and C.4 say that this has probability 0 for data with a density.
  public init(_ divergence: PathDivergence) throws {
    self.divergence = divergence
    // The evidence is put into words only when it is wanted: that costs as much as finding all the constants.
    if !LemmaC1.isNonzero(divergence) || !LemmaC2(divergence).holds || !LemmaC4(divergence).holds {
      for precondition in Self.preconditions(of: divergence) where !precondition.holds {
        throw HypothesisFailure(statement: "Theorem 3.1", precondition: precondition)
      }
    }
    let units = divergence.units
    let projected = divergence.coordinates.norm
    // Weights scaled to unit length, so that tiny or huge data neither underflow nor overflow when squared.
    rhoStar = zip(divergence.coordinates.elements, divergence.growth).reduce(0) {
      let weight = $1.0 / projected
      return $0 + weight * weight * $1.1
    }
    let sigma = divergence.testSingularValues[divergence.instance.forgetCount - 1]
    lambdaMax = divergence.growth.first ?? 0
    // Exactly 0 where exact arithmetic says so; what is left may be rounding, and is then no larger than rounding.
    let c0 = divergence.testOperatorNorm * divergence.offSpan.norm
    logConstants = (log(sigma), log(projected), log(c0))
    let ratio = log(2) + logConstants.c0 - logConstants.sigma - logConstants.projected
    logRate = log1p(rhoStar)
    t0 = c0 == 0 ? -.infinity : (ratio / logRate).rounded(.up)
    logBoundAtStart =
      2 * (logConstants.sigma + logConstants.projected) - log(4 * Double(divergence.instance.testCount))
    differenceNorm = InstanceUnits.given(divergence.difference.norm, times: units.models)
    projectedDifferenceNorm = InstanceUnits.given(projected, times: units.models)
    sigmaU = InstanceUnits.given(sigma, times: units.test)
    testOperatorNorm = InstanceUnits.given(divergence.testOperatorNorm, times: units.test)
    self.c0 = InstanceUnits.given(c0, times: units.models + units.test)
  }

  /// The hypotheses as found on an instance, whether or not they hold.
  public static func preconditions(of divergence: PathDivergence) -> [Precondition] {
    [LemmaC1.nonzero(divergence), LemmaC2.precondition(divergence), LemmaC4.precondition(divergence)]
  }

  /// The first step at which the bound is claimed, `max(t_0, 0)`; nil when it lies beyond any Int.
  public var firstClaimedStep: Int? { t0 <= 0 ? 0 : Int(exactly: t0) }

  /// `log` of the bound at a step, in the units of the divergence.
  public func logBound(at step: Int) -> Double { logBoundAtStart + 2 * Double(step) * logRate }

  /// The claim at one step.
  public func inequality(at step: Int) -> Inequality {
    Inequality(
      log10Left: divergence.trajectory.logDistance(at: step) / M_LN10, log10Right: logBound(at: step) / M_LN10)
  }

  /// The claim at every step from ``firstClaimedStep`` to `lastStep`.
  ///
  /// - Parameter progress: told now and then how many steps are done, and how many there are.
  public func check(
    through lastStep: Int, workers: Workers = .one, progress: (Int, Int) -> Void = { _, _ in }
  ) -> StepwiseCheck {
    guard let first = firstClaimedStep, first <= lastStep else { return StepwiseCheck() }
    // The bound grows by (1 + rho*)^2 a step, a mean of rates, and so by no more than the law.
    return StepwiseCheck(
      divergence.trajectory, first...lastStep, workers: workers, progress: progress, right: logBound)
  }
}
