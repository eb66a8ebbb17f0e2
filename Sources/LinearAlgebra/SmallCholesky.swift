/// The Cholesky factorisation column by column, for orders at which OpenBLAS spends more on its buffers, and the lock
/// around them, than on arithmetic.
enum SmallCholesky {
  /// The order up to which this is the faster.
  static let mostRows = 32

  /// Replaces the lower triangle of S by that of L.
  static func factor(_ elements: inout [Double], _ order: Int) throws {
    try elements.withUnsafeMutableBufferPointer { s in
      guard let start = s.baseAddress else { return }
      for pivot in 0..<order {
        let column = start + pivot * order
        guard column[pivot] > 0 else { throw LinearAlgebraError.notPositiveDefinite(order: pivot + 1) }
        let root = column[pivot].squareRoot()
        for row in pivot..<order { column[row] /= root }
        for later in (pivot + 1)..<max(order, pivot + 1) {
          SmallProducts.add(-column[later], column + later, to: start + later * order + later, order - later)
        }
      }
    }
  }

  /// Replaces the vector v by `(L L')^-1 v`.
  static func solve(_ factor: [Double], _ vector: inout [Double]) {
    let order = vector.count
    factor.withUnsafeBufferPointer { factor in
      vector.withUnsafeMutableBufferPointer { vector in
        guard let l = factor.baseAddress, let v = vector.baseAddress else { return }
        for pivot in 0..<order {
          v[pivot] /= l[pivot + pivot * order]
          SmallProducts.add(-v[pivot], l + pivot + 1 + pivot * order, to: v + pivot + 1, order - pivot - 1)
        }
        for pivot in (0..<order).reversed() {
          let below = SmallProducts.dot(l + pivot + 1 + pivot * order, v + pivot + 1, order - pivot - 1)
          v[pivot] = (v[pivot] - below) / l[pivot + pivot * order]
        }
      }
    }
  }
}
