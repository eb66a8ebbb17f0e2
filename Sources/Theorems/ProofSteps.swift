import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// The inequalities that the proof of Theorem 3.1 chains together, each with its own margin: they show where the bound
/// loses. All are between norms, not squares.
///
/// Theorem: proofs/theorem-3.1.md
public struct ProofSteps: Sendable {
  /// The steps of the proof, in its order.
  public enum Step: String, Sendable, CaseIterable {
    /// `||X_test Delta_t|| >= ||X_test P_U Delta_t|| - ||X_test (I - P_U) Delta_0||`.
    case triangle
    /// `C_0 >= ||X_test (I - P_U) Delta_0||`.
    case operatorNorm = "operator_norm"
    /// `||X_test P_U Delta_t|| >= sigma_U ||P_U Delta_t||`.
    case sigma
    /// `||P_U Delta_t|| >= (1 + rho*)^t ||P_U Delta_0||`, by Jensen on the eigenvalues of M_U.
    case jensen
    /// `sigma_U (1 + rho*)^t ||P_U Delta_0|| >= 2 C_0`: true from t_0 on, by its definition.
    case halving
  }

  private let theorem: Theorem31
  private let offSpanPredictions: Vector

  /// Prepares the margins.
  public init(_ theorem: Theorem31) {
    self.theorem = theorem
    // Where C_0 is 0, what the projection left is rounding and counts as nothing here too.
    let instance = theorem.divergence.instance
    offSpanPredictions =
      theorem.logConstants.c0 == -.infinity
      ? Vector(zeros: instance.testCount) : instance.test.transposeTimes(theorem.divergence.offSpan)
  }

  /// Each inequality at each of these steps, in the order of the steps.
  public func inequalities(at steps: some Collection<Int>, workers: Workers = .one) -> [Step: [Inequality]] {
    let divergence = theorem.divergence
    let (logSigma, logProjected, logC0) = theorem.logConstants
    let offSpan = LogNumber(offSpanPredictions.norm)
    let whole = divergence.trajectory.logSquaredNorms(at: steps, workers: workers).map { $0 / 2 }
    let inSpan = divergence.trajectory.logSquaredNorms(at: steps, minus: offSpanPredictions, workers: workers)
      .map { $0 / 2 }
    let span = steps.map { divergence.logSquaredSpanNorm(at: $0) / 2 }
    let growing = steps.map { Double($0) * log1p(theorem.rhoStar) + logProjected }
    return [
      .triangle: zip(whole, inSpan).map {
        let rest = LogNumber(log: $1) - offSpan
        return Inequality(logLeft: $0, logRight: rest.sign > 0 ? rest.logMagnitude : -.infinity)
      },
      .operatorNorm: steps.map { _ in Inequality(logLeft: logC0, logRight: offSpan.logMagnitude) },
      .sigma: zip(inSpan, span).map { Inequality(logLeft: $0, logRight: logSigma + $1) },
      .jensen: zip(span, growing).map { Inequality(logLeft: $0, logRight: $1) },
      .halving: growing.map { Inequality(logLeft: logSigma + $0, logRight: log(2) + logC0) },
    ]
  }

  /// `log10(d / bound)` at each of these steps, split into its causes.
  public func losses(at steps: some Collection<Int>) -> [Loss] {
    let all = inequalities(at: steps)
    let (triangle, sigma, jensen) = (all[.triangle] ?? [], all[.sigma] ?? [], all[.jensen] ?? [])
    return sigma.indices.map { index in
      // Twice each, because the bound is on a square.
      Loss(
        sigma: 2 * sigma[index].margin, jensen: 2 * jensen[index].margin, factorFour: log10(4),
        offSpan: 2 * (triangle[index].log10Left - sigma[index].log10Left))
    }
  }

  /// Where the bound of Theorem 3.1 loses at a step, in powers of ten; the parts add up to its margin.
  public struct Loss: Sendable, Equatable {
    /// The test set sees every direction at least as well as its worst one.
    public let sigma: Double
    /// The growth rate is rho* only at the start; faster modes take over.
    public let jensen: Double
    /// The off-span part is allowed to halve the norm.
    public let factorFour: Double
    /// What the off-span part really does: negative where it cancels.
    public let offSpan: Double
    /// `log10(d / bound)`.
    public var total: Double { sigma + jensen + factorFour + offSpan }
  }
}
