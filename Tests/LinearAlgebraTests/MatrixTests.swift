import LinearAlgebra
import PropertyTesting
import Testing

@Suite("Matrix and Vector")
struct MatrixTests {
  @Test func `entries stand column after column`() {
    let matrix = Matrix(rows: [[1, 2, 3], [4, 5, 6]])
    #expect((matrix.rows, matrix.columns) == (2, 3))
    #expect(matrix.elements == [1, 4, 2, 5, 3, 6])
    #expect(matrix[1, 0] == 4 && matrix[0, 2] == 3)
    #expect(matrix.column(1) == Vector([2, 5]))
    #expect(matrix.transposed == Matrix(rows: [[1, 4], [2, 5], [3, 6]]))
    #expect(matrix.selectingColumns([2, 0, 2]) == Matrix(rows: [[3, 1, 3], [6, 4, 6]]))
    #expect(matrix == Matrix(rows: 2, columns: 3, elements: [1, 4, 2, 5, 3, 6]))
    #expect(Matrix(identity: 2) == Matrix(rows: [[1, 0], [0, 1]]))
    #expect(Matrix(zeros: 1, 2) == Matrix(rows: [[0, 0]]))
    var changed = matrix
    changed[0, 1] = -7
    #expect(changed.elements == [1, 4, -7, 5, 3, 6])
    let filled = Matrix(rows: 2, columns: 2) { target in
      for index in target.indices { target[index] = Double(index) }
    }
    #expect(filled == Matrix(rows: [[0, 2], [1, 3]]))
  }

  @Test func `empty shapes`() {
    #expect(Matrix(rows: []).elements.isEmpty)
    #expect(Matrix(zeros: 0, 3).transposed == Matrix(zeros: 3, 0))
    #expect(Matrix(zeros: 0, 3).column(2).count == 0)
    #expect(Matrix(zeros: 2, 3).selectingColumns([]) == Matrix(zeros: 2, 0))
    #expect(Matrix(identity: 0).isFinite && Vector([]).isFinite)
    #expect(Vector([]).norm == 0 && Vector([]).dot(Vector([])) == 0)
  }

  @Test func `the transpose and chosen columns, entry by entry`() {
    checkProperty("transposition", Shape.gen(upTo: 20)) { shape in
      let matrix = shape.matrix
      try ensure(matrix.transposed == matrix.naiveTransposed, "transposed differs from its definition")
      try ensure(matrix.transposed.transposed == matrix, "transposing twice changes the matrix")
      let reversed = Array((0..<matrix.columns).reversed())
      let chosen = matrix.selectingColumns(reversed)
      for (to, from) in reversed.enumerated() { try ensure(chosen.column(to) == matrix.column(from), "column \(to)") }
    }
  }

  @Test func `one NaN or infinity anywhere is found, the largest finite number is not`() {
    let bad = Gen<Double>.choice(of: [.nan, .infinity, -.infinity, .signalingNaN, -.nan])
    checkProperty("isFinite", zip(Shape.gen(upTo: 9, from: 1), Gen<Int>.int(in: 0...80), bad)) { shape, place, bad in
      var matrix = shape.matrix
      let index = place % matrix.elements.count
      for edge in [Double.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0] {
        matrix.elements[index] = edge
        try ensure(matrix.isFinite && Vector(matrix.elements).isFinite, "\(edge) is finite")
        try matrix.requireFinite("m")
      }
      matrix.elements[index] = bad
      try ensure(!matrix.isFinite && !Vector(matrix.elements).isFinite, "\(bad) at \(index) is missed")
      do {
        try matrix.requireFinite("the name")
        try ensure(false, "nothing thrown")
      } catch let error as LinearAlgebraError {
        try ensure(error == .nonFinite("the name"), "\(error)")
      }
    }
  }

