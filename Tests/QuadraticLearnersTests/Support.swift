import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import QuadraticLearners
import StagedLearners

// Tolerances are worst-case rounding bounds, as in StagedLearnersTests: an eigen-decomposition of H errs by
// d eps ||H|| backwards, so a function g of H by that times the largest |g'|; constants are collected into `slack`.

/// eps, the distance from 1 to the next Double.
let eps = Double.ulpOfOne
/// The small constants of such bounds, together.
let slack = 16.0

struct StageReference: Sendable {
  let name: String
  let trainer: QuadraticTrainer
  let hessian: [[Double]]
  let centre: [Double]
  let start: [Double]
  let trained: [Double]
}

struct TheoremReference: Sendable {
  let hessian: [[Double]]
  let difference: [Double]
  let test: [[Double]]
  let eta: Double
  let expanding: Int
  let rhoStar: Double
  let sigma: Double
  let c0: Double
  let t0: Double
  /// At t = 0, 1, 2, 10 and 40.
  let distances: [Double]
}

struct NetworkReference: Sendable {
  let rows: [[Double]]
  let labels: [Double]
  let alpha: Double
  let descent: [Double]
  let flow: [Double]
}

func distance(_ one: Vector, _ other: Vector) -> Double { (one - other).norm }

func randomMatrix(_ rows: Int, _ columns: Int, seed: Int, stream: Int) -> Matrix {
  var generator = RandomGenerator(seed: UInt64(seed)).child(UInt64(stream))
  return Matrix(rows: rows, columns: columns, elements: generator.normalVector(rows * columns).elements)
}

func randomVector(_ count: Int, seed: Int, stream: Int) -> Vector {
  var generator = RandomGenerator(seed: UInt64(seed)).child(UInt64(stream))
  return generator.normalVector(count)
}

func randomExamples(_ dimension: Int, _ rows: Int, seed: Int, stream: Int) -> Examples {
  Examples(
    features: randomMatrix(dimension, rows, seed: seed, stream: 2 * stream + 100),
    labels: randomVector(rows, seed: seed, stream: 2 * stream + 101))
}

/// `Q diag(curvatures) Q'` with a random rotation Q, and a random centre.
func quadratic(_ curvatures: [Double], seed: Int, stream: Int) throws -> Quadratic {
  let d = curvatures.count
  let q = try QR(randomMatrix(d, d, seed: seed, stream: 3 * stream + 1)).orthonormal
  var scaled = q.transposed
  for row in 0..<d { for column in 0..<d { scaled[row, column] *= curvatures[row] } }
  return try Quadratic(hessian: q.times(scaled), centre: randomVector(d, seed: seed, stream: 3 * stream + 2))
}

/// Curvatures of every kind, zeros among them, and the seed of the axes and centres.
struct Case: Sendable {
  let curvatures: [Double]
  let seed: Int

  static func gen(_ range: ClosedRange<Double>, count: ClosedRange<Int> = 1...10) -> Gen<Case> {
    zip(Gen.oneOf([.constant(0), .double(in: range)]).array(count: count), Gen.int(in: 0...1_000_000))
      .map { Case(curvatures: $0, seed: $1) }
  }

  var dimension: Int { curvatures.count }
  /// `||H||`.
  var size: Double { curvatures.reduce(0) { max($0, abs($1)) } }
  func quadratic(_ stream: Int) throws -> Quadratic {
    try QuadraticLearnersTests.quadratic(curvatures, seed: seed, stream: stream)
  }
  func vector(_ stream: Int) -> Vector { randomVector(dimension, seed: seed, stream: 1000 + stream) }
}

/// A bound on the rounding of n steps with rate r on curvatures up to `size`, iterated or in closed form, on vectors
/// of length `reach`: each factor is at most 1 + r size, and g' at most n r (1 + r size)^n.
func powerRounding(_ d: Int, _ n: Int, _ rate: Double, _ size: Double, _ reach: Double) -> Double {
  let x = rate * size
  return slack * eps * Double(d + 2) * (1 + Double(n) * (1 + x)) * pow(1 + x, Double(n)) * reach
}

/// The value, which must be there: `#require` for properties.
func found<Value>(_ value: Value?, _ reason: String) throws -> Value {
  try ensure(value != nil, reason)
  guard let value else { preconditionFailure("ensured") }
  return value
}
