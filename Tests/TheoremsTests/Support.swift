import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

/// eps, the distance from 1 to the next Double.
let eps = Double.ulpOfOne
/// The small constants of worst-case rounding bounds, together.
let slack = 8.0

func frobenius(_ matrix: Matrix) -> Double { Vector(matrix.elements).norm }

/// An instance of the paper: ridge stages given by the rows of X_A, X_B, X_U and X_test.
func instance(
  a: ([[Double]], [Double]), b: ([[Double]], [Double]), forget: ([[Double]], [Double]), test: [[Double]],
  mu: (Double, Double) = (1, 1), eta: Double
) throws -> TwoPathInstance {
  func examples(_ data: ([[Double]], [Double])) -> Examples {
    Examples(features: Matrix(rows: data.0).transposed, labels: Vector(data.1))
  }
  return try TwoPathInstance(
    stageA: LinearStage("A", examples(a), trainer: .ridge(mu: mu.0)),
    stageB: LinearStage("B", examples(b), trainer: .ridge(mu: mu.1)), forget: examples(forget),
    test: Matrix(rows: test).transposed, stepSize: eta)
}

/// The theorem on an instance of the wide law; nil where a hypothesis fails, which is rare.
func wideTheorem(_ seed: UInt64) throws -> Theorem31? {
  do {
    return try Theorem31(PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed)))
  } catch is HypothesisFailure {
    return nil
  }
}

/// The example that the bound needs its t_0: `M_U = diag(1, 0)`, `X_test = (1, 1)` and `Delta_0 = (1, -4)`.
///
/// Stage A is the row (1, 1) with label y_A, stage B the row (1, 0) with label y_B, both with mu = 1, so that
/// `Delta_0 = S_A b_B - S_B b_A = (y_B - y_A, y_B) / 6`. The models are some 30 times as large as this.
func paperExample() throws -> TwoPathInstance {
  try instance(a: ([[1, 1]], [-30]), b: ([[1, 0]], [-24]), forget: ([[1, 0]], [0.5]), test: [[1, 1]], eta: 0.5)
}

/// The wide law's instance of this seed; with a position other than 0, its forget set is a stage of its own there.
func wideInstance(_ seed: UInt64, _ position: Int, mu: (Examples) -> Double) throws -> TwoPathInstance {
  let drawn = try Sweep(.wide, steps: 0).instance(seed: seed)
  guard position != 0 else { return drawn }
  return try TwoPathInstance(
    stageA: drawn.stageA, stageB: drawn.stageB, forget: drawn.forget,
    forgetStage: (trainer: .ridge(mu: mu(drawn.forget)), position: position), test: drawn.test, stepSize: drawn.stepSize
  )
}
