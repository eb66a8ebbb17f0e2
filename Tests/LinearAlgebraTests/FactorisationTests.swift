import LinearAlgebra
import PropertyTesting
import Testing

/// One row of leastSquaresReferences.
struct LeastSquaresReference: Sendable {
  let matrix: Matrix
  let target: Vector
  let solution: [Double]
  let rank: Int
  let singularValues: [Double]

  init(_ rows: [[Double]], _ target: [Double], _ solution: [Double], _ rank: Int, _ singularValues: [Double]) {
    (matrix, self.target) = (Matrix(rows: rows), Vector(target))
    (self.solution, self.rank, self.singularValues) = (solution, rank, singularValues)
  }
}

/// A symmetric matrix with random entries; `rubbish` fills the part above the diagonal that nothing may read.
private func symmetric(_ order: Int, seed: Int) -> Matrix {
  let half = Matrix.normal(order, order, seed: seed)
  return half + half.naiveTransposed
}

private func spoilingUpperTriangle(_ matrix: Matrix) -> Matrix {
  var spoilt = matrix
  for column in 0..<matrix.columns {
    for row in 0..<column { spoilt[row, column] = 1e9 }
  }
  return spoilt
}

private func isAscending(_ values: [Double]) -> Bool { zip(values, values.dropFirst()).allSatisfy { $0 <= $1 } }

private let bad: [Double] = [.nan, .infinity, -.infinity]

@Suite("Cholesky")
struct CholeskyTests {
  /// Higham, Theorem 10.4: the computed x solves `(A + E) x = b` with `|E| <= gamma_(3n+1) |L||L'|`, whose norm is at
  /// most `n ||A||` (10.7). The residual itself is rounded by gamma_(n+1) (|A||x| + |b|).
  @Test func `the residual of a solution`() {
    let problems = zip(Gen<Int>.int(in: 0...24), Gen<Int>.int(in: 0...1_000_000), Gen<Int>.int(in: -250...250))
    checkProperty("Cholesky", problems) { order, seed, exponent in
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      let root = Matrix.normal(order + 2, order, seed: seed)
      let matrix = root.naiveTransposed.naiveTimes(root).scaled(scale)
      let target = Vector.normal(order, seed: seed)
      let cholesky = try Cholesky(matrix)
      let solution = cholesky.solve(target)
      let residual = target - Vector(matrix.naiveTimes(Matrix(column: solution)).elements)
      let n = Double(max(order, 1))
      let bound =
        (gamma(3 * order + 1) * n / (1 - gamma(order + 1) * n) + gamma(order + 2)) * matrix.frobenius * solution.norm
        + gamma(order + 2) * target.norm
      try ensure(residual.norm <= bound, "residual \(residual.norm), may be \(bound)")
      let other = try Cholesky(spoilingUpperTriangle(matrix)).solve(target)
      try ensure(sameBits(other.elements, solution.elements), "the upper triangle was read")
    }
  }

  @Test func `a matrix of small integers, exactly`() throws {
    // L = [2 0; 1 3], so S x = b by exact forward and back substitution.
    let cholesky = try Cholesky(Matrix(rows: [[4, 2], [2, 10]]))
    #expect(cholesky.solve(Vector([10, 14])) == Vector([2, 1]))
    #expect(cholesky.solve(Vector([0, 0])) == Vector([0, 0]))
    #expect(try Cholesky(Matrix(zeros: 0, 0)).solve(Vector([])) == Vector([]))
    #expect(try Cholesky(Matrix(rows: [[0.25]])).solve(Vector([3])) == Vector([12]))
  }

  @Test(arguments: 1...6)
  func `the order of the first minor that is not positive`(order: Int) {
    var matrix = Matrix(identity: 6)
    matrix[order - 1, order - 1] = -1
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: order)) { try Cholesky(matrix) }
    matrix[order - 1, order - 1] = 0
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: order)) { try Cholesky(matrix) }
  }

  @Test func `an indefinite matrix with a positive diagonal`() {
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 2)) {
      try Cholesky(Matrix(rows: [[1, 2], [2, 1]]))
    }
  }
}

