import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// Corollary 1 (arXiv 2510.16629): the two histories cannot both be close to one common retrained model. For every
///
///     t >= t*  =  max( [log(16 m eps) - log(sigma_U^2 ||P_U Delta_0||^2)] / [2 log(1 + rho*)],  t_0 )
///
/// (and t >= 0), whatever model theta_r is, at least one of `d(theta_AB^t, theta_r)` and `d(theta_BA^t, theta_r)`
/// exceeds eps: `d(theta_AB^t, theta_BA^t) >= 4 eps`, and by the triangle inequality
/// `sqrt d(AB, BA) <= sqrt d(AB, r) + sqrt d(BA, r)`.
///
/// It speaks of gradient ascent, from t* on and of **one** theta_r. Each history's own retrained model is another
/// matter: with U last on both paths one ascent step with `eta = k / (2 mu_U)` takes both models there (B3), whatever
/// t* is.
///
/// Theorem: proofs/corollary-1.md
public struct Corollary1: Sendable {
  /// eps, the tolerance on the RE distance.
  public let epsilon: Double
  /// t* as the formula gives it: a real number, negative when the claim holds from the start.
  public let tStar: Double

  let theorem: Theorem31
  /// `log` eps in the units of the divergence.
  let logEpsilon: Double

  /// Finds t* for a tolerance; eps must be positive and finite.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)`.
  public init(_ theorem: Theorem31, epsilon: Double) throws {
    guard epsilon > 0, epsilon.isFinite else {
      throw LinearAlgebraError.invalidParameter("epsilon is \(epsilon); the tolerance must be finite and positive")
    }
    (self.theorem, self.epsilon) = (theorem, epsilon)
    let m = Double(theorem.divergence.instance.testCount)
    logEpsilon = log(epsilon) + theorem.divergence.units.logDistance
    let needed = log(16 * m) + logEpsilon - 2 * (theorem.logConstants.sigma + theorem.logConstants.projected)
    tStar = max(needed / (2 * log1p(theorem.rhoStar)), theorem.t0)
  }

  /// The first whole step at which the corollary speaks; nil when it lies beyond any Int.
  public var firstClaimedStep: Int? { tStar <= 0 ? 0 : Int(exactly: tStar.rounded(.up)) }

  /// The claim `d(theta_AB^t, theta_BA^t) >= 4 eps` at every step from ``firstClaimedStep`` to `lastStep`.
  public func check(through lastStep: Int, workers: Workers = .one) -> StepwiseCheck {
    guard let first = firstClaimedStep, first <= lastStep else { return StepwiseCheck() }
    let level = log(4) + logEpsilon
    return StepwiseCheck(theorem.divergence.trajectory, first...lastStep, workers: workers) { _ in level }
  }

  /// The first step, up to `lastStep`, at which a model is farther than eps from its retrained model: what was
  /// observed, where ``tStar`` is what is predicted. Nil when it never leaves the tolerance.
  public func firstDeparture(_ run: AscentTrajectory, through lastStep: Int, workers: Workers = .one) -> Int? {
    run.firstStep(beyond: logEpsilon, through: lastStep, workers: workers)
  }
}
