import CLapacke

/// The thin singular value decomposition `A = U diag(values) V'`.
public struct SingularValues: Sendable {
  /// The singular values in descending order, min(rows, columns) of them.
  public let values: [Double]
  /// U, rows x min(rows, columns).
  public let left: Matrix
  /// V', min(rows, columns) x columns.
  public let rightTransposed: Matrix

  /// Decomposes A.
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)`` and ``LinearAlgebraError/noConvergence(_:)``.
  ///
  /// - Parameter isGraded: whether the columns of A (not more than rows) are well conditioned but for their lengths:
  ///   the small singular values then come out to high relative accuracy too, where the spread is below some 10^70.
  public init(_ matrix: Matrix, isGraded: Bool = false) throws {
    try matrix.requireFinite("the matrix to decompose")
    BLASLibrary.useOneThreadPerCall()
    if let jacobi = JacobiRotations(matrix, wantsRotation: true, isGraded: isGraded), let rotation = jacobi.rotation {
      let order = jacobi.order
      values = order.map { jacobi.values[$0] }
      var left = jacobi.rotated.selectingColumns(order)
      for (column, value) in values.enumerated() {
        for row in 0..<left.rows { left[row, column] /= value }
      }
      (self.left, rightTransposed) = (left, rotation.selectingColumns(order).transposed)
      return
    }
    let (m, n) = (matrix.rows, matrix.columns)
    let rank = min(m, n)
    var (work, left) = (matrix, Matrix(zeros: m, rank))
    var (right, values) = (Matrix(zeros: rank, n), [Double](repeating: 0, count: rank))
    if rank > 0 {
      let info = LAPACKE_dgesdd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "S")), Int32(m), Int32(n), &work.elements, Int32(m), &values,
        &left.elements, Int32(m), &right.elements, Int32(rank))
      guard info == 0 else { throw LinearAlgebraError.noConvergence("dgesdd") }
    }
    (self.values, self.left, rightTransposed) = (values, left, right)
  }

  /// The singular values alone, in descending order; several times cheaper.
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)`` and ``LinearAlgebraError/noConvergence(_:)``.
  public static func values(of matrix: Matrix) throws -> [Double] {
    try matrix.requireFinite("the matrix to decompose")
    BLASLibrary.useOneThreadPerCall()
    if let jacobi = JacobiRotations(matrix, wantsRotation: false) { return jacobi.values.sorted(by: >) }
    let (m, n) = (matrix.rows, matrix.columns)
    let rank = min(m, n)
    var (work, values) = (matrix, [Double](repeating: 0, count: rank))
    guard rank > 0 else { return values }
    let info = LAPACKE_dgesdd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), Int32(m), Int32(n), &work.elements, Int32(m), &values,
      nil, Int32(m), nil, Int32(n))
    guard info == 0 else { throw LinearAlgebraError.noConvergence("dgesdd") }
    return values
  }

  /// The number of singular values above `max(rows, columns) * eps * values[0]`, the level of rounding.
  public static func numericalRank(values: [Double], rows: Int, columns: Int) -> Int {
    let level = Double(max(rows, columns)) * Double.ulpOfOne * (values.first ?? 0)
    return values.count { $0 > level }
  }
}
