import CLapacke

/// The Cholesky factorisation `S = L L'` of a symmetric positive definite matrix.
public struct Cholesky: Sendable {
  /// L, with rubbish above the diagonal.
  private let factor: Matrix

  /// Factors S, of which only the lower triangle is read.
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)`` and ``LinearAlgebraError/notPositiveDefinite(order:)``.
  public init(_ symmetric: Matrix) throws {
    precondition(symmetric.rows == symmetric.columns, "a \(symmetric.rows) x \(symmetric.columns) matrix")
    try symmetric.requireFinite("the matrix to factor")
    BLASLibrary.useOneThreadPerCall()
    var factor = symmetric
    let order = Int32(symmetric.rows)
    guard order > SmallCholesky.mostRows else {
      try SmallCholesky.factor(&factor.elements, symmetric.rows)
      self.factor = factor
      return
    }
    let info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, lower, order, &factor.elements, max(1, order))
    guard info == 0 else { throw LinearAlgebraError.notPositiveDefinite(order: Int(info)) }
    self.factor = factor
  }

  /// L, with zeros above the diagonal.
  var lowerTriangle: Matrix {
    var triangle = factor
    for column in 1..<max(1, factor.columns) {
      for row in 0..<column { triangle[row, column] = 0 }
    }
    return triangle
  }

  /// The square of the ratio between the largest and the least pivot of L: at most the condition number of S, and
  /// rarely far below it.
  public var conditionEstimate: Double {
    let pivots = (0..<factor.rows).map { factor[$0, $0] }
    let ratio = (pivots.max() ?? 1) / (pivots.min() ?? 1)
    return ratio * ratio
  }

  /// The least pivot of L: its square is at least the least eigenvalue of S, and rarely far above it.
  public var leastPivot: Double { (0..<factor.rows).reduce(.infinity) { min($0, factor[$1, $1]) } }

  /// `S^-1 v`.
  public func solve(_ vector: Vector) -> Vector {
    precondition(vector.count == factor.rows, "a vector of \(vector.count) for order \(factor.rows)")
    var solution = vector
    let order = Int32(factor.rows)
    guard order > SmallCholesky.mostRows else {
      SmallCholesky.solve(factor.elements, &solution.elements)
      return solution
    }
    _ = LAPACKE_dpotrs_work(
      LAPACK_COL_MAJOR, lower, order, 1, factor.elements, max(1, order), &solution.elements, max(1, order))
    return solution
  }
}

let lower = CChar(UInt8(ascii: "L"))
