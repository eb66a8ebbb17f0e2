import Core
import LinearAlgebra

// Shapes in this module: d parameters, n rows of a stage, k rows of the forget set, m test points.

/// A data set (X, y) of a linear learner that predicts `x' theta`.
public struct Examples: Sendable, Equatable {
  /// X', d x n: one example a column.
  public let features: Matrix
  /// y, of n entries.
  public let labels: Vector

  /// The examples with these features (d x n, an example a column) and labels; traps unless the counts agree.
  public init(features: Matrix, labels: Vector) {
    precondition(features.columns == labels.count, "\(features.columns) examples with \(labels.count) labels")
    self.features = features
    self.labels = labels
  }

  /// n, the number of examples.
  public var count: Int { labels.count }
  /// d, the number of features.
  public var dimension: Int { features.rows }

  /// `X theta`.
  public func predictions(_ theta: Vector, workers: Workers = .one) -> Vector {
    features.transposeTimes(theta, workers: workers)
  }

  /// `y - X theta`.
  public func residual(_ theta: Vector, workers: Workers = .one) -> Vector {
    labels - predictions(theta, workers: workers)
  }

  /// The mean squared loss `(1/n) ||X theta - y||^2`.
  public func loss(_ theta: Vector, workers: Workers = .one) -> Double {
    let r = residual(theta, workers: workers)
    return r.dot(r) / Double(count)
  }

  /// Its gradient `(2/n) X' (X theta - y)`: all that a local unlearning algorithm may ask of the forget set.
  public func gradient(_ theta: Vector, workers: Workers = .one) -> Vector {
    features.times((-2 / Double(count)) * residual(theta, workers: workers), workers: workers)
  }

  /// The examples at these indices, in the order given.
  public func selecting(_ indices: [Int]) -> Examples {
    Examples(features: features.selectingColumns(indices), labels: Vector(indices.map { labels[$0] }))
  }
}

extension Vector {
  /// Moves `steps` times along the gradient of the mean squared loss, one step after another: descent for a negative
  /// `stepSize`, ascent (unlearning, `theta_t = theta_(t-1) + (2 eta/k) X_U' (X_U theta_(t-1) - y_U)`) for a positive
  /// one. The definition that the closed forms are checked against; it overflows when they would not.
  public mutating func followGradient(
    of examples: Examples, stepSize: Double, steps: Int, workers: Workers = .one
  ) {
    for _ in 0..<steps { add(stepSize, examples.gradient(self, workers: workers)) }
  }
}
