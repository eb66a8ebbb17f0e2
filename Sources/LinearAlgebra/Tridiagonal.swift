/// A symmetric matrix of small order reduced by Householder reflections to `diagonal` and `offDiagonal`, with the same
/// eigenvalues. LAPACK's own reduction calls BLAS for every column, which costs more than the arithmetic up to here and
/// takes OpenBLAS's lock each time.
struct Tridiagonal {
  /// The diagonal.
  var diagonal: [Double]
  /// The entries beside it, one fewer.
  var offDiagonal: [Double]

  /// The order up to which this is the faster.
  static let mostRows = 32

  /// Reduces S, of which only the lower triangle is read. Nil for a larger order, and for entries whose squares could
  /// leave Double's range.
  init?(_ symmetric: Matrix) {
    let order = symmetric.rows
    let size = symmetric.elements.reduce(0) { max($0, abs($1)) }
    guard 1...Self.mostRows ~= order, 1e-70 < size, size < 1e70 else { return nil }
    diagonal = [Double](repeating: 0, count: order)
    offDiagonal = [Double](repeating: 0, count: order - 1)
    var entries = symmetric.elements
    entries.withUnsafeMutableBufferPointer { entries in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: order) { product in
        guard let start = entries.baseAddress, let product = product.baseAddress else { return }
        for column in 0..<order {
          for row in 0..<column { start[row + column * order] = start[column + row * order] }
        }
        for pivot in 0..<(order - 1) {
          diagonal[pivot] = start[pivot * (order + 1)]
          // The column below the diagonal becomes the vector v of the reflection I - scale v v'.
          let (v, rest) = (start + pivot * order + pivot + 1, order - pivot - 1)
          let norm = SmallProducts.dot(v, v, rest).squareRoot()
          offDiagonal[pivot] = v[0] > 0 ? -norm : norm
          guard norm > 0 else { continue }
          v[0] -= offDiagonal[pivot]
          let scale = 1 / (norm * abs(v[0]))
          let block = v + order
          for column in 0..<rest { product[column] = scale * SmallProducts.dot(block + column * order, v, rest) }
          SmallProducts.add(-scale / 2 * SmallProducts.dot(product, v, rest), v, to: product, rest)
          for column in 0..<rest {
            SmallProducts.add(-v[column], product, to: block + column * order, rest)
            SmallProducts.add(-product[column], v, to: block + column * order, rest)
          }
        }
        diagonal[order - 1] = start[order * order - 1]
      }
    }
  }
}
