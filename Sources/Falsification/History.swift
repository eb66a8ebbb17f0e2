import LinearAlgebra
import StagedLearners
import Theorems
import Unlearning

/// One order of the stages of an instance: the model that it trained, the model retrained without the forget set, and how
/// near a rule can come to that.
struct History: Sendable {
  /// The forget stage's name.
  static let forget = "U"

  /// The instance.
  let instance: TwoPathInstance
  /// The order.
  let path: Path
  /// theta_0.
  let trained: Vector
  /// theta_r.
  let retrained: Vector
  /// mu_U.
  let forgetMu: Double
  /// Theory B2: `(1/m) min_w ||X_test (theta_0 - theta_r) + X_test X_U' w||^2`, the least RE distance in
  /// `theta_0 + row(X_U)`; 0 where it is no more than rounding.
  let floor: Double
  /// What the rounding of the two models can make of the root of m times a RE distance.
  let rounding: Double

  /// Both orders of an instance, AB first; nil unless its forget set was a stage trained by ridge.
  static func both(of instance: TwoPathInstance) throws -> [History]? {
    guard case .ridge(let mu)? = instance.forgetStage?.trainer else { return nil }
    let training = try StagedTraining(instance.stages)
    return try [instance.pathAB, instance.pathBA].map { try History(instance, $0, training, mu) }
  }

  private init(_ instance: TwoPathInstance, _ path: Path, _ training: StagedTraining, _ mu: Double) throws {
    (self.instance, self.path, forgetMu) = (instance, path, mu)
    trained = try training.train(path)
    retrained = try training.retrain(path, forgetting: Self.forget)
    let size = try instance.stages.reduce(trained.norm + retrained.norm) { try $0 + training.map($1.name).offset.norm }
    // As in Lemma C.1: the error of a solve of order n is some n eps, amplified by its condition.
    let amplification = try instance.stages.reduce(0.0) { sum, stage in
      let map = try training.map(stage.name)
      guard case .ridge(let mu) = stage.trainer else { return sum }
      return sum + Double(stage.examples.count) * (map.gramTrace + mu) / mu
    }
    let testSize = Vector(instance.test.elements).norm
    let modelRounding = 8 * Double.ulpOfOne * amplification * size * testSize
    let error = instance.test.transposeTimes(trained - retrained)
    let directions = instance.test.transposeTimes(instance.forget.features)
    let move = try LeastSquares(directions, -1 * error).solution
    let residual = (error + directions.times(move)).norm
    let moved = error.norm + Vector(directions.elements).norm * move.norm
    rounding = modelRounding + 8 * Double(instance.testCount + move.count) * Double.ulpOfOne * moved
    floor = residual > rounding ? residual * residual / Double(instance.testCount) : 0
  }

  /// `d(theta_u, theta_r)`; infinite where the predictions leave Double's range.
  func distance(_ model: Vector) -> Double {
    let (unlearned, retrained) = (instance.test.transposeTimes(model), instance.test.transposeTimes(self.retrained))
    return (try? REDistance(between: unlearned.elements, and: retrained.elements))?.value ?? .infinity
  }

  /// Whether a RE distance exceeds epsilon by more than rounding.
  func exceeds(_ distance: Double, _ epsilon: Double) -> Bool {
    let m = Double(instance.testCount)
    return (distance * m).squareRoot() > (epsilon * m).squareRoot() + rounding
  }

  /// What a rule is asked to do here.
  ///
  /// - Parameters:
  ///   - settings: how many steps, which random numbers.
  ///   - told: the order that it is told, by default the true one.
  ///   - otherData: whether the retained and test data that it is not to look at are others than the true ones.
  func problem(_ settings: RunSettings, told: Path? = nil, otherData: Bool = false) -> UnlearningProblem {
    let retained = [instance.stageA, instance.stageB].map { stage in
      otherData ? LinearStage(stage.name, stage.examples.altered, trainer: stage.trainer) : stage
    }
    return UnlearningProblem(
      start: trained, forget: instance.forget, forgetMu: forgetMu, stepSize: instance.stepSize, steps: settings.steps,
      callLimit: settings.callLimit(instance), random: RandomGenerator(seed: settings.seed).child(0),
      hidden: .init(path: told ?? path, retained: retained, test: otherData ? instance.test.altered : instance.test))
  }
}

/// How a rule is run.
public struct RunSettings: Sendable {
  /// T, the steps a rule is advised to take.
  public var steps = 10
  /// The seed of a rule's random numbers.
  public var seed: UInt64 = 1
  /// Seconds after which the runs on one history, seven at most, are taken for ones that never finish.
  public var timeLimit = 5.0

  /// 10 steps, seed 1, 5 seconds.
  public init() {}

  /// Enough questions for a line search in every step and one question for each parameter and example.
  func callLimit(_ instance: TwoPathInstance) -> Int {
    100 * (max(0, steps) + instance.dimension + instance.forgetCount + 1)
  }
}

extension Examples {
  fileprivate var altered: Examples {
    Examples(features: features.altered, labels: Vector(labels.elements.map { 1 - 2 * $0 }))
  }
}

extension Matrix {
  /// Other data of the same shape.
  fileprivate var altered: Matrix { Matrix(rows: rows, columns: columns, elements: elements.map { 2 * $0 + 1 }) }
}
