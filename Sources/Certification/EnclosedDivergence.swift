import LinearAlgebra
import StagedLearners

/// Every quantity of Theorem 3.1 on one instance, enclosed in balls of N bits.
///
/// The instance's Doubles are taken as exact numbers. Everything is in the dual, where only inner products of rows are
/// needed, and everything but the two eigenvalues is rational in them: no logarithm and no eigenvector is ever trusted.
public struct EnclosedDivergence: Sendable {
  /// The instance.
  public let instance: TwoPathInstance
  /// N.
  public let bits: Int
  /// The last step that ``distance(at:)`` can be asked for.
  public let lastStep: Int
  /// `||Delta_0||^2`.
  public let differenceSquared: Ball
  /// `||P_U Delta_0||^2`.
  public let projectedSquared: Ball
  /// rho*.
  public let rhoStar: Ball
  /// `sigma_U^2`, the least eigenvalue of `H'H w = s X_U X_U' w` with `H = X_test X_U'`.
  public let sigmaSquared: Ball
  /// `||X_test||_op^2`, the largest eigenvalue of `X_test X_test'`.
  public let testNormSquared: Ball
  /// `C_0^2`; exactly 0 where X_U is square, for then nothing lies off its span.
  public let c0Squared: Ball
  /// The hypotheses, all proved.
  public let hypotheses: [CertifiedClaim]

  let rows: DualRows
  let paths: (ab: [StageSolver], ba: [StageSolver])
  let forgetGram: BallMatrix
  let forgetFactor: PositiveFactor
  /// `H = X_test X_U'`.
  let cross: BallMatrix
  let crossFactor: PositiveFactor
  let powers: AscentPowers
  /// `X_test (I - P_U) Delta_0`.
  let offSpanPredictions: [Ball]
  /// `w_0` with `P_U Delta_0 = X_U' w_0`.
  private let start: [Ball]

  /// Encloses everything with N = `bits`, for steps up to `lastStep`. The stages must be trained by ridge.
  ///
  /// - Throws: ``EnclosureFailure``.
  public init(_ instance: TwoPathInstance, through lastStep: Int, bits: Int) throws(EnclosureFailure) {
    try self.init(DualRows(instance), through: lastStep, bits: bits)
  }

  init(_ rows: DualRows, through lastStep: Int, bits: Int) throws(EnclosureFailure) {
    let instance = rows.instance
    (self.instance, self.rows, self.bits, self.lastStep) = (instance, rows, bits, lastStep)
    let gram = rows.gram
    forgetGram = gram.balls(rows.forget, rows.forget, bits: bits)
    cross = gram.balls(rows.test, rows.forget, bits: bits)
    let seen = cross.transposed.gram(bits: bits)
    let rank: CertifiedClaim, lemmaC4: CertifiedClaim
    (forgetFactor, rank) = try Self.require(.forgetRank, forgetGram, bits)
    (crossFactor, lemmaC4) = try Self.require(.lemmaC4, seen, bits)

    paths = try rows.paths(bits: bits)
    let training = gram.balls(rows.training, rows.training, bits: bits)
    let difference = DualTraining(training, bits: bits).difference(paths.ab, paths.ba)
    differenceSquared = training.form(difference, bits: bits)
    let zero = Ball.zero(bits: bits)
    let lemmaC1 = CertifiedClaim(.lemmaC1, differenceSquared, .greater, zero)
    guard lemmaC1.decision == .proved else { throw .hypothesis(lemmaC1) }

    // P_U v = X_U' (X_U X_U')^-1 X_U v.
    let felt = gram.balls(rows.forget, rows.training, bits: bits).times(difference, bits: bits)
    start = forgetFactor.solve(felt)
    projectedSquared = Ball.dot(felt, start, bits: bits)
    let lemmaC2 = CertifiedClaim(.lemmaC2, projectedSquared, .greater, zero)
    guard lemmaC2.decision == .proved else { throw .hypothesis(lemmaC2) }
    hypotheses = [rank, lemmaC1, lemmaC2, lemmaC4]

    // <P v, M P v> = (2 eta/k) ||X_U v||^2.
    let rate = Ball(2, bits: bits) * Ball(instance.stepSize, bits: bits) / Ball(instance.forgetCount, bits: bits)
    rhoStar = rate * felt.squaredNorm(bits: bits) / projectedSquared
    let test = gram.balls(rows.test, rows.test, bits: bits)
    let opposite = BallMatrix(symmetric: rows.test.count) { -test[$0, $1] }
    guard
      let sigma = LeastEigenvalue.enclose(seen, relativeTo: forgetGram, bits: bits),
      let largest = LeastEigenvalue.enclose(opposite, bits: bits)
    else { throw .precision("sigma_U or ||X_test||_op") }
    (sigmaSquared, testNormSquared) = (sigma, -largest)

    let square = instance.forgetCount == instance.dimension
    let predictions = gram.balls(rows.test, rows.training, bits: bits).times(difference, bits: bits)
    let inSpan = cross.times(start, bits: bits)
    offSpanPredictions = square ? predictions.map { _ in zero } : predictions - inSpan
    c0Squared = square ? zero : testNormSquared * (differenceSquared - projectedSquared)
    powers = AscentPowers(forgetGram, stepSize: instance.stepSize, through: lastStep, bits: bits)
  }

