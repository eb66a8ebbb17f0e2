import Glibc

/// The factorisation `A P = Q R` with a permutation P of the columns, computed with twice Double's digits: for columns
/// that are nearly dependent or of very different lengths, whose span Householder reflections blur by A's condition.
///
/// Gram-Schmidt, the longest remainder first and each orthogonalised twice. The rows of R come out graded, so that its
/// singular values are determined to high relative accuracy, the small ones too (Demmel et al., Linear Algebra Appl.
/// 299, 1999).
public struct PreciseQR: Sendable {
  /// Q: orthonormal columns, of A's shape.
  public let orthonormal: Matrix
  /// R: upper triangular, columns x columns.
  public let triangular: Matrix
  /// Column j of `A P` is column `order[j]` of A.
  public let order: [Int]
  /// The least share of a column that is left when the ones before it are taken out: 0 where columns are dependent. The
  /// factors are right to about 2^-100 over this share.
  public let leastShare: Double

  /// Factors A (rows >= columns, else it traps), whose squares must lie in Double's range.
  public init(_ matrix: Matrix) {
    let (m, n) = (matrix.rows, matrix.columns)
    precondition(m >= n, "a \(m) x \(n) matrix has more columns than rows")
    var columns = (0..<n).map { matrix.column($0).elements.map { Precise($0) } }
    var (chosen, rest, least): ([Int], [Int], Double) = ([], Array(0..<n), 1)
    let lengths = matrix.columnNorms
    var triangular = Matrix(zeros: n, n)
    var coefficients = [[Int: Double]](repeating: [:], count: n)
    while let next = rest.max(by: { Self.norm(columns[$0]) < Self.norm(columns[$1]) }) {
      rest.removeAll { $0 == next }
      // Once more against all before it.
      for earlier in chosen { Self.remove(columns[earlier], from: &columns[next]) }
      let length = Self.dot(columns[next], columns[next]).squareRoot()
      least = min(least, lengths[next] > 0 ? length.high / lengths[next] : 0)
      coefficients[next][next] = length.high
      chosen.append(next)
      guard length.high > 0 else { continue }
      columns[next] = columns[next].map { $0 / length }
      for later in rest { coefficients[later][next] = Self.remove(columns[next], from: &columns[later]).high }
    }
    for (place, column) in chosen.enumerated() {
      for (row, axis) in chosen[...place].enumerated() { triangular[row, place] = coefficients[column][axis] ?? 0 }
    }
    orthonormal = Matrix(rows: m, columns: n, elements: chosen.flatMap { columns[$0].map(\.high) })
    (self.triangular, order, leastShare) = (triangular, chosen, least)
  }

  /// Takes out of a column its part along a unit one, and returns the coefficient.
  @discardableResult
  private static func remove(_ axis: [Precise], from column: inout [Precise]) -> Precise {
    let coefficient = dot(axis, column)
    for index in column.indices { column[index] = column[index] - coefficient * axis[index] }
    return coefficient
  }

  private static func dot(_ a: [Precise], _ b: [Precise]) -> Precise {
    zip(a, b).reduce(Precise(0)) { $0 + $1.0 * $1.1 }
  }

  private static func norm(_ column: [Precise]) -> Double { Vector(column.map(\.high)).norm }
}

/// A number as the unevaluated sum of two Doubles, some 32 digits (Dekker, Numer. Math. 18, 1971).
private struct Precise {
  var high: Double
  var low: Double

  init(_ value: Double) { (high, low) = (value, 0) }

  /// The sum of two numbers of which the first is not the smaller.
  private init(_ large: Double, _ small: Double) {
    high = large + small
    low = small - (high - large)
  }

  static func + (left: Precise, right: Precise) -> Precise {
    let sum = left.high + right.high
    let part = sum - left.high
    let error = (left.high - (sum - part)) + (right.high - part)
    return Precise(sum, error + left.low + right.low)
  }

  static func - (left: Precise, right: Precise) -> Precise {
    var opposite = right
    (opposite.high, opposite.low) = (-right.high, -right.low)
    return left + opposite
  }

  static func * (left: Precise, right: Precise) -> Precise {
    let product = left.high * right.high
    let error = (-product).addingProduct(left.high, right.high)
    return Precise(product, error + (left.high * right.low + left.low * right.high))
  }

  static func / (left: Precise, right: Precise) -> Precise {
    let first = left.high / right.high
    let rest = left - right * Precise(first)
    return Precise(first, rest.high / right.high)
  }

  func squareRoot() -> Precise {
    guard high > 0 else { return Precise(0) }
    let root = high.squareRoot()
    let rest = self - Precise(root) * Precise(root)
    return Precise(root, rest.high / (2 * root))
  }
}
