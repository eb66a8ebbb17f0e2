import BigInt
import Core
import LinearAlgebra
import Synchronization

/// The inner products of rows of Doubles, without rounding: a Double is an integer times a power of two.
struct ExactGram: Sendable {
  /// Entry (i, j) with `j <= i` stands at `i (i + 1) / 2 + j`.
  private let products: [Dyadic]

  /// All inner products of the columns of these matrices (X', one example a column), which follow each other.
  init(_ matrices: [Matrix], workers: Workers = .one) {
    let rows = matrices.flatMap { matrix in (0..<matrix.columns).map { IntegerRow(matrix.column($0).elements) } }
    let lower = Mutex([[Dyadic]](repeating: [], count: rows.count))
    workers.forEach(rows.count) { i in
      let row = (0...i).map { j in
        var sum = BigInt(0)
        for (a, b) in zip(rows[i].integers, rows[j].integers) { sum += a * b }
        return Dyadic(sum, exponent: rows[i].exponent + rows[j].exponent)
      }
      lower.withLock { $0[i] = row }
    }
    products = lower.withLock { $0.flatMap { $0 } }
  }

  /// The inner product of two rows.
  subscript(i: Int, j: Int) -> Dyadic {
    let (high, low) = (max(i, j), min(i, j))
    return products[high * (high + 1) / 2 + low]
  }

  /// The matrix of the inner products of some rows with others, in balls.
  func balls(_ rows: [Int], _ columns: [Int], bits: Int) -> BallMatrix {
    BallMatrix(rows: rows.count, columns: columns.count) { Ball(self[rows[$0], columns[$1]], bits: bits) }
  }
}

/// A row of Doubles as integers times one power of two.
private struct IntegerRow: Sendable {
  let integers: [BigInt]
  let exponent: Int

  init(_ row: [Double]) {
    let numbers = row.map(Dyadic.init)
    let base = numbers.filter { !$0.isZero }.map(\.exponent).min() ?? 0
    integers = numbers.map { $0.isZero ? BigInt(0) : $0.mantissa << ($0.exponent - base) }
    exponent = base
  }
}