  /// `d(theta_AB^t, theta_BA^t)`.
  public func distance(at step: Int) -> Ball {
    let moved = powers.apply(step, to: start)
    return (offSpanPredictions + cross.times(moved, bits: bits)).squaredNorm(bits: bits)
      / Ball(instance.testCount, bits: bits)
  }

  /// `(1 + rho*)^(2t)`.
  func growth(_ step: Int) -> Ball { (.one(bits: bits) + rhoStar).power(2 * step) }

  /// `sigma_U^2 ||P_U Delta_0||^2`, which grows with ``growth(_:)``.
  var growing: Ball { sigmaSquared * projectedSquared }

  /// The inequality of Theorem 3.1 at a step, whether or not it is claimed there.
  public func bound(at step: Int) -> CertifiedClaim {
    let factor = Ball(4, bits: bits) * Ball(instance.testCount, bits: bits)
    return CertifiedClaim(.theorem31, at: step, distance(at: step), .atLeast, growing * growth(step) / factor)
  }

  /// The conclusion of Corollary 1 at a step, for a tolerance, whether or not it is claimed there.
  public func corollary(at step: Int, epsilon: Double) -> CertifiedClaim {
    let level = Ball(4, bits: bits) * Ball(epsilon, bits: bits)
    return CertifiedClaim(.corollary1, at: step, distance(at: step), .atLeast, level)
  }

  /// The inequalities that the proof of Theorem 3.1 chains together, at a step.
  public func proofSteps(at step: Int) -> [CertifiedClaim] {
    let moved = powers.apply(step, to: start)
    let inSpan = cross.times(moved, bits: bits)
    let seen = inSpan.squaredNorm(bits: bits)
    let overlap = Ball.dot(inSpan, offSpanPredictions, bits: bits)
    let off = offSpanPredictions.squaredNorm(bits: bits)
    let spanSquared = forgetGram.form(moved, bits: bits)
    // With one eigenvalue, the mean of powers is the power of the mean; and one singular value is the least of them.
    let single = instance.forgetCount == 1
    // ||a + b|| >= ||a|| - ||b|| squared is ||a|| ||b|| >= -<a, b>, whose sides stay apart however large a grows. They
    // are equal where b is 0, and where a and b are numbers of opposite sign.
    let opposed = off.isZero || (instance.testCount == 1 && overlap.isNegative)
    return [
      CertifiedClaim(.triangle, at: step, (seen * off).squareRoot, .atLeast, -overlap, isIdentity: opposed),
      CertifiedClaim(.operatorNorm, c0Squared, .atLeast, off),
      CertifiedClaim(.sigma, at: step, seen, .atLeast, sigmaSquared * spanSquared, isIdentity: single),
      CertifiedClaim(
        .jensen, at: step, spanSquared, .atLeast, growth(step) * projectedSquared, isIdentity: single || step == 0),
    ]
  }

  /// The factor of a matrix that a hypothesis says is positive definite, and that hypothesis.
  private static func require(
    _ name: CertifiedClaim.Name, _ matrix: BallMatrix, _ bits: Int
  ) throws(EnclosureFailure) -> (PositiveFactor, CertifiedClaim) {
    switch PositiveFactor.factor(matrix, bits: bits) {
    case .stopped(let pivot): throw .hypothesis(CertifiedClaim(name, pivot, .greater, .zero(bits: bits)))
    case .positive(let factor):
      // The first row exists: no instance has an empty forget set.
      let least = factor.pivots.min { $0.midpoint < $1.midpoint } ?? .zero(bits: bits)
      return (factor, CertifiedClaim(name, least, .greater, .zero(bits: bits)))
    }
  }
}
