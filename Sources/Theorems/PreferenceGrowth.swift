import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

/// How far NPO or SimNPO can carry one linear learner: `||theta_t - theta_0||` grows at most like `sqrt(log t)`, where
/// gradient ascent grows exponentially (theory B7).
///
/// In units of the objective's own scale let `b = beta / (2 tau^2)`, `h = 2 eta / (beta k)` and
///
///     S(theta) = sum_i log(1 + e^(u_i)),     u_i = -b (z_i^2 - a_i),     a_i = z_i(0)^2 for NPO and 0 for SimNPO,
///
/// so that a step of the run is `theta <- theta - h grad S`. Write lambda_max and lambda_min > 0 for the extreme
/// eigenvalues of `K = X_U X_U'`, g for the gradient and s_i for the terms of S.
///
/// **From the start.** The Hessian of S is `X_U' diag(4 b^2 sigma (1 - sigma) z^2 - 2 b sigma) X_U`, sigma being the
/// logistic function at u, and `4 b^2 sigma (1 - sigma) z^2 <= q_i = b^2 a_i + 0.9 b`, because
/// `max |u| sigma(u) sigma(-u) < 0.9 / 4`. So no curvature exceeds ``curvature`` L, the largest eigenvalue of
/// `diag(q)^(1/2) K diag(q)^(1/2)`, and with ``descent`` `rho = 1 - h L / 2 > 0` every step lowers S by at least
/// `h rho ||g||^2`. As S stays positive, Cauchy and Schwarz give the path's length:
///
///     ||theta_t - theta_0||  <=  sqrt(t h S_0 / rho)                                                           (1)
///
/// **Later.** Let T be a step with `S_T <= 1/e` and `C S_T log(1/S_T) <= 1/2`. From there on every s_i is at most S, so
/// with `psi(S) = S sqrt(log 1/S)`
///
///     A psi(S) <= ||g|| <= B psi(S)
///     A = 2 e (1 - e^(-1/e)) sqrt((1 - 1/e) b lambda_min / k),     B^2 = 4 b lambda_max (1 + b max a)
///
/// because `sigma_i = 1 - e^(-s_i)` lies between `e (1 - e^(-1/e)) s_i` and s_i, `z_i^2 = a_i + l_i / b` with
/// `l_i = -log(e^(s_i) - 1)` between `(1 - 1/e) log(1/S)` and `log(1/s_i)`, and `S^2 / k <= sum s_i^2 <= S^2`. The
/// lower bound turns the descent into a length: a step is at most
/// `(S_t - S_(t+1)) / (rho A psi(S_t))`, and psi increases, so the sum is at most an integral,
///
///     ||theta_t - theta_T||  <=  2 / (rho A) (sqrt(log 1/S_t) - sqrt(log 1/S_T)).
///
/// The upper bound keeps S from falling faster than about 1/t. No curvature is below `-2 b lambda_max`,
/// so `S_(t+1) >= S_t (1 - C S_t log(1/S_t))` with `C = h (1 + h b lambda_max) B^2`; hence `v = 1/S` obeys
/// `v_(t+1) <= v_t + 2 C log v_t`, so `v_t <= w log v_t` with `w = v_T + 2 C (t - T)`, and `v_t <= 2 w log w`:
///
///     ||theta_t - theta_0||  <=  ||theta_T - theta_0|| + 2 / (rho A) (sqrt(log(2 w log w)) - sqrt(log v_T))   (2)
///
/// The rate cannot be better: with one row, `z_t^2 ~ log(t) / b`.
///
/// Theorem: proofs/preference-unlearning.md
public struct PreferenceGrowth: Sendable {
  /// S_0.
  public let initialLoss: Double
  /// L, an upper bound on every curvature of S.
  public let curvature: Double
  /// rho; nothing is claimed unless it is positive.
  public let descent: Double
  /// `2 / (rho A)`: how much `sqrt(log t)` adds to the distance in the long run.
  public let slope: Double
  /// The eta below which the bound is claimed: rho is 0 there.
  public let stepSizeLimit: Double

  private let rate: Double
  private let fall: Double
  private let lossPerValue: Double
  private var late: (step: Int, logInverseLoss: Double, moved: Double)?

  /// The constants of a run that has taken no step, from the singular values of X_U.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` for an objective other than NPO and the paper's SimNPO.
  public init(_ run: PreferenceTrajectory, singularValues: [Double]) throws {
    guard [.npo, .simnpo].contains(run.objective.objective), let beta = run.objective[parameter: "beta"] else {
      throw LinearAlgebraError.invalidParameter("the objective is \(run.objective); the bound is for NPO and SimNPO")
    }
    let offsets = run.residuals.elements.map { run.objective.usesReference ? $0 * $0 : 0 }
    let k = Double(run.residuals.count)
    let b = beta / (2 * run.tau * run.tau)
    let (largest, smallest) = (singularValues.first ?? 0, singularValues.last ?? 0)
    rate = 2 * run.stepSize / (beta * k)
    lossPerValue = k * beta / 2
    initialLoss = lossPerValue * run.value
    var scaled = run.gram
    let roots = offsets.map { (b * b * $0 + 0.9 * b).squareRoot() }
    for column in roots.indices {
      for row in roots.indices { scaled[row, column] *= roots[row] * roots[column] }
    }
    curvature = try SymmetricEigen.values(of: scaled).last ?? 0
    descent = 1 - rate * curvature / 2
    stepSizeLimit = beta * k / curvature
    let lower =
      2 * M_E * -expm1(-1 / M_E) * ((1 - 1 / M_E) * b / k).squareRoot() * smallest
    slope = 2 / (descent * lower)
    fall =
      rate * (1 + rate * b * largest * largest) * 4 * b * largest * largest * (1 + b * (offsets.max() ?? 0))
  }

  /// Takes note of where the run is; the bound at later steps may start from there.
  public mutating func record(_ run: PreferenceTrajectory) {
    guard late == nil else { return }
    let loss = lossPerValue * run.value
    guard loss > 0, loss <= 1 / M_E, fall * loss * -log(loss) <= 0.5 else { return }
    late = (run.step, -log(loss), Self.moved(run))
  }

  /// The step T of (2); nil before it is reached.
  public var lateStep: Int? { late?.step }

  /// The smaller of (1) and, from T on, (2). Traps unless rho is positive.
  public func bound(at step: Int) -> Double {
    precondition(descent > 0, "a step size beyond the limit")
    let early = (Double(step) * rate * initialLoss / descent).squareRoot()
    guard let late, step >= late.step else { return early }
    let w = exp(late.logInverseLoss) + 2 * fall * Double(step - late.step)
    let logInverse = step == late.step ? late.logInverseLoss : log(2 * w * log(w))
    return min(early, late.moved + slope * (logInverse.squareRoot() - late.logInverseLoss.squareRoot()))
  }

  /// `||theta_t - theta_0|| = sqrt(c' K c)`.
  public static func moved(_ run: PreferenceTrajectory) -> Double {
    max(0, run.coefficients.dot(run.gram.times(run.coefficients))).squareRoot()
  }
}
