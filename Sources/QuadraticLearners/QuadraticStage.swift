import LinearAlgebra
import StagedLearners

/// One training stage on a quadratic loss: its name, its loss and how it is trained.
public struct QuadraticStage: Sendable {
  /// The name by which a path refers to the stage.
  public let name: String
  /// The loss.
  public let quadratic: Quadratic
  /// The trainer.
  public let trainer: QuadraticTrainer

  /// A stage.
  public init(_ name: String, _ quadratic: Quadratic, trainer: QuadraticTrainer) {
    (self.name, self.quadratic, self.trainer) = (name, quadratic, trainer)
  }

  /// A stage of a linear learner as the quadratic one that it is: the same map of the model.
  ///
  /// With `H = (2/n) X'X` gradient methods keep their constants. Ridge adds `mu ||theta - prev||^2` to the **sum** of
  /// squares, that is `(mu/n) ||theta - prev||^2` to their mean, so its proximal constant is `2 mu/n`.
  public init(_ stage: LinearStage) throws {
    let trainer: QuadraticTrainer
    switch stage.trainer {
    case .ridge(let mu): trainer = .proximal(mu: 2 * mu / Double(stage.examples.count))
    case .gradientDescent(let steps, let size): trainer = .gradientDescent(steps: steps, stepSize: size)
    case .gradientFlow(let time): trainer = .gradientFlow(time: time)
    case .interpolation: trainer = .convergence
    case .gradientAscent(let steps, let size): trainer = .gradientAscent(steps: steps, stepSize: size)
    case .ascentFlow(let time): trainer = .ascentFlow(time: time)
    case .implicitAscent(let steps, let size): trainer = .implicitAscent(steps: steps, stepSize: size)
    }
    self.init(stage.name, try Quadratic(meanSquaredLossOf: stage.examples), trainer: trainer)
  }
}
