import Core
import LinearAlgebra

/// A stage made ready to train: the affine map `theta -> theta + X' phi(K) (y - X theta)` with `K = X X'` factored
/// once.
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
  /// By how much the solver can magnify the rounding of a Double: the condition of the system that it solves, to within
  /// a small factor.
  public let amplification: Double
  /// A bound, of first order, on the rounding of ``offset``: for Cholesky, whose solution c is exact for a matrix that
  /// differs by `n eps ||G||` from `G = K + mu I`, it is `||X' G^-1|| n eps ||G|| ||c||`.
  public let offsetRounding: Double

  private let solver: Solver

  private enum Solver {
    /// `K + mu I = L L'`: ridge needs no eigenvalues, and this is some ten times cheaper.
    case cholesky(Cholesky)
    /// `K = Q diag(lambda) Q'` with `phi(lambda)`.
    case spectral(Matrix, [Double])
    /// `X' = V diag(s) Z'` with `s / (s^2 + mu)`: ridge where `K + mu I`, whose condition is the square of X's, would
    /// lose too many digits.
    case singular(SingularRidge)
  }

  /// The condition of `K + mu I` from which on ridge goes by singular values: Cholesky then keeps half of the digits.
  private static let largestCondition = 0x1p26

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
      let factor = try? Cholesky(gram)
      if let factor, factor.conditionEstimate <= Self.largestCondition {
        (solver, amplification) = (.cholesky(factor), factor.conditionEstimate)
      } else {
        let singular = try SingularRidge(stage, mu: mu, workers: workers)
        (solver, amplification) = (.singular(singular), singular.condition)
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
      amplification = 1 / Double.ulpOfOne.squareRoot()
    }
    self.stage = stage
    let (labels, norm) = (stage.examples.labels, gramTrace.squareRoot())
    let unit = Double(n + stage.examples.dimension) * Double.ulpOfOne
    switch solver {
    case .singular(let singular):
      offset = singular.learn(labels, workers: workers)
      let residual = stage.examples.residual(offset, workers: workers).norm
      let filter = singular.filterBound
      offsetRounding = unit * (singular.condition * (offset.norm + filter * residual) + filter * labels.norm)
    case .cholesky(let factor):
      let coefficients = factor.solve(labels)
      offset = features.times(coefficients, workers: workers)
      let (pivot, size) = (factor.leastPivot, (0..<n).reduce(0) { $0 + gram[$1, $1] })
      offsetRounding = unit * size * min(1, norm / pivot) / pivot * coefficients.norm
    case .spectral:
      let coefficients = Self.solve(solver, labels)
      offset = features.times(coefficients, workers: workers)
      offsetRounding = unit * amplification * norm * coefficients.norm
    }
  }

  /// The stage's name.
  public var name: String { stage.name }
  /// d.
  public var dimension: Int { stage.examples.dimension }

  /// `b - S theta = X' phi(K) (y - X theta)`: what the stage adds to the model.
  public func change(of theta: Vector, workers: Workers = .one) -> Vector {
    let residual = stage.examples.residual(theta, workers: workers)
    if case .singular(let singular) = solver { return singular.learn(residual, workers: workers) }
    return stage.examples.features.times(Self.solve(solver, residual), workers: workers)
  }

  /// `S v = X' phi(K) X v`.
  public func contraction(_ vector: Vector, workers: Workers) -> Vector {
    if case .singular(let singular) = solver { return singular.contraction(vector, workers: workers) }
    let features = stage.examples.features
    let coefficients = Self.solve(solver, features.transposeTimes(vector, workers: workers))
    return features.times(coefficients, workers: workers)
  }

  /// How much more the stage adds to a model than the same stage, `kept`, without these rows W:
  /// `(I - S_kept) X_W' c_W` with `c = phi(K) (y - X theta)`, by elimination in blocks, so that two nearly equal
  /// changes need not be subtracted. Nil unless both solve their systems by Cholesky.
  func surplus(of theta: Vector, over kept: StageMap, without rows: [Int], workers: Workers) -> Vector? {
    guard case .cholesky = solver, case .cholesky = kept.solver else { return nil }
    let coefficients = Self.solve(solver, stage.examples.residual(theta, workers: workers))
    let removed = stage.examples.selecting(rows)
    let added = removed.features.times(Vector(rows.map { coefficients[$0] }), workers: workers)
    return added - kept.contraction(added, workers: workers)
  }

  /// `S V`, column by column.
  public func contraction(_ vectors: Matrix, workers: Workers = .one) -> Matrix {
    if case .singular(let singular) = solver {
      let columns = (0..<vectors.columns).map { singular.contraction(vectors.column($0), workers: workers) }
      return Matrix(rows: vectors.rows, columns: vectors.columns, elements: columns.flatMap(\.elements))
    }
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
    case .singular: preconditionFailure("ridge by singular values acts on the model itself")
    }
  }
}
