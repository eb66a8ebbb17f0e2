import CLapacke

/// The minimiser of `||A x - b||`, and of `||x||` among the minimisers when there are several.
public struct LeastSquares: Sendable {
  /// The solution of least norm.
  public let solution: Vector
  /// The numerical rank of A: its singular values above `max(rows, columns) * eps` times the largest.
  public let rank: Int

  /// Solves by the singular value decomposition (LAPACK's dgelsd).
  ///
  /// - Throws: ``LinearAlgebraError/nonFinite(_:)`` and ``LinearAlgebraError/noConvergence(_:)``.
  public init(_ matrix: Matrix, _ target: Vector) throws {
    let (m, n) = (matrix.rows, matrix.columns)
    precondition(target.count == m, "a target of \(target.count) for \(m) rows")
    try matrix.requireFinite("the matrix of the least-squares problem")
    guard target.isFinite else { throw LinearAlgebraError.nonFinite("the target of the least-squares problem") }
    BLASLibrary.useOneThreadPerCall()
    guard m > 0, n > 0 else { (solution, rank) = (Vector(zeros: n), 0); return }
    var work = matrix
    // LAPACK returns the solution where the target was, which may need more room.
    var unknown = target.elements + [Double](repeating: 0, count: max(0, n - m))
    var singular = [Double](repeating: 0, count: min(m, n))
    var rank: Int32 = 0
    let info = LAPACKE_dgelsd(
      LAPACK_COL_MAJOR, Int32(m), Int32(n), 1, &work.elements, Int32(m), &unknown, Int32(max(m, n)), &singular,
      Double(max(m, n)) * Double.ulpOfOne, &rank)
    guard info == 0 else { throw LinearAlgebraError.noConvergence("dgelsd") }
    (solution, self.rank) = (Vector(Array(unknown[..<n])), Int(rank))
  }
}
