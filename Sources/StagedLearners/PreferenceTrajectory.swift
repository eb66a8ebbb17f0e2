import Core
import LinearAlgebra
import Unlearning

/// Gradient descent on an unlearning objective of the forget rows' log-likelihoods, step by step: a linear learner
/// with Gaussian noise,
///
///     log pi(y_i | x_i) = -(x_i theta - y_i)^2 / (2 tau^2)        (up to a constant, which no objective here needs)
///
/// and a `ChosenObjective` averaged over the k rows, its reference being the model that the run starts from:
///
///     theta <- theta + eta / (k tau^2) X_U' (w o z),     z = X_U theta - y_U,     w_i the objective's weight of row i.
///
/// For gradient ascent w = 1: this is ascent on the mean squared loss with step `eta / (2 tau^2)`, so with the default
/// `tau^2 = 1/2` the step size means the same as everywhere else.
///
/// The model never leaves `theta_0 + row(X_U)`. So the run is a run of z and of the c in `theta_t = theta_0 + X_U' c`:
/// O(k^2) a step, whatever d is.
public struct PreferenceTrajectory: Sendable {
  /// (X_U, y_U).
  public let forget: Examples
  /// theta_0, the model before unlearning and the reference of the objective.
  public let start: Vector
  /// The objective.
  public let objective: ChosenObjective
  /// tau, the standard deviation of the learner's noise.
  public let tau: Double
  /// eta.
  public let stepSize: Double
  /// t, the steps taken.
  public private(set) var step = 0
  /// `z_t = X_U theta_t - y_U`, k entries.
  public private(set) var residuals: Vector
  /// c of `theta_t = theta_0 + X_U' c`, k entries.
  public private(set) var coefficients: Vector
  /// `X_U X_U'`.
  public let gram: Matrix

  private let references: [Double]

  /// `1 / sqrt 2`: with it, gradient ascent on the log-likelihood is ascent on the squared error.
  public static let defaultTau = 0.5.squareRoot()

  /// A run that has taken no step.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` unless tau and eta are finite and positive.
  public init(
    _ forget: Examples, from theta: Vector, objective: ChosenObjective, tau: Double = defaultTau, stepSize: Double,
    workers: Workers = .one
  ) throws {
    for (name, value) in [("tau", tau), ("eta", stepSize)] where !(value > 0 && value.isFinite) {
      throw LinearAlgebraError.invalidParameter("\(name) is \(value); it must be finite and greater than 0")
    }
    (self.forget, start, self.objective, self.tau, self.stepSize) = (forget, theta, objective, tau, stepSize)
    residuals = -1 * forget.residual(theta, workers: workers)
    coefficients = Vector(zeros: forget.count)
    gram = forget.features.gram(workers: workers)
    references = residuals.elements.map { Self.logLikelihood($0, tau) }
  }

  /// Goes on to a step that has not been passed yet; traps on one that has.
  ///
  /// - Throws: `StagedLearnersError.outOfRange(_:step:)` at the first step that leaves Double's range.
  public mutating func advance(to last: Int) throws {
    precondition(last >= step, "step \(last) is before step \(step)")
    let rate = stepSize / (Double(residuals.count) * tau * tau)
    while step < last {
      var change = residuals
      for index in references.indices { change[index] *= rate * weight(index) }
      coefficients.add(1, change)
      residuals.add(1, gram.times(change))
      step += 1
      guard residuals.isFinite, coefficients.isFinite else {
        throw StagedLearnersError.outOfRange("\(objective)", step: step)
      }
    }
  }

  /// `log pi` of row i, up to its constant.
  public func logLikelihood(_ row: Int) -> Double { Self.logLikelihood(residuals[row], tau) }

  /// w_i, how much of gradient ascent's step row i takes now.
  public func weight(_ row: Int) -> Double {
    loss(row).weights[0][0]
  }

  /// The objective, averaged over the rows.
  public var value: Double {
    references.indices.reduce(0) { $0 + loss($1).value } / Double(references.count)
  }

  private func loss(_ row: Int) -> ExampleLoss {
    objective.loss(ofRow: logLikelihood(row), reference: references[row])
  }

  /// theta_t.
  public func model(workers: Workers = .one) -> Vector {
    start + forget.features.times(coefficients, workers: workers)
  }

  private static func logLikelihood(_ residual: Double, _ tau: Double) -> Double {
    // Not (z^2) / (2 tau^2), whose parts could leave Double's range where this does not.
    -(residual / tau) * (residual / tau) / 2
  }
}
