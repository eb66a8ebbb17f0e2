import Core
import LinearAlgebra

/// The row space of a data set, with the singular values of X.
package struct RowSpace: Sendable {
  /// Orthonormal columns that span it, d x rank.
  package let basis: Matrix
  /// The singular values of X above rounding, descending.
  package let singularValues: [Double]

  /// Factors X' (d x n, an example a column), of any rank.
  ///
  /// - Throws: `LinearAlgebraError`.
  package init(_ features: Matrix, workers: Workers) throws {
    // With at least as many features as rows the SVD is that of a small triangle.
    let qr = features.rows >= features.columns ? try QR(features, workers: workers) : nil
    let svd = try SingularValues(qr?.triangular ?? features)
    let rank = SingularValues.numericalRank(values: svd.values, rows: features.rows, columns: features.columns)
    let left = svd.left.selectingColumns(Array(0..<rank))
    (basis, singularValues) = (qr?.orthonormal.times(left, workers: workers) ?? left, Array(svd.values[..<rank]))
  }

  /// The cosine of the smallest angle between this space and the other.
  package func cosine(_ other: RowSpace, _ workers: Workers) throws -> Double {
    try min(1, SingularValues.values(of: basis.transposeTimes(other.basis, workers: workers)).first ?? 0)
  }
}
