import CLapacke

/// The thin Householder factorisation `A = Q R` of a matrix with at least as many rows as columns.
public struct QR: Sendable {
  /// Q: orthonormal columns, of A's shape.
  public let orthonormal: Matrix
  /// R: upper triangular, columns x columns.
  public let triangular: Matrix

  /// Factors A (rows >= columns, else it traps).
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)``.
  public init(_ matrix: Matrix) throws {
    let (m, n) = (matrix.rows, matrix.columns)
    precondition(m >= n, "a \(m) x \(n) matrix has more columns than rows")
    try matrix.requireFinite("the matrix to factor")
    _ = BLASLibrary.oneThreadPerCall
    var q = matrix
    var reflectors = [Double](repeating: 0, count: n)
    var r = Matrix(zeros: n, n)
    if n > 0 {
      LAPACKE_dgeqrf(LAPACK_COL_MAJOR, Int32(m), Int32(n), &q.elements, Int32(m), &reflectors)
      for column in 0..<n {
        for row in 0...column { r[row, column] = q[row, column] }
      }
      LAPACKE_dorgqr(LAPACK_COL_MAJOR, Int32(m), Int32(n), Int32(n), &q.elements, Int32(m), reflectors)
    }
    (orthonormal, triangular) = (q, r)
  }
}
