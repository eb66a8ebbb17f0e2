import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import TestSupport
import Testing
import Unlearning

// Tolerances in these tests are worst-case rounding bounds. A product of inner length p errs by at most p eps times
// the product of the norms, and a solve of order n with condition kappa by n eps kappa times the solution (Higham,
// Accuracy and Stability of Numerical Algorithms, chapters 3, 7 and 10); constants are collected into `slack`.

/// eps, the distance from 1 to the next Double.
let eps = Double.ulpOfOne
/// The small constants of the bounds above, together.
let slack = 8.0

/// The Euclidean distance.
func distance(_ one: Vector, _ other: Vector) -> Double { (one - other).norm }

/// The Frobenius norm.
func frobenius(_ matrix: Matrix) -> Double { Vector(matrix.elements).norm }

/// `X'X + shift I`, d x d, by plain sums.
func normalMatrix(_ examples: Examples, shift: Double) -> Matrix {
  let (d, x) = (examples.dimension, examples.features)
  var normal = Matrix(zeros: d, d)
  for i in 0..<d {
    for j in 0..<d { normal[i, j] = (0..<examples.count).reduce(0) { $0 + x[i, $1] * x[j, $1] } }
    normal[i, i] += shift
  }
  return normal
}

/// One stage as the paper defines it: the minimiser of `||X th - y||^2 + mu ||th - theta||^2` from the d x d normal
/// equations.
func ridgeInThePrimal(_ examples: Examples, mu: Double, from theta: Vector) -> Vector {
  eliminate(normalMatrix(examples, shift: mu), examples.features.times(examples.labels) + mu * theta)
}

/// An upper bound on the condition of ridge's normal equations.
func ridgeCondition(_ examples: Examples, mu: Double) -> Double {
  let norm = frobenius(examples.features)
  return (norm * norm + mu) / mu
}

/// The numbers of rows and features of three data sets, scales, and the seed of their entries.
struct Shape: Sendable {
  var dimension: Int
  var rows: [Int]
  var testRows: Int
  var scale: Double
  var seed: Int

  /// Shapes with d from below to above the rows together.
  static let gen = zip(
    Gen.int(in: 1...24), Gen.int(in: 1...8).array(count: 3), Gen.int(in: 0...6),
    Gen.choice(of: [1.0, 0.1, 10.0]), Gen.int(in: 0...1_000_000)
  ).map { Shape(dimension: $0, rows: $1, testRows: $2, scale: $3, seed: $4) }

  func examples(_ index: Int) -> Examples {
    randomExamples(dimension, rows[index], scale: scale, seed: seed, stream: index)
  }
}

func randomMatrix(_ rows: Int, _ columns: Int, scale: Double = 1, seed: Int, stream: Int) -> Matrix {
  var generator = RandomGenerator(seed: UInt64(seed)).child(UInt64(stream))
  return Matrix(rows: rows, columns: columns, elements: (scale * generator.normalVector(rows * columns)).elements)
}

func randomVector(_ count: Int, seed: Int, stream: Int) -> Vector {
  var generator = RandomGenerator(seed: UInt64(seed)).child(UInt64(stream))
  return generator.normalVector(count)
}

func randomExamples(_ dimension: Int, _ rows: Int, scale: Double = 1, seed: Int, stream: Int) -> Examples {
  Examples(
    features: randomMatrix(dimension, rows, scale: scale, seed: seed, stream: 2 * stream + 100),
    labels: randomVector(rows, seed: seed, stream: 2 * stream + 101))
}

/// An orthogonal matrix: the Q of a random square one.
func randomRotation(_ order: Int, seed: Int) throws -> Matrix {
  try QR(randomMatrix(order, order, seed: seed, stream: 7)).orthonormal
}

extension Examples {
  /// The same examples with every feature vector x replaced by Q x.
  func rotated(by q: Matrix) -> Examples { Examples(features: q.times(features), labels: labels) }

  /// Features and labels multiplied.
  func scaled(features factor: Double, labels labelFactor: Double) -> Examples {
    Examples(
      features: Matrix(rows: features.rows, columns: features.columns, elements: features.elements.map { factor * $0 }),
      labels: labelFactor * labels)
  }
}

extension Matrix {
  func scaled(by factor: Double) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: elements.map { factor * $0 })
  }
}

extension Path {
  /// The path whose stages have one-letter names.
  init(letters: String) throws { try self.init(letters.map { String($0) }) }
}
