import LinearAlgebra

/// A stage made ready to train: the affine map `theta -> theta + X' phi(K) (y - X theta)` with `K = X X'` factored once.
///
/// Everything happens in the dual: time O(n^2 d + n^3) to prepare and O(n d) to apply, and no d x d matrix anywhere.
/// Written as `theta -> G theta + b`, the map has `G = I - S` with `contraction` S and
/// ``offset`` b.
public struct StageMap: AffineStageMap {
  /// The stage.
  public let stage: LinearStage
  /// `b = X' phi(K) y`: what the stage makes of theta = 0.
  public let offset: Vector
  /// `tr K = ||X||_F^2`, which bounds the largest eigenvalue of K.
  public let gramTrace: Double
  /// Bounds of `lambda phi(lambda)` over the eigenvalues of K: the shares of the residual that the stage removes. They
  /// are the eigenvalues of S on the row space, so that `||S||` is the larger magnitude and the stage contracts,
  /// `||G|| <= 1`, where they lie in 0...2.
  public let shares: ClosedRange<Double>
  /// The level below which an eigenvalue of K counts as 0: the rounding of the inner products.
  public let zeroLevel: Double

  private let solver: Solver

  private enum Solver {
    /// `K + mu I = L L'`: ridge needs no eigenvalues, and this is some ten times cheaper.
    case cholesky(Cholesky)
    /// `K = Q diag(lambda) Q'` with `phi(lambda)`.
    case spectral(Matrix, [Double])
  }

  /// Factors the stage.
  ///
  /// - Throws: `LinearAlgebraError` for a parameter out of range, non-finite data or a failed factorisation.
  public init(_ stage: LinearStage, workers: Workers = .one) throws {
    try stage.trainer.validate()
    let (features, n) = (stage.examples.features, stage.examples.count)
    var gram = features.gram(workers: workers)
    guard gram.isFinite else {
      throw LinearAlgebraError.invalidParameter("stage \(stage.name): X X' leaves Double's range; scale the data")
    }
    gramTrace = (0..<n).reduce(0) { $0 + gram[$1, $1] }
    if case .ridge(let mu) = stage.trainer {
      for index in 0..<n { gram[index, index] += mu }
      shares = 0...(gramTrace / (gramTrace + mu))
      zeroLevel = Double(n) * Double.ulpOfOne * gramTrace
      do {
        solver = .cholesky(try Cholesky(gram))
      } catch LinearAlgebraError.notPositiveDefinite {
        throw LinearAlgebraError.invalidParameter(
          "stage \(stage.name): mu is \(mu), nothing beside the rounding of X X'; X X' + mu I must be invertible")
      }
    } else {
      let eigen = try SymmetricEigen(gram)
      // Rounding of the inner products puts eigenvalues that should be 0 at up to about n eps lambda_max.
      let zero = Double(n) * Double.ulpOfOne * max(0, eigen.values.last ?? 0)
      zeroLevel = zero
      let filter = eigen.values.map { stage.trainer.value(at: $0, rows: n, zeroBelow: zero) }
      guard filter.allSatisfy(\.isFinite) else {
        throw LinearAlgebraError.invalidParameter(
          "stage \(stage.name): \(stage.trainer) leaves Double's range on this data; take fewer or smaller steps")
      }
      // Eigenvalues below 0 are rounding.
      let removed = zip(eigen.values, filter).map { max(0, $0) * $1 } + [0]
      shares = (removed.min() ?? 0)...(removed.max() ?? 0)
      solver = .spectral(eigen.vectors, filter)
    }
    self.stage = stage
    offset = features.times(Self.solve(solver, stage.examples.labels), workers: workers)
  }

  /// The stage's name.
  public var name: String { stage.name }
  /// d.
  public var dimension: Int { stage.examples.dimension }

  /// `b - S theta = X' phi(K) (y - X theta)`: what the stage adds to the model.
  public func change(of theta: Vector, workers: Workers = .one) -> Vector {
    let coefficients = Self.solve(solver, stage.examples.residual(theta, workers: workers))
    return stage.examples.features.times(coefficients, workers: workers)
  }

  /// `S v = X' phi(K) X v`.
  public func contraction(_ vector: Vector, workers: Workers) -> Vector {
    let features = stage.examples.features
    let coefficients = Self.solve(solver, features.transposeTimes(vector, workers: workers))
    return features.times(coefficients, workers: workers)
  }

  /// `S V`, column by column.
  public func contraction(_ vectors: Matrix, workers: Workers = .one) -> Matrix {
    let features = stage.examples.features
    var seen = features.transposeTimes(vectors, workers: workers)
    let n = seen.rows
    for column in 0..<seen.columns {
      seen.elements.replaceSubrange(
        (column * n)..<((column + 1) * n), with: Self.solve(solver, seen.column(column)).elements)
    }
    return features.times(seen, workers: workers)
  }

  /// `phi(K) r`.
  private static func solve(_ solver: Solver, _ r: Vector) -> Vector {
    switch solver {
    case .cholesky(let factor): return factor.solve(r)
    case .spectral(let q, let filter):
      var coordinates = q.transposeTimes(r)
      for index in filter.indices { coordinates[index] *= filter[index] }
      return q.times(coordinates)
    }
  }
}
