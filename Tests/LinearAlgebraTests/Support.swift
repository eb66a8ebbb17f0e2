import Core
import LinearAlgebra
import PropertyTesting

/// The unit roundoff 2^-53: one rounded operation has at most this relative error.
let roundoff = Double.ulpOfOne / 2

/// Higham's gamma (Accuracy and Stability, 2nd ed., Section 3.1): the relative error of `n` roundings in a row.
func gamma(_ n: Int) -> Double { Double(n) * roundoff / (1 - Double(n) * roundoff) }

/// The level that LAPACK's own test programs accept for `||A - computed|| / (n eps ||A||)` and for the loss of
/// orthogonality over `n eps` (LAPACK Working Note 41: threshold 30). Its routines are backward stable with an
/// unspecified modest constant; this is the constant they are released under.
let lapackThreshold = 30.0

/// What a factorisation of a matrix of these dimensions may be off by, relative to its norm.
func factorisationBound(_ rows: Int, _ columns: Int) -> Double {
  lapackThreshold * Double(max(rows, columns, 1)) * Double.ulpOfOne
}

/// A shape and the seed of its entries.
struct Shape: Sendable {
  let rows: Int
  let columns: Int
  let seed: Int

  /// Shapes from 0 x 0 on.
  static func gen(upTo most: Int, from least: Int = 0) -> Gen<Shape> {
    zip(.int(in: least...most), .int(in: least...most), .int(in: 0...1_000_000)).map {
      Shape(rows: $0, columns: $1, seed: $2)
    }
  }

  var matrix: Matrix { .normal(rows, columns, seed: seed) }
}

extension Matrix {
  static func normal(_ rows: Int, _ columns: Int, seed: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, random: RandomGenerator(seed: UInt64(seed))) { $0.fillNormal($1) }
  }

  /// The Frobenius norm, at least the spectral one.
  var frobenius: Double { Vector(elements).norm }

  /// A triple loop in Double, in the order of the textbook.
  func naiveTimes(_ other: Matrix) -> Matrix {
    var product = Matrix(zeros: rows, other.columns)
    for row in 0..<rows {
      for column in 0..<other.columns {
        var sum = 0.0
        for inner in 0..<columns { sum += self[row, inner] * other[inner, column] }
        product[row, column] = sum
      }
    }
    return product
  }

  var magnitudes: Matrix { Matrix(rows: rows, columns: columns, elements: elements.map(abs)) }

  var naiveTransposed: Matrix {
    var transposed = Matrix(zeros: columns, rows)
    for row in 0..<rows {
      for column in 0..<columns { transposed[column, row] = self[row, column] }
    }
    return transposed
  }

  /// A matrix of one column.
  init(column vector: Vector) { self.init(rows: vector.count, columns: 1, elements: vector.elements) }

  func scaled(_ factor: Double) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: elements.map { factor * $0 })
  }

  /// Column j times `factors[j]`.
  func scalingColumns(_ factors: [Double]) -> Matrix {
    var scaled = self
    for column in 0..<columns {
      for row in 0..<rows { scaled[row, column] *= factors[column] }
    }
    return scaled
  }

  static func - (left: Matrix, right: Matrix) -> Matrix {
    Matrix(rows: left.rows, columns: left.columns, elements: zip(left.elements, right.elements).map { $0 - $1 })
  }

  static func + (left: Matrix, right: Matrix) -> Matrix { left - right.scaled(-1) }

  /// `||Q'Q - I||` in the Frobenius norm.
  var lossOfOrthogonality: Double { (naiveTransposed.naiveTimes(self) - Matrix(identity: columns)).frobenius }
}

extension Vector {
  static func normal(_ count: Int, seed: Int) -> Vector {
    var generator = RandomGenerator(seed: UInt64(seed)).child(1 << 40)
    return generator.normalVector(count)
  }
}

/// Whether two arrays hold the same bits.
func sameBits(_ left: [Double], _ right: [Double]) -> Bool {
  left.map(\.bitPattern) == right.map(\.bitPattern)
}

/// `|left - right|` relative to `right`; 0 for equal values, infinities included.
func relativeError(_ left: Double, _ right: Double) -> Double {
  left == right ? 0 : abs(left - right) / abs(right)
}
