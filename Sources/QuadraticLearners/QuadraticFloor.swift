import LinearAlgebra

/// The floor under every local unlearning rule (theory B2) on a quadratic forget loss:
///
///     floor = (1/m) min_w ||X_test (theta_0 - theta_r) + X_test P w||^2,      P the projection onto range(H_U).
///
/// The gradient `H_U (theta - c_U)` lies in range(H_U), so a rule that combines such gradients, with whatever weights,
/// randomness or knowledge of the path, keeps `(I - P) theta_t = (I - P) theta_0`; no such model is nearer to theta_r
/// than the floor, and one is as near. The floor is 0 when H_U is nonsingular: then locality alone forbids nothing,
/// and ``IndistinguishableHistories`` says what still does.
///
/// Theorem: proofs/quadratic-learners.md
public struct QuadraticFloor: Sendable {
  /// The floor, an RE distance.
  public let distance: Double
  /// A model that attains it, reached from theta_0 inside range(H_U).
  public let nearest: Vector

  /// The floor of the rules that start from `theta` and look at this ascent's forget loss.
  ///
  /// - Throws: `LinearAlgebraError` when the least-squares problem has a NaN or does not converge.
  public init(_ ascent: QuadraticAscent, from theta: Vector, retrained: Vector) throws {
    let curved = ascent.curved
    // In a nonsingular H_U every vector lies in the range: say so exactly.
    guard curved.count < ascent.forget.dimension else {
      (distance, nearest) = (0, retrained)
      return
    }
    let missing = ascent.test.transposeTimes(retrained - theta)
    let reach = ascent.predictions.selectingColumns(curved)
    let move = try LeastSquares(reach, missing).solution
    let rest = missing - reach.times(move)
    distance = rest.dot(rest) / Double(ascent.test.columns)
    nearest = theta + ascent.forget.directions.selectingColumns(curved).times(move)
  }
}
