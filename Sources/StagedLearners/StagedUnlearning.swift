import Core
import LinearAlgebra
import Unlearning

/// Any number of stages, one of which is later unlearned by gradient ascent: the paper's experiment (Section 4) for
/// linear learners.
public struct StagedUnlearning: Sendable {
  /// The factored stages.
  public let training: StagedTraining
  /// The name of the forget stage.
  public let forget: String
  /// The forget set, factored.
  public let span: ForgetSpan
  /// X_test', d x m.
  public let test: Matrix
  /// The eigenvalues of M_U, descending.
  public let growth: [Double]

  private let directions: Matrix
  private let workers: Workers

  /// Factors the stages and the forget set.
  ///
  /// - Throws: ``StagedLearnersError/unknownStage(_:known:)`` when no stage has the forget stage's name, and what
  ///   ``StagedTraining`` and ``ForgetSpan`` throw.
  public init(
    _ stages: [LinearStage], forgetting forget: String, test: Matrix, stepSize: Double, workers: Workers = .one
  ) throws {
    training = try StagedTraining(stages, workers: workers)
    span = try ForgetSpan(training.map(forget).stage.examples, workers: workers)
    directions = span.rotate(span.predictionsOfBasis(test, workers: workers), workers: workers)
    growth = span.growth(stepSize: stepSize)
    (self.forget, self.test, self.workers) = (forget, test, workers)
  }

  /// The instance's stages with the one that is forgotten: U where the forget set was a stage of its own, else A or B
  /// where it is all of its rows, in any order (A where it is both). Nil where the instance does not say which stage
  /// was forgotten. Nothing is factored anew.
  public init?(_ divergence: PathDivergence, workers: Workers = .one) {
    guard let forget = divergence.instance.forgottenStage else { return nil }
    (self.forget, training, span) = (forget, divergence.training, divergence.span)
    (test, growth) = (divergence.instance.test, divergence.growth)
    (directions, self.workers) = (divergence.trajectory.directions, workers)
  }

  /// `X_test (theta_t - theta_r)` along a path, theta_r being retrained on the same path without the forget stage.
  public func towardsRetrained(_ path: Path) throws -> AscentTrajectory {
    let model = try training.train(path)
    let difference = try training.retrainingDifference(path, forgetting: forget)
    return AscentTrajectory(
      initial: test.transposeTimes(difference, workers: workers), directions: directions,
      amplitudes: span.ascentAmplitudes(model, workers: workers), growth: growth)
  }

  /// `X_test (theta_t - theta'_t)` between two orders of the same stages.
  public func between(_ first: Path, _ second: Path) throws -> AscentTrajectory {
    let difference = try training.orderDifference(first, second)
    return AscentTrajectory(
      initial: test.transposeTimes(difference, workers: workers), directions: directions,
      amplitudes: span.coordinates(difference, workers: workers), growth: growth)
  }

  /// `X_U theta_t - y_U` along a path: its distance is the forget loss `(1/k) ||X_U theta_t - y_U||^2`.
  public func forgetResidual(_ path: Path) throws -> AscentTrajectory {
    let model = try training.train(path)
    return AscentTrajectory(
      initial: -1 * span.examples.residual(model, workers: workers),
      directions: span.rotate(span.predictionsOfBasis(span.examples.features, workers: workers), workers: workers),
      amplitudes: span.ascentAmplitudes(model, workers: workers), growth: growth)
  }
}

extension TwoPathInstance {
  /// The name of the training stage that is forgotten; nil where the forget set is none.
  public var forgottenStage: String? {
    guard forgetStage == nil else { return "U" }
    return [stageA, stageB].first { stage in
      guard stage.examples.count == forget.count else { return false }
      var wanted = RowCounts(forget)
      return (0..<forget.count).allSatisfy { wanted.take(stage.examples, $0) }
    }?.name
  }
}
