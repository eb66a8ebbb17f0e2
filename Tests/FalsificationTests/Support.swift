import Falsification
import LinearAlgebra
import StagedLearners
import Synchronization
import Testing

/// An instance whose forget set was a stage: rows of X_A, X_B, X_U and X_test with labels.
func instance(
  a: ([[Double]], [Double]), b: ([[Double]], [Double]), forget: ([[Double]], [Double]), test: [[Double]],
  mu: (Double, Double, Double) = (1, 1, 1), position: Int, eta: Double = 1
) throws -> TwoPathInstance {
  func examples(_ data: ([[Double]], [Double])) -> Examples {
    Examples(features: Matrix(rows: data.0).transposed, labels: Vector(data.1))
  }
  return try TwoPathInstance(
    stageA: LinearStage("A", examples(a), trainer: .ridge(mu: mu.0)),
    stageB: LinearStage("B", examples(b), trainer: .ridge(mu: mu.1)), forget: examples(forget),
    forgetStage: (.ridge(mu: mu.2), position), test: Matrix(rows: test).transposed, stepSize: eta)
}

/// The built-in rule of this name.
func rule(_ name: String) throws -> UnlearningRule { try #require(UnlearningRule.named(name)) }

/// What a rule did, to be looked at on the test's own thread: what is expected elsewhere belongs to no test.
final class Runs: Sendable {
  struct Run: Sendable {
    let start: Vector
    let model: Vector
  }

  private let done = Mutex<[Run]>([])

  /// The runs that started from a model for which this holds.
  func all(where isWanted: (Vector) -> Bool = { _ in true }) -> [Run] {
    done.withLock { $0.filter { isWanted($0.start) } }
  }

  /// The rule, watched.
  func watching(_ rule: UnlearningRule, moves: UnlearningRule.Moves = .alongGradients) -> UnlearningRule {
    UnlearningRule(rule.name, rule.summary, moves: moves) { problem in
      let model = try rule.unlearn(problem)
      self.done.withLock { $0.append(Run(start: problem.start, model: model)) }
      return model
    }
  }
}

/// How often something was done, from any thread.
final class Counter: Sendable {
  private let value = Mutex(0)
  func next() -> Int {
    value.withLock {
      $0 += 1
      return $0
    }
  }
}
