import Core
import LinearAlgebra
import PropertyTesting
import Testing

/// Two matrices that can be multiplied.
private struct Factors: Sendable {
  let left: Matrix
  let right: Matrix

  static let gen = zip(.int(in: 0...14), .int(in: 0...14), .int(in: 0...14), .int(in: 0...1_000_000)).map {
    Factors(left: .normal($0, $1, seed: $3), right: .normal($1, $2, seed: $3 + 1))
  }
}

/// Throws unless `product` is within rounding of `left right`. Both it and the triple loop sum `inner` products, each
/// within gamma_inner of the exact value in any order of summation, with or without fused operations; two more
/// roundings cover the error of the bound itself.
private func ensureProduct(_ product: Matrix, _ left: Matrix, _ right: Matrix, _ name: String) throws {
  try ensure(product.rows == left.rows && product.columns == right.columns, "\(name) has the wrong shape")
  let expected = left.naiveTimes(right)
  let bounds = left.magnitudes.naiveTimes(right.magnitudes)
  for index in expected.elements.indices {
    let bound = 2 * gamma(left.columns + 2) * bounds.elements[index]
    let error = abs(product.elements[index] - expected.elements[index])
    try ensure(error <= bound, "\(name) at \(index): off by \(error), may be \(bound)")
  }
}

private func isSymmetric(_ matrix: Matrix) -> Bool { sameBits(matrix.elements, matrix.naiveTransposed.elements) }

@Suite("Products")
struct ProductTests {
  @Test func `every product against the triple loop, all shapes from 0`() {
    checkProperty("products", count: 400, Factors.gen) { factors in
      let (a, b) = (factors.left, factors.right)
      try ensureProduct(a.times(b), a, b, "A B")
      try ensureProduct(a.naiveTransposed.transposeTimes(b), a, b, "A' B")
      let vector = Vector.normal(a.columns, seed: 5)
      let column = Matrix(column: vector)
      try ensureProduct(Matrix(column: a.times(vector)), a, column, "A v")
      try ensureProduct(Matrix(column: a.naiveTransposed.transposeTimes(vector)), a, column, "A' v")
      let gram = a.gram()
      try ensureProduct(gram, a.naiveTransposed, a, "A'A")
      try ensure(isSymmetric(gram), "A'A is not symmetric")
      try ensureProduct(a.transposeTimes(a), a.naiveTransposed, a, "A' A by transposeTimes")
    }
  }

  @Test(arguments: [
    (300, 300, 300), (2000, 130, 7), (130, 2000, 130), (1, 3000, 400), (5, 257, 3000), (700, 1, 900), (2000, 400, 3),
    (400, 2000, 3),
  ])
  func `large shapes: right, and the same bits for any number of workers`(rows: Int, inner: Int, columns: Int) throws {
    let (a, b) = (Matrix.normal(rows, inner, seed: 1), Matrix.normal(inner, columns, seed: 2))
    let (transposed, vector) = (a.transposed, Vector.normal(inner, seed: 3))
    let one = (
      a.times(b), transposed.transposeTimes(b), a.times(vector), transposed.transposeTimes(vector), a.gram()
    )
    try ensureProduct(one.0, a, b, "A B")
    try ensureProduct(one.1, a, b, "A' B")
    try ensureProduct(Matrix(column: one.2), a, Matrix(column: vector), "A v")
    try ensureProduct(Matrix(column: one.3), a, Matrix(column: vector), "A' v")
    #expect(isSymmetric(one.4))
    if rows * inner * inner <= 34_000_000 { try ensureProduct(one.4, transposed, a, "A'A") }
    for workers in [2, 3, 4].map(Workers.init(count:)) {
      #expect(sameBits(a.times(b, workers: workers).elements, one.0.elements))
      #expect(sameBits(transposed.transposeTimes(b, workers: workers).elements, one.1.elements))
      #expect(sameBits(a.times(vector, workers: workers).elements, one.2.elements))
      #expect(sameBits(transposed.transposeTimes(vector, workers: workers).elements, one.3.elements))
      #expect(sameBits(a.gram(workers: workers).elements, one.4.elements))
    }
  }

  @Test func `the memory of a result is written, not read`() {
    // Freed arrays of NaN are what the next results are likely to be allocated in.
    for _ in 0..<200 {
      let rubbish = (0..<8).map { _ in [Double](repeating: .nan, count: 36) }
      #expect(rubbish.count == 8)
      let a = Matrix.normal(6, 6, seed: 4)
      #expect(a.times(a).isFinite && a.gram().isFinite && a.transposeTimes(a).isFinite)
    }
    let tall = Matrix.normal(36, 3, seed: 5)
    for _ in 0..<200 {
      let rubbish = (0..<8).map { _ in [Double](repeating: .nan, count: 36) }
      #expect(rubbish.count == 8)
      #expect(tall.times(Vector([1, 2, 3])).isFinite && tall.transposeTimes(Vector(zeros: 36)).isFinite)
    }
  }

  @Test(arguments: [1, 2, 3, 36, 300])
  func `an inner dimension of 0 gives zeros, also in memory used before`(order: Int) {
    for _ in 0..<20 {
      do { _ = [Double](repeating: .nan, count: order * order) + [Double](repeating: .nan, count: order) }
      let (wide, tall) = (Matrix(zeros: 0, order), Matrix(zeros: order, 0))
      #expect(tall.times(wide) == Matrix(zeros: order, order))
      #expect(wide.transposeTimes(wide) == Matrix(zeros: order, order))
      #expect(wide.gram() == Matrix(zeros: order, order))
      #expect(wide.gram(workers: Workers(count: 3)) == Matrix(zeros: order, order))
      #expect(tall.times(Vector([])) == Vector(zeros: order))
      #expect(wide.transposeTimes(Vector([])) == Vector(zeros: order))
    }
  }

  @Test func `empty results and one entry`() {
    #expect(Matrix(zeros: 0, 4).times(Matrix(zeros: 4, 5)) == Matrix(zeros: 0, 5))
    #expect(Matrix(zeros: 5, 4).times(Matrix(zeros: 4, 0)) == Matrix(zeros: 5, 0))
    #expect(Matrix(zeros: 4, 0).gram() == Matrix(zeros: 0, 0))
    #expect(Matrix(zeros: 0, 4).times(Vector(zeros: 4)) == Vector([]))
    #expect(Matrix(rows: [[3]]).times(Matrix(rows: [[-2]])) == Matrix(rows: [[-6]]))
    #expect(Matrix(rows: [[3]]).gram() == Matrix(rows: [[9]]))
  }

  @Test func `a NaN reaches the result`() {
    var matrix = Matrix.normal(4, 4, seed: 1)
    matrix[1, 2] = .nan
    #expect(!matrix.times(Matrix(identity: 4)).isFinite)
    #expect(!matrix.gram().isFinite)
    #expect(matrix.times(Vector([1, 1, 1, 1]))[1].isNaN)
  }
}