@Suite("SymmetricEigen")
struct SymmetricEigenTests {
  // Orders on both sides of 32, where the routine changes.
  @Test func `residual, orthogonality, order, and the values alone`() {
    let problems = zip(Gen<Int>.int(in: 0...40), Gen<Int>.int(in: 0...1_000_000), Gen<Int>.int(in: -250...250))
    checkProperty("eigen", count: 120, problems) { order, seed, exponent in
      let matrix = symmetric(order, seed: seed).scaled(Double(sign: .plus, exponent: exponent, significand: 1))
      let eigen = try SymmetricEigen(matrix)
      let (q, values) = (eigen.vectors, eigen.values)
      try ensure(values.count == order && q.rows == order && q.columns == order, "shape")
      try ensure(isAscending(values), "not ascending")
      let bound = factorisationBound(order, order)
      // The check multiplies twice with Q, ||Q||_F <= sqrt(n) (1 + bound): n gamma_2n covers its roundings.
      let checking = Double(order) * gamma(2 * order + 2)
      try ensure(q.lossOfOrthogonality <= bound + checking, "orthogonality \(q.lossOfOrthogonality)")
      let rebuilt = q.scalingColumns(values).naiveTimes(q.naiveTransposed)
      let residual = (rebuilt - matrix).frobenius
      try ensure(
        residual <= (bound + checking) * matrix.frobenius, "residual \(residual / max(matrix.frobenius, 1e-300))")
      let alone = try SymmetricEigen.values(of: matrix)
      try ensure(alone.count == order, "count")
      // Weyl: both sets are within a backward error of the exact one.
      for (one, other) in zip(alone, values) {
        try ensure(abs(one - other) <= 2 * bound * matrix.frobenius, "\(one) and \(other)")
      }
      let spoilt = try SymmetricEigen(spoilingUpperTriangle(matrix))
      try ensure(sameBits(spoilt.values, values), "the upper triangle was read")
    }
  }

  @Test func `2 x 2 matrices with known roots`() throws {
    // Roots (a + c)/2 -+ sqrt(((a - c)/2)^2 + b^2), exact for these entries.
    for (a, b, c, low, high) in [(2.0, 1.0, 2.0, 1.0, 3.0), (1, 4, 7, -1, 9), (-3, 0, 5, -3, 5), (0, 2, 3, -1, 4)] {
      let eigen = try SymmetricEigen(Matrix(rows: [[a, b], [b, c]]))
      let bound = factorisationBound(2, 2) * max(abs(low), abs(high))
      #expect(abs(eigen.values[0] - low) <= bound && abs(eigen.values[1] - high) <= bound)
      // S v = lambda v for the column beside each value.
      for (index, value) in [low, high].enumerated() {
        let v = eigen.vectors.column(index)
        let residual = Vector([a * v[0] + b * v[1] - value * v[0], b * v[0] + c * v[1] - value * v[1]])
        #expect(residual.norm <= 4 * bound)
      }
    }
    #expect(try SymmetricEigen(Matrix(rows: [[-7]])).values == [-7])
    #expect(try SymmetricEigen(Matrix(rows: [[-7]])).vectors.elements.map(abs) == [1])
    #expect(try SymmetricEigen(Matrix(zeros: 3, 3)).values == [0, 0, 0])
  }

  @Test(arguments: hilbertEigenvalues)
  func `Hilbert matrices against mpmath`(expected: [Double]) throws {
    let order = expected.count
    var matrix = Matrix(zeros: order, order)
    for row in 0..<order {
      for column in 0..<order { matrix[row, column] = 1 / Double(row + column + 1) }
    }
    // Weyl's inequality with the backward error; the spectral norm is the last value.
    let bound = factorisationBound(order, order) * (expected.last ?? 0)
    for values in [try SymmetricEigen(matrix).values, try SymmetricEigen.values(of: matrix)] {
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) <= bound })
    }
    let singular = try SingularValues.values(of: matrix)
    #expect(zip(singular, expected.map(abs).sorted(by: >)).allSatisfy { abs($0 - $1) <= bound })
  }
}