  @Test func `sums, multiples and updates are one rounding away from the definition`() {
    let entries = Gen<Double>.double(in: -1e3...1e3)
    let pairs = zip(entries, entries).array(count: 0...40)
    checkProperty("vector arithmetic", zip(pairs, entries)) { pairs, factor in
      let (left, right) = (Vector(pairs.map(\.0)), Vector(pairs.map(\.1)))
      try ensure((left + right).elements == pairs.map { $0 + $1 }, "sum")
      try ensure((left - right).elements == pairs.map { $0 - $1 }, "difference")
      try ensure((factor * left).elements == pairs.map { factor * $0.0 }, "multiple")
      var updated = left
      updated.add(factor, right)
      for (index, pair) in pairs.enumerated() {
        // A product and a sum, or one fused operation, depending on the processor: gamma_2 covers both.
        let bound = gamma(2) * 2 * (abs(pair.0) + abs(factor * pair.1))
        try ensure(abs(updated[index] - (pair.0 + factor * pair.1)) <= bound, "add at \(index)")
      }
      // The inner product in any order, against the loop's: each within gamma_n of the exact sum.
      let exactish = pairs.reduce(0) { $0 + $1.0 * $1.1 }
      let magnitude = pairs.reduce(0) { $0 + abs($1.0 * $1.1) }
      try ensure(abs(left.dot(right) - exactish) <= 2 * gamma(pairs.count + 1) * magnitude, "dot")
      try ensure(left.dot(right) == right.dot(left), "dot commutes")
    }
  }

  @Test(arguments: [0x1p-1060, 0x1p-1022, 0x1p-600, 1, 0x1p600, 0x1p1020])
  func `the norm at every scale`(scale: Double) {
    // Powers of two are exact in the normal range; in the subnormal range the entries are multiples of 2^-1060.
    checkProperty("norm", count: 50, Gen<Int>.int(in: -3...3).array(count: 0...9)) { entries in
      let plain = Double(entries.reduce(0) { $0 + $1 * $1 }).squareRoot()
      let norm = Vector(entries.map { Double($0) * scale }).norm
      // The squares and their sum, the root, the scaling, and at the bottom the spacing of subnormal numbers.
      let bound = gamma(entries.count + 4) * plain * scale + .leastNonzeroMagnitude
      try ensure(abs(norm - plain * scale) <= bound, "\(norm) for \(plain) * \(scale)")
    }
    #expect(Vector([3 * scale, -4 * scale]).norm == 5 * scale)
  }

  @Test func `mixed scales do not drown or overflow the norm`() {
    #expect(Vector([1e300, 1e-300]).norm == 1e300)
    #expect(relativeError(Vector([1e308, 1e308]).norm, 1.4142135623730951e308) <= gamma(6))
    #expect(abs(Vector([3 * 0x1p-1065, 4 * 0x1p-1065]).norm - 5 * 0x1p-1065) <= .leastNonzeroMagnitude)
    #expect(Vector([.infinity, 1]).norm == .infinity)
    #expect(Vector([.nan, 1]).norm.isNaN)
  }

  @Test func `shapes that do not match trap`() async {
    await #expect(processExitsWith: .failure) { _ = Matrix(rows: 2, columns: 2, elements: [1]) }
    await #expect(processExitsWith: .failure) { _ = Matrix(rows: [[1, 2], [3]]) }
    await #expect(processExitsWith: .failure) { _ = Vector([1, 2]).dot(Vector([1])) }
    await #expect(processExitsWith: .failure) { _ = Vector([1, 2]) + Vector([1]) }
    await #expect(processExitsWith: .failure) { _ = Matrix(zeros: 2, 3).times(Matrix(zeros: 2, 3)) }
    await #expect(processExitsWith: .failure) { _ = Matrix(zeros: 2, 3).transposeTimes(Vector(zeros: 3)) }
    await #expect(processExitsWith: .failure) { _ = try Cholesky(Matrix(zeros: 2, 3)) }
    await #expect(processExitsWith: .failure) { _ = try QR(Matrix(zeros: 2, 3)) }
  }
}
