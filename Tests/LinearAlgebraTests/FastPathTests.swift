import Testing

@testable import Core
@testable import LinearAlgebra

/// The ways around LAPACK, beside matrices whose factors are known.
@Suite("Fast paths of the factorisations")
struct FastPathTests {
  private static func normal(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Matrix {
    Matrix(rows: rows, columns: columns, random: RandomGenerator(seed: seed)) { $0.fillNormal($1) }
  }

  /// Singular values from 1 down to 1/condition, evenly in the logarithm.
  private static func graded(_ rows: Int, _ columns: Int, condition: Double) throws -> (Matrix, [Double]) {
    var left = try QR(normal(rows, columns, 1)).orthonormal
    let right = try QR(normal(columns, columns, 2)).orthonormal
    let values = (0..<columns).map {
      LogNumber(log: -LogNumber(condition).logMagnitude * Double($0) / Double(columns - 1))
    }
    for (column, value) in values.enumerated() {
      for row in 0..<rows { left[row, column] *= value.value }
    }
    return (left.times(right.transposed), values.map(\.value))
  }

  private static func largest(_ matrix: Matrix) -> Double { matrix.elements.reduce(0) { max($0, abs($1)) } }

  @Test(arguments: [1, 1e3, 1e6, 1e8, 1e10, 1e14])
  func `QR is as accurate at any condition, whichever way it takes`(condition: Double) throws {
    let (matrix, values) = try Self.graded(300, 40, condition: condition)
    for workers in [1, 4] {
      let qr = try QR(matrix, workers: Workers(count: workers))
      var departure = qr.orthonormal.gram()
      for index in 0..<40 { departure[index, index] -= 1 }
      #expect(Self.largest(departure) < 40 * Double.ulpOfOne)
      var residual = qr.orthonormal.times(qr.triangular)
      for index in residual.elements.indices { residual.elements[index] -= matrix.elements[index] }
      #expect(Self.largest(residual) < 40 * Double.ulpOfOne)
      // Singular values are off by no more than the backward error, which is relative to the largest, 1.
      for (found, value) in zip(try SingularValues(qr.triangular).values, values) {
        #expect(abs(found - value) < 100 * Double.ulpOfOne)
      }
    }
  }

  @Test(arguments: [1, 1e4, 1e8, 1e12])
  func `small singular values come out to high relative accuracy or LAPACK's`(condition: Double) throws {
    let (matrix, values) = try Self.graded(12, 7, condition: condition)
    let svd = try SingularValues(matrix)
    #expect(zip(svd.values, values).allSatisfy { abs($0 - $1) < 50 * Double.ulpOfOne })
    #expect(zip(try SingularValues.values(of: matrix), values).allSatisfy { abs($0 - $1) < 50 * Double.ulpOfOne })
    for factor in [svd.left, svd.rightTransposed.transposed] {
      var departure = factor.gram()
      for index in 0..<7 { departure[index, index] -= 1 }
      #expect(Self.largest(departure) < 50 * Double.ulpOfOne)
    }
  }

  @Test func `dependent, zero and extreme columns are left to LAPACK`() throws {
    var dependent = Self.normal(9, 4, 3)
    for row in 0..<9 { dependent[row, 3] = dependent[row, 0] + dependent[row, 1] }
    #expect(JacobiRotations(dependent, wantsRotation: true) == nil)
    #expect(try SingularValues(dependent).values[3] < 1e-14)
    #expect(JacobiRotations(Matrix(zeros: 5, 3), wantsRotation: false) == nil)
    let huge = Matrix(rows: 2, columns: 2, elements: [1e200, 0, 0, 1e190])
    #expect(JacobiRotations(huge, wantsRotation: false) == nil)
    #expect(Tridiagonal(huge) == nil)
    #expect(try SymmetricEigen.values(of: huge) == [1e190, 1e200])
    #expect(try SymmetricEigen.values(of: Matrix(zeros: 3, 3)) == [0, 0, 0])
  }

  @Test(arguments: 1...32)
  func `small eigenvalues without vectors are those with vectors`(order: Int) throws {
    let symmetric = Self.normal(order + 3, order, UInt64(order)).gram()
    let expected = try SymmetricEigen(symmetric).values
    let level = 8 * Double(order) * Double.ulpOfOne * (expected.last ?? 0)
    for (value, other) in zip(try SymmetricEigen.values(of: symmetric), expected) {
      #expect(abs(value - other) <= level)
    }
    // Diagonal matrices leave nothing to reflect.
    let diagonal = (0..<order).reduce(into: Matrix(zeros: order, order)) { $0[$1, $1] = Double($1) }
    #expect(try SymmetricEigen.values(of: diagonal) == (0..<order).map(Double.init))
  }
}
