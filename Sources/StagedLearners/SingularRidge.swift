import Core
import LinearAlgebra

/// A ridge stage by the singular values of its features, `X' = V diag(s) Z'`:
///
///     X' (K + mu I)^-1 r = V diag(s / (s^2 + mu)) Z' r,      S v = V diag(s^2 / (s^2 + mu)) V' v.
///
/// Its rounding grows with the condition of X and not with that of `X X' + mu I`, the square: for more rows than
/// parameters, repeated rows and small mu.
struct SingularRidge: Sendable {
  /// V, d x rank.
  private let axes: Matrix
  /// Z', rank x n.
  private let rows: Matrix
  private let values: [Double]
  private let mu: Double
  /// The rank that X has exactly where the computed one is no less: that of its distinct rows, were they independent.
  private let largestRank: Int

  /// Decomposes a stage.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` where distinct rows of X seem dependent and mu is too small
  ///   for rounding to tell 0 from a singular value that mu would not hold down.
  init(_ stage: LinearStage, mu: Double, workers: Workers) throws {
    let features = stage.examples.features
    let qr = features.rows >= features.columns ? try QR(features, workers: workers) : nil
    let svd = try SingularValues(qr?.triangular ?? features)
    let rank = SingularValues.numericalRank(values: svd.values, rows: features.rows, columns: features.columns)
    let level = Double(max(features.rows, features.columns)) * Double.ulpOfOne * (svd.values.first ?? 0)
    // Rows that are repeated entry for entry, or 0, are dependent without any rounding.
    let distinct = Set((0..<features.columns).map { features.column($0).elements }.filter { $0.contains { $0 != 0 } })
    largestRank = min(features.rows, distinct.count)
    guard rank >= largestRank || mu > level * level else {
      throw LinearAlgebraError.invalidParameter(
        "stage \(stage.name): mu is \(mu), nothing beside the rounding of X X'; X X' + mu I must be invertible")
    }
    let kept = Array(0..<rank)
    let left = svd.left.selectingColumns(kept)
    axes = qr?.orthonormal.times(left, workers: workers) ?? left
    rows = svd.rightTransposed.transposed.selectingColumns(kept).transposed
    (values, self.mu) = (Array(svd.values[..<rank]), mu)
  }

  /// The condition that rounding is magnified by: the largest singular value over the least that mu leaves to be.
  var condition: Double { (values.first ?? 1) * filterBound }

  /// `(s^2 + mu)^-1/2` at the least s. It bounds `s / (s^2 + mu)`, also where rounding moves a singular value far below
  /// `mu^1/2` by many times itself: there the filter is small, but its slope `1/mu` is not.
  var filterBound: Double {
    let least = values.count < largestRank ? 0 : values.last ?? 0
    return 1 / (least * least + mu).squareRoot()
  }

  /// `X' (K + mu I)^-1 r`.
  func learn(_ residual: Vector, workers: Workers) -> Vector {
    var coordinates = rows.times(residual, workers: workers)
    for (index, value) in values.enumerated() { coordinates[index] *= value / (value * value + mu) }
    return axes.times(coordinates, workers: workers)
  }

  /// `S v`.
  func contraction(_ vector: Vector, workers: Workers) -> Vector {
    var coordinates = axes.transposeTimes(vector, workers: workers)
    for (index, value) in values.enumerated() { coordinates[index] *= 1 / (1 + mu / (value * value)) }
    return axes.times(coordinates, workers: workers)
  }
}