@Suite("SingularValues")
struct SingularValuesTests {
  @Test func `residual, orthogonality, order, and the values alone`() {
    checkProperty("SVD", count: 150, zip(Shape.gen(upTo: 34), Gen<Int>.int(in: -250...250))) { shape, exponent in
      let matrix = shape.matrix.scaled(Double(sign: .plus, exponent: exponent, significand: 1))
      let svd = try SingularValues(matrix)
      let rank = min(shape.rows, shape.columns)
      try ensure(svd.values.count == rank && svd.left.columns == rank && svd.rightTransposed.rows == rank, "shape")
      try ensure(svd.left.rows == shape.rows && svd.rightTransposed.columns == shape.columns, "shape")
      try ensure(isAscending(svd.values.reversed()) && svd.values.allSatisfy { $0 >= 0 }, "order")
      let bound = factorisationBound(shape.rows, shape.columns)
      let checking = Double(rank) * gamma(2 * max(shape.rows, shape.columns) + 2)
      try ensure(svd.left.lossOfOrthogonality <= bound + checking, "U")
      try ensure(svd.rightTransposed.naiveTransposed.lossOfOrthogonality <= bound + checking, "V")
      let residual = (svd.left.scalingColumns(svd.values).naiveTimes(svd.rightTransposed) - matrix).frobenius
      try ensure(residual <= (bound + checking) * matrix.frobenius, "residual \(residual)")
      let alone = try SingularValues.values(of: matrix)
      try ensure(alone.count == rank, "count")
      for (one, other) in zip(alone, svd.values) {
        try ensure(abs(one - other) <= 2 * bound * matrix.frobenius, "\(one) and \(other)")
      }
      // Sum of squares: the Frobenius norm.
      let total = Vector(svd.values).norm
      try ensure(abs(total - matrix.frobenius) <= (bound * Double(max(rank, 1)) + checking) * matrix.frobenius, "norm")
    }
  }

  @Test func `the rank of a product through a narrow waist`() {
    // Integer factors keep the product exact, so that the tail is LAPACK's rounding alone. A tail may reach 30 times
    // n eps sigma_1 by LAPACK's tests but in such small orders stays below the level n eps sigma_1 of the definition.
    let dimensions = zip(.int(in: 1...12), .int(in: 1...12), .int(in: 0...4), .int(in: 0...1_000_000))
    checkProperty("rank", dimensions) { rows, columns, waist, seed in
      let left = Matrix(identity: rows).selectingColumns((0..<waist).map { $0 % rows })
      let right = Matrix(identity: columns).selectingColumns((0..<waist).map { ($0 * 5 + seed) % columns }).transposed
      let matrix = left.naiveTimes(right)
      let values = try SingularValues.values(of: matrix)
      // The permutation-like factors make singular values whose squares are small integers.
      let pairs = (0..<waist).map { [$0 % rows, ($0 * 5 + seed) % columns] }
      let expected = rankOfIncidence(pairs, rows: rows, columns: columns)
      let rank = SingularValues.numericalRank(values: values, rows: rows, columns: columns)
      try ensure(rank == expected, "rank \(rank), should be \(expected)")
    }
    #expect(SingularValues.numericalRank(values: [], rows: 0, columns: 4) == 0)
    #expect(SingularValues.numericalRank(values: [0, 0], rows: 2, columns: 4) == 0)
  }

  @Test func `the level of the rank is max(rows, columns) eps times the largest value`() {
    let level = 5 * Double.ulpOfOne * 3
    #expect(SingularValues.numericalRank(values: [3, level.nextUp, level], rows: 2, columns: 5) == 2)
    #expect(SingularValues.numericalRank(values: [3, level.nextUp, level], rows: 5, columns: 2) == 2)
  }

  /// The rank of the matrix that counts how often each (row, column) pair occurs, by exact elimination of integers.
  private func rankOfIncidence(_ pairs: [[Int]], rows: Int, columns: Int) -> Int {
    var table = [[Int]](repeating: [Int](repeating: 0, count: columns), count: rows)
    for pair in pairs { table[pair[0]][pair[1]] += 1 }
    var rank = 0
    for column in 0..<columns {
      guard let pivot = (rank..<rows).first(where: { table[$0][column] != 0 }) else { continue }
      table.swapAt(rank, pivot)
      for row in (rank + 1)..<max(rank + 1, rows) where table[row][column] != 0 {
        let (top, own) = (table[rank][column], table[row][column])
        for index in 0..<columns { table[row][index] = table[row][index] * top - table[rank][index] * own }
      }
      rank += 1
      if rank == rows { break }
    }
    return rank
  }
}

