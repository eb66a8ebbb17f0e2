import Glibc
import LinearAlgebra
import StagedLearners

/// Corollary 1 (arXiv 2510.16629): no path-oblivious local algorithm can serve both histories. For every
///
///     t >= t*  =  max( [log(16 m eps) - log(sigma_U^2 ||P_U Delta_0||^2)] / [2 log(1 + rho*)],  t_0 )
///
/// (and t >= 0), whatever the retrained model theta_r is, at least one of `d(theta_AB^t, theta_r)` and
/// `d(theta_BA^t, theta_r)` exceeds eps: `d(theta_AB^t, theta_BA^t) >= 4 eps`, and by the triangle inequality
/// `sqrt d(AB, BA) <= sqrt d(AB, r) + sqrt d(BA, r)`.
///
/// Theorem: proofs/corollary-1.md
public struct Corollary1: Sendable {
  /// eps, the tolerance on the RE distance.
  public let epsilon: Double
  /// t* as the formula gives it: a real number, negative when the claim holds from the start.
  public let tStar: Double

  let theorem: Theorem31

  /// Finds t* for a tolerance; eps must be positive and finite.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)`.
  public init(_ theorem: Theorem31, epsilon: Double) throws {
    guard epsilon > 0, epsilon.isFinite else {
      throw LinearAlgebraError.invalidParameter("epsilon is \(epsilon); the tolerance must be finite and positive")
    }
    (self.theorem, self.epsilon) = (theorem, epsilon)
    let m = Double(theorem.divergence.instance.testCount)
    let needed = log(16 * m) + log(epsilon) - 2 * (log(theorem.sigmaU) + log(theorem.projectedDifferenceNorm))
    tStar = max(needed / (2 * log1p(theorem.rhoStar)), theorem.t0)
  }

  /// The first whole step at which the corollary speaks; nil when it lies beyond any Int.
  public var firstClaimedStep: Int? { tStar <= 0 ? 0 : Int(exactly: tStar.rounded(.up)) }

  /// The claim `d(theta_AB^t, theta_BA^t) >= 4 eps` at every step from ``firstClaimedStep`` to `lastStep`.
  public func check(through lastStep: Int, workers: Workers = .one) -> StepwiseCheck {
    var check = StepwiseCheck()
    guard let first = firstClaimedStep, first <= lastStep else { return check }
    let level = log(4) + log(epsilon)
    for steps in windows(first...lastStep, of: 1 << 15) {
      for (step, distance) in zip(steps, theorem.divergence.trajectory.logDistances(at: steps, workers: workers)) {
        check.record(step, margin: (distance - level) / M_LN10)
      }
    }
    return check
  }

  /// The first step, up to `lastStep`, at which a model is farther than eps from its retrained model: what was
  /// observed, where ``tStar`` is what is predicted. Nil when it never leaves the tolerance.
  public func firstDeparture(_ run: AscentTrajectory, through lastStep: Int, workers: Workers = .one) -> Int? {
    let level = log(epsilon)
    for steps in windows(0...lastStep, of: 1 << 12) {
      let distances = run.logDistances(at: steps, workers: workers)
      if let (step, _) = zip(steps, distances).first(where: { $0.1 > level }) { return step }
    }
    return nil
  }
}
