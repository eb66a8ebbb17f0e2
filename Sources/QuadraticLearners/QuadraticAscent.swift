import Core
import LinearAlgebra

/// Gradient ascent on a quadratic forget loss, seen through a test set.
///
/// **Lemma 3.2 for quadratics.** `theta_t - c_U = (I + eta H_U)^t (theta_0 - c_U)` for any symmetric H_U, so the
/// difference of two histories obeys `Delta_t = (I + eta H_U)^t Delta_0`: c_U cancels. (One step is
/// `theta + eta H_U (theta - c_U)`; subtract c_U, respectively the other history, and iterate.)
///
/// Along curvature h the difference is multiplied by `1 + eta h` a step: it grows for `h > 0`, stays for `h = 0`,
/// **shrinks for `-2/eta < h < 0`**, and grows again with alternating sign for `h < -2/eta`, where the step overshoots.
/// Where all curvatures lie in (-2/eta, 0), ascent brings two histories together instead of apart.
public struct QuadraticAscent: Sendable {
  /// The forget loss.
  public let forget: Quadratic
  /// X_test', d x m; the identity to measure parameters (then d(.,.) is `||.||^2 / d`).
  public let test: Matrix
  /// eta.
  public let stepSize: Double
  /// `x_j = eta h_j`, the eigenvalues of `M_U = eta H_U`, ascending.
  public let rates: [Double]
  /// F = X_test Q, m x d.
  let predictions: Matrix

  /// Projects the test set on the axes of the forget loss; O(m d^2).
  ///
  /// - Throws: ``QuadraticLearnersError/invalidInput(_:)`` for a test set of another dimension, or eta not finite and
  ///   greater than 0.
  public init(on forget: Quadratic, test: Matrix, stepSize: Double, workers: Workers = .one) throws {
    guard test.rows == forget.dimension, test.columns > 0, test.isFinite else {
      throw QuadraticLearnersError.invalidInput(
        "the test set has \(test.columns) points of dimension \(test.rows); it needs finite points of dimension "
          + "\(forget.dimension)")
    }
    guard stepSize.isFinite, stepSize > 0 else {
      throw QuadraticLearnersError.invalidInput("eta is \(stepSize); it must be finite and greater than 0")
    }
    (self.forget, self.test, self.stepSize) = (forget, test, stepSize)
    rates = forget.curvatures.map { stepSize * $0 }
    predictions = test.transposeTimes(forget.directions, workers: workers)
  }

  /// `X_test Delta_t` for two histories that differ by `Delta_0`.
  public func divergence(_ difference: Vector) -> SpectralTrajectory {
    SpectralTrajectory(
      fixed: Vector(zeros: test.columns), directions: predictions,
      amplitudes: forget.directions.transposeTimes(difference), rates: rates)
  }

  /// `X_test (theta_t - theta_r)` from theta_0.
  public func towards(_ retrained: Vector, from theta: Vector) -> SpectralTrajectory {
    SpectralTrajectory(
      fixed: test.transposeTimes(forget.centre - retrained), directions: predictions,
      amplitudes: forget.directions.transposeTimes(theta - forget.centre), rates: rates)
  }

  /// theta_t after t steps, by the closed form; not finite once it is out of Double's range.
  public func ascend(_ theta: Vector, steps: Int) -> Vector {
    var coordinates = forget.directions.transposeTimes(theta - forget.centre)
    for (index, rate) in rates.enumerated() {
      coordinates[index] = (LogNumber(coordinates[index]) * .growth(rate: rate, steps: steps)).value
    }
    return theta + forget.directions.times(coordinates)
  }

  /// The directions of H_U that differ from 0 by more than rounding: a basis of range(H_U).
  var curved: [Int] { forget.curvatures.indices.filter { abs(forget.curvatures[$0]) > forget.zeroLevel } }
}