@Suite("QR")
struct QRTests {
  @Test func `residual, orthogonality, triangle`() {
    let problems = zip(.int(in: 0...24), .int(in: 0...12), .int(in: 0...1_000_000), Gen<Int>.int(in: -250...250))
    checkProperty("QR", problems) { columns, extra, seed, exponent in
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      let matrix = Matrix.normal(columns + extra, columns, seed: seed).scaled(scale)
      let qr = try QR(matrix)
      try ensure(qr.orthonormal.rows == matrix.rows && qr.orthonormal.columns == columns, "shape of Q")
      try ensure(qr.triangular.rows == columns && qr.triangular.columns == columns, "shape of R")
      for column in 0..<columns {
        for row in (column + 1)..<max(columns, column + 1) { try ensure(qr.triangular[row, column] == 0, "not upper") }
      }
      let bound = factorisationBound(matrix.rows, columns)
      let checking = Double(columns) * gamma(2 * matrix.rows + 2)
      try ensure(qr.orthonormal.lossOfOrthogonality <= bound + checking, "orthogonality")
      let residual = (qr.orthonormal.naiveTimes(qr.triangular) - matrix).frobenius
      try ensure(residual <= (bound + checking) * matrix.frobenius, "residual")
    }
  }

  @Test func `a 3-4-5 column`() throws {
    let qr = try QR(Matrix(rows: [[3], [4]]))
    #expect(abs(abs(qr.triangular[0, 0]) - 5) <= factorisationBound(2, 1) * 5)
    #expect(abs(qr.orthonormal[1, 0] * qr.triangular[0, 0] - 4) <= factorisationBound(2, 1) * 5)
    #expect(try QR(Matrix(zeros: 3, 2)).triangular == Matrix(zeros: 2, 2))
  }
}

@Suite("LeastSquares")
struct LeastSquaresTests {
  /// With `A = U S V'`: the normal equations ask that the residual is orthogonal to range(A), minimal norm that the
  /// solution lies in the row space. dgelsd solves a problem with A perturbed by at most the factorisation bound,
  /// truncation included.
  @Test func `normal equations and minimal norm, any shape, full or deficient rank`() {
    let problems = zip(Shape.gen(upTo: 16), Gen<Bool>.bool, Gen<Int>.int(in: -200...200))
    checkProperty("least squares", problems) { shape, duplicates, exponent in
      var matrix = shape.matrix
      if duplicates, matrix.columns > 1 {
        for row in 0..<matrix.rows { matrix[row, matrix.columns - 1] = 2 * matrix[row, 0] }
      }
      matrix = matrix.scaled(Double(sign: .plus, exponent: exponent, significand: 1))
      let target = Vector.normal(shape.rows, seed: shape.seed)
      let result = try LeastSquares(matrix, target)
      try ensure(result.solution.count == shape.columns, "shape")
      let expected = min(shape.rows, duplicates && shape.columns > 1 ? shape.columns - 1 : shape.columns)
      try ensure(result.rank == expected, "rank \(result.rank), should be \(expected)")
      guard expected > 0 else { return try ensure(result.solution.norm == 0, "not zero") }

      let svd = try SingularValues(matrix)
      let smallest = svd.values[expected - 1]
      let error = 2 * factorisationBound(shape.rows, shape.columns) * matrix.frobenius
      let residual = target - matrix.times(result.solution)
      // ||A'r|| for the exact solution of the problem with A + E: ||E|| ||r|| + ||A|| ||E|| ||x||, and the rounding
      // of r and of A'r themselves.
      let checking = gamma(2 * (shape.rows + shape.columns) + 4) * matrix.frobenius
      let gradient = matrix.transposeTimes(residual).norm
      let scale = target.norm + matrix.frobenius * result.solution.norm
      try ensure(gradient <= (error + checking) * scale, "gradient \(gradient), may be \((error + checking) * scale)")
      // The row spaces of A and A + E differ by an angle of at most ||E|| / smallest (Wedin), and the computed V by
      // as much.
      var outside = result.solution
      for index in 0..<expected {
        let direction = svd.rightTransposed.transposed.column(index)
        outside.add(-direction.dot(result.solution), direction)
      }
      let angle = 2 * error / smallest + Double(expected) * gamma(4 * shape.columns)
      try ensure(outside.norm <= angle * result.solution.norm, "\(outside.norm) outside the row space")
    }
  }

