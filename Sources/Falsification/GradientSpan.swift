import LinearAlgebra

/// The span of the vectors added to it, whatever their lengths and however many.
struct GradientSpan: Sendable {
  private var directions: [Vector] = []

  /// Adds a vector; 0 and vectors out of Double's range add nothing.
  mutating func add(_ vector: Vector) {
    let norm = vector.norm
    // Of unit length: a gradient that has grown a million times says no more about the span than a small one.
    guard norm.isNormal, (1 / norm).isNormal else { return }
    directions.append((1 / norm) * vector)
    if directions.count > 64 + vector.count { compress(vector.count) }
  }

  /// The distance of a vector from the span, least squares over the directions added.
  ///
  /// Directions that differ by less than the rounding of one another count as one.
  ///
  /// - Throws: `LinearAlgebraError`.
  func distance(of vector: Vector) throws -> Double {
    guard !directions.isEmpty else { return vector.norm }
    let matrix = matrix(vector.count)
    return (vector - matrix.times(try LeastSquares(matrix, vector).solution)).norm
  }

  private func matrix(_ dimension: Int) -> Matrix {
    Matrix(rows: dimension, columns: directions.count, elements: directions.flatMap(\.elements))
  }

  /// G' = Q R makes R' as good as G: the same span and the same singular values, in d columns.
  private mutating func compress(_ dimension: Int) {
    guard let triangle = try? QR(matrix(dimension).transposed).triangular else { return }
    let columns = triangle.transposed
    directions = (0..<dimension).map(columns.column)
  }
}
