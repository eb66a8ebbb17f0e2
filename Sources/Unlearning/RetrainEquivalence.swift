/// How far an unlearned model is from the model retrained without the forget set, on a test set of m points:
/// `d(theta_u, theta_r) = (1/m) sum_i ||Pred(theta_u, x_i) - Pred(theta_r, x_i)||_2^2`.
///
/// A mean of **squared** distances, in the square of the predictions' unit. Yu, He, Goyal and Arora
/// (arXiv 2510.16629), Definition 2.1.
public struct REDistance: Hashable, Sendable {
  /// The distance `d`: not negative, and infinite where the sum of squares exceeds the range of `Double`.
  public let value: Double

  /// The distance between the predictions of two models for the same points.
  ///
  /// - Parameters:
  ///   - unlearned: the one model's predictions, point by point, each point's outputs side by side.
  ///   - retrained: the other model's predictions in the same layout.
  ///   - outputsPerPoint: how many outputs a prediction has, at least 1.
  @inlinable
  public init(
    between unlearned: some Collection<Double>, and retrained: some Collection<Double>, outputsPerPoint: Int = 1
  ) throws(REDistanceError) {
    let count = unlearned.count
    guard count == retrained.count else { throw .countsDiffer(count, retrained.count) }
    guard outputsPerPoint >= 1, count.isMultiple(of: outputsPerPoint) else {
      throw .incompletePoint(predictions: count, outputsPerPoint: outputsPerPoint)
    }
    guard count > 0 else { throw .noPoints }

    var sum = 0.0
    for (index, (one, other)) in zip(unlearned, retrained).enumerated() {
      guard one.isFinite, other.isFinite else { throw .predictionNotFinite(index: index) }
      let difference = one - other
      sum += difference * difference
    }
    value = sum / Double(count / outputsPerPoint)
  }

  /// Whether Retrain Equivalence holds at the tolerance `epsilon`: `d <= epsilon`.
  public func holds(at epsilon: Double) -> Bool {
    value <= epsilon
  }
}

/// Why two models' predictions have no RE distance.
public enum REDistanceError: Error, Hashable, CustomStringConvertible {
  /// The two models have different numbers of predictions.
  case countsDiffer(Int, Int)
  /// The predictions are not a whole number of points, or a point has no outputs.
  case incompletePoint(predictions: Int, outputsPerPoint: Int)
  /// There are no predictions at all.
  case noPoints
  /// A prediction of either model is infinite or not a number; `index` counts from 0.
  case predictionNotFinite(index: Int)

  /// What is wrong with which input.
  public var description: String {
    switch self {
    case .countsDiffer(let one, let other): "the models have \(one) and \(other) predictions"
    case .incompletePoint(let predictions, let outputsPerPoint):
      "\(predictions) predictions do not divide into points of \(outputsPerPoint) outputs"
    case .noPoints: "there are no predictions to compare"
    case .predictionNotFinite(let index): "prediction \(index) is not finite"
    }
  }
}
