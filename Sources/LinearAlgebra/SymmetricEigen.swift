import CLapacke

/// The eigen-decomposition `S = Q diag(values) Q'` of a symmetric matrix.
public struct SymmetricEigen: Sendable {
  /// The eigenvalues in ascending order.
  public let values: [Double]
  /// Q: column j is the unit eigenvector of `values[j]`.
  public let vectors: Matrix

  /// Decomposes S, of which only the lower triangle is read.
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)`` and ``LinearAlgebraError/noConvergence(_:)``.
  public init(_ symmetric: Matrix) throws {
    (values, vectors) = try Self.decompose(symmetric, job: "V")
  }

  /// The eigenvalues alone, in ascending order; several times cheaper.
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)`` and ``LinearAlgebraError/noConvergence(_:)``.
  public static func values(of symmetric: Matrix) throws -> [Double] {
    precondition(symmetric.rows == symmetric.columns, "a \(symmetric.rows) x \(symmetric.columns) matrix")
    try symmetric.requireFinite("the matrix to decompose")
    guard var small = Tridiagonal(symmetric) else { return try decompose(symmetric, job: "N").0 }
    let info = LAPACKE_dsterf_work(Int32(symmetric.rows), &small.diagonal, &small.offDiagonal)
    guard info == 0 else { throw LinearAlgebraError.noConvergence("dsterf") }
    return small.diagonal
  }

  private static func decompose(_ symmetric: Matrix, job: UnicodeScalar) throws -> ([Double], Matrix) {
    precondition(symmetric.rows == symmetric.columns, "a \(symmetric.rows) x \(symmetric.columns) matrix")
    try symmetric.requireFinite("the matrix to decompose")
    _ = BLASLibrary.oneThreadPerCall
    var vectors = symmetric
    let order = Int32(symmetric.rows)
    var values = [Double](repeating: 0, count: symmetric.rows)
    guard order > 0 else { return (values, vectors) }
    // Divide and conquer for the vectors; for small orders the plain QL iteration is the faster of the two.
    let job = CChar(UInt8(ascii: job))
    let info =
      order < 32
      ? LAPACKE_dsyev(LAPACK_COL_MAJOR, job, lower, order, &vectors.elements, order, &values)
      : LAPACKE_dsyevd(LAPACK_COL_MAJOR, job, lower, order, &vectors.elements, order, &values)
    guard info == 0 else { throw LinearAlgebraError.noConvergence(order < 32 ? "dsyev" : "dsyevd") }
    return (values, vectors)
  }
}
