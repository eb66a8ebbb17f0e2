import CLapacke
import Core

/// The thin factorisation `A = Q R` of a matrix with at least as many rows as columns, to the accuracy of Householder
/// reflections.
public struct QR: Sendable {
  /// Q: orthonormal columns, of A's shape.
  public let orthonormal: Matrix
  /// R: upper triangular, columns x columns.
  public let triangular: Matrix

  /// Factors A (rows >= columns, else it traps).
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)``.
  public init(_ matrix: Matrix, workers: Workers = .one) throws {
    let (m, n) = (matrix.rows, matrix.columns)
    precondition(m >= n, "a \(m) x \(n) matrix has more columns than rows")
    guard matrix.isFinite(workers: workers) else { throw LinearAlgebraError.nonFinite("the matrix to factor") }
    BLASLibrary.useOneThreadPerCall()
    if n >= Self.fewestColumnsForCholesky, let factors = Self.byCholeskyTwice(matrix, workers) {
      (orthonormal, triangular) = factors
    } else {
      (orthonormal, triangular) = Self.byReflections(matrix)
    }
  }

  private static let fewestColumnsForCholesky = 32

  private static func byReflections(_ matrix: Matrix) -> (Matrix, Matrix) {
    let (m, n) = (matrix.rows, matrix.columns)
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
    return (q, r)
  }

  /// CholeskyQR2 (Yamamoto, Nakatsukasa, Yanagisawa and Fukaya, ETNA 44, 2015): `Q_1 = A R_1^-1` with `A'A = R_1'R_1`,
  /// and the same once more for what the first pass left, `Q = Q_1 R_2^-1`, `R = R_2 R_1`. All of it is products, which
  /// run on every worker, and reflections are not.
  ///
  /// The first pass loses the square of A's condition; the second repairs that to the accuracy of reflections provided
  /// that Q_1 came out well conditioned, which is checked. Nil where it did not.
  private static func byCholeskyTwice(_ matrix: Matrix, _ workers: Workers) -> (Matrix, Matrix)? {
    guard let first = try? Cholesky(matrix.gram(workers: workers)).lowerTriangle else { return nil }
    var q = matrix
    q.divide(byTransposeOf: first, workers)
    let gram = q.gram(workers: workers)
    var departure = gram
    for index in 0..<gram.columns { departure[index, index] -= 1 }
    // Then the singular values of Q_1 lie between sqrt(1/2) and sqrt(3/2). NaN fails too.
    guard Vector(departure.elements).norm <= 0.5, let second = try? Cholesky(gram).lowerTriangle else { return nil }
    q.divide(byTransposeOf: second, workers)
    return (q, first.times(second, workers: workers).transposed)
  }
}

extension Matrix {
  /// `A <- A (L')^-1` for a lower triangle L, block of rows by block of rows.
  fileprivate mutating func divide(byTransposeOf triangle: Matrix, _ workers: Workers) {
    let (m, n) = (rows, columns)
    elements.withUnsafeMutableBufferPointer { entries in
      guard let start = entries.baseAddress else { return }
      nonisolated(unsafe) let a = start
      Blocks(of: m, work: n * n / 2, longest: 512).forEach(workers) { range in
        cblas_dtrsm(
          CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(range.count), Int32(n), 1,
          triangle.elements, Int32(n), a + range.lowerBound, Int32(m))
      }
    }
  }
}
