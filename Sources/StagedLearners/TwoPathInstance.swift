import Core
import LinearAlgebra
import Unlearning

/// What Theorem 3.1 speaks of: two stages trained in both orders, a forget set to unlearn by gradient ascent, and a
/// test set to measure on.
public struct TwoPathInstance: Sendable {
  /// Stage A, learned first on the path AB.
  public let stageA: LinearStage
  /// Stage B.
  public let stageB: LinearStage
  /// (X_U, y_U).
  public let forget: Examples
  /// Where the forget set was a training stage of its own, that stage and its position on both paths.
  public let forgetStage: (trainer: SpectralFilter, position: Int)?
  /// X_test', d x m.
  public let test: Matrix
  /// eta, the step size of the ascent.
  public let stepSize: Double

  /// An instance, checked.
  ///
  /// - Throws: ``StagedLearnersError/invalidInstance(_:)`` naming the tensor or parameter and the rule it breaks:
  ///   everything finite and non-empty, one dimension throughout, `mu > 0`, `eta > 0`, `k <= d`. With m < k the
  ///   theorems apply whose hypotheses do: Theorem 3.1's rank of k does not.
  public init(
    stageA: LinearStage, stageB: LinearStage, forget: Examples,
    forgetStage: (trainer: SpectralFilter, position: Int)? = nil, test: Matrix, stepSize: Double,
    workers: Workers = .one
  ) throws {
    func fail(_ text: String) -> StagedLearnersError { .invalidInstance(text) }
    for (name, examples) in [("A", stageA.examples), ("B", stageB.examples), ("U", forget)] {
      guard examples.count > 0, examples.dimension > 0 else { throw fail("X_\(name) is empty; it needs a row") }
      guard examples.features.isFinite(workers: workers) else {
        throw fail("X_\(name) holds a NaN or an infinity; it must be finite")
      }
      guard examples.labels.isFinite else { throw fail("y_\(name) holds a NaN or an infinity; it must be finite") }
      guard examples.dimension == stageA.examples.dimension else {
        throw fail("X_\(name) has \(examples.dimension) columns and X_A \(stageA.examples.dimension); they must agree")
      }
    }
    guard test.rows == stageA.examples.dimension else {
      throw fail("X_test has \(test.rows) columns and X_A \(stageA.examples.dimension); they must agree")
    }
    guard test.isFinite(workers: workers) else { throw fail("X_test holds a NaN or an infinity; it must be finite") }
    guard test.columns > 0 else { throw fail("X_test is empty; it needs a row") }
    guard forget.count <= forget.dimension else {
      throw fail("X_U has \(forget.count) rows of \(forget.dimension) features; they cannot be independent (k <= d)")
    }
    guard stepSize.isFinite, stepSize > 0 else {
      throw fail("eta is \(stepSize); the step size must be finite and greater than 0")
    }
    let trainers = [("A", stageA.trainer), ("B", stageB.trainer)] + (forgetStage.map { [("U", $0.trainer)] } ?? [])
    for (name, trainer) in trainers {
      if case .ridge(let mu) = trainer, !(mu.isFinite && mu > 0) {
        throw fail("mu_\(name) is \(mu); the ridge parameter must be finite and greater than 0")
      }
      try trainer.validate()
    }
    if let forgetStage, !(1...3).contains(forgetStage.position) {
      throw fail("position_U is \(forgetStage.position); beside the stages A and B it can be 1, 2 or 3")
    }
    (self.stageA, self.stageB, self.forget, self.forgetStage) = (stageA, stageB, forget, forgetStage)
    (self.test, self.stepSize) = (test, stepSize)
  }

  /// d, the number of parameters.
  public var dimension: Int { forget.dimension }
  /// k, the number of forget rows.
  public var forgetCount: Int { forget.count }
  /// m, the number of test points.
  public var testCount: Int { test.columns }
}