  @Test(arguments: leastSquaresReferences)
  func `against SciPy`(reference: LeastSquaresReference) throws {
    let result = try LeastSquares(reference.matrix, reference.target)
    #expect(result.rank == reference.rank)
    let (rows, columns) = (reference.matrix.rows, reference.matrix.columns)
    // Wedin's bound for each of the two solutions: ||E|| (||x|| / s + ||r|| / s^2 + ||x|| / s) with s the smallest
    // singular value that counts.
    let (first, smallest) = (reference.singularValues[0], reference.singularValues[reference.rank - 1])
    let norm = Vector(reference.solution).norm
    let residual = (reference.target - reference.matrix.times(result.solution)).norm
    let error = factorisationBound(rows, columns) * first
    let bound = 2 * error / smallest * (2 * norm + residual / smallest)
    #expect((result.solution - Vector(reference.solution)).norm <= bound)
    #expect(bound < 1e-10)
    let values = try SingularValues.values(of: reference.matrix)
    #expect(zip(values, reference.singularValues).allSatisfy { abs($0 - $1) <= 2 * error })
    #expect(SingularValues.numericalRank(values: values, rows: rows, columns: columns) == reference.rank)
  }

  @Test func `shapes without entries`() throws {
    #expect(try LeastSquares(Matrix(zeros: 0, 3), Vector([])).solution == Vector(zeros: 3))
    #expect(try LeastSquares(Matrix(zeros: 3, 0), Vector([1, 2, 3])).solution == Vector([]))
    let zero = try LeastSquares(Matrix(zeros: 2, 3), Vector([1, 2]))
    #expect(zero.solution == Vector(zeros: 3) && zero.rank == 0)
  }
}

@Suite("Errors of the factorisations")
struct FactorisationErrorTests {
  @Test(arguments: bad)
  func `a NaN or an infinity anywhere in the lower triangle is a typed error`(value: Double) {
    for (row, column) in [(0, 0), (2, 0), (2, 2), (2, 1)] {
      var matrix = Matrix(identity: 3)
      matrix[row, column] = value
      #expect(throws: LinearAlgebraError.nonFinite("the matrix to factor")) { try Cholesky(matrix) }
      #expect(throws: LinearAlgebraError.nonFinite("the matrix to factor")) { try QR(matrix) }
      #expect(throws: LinearAlgebraError.nonFinite("the matrix to decompose")) { try SymmetricEigen(matrix) }
      #expect(throws: LinearAlgebraError.nonFinite("the matrix to decompose")) {
        try SymmetricEigen.values(of: matrix)
      }
      #expect(throws: LinearAlgebraError.nonFinite("the matrix to decompose")) { try SingularValues(matrix) }
      #expect(throws: LinearAlgebraError.nonFinite("the matrix to decompose")) {
        try SingularValues.values(of: matrix)
      }
      #expect(throws: LinearAlgebraError.nonFinite("the matrix of the least-squares problem")) {
        try LeastSquares(matrix, Vector([1, 2, 3]))
      }
      #expect(throws: LinearAlgebraError.nonFinite("the target of the least-squares problem")) {
        try LeastSquares(Matrix(identity: 3), Vector([1, value, 3]))
      }
    }
  }

  @Test func `every error says what was wrong and what would be right`() {
    #expect("\(LinearAlgebraError.nonFinite("X"))" == "X holds a NaN or an infinity; every entry must be finite")
    #expect("\(LinearAlgebraError.notPositiveDefinite(order: 4))".contains("order 4"))
    #expect(
      "\(LinearAlgebraError.rankDeficient(rank: 2, required: 5))"
        == "the matrix has numerical rank 2; full rank 5 is required")
    #expect("\(LinearAlgebraError.noConvergence("dgelsd"))" == "LAPACK's dgelsd did not converge")
    #expect("\(LinearAlgebraError.invalidParameter("text"))" == "text")
  }

  @Test func `the library names itself`() {
    #expect(!BLASLibrary.name.isEmpty)
    #expect(BLASLibrary.isOptimised == BLASLibrary.name.contains("OpenBLAS"))
  }
}
