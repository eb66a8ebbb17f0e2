import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// The empirical neural tangent kernel (Jacot, Gabriel and Hongler 2018) of a forget set: what gradient ascent on it
/// does to outputs, as far as the network is linear around some weights.
///
/// With J and J_test the Jacobians of the outputs there and squared loss `(1/k) ||F - y||^2`, a step of ascent takes
/// the difference r of two histories' forget outputs to `(I + (2 eta/k) K) r`, `K = J J'`, and that of their test
/// outputs e to `e + (2 eta/k) J_test J' r`. So after t steps
///
///     e(t) = e(0) + J_test J' Q diag(((1 + (2 eta/k) kappa_j)^t - 1) / kappa_j) Q' r(0),      K = Q diag(kappa_j) Q'
public struct TangentKernel: Sendable {
  /// K, k x k.
  public let kernel: Matrix
  /// kappa_1 >= ... >= kappa_k.
  public let eigenvalues: [Double]
  private let vectors: Matrix
  private let directions: Matrix

  /// The kernel of these Jacobians' transposes, a sequence a column (P x k and P x m); all sums are in Double.
  /// - Throws: `LinearAlgebraError.rankDeficient(rank:required:)` where the outputs' gradients are not independent.
  public init(forget: Matrix, test: Matrix, workers: Workers = .one) throws {
    kernel = forget.gram(workers: workers)
    let eigen = try SymmetricEigen(kernel)
    let order = Array(eigen.values.indices.reversed())
    eigenvalues = order.map { eigen.values[$0] }
    // Rounding of the inner products leaves eigenvalues that should be 0 at about k eps kappa_1.
    let zero = Double(order.count) * Double.ulpOfOne * (eigenvalues.first ?? 0)
    let rank = eigenvalues.count { $0 > zero }
    guard rank == order.count else { throw LinearAlgebraError.rankDeficient(rank: rank, required: order.count) }
    vectors = eigen.vectors.selectingColumns(order)
    directions = test.transposeTimes(forget, workers: workers).times(vectors)
  }

  /// The difference of two histories' test outputs while both unlearn.
  /// - Parameters:
  ///   - forget: r(0), the difference of their forget outputs, [k].
  ///   - test: e(0), that of their test outputs, [m].
  public func divergence(forget: Vector, test: Vector, stepSize eta: Double) -> AscentTrajectory {
    var amplitudes = vectors.transposeTimes(forget)
    for (index, eigenvalue) in eigenvalues.enumerated() { amplitudes[index] /= eigenvalue }
    let rate = 2 * eta / Double(eigenvalues.count)
    return AscentTrajectory(
      initial: test, directions: directions, amplitudes: amplitudes, growth: eigenvalues.map { rate * $0 })
  }
}
