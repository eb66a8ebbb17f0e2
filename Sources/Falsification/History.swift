import Core
import LinearAlgebra
import StagedLearners
import Theorems
import Unlearning

/// One order of the stages of an instance: the model that it trained, the model retrained without the forget set, and
/// how near a rule can come to that.
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
  /// theta_0 - theta_r, found without subtracting two models that barely differ.
  let difference: Vector
  /// mu_U.
  let forgetMu: Double
  /// The floor of theory B2, the least RE distance in `theta_0 + row(X_U)`; 0 where it is no more than ``rounding``.
  let floor: Double
  /// What rounding, of the two models and in the floor, can make of the root of m times a RE distance.
  let rounding: Double

  /// Both orders of an instance, AB first; nil unless its forget set was a stage trained by ridge.
  ///
  /// - Throws: `LinearAlgebraError`, for example where the rows of X_U are not independent.
  static func both(of instance: TwoPathInstance) throws -> [History]? {
    guard case .ridge(let mu)? = instance.forgetStage?.trainer else { return nil }
    let divergence = try PathDivergence(instance)
    let models = try divergence.trainedModels()
    guard let pair = try RetrainedPair(divergence, models) else { return nil }
    return try [
      History(
        divergence, instance.pathAB, models.ab, pair.retrained.ab, pair.differences.ab, mu, LocalFloor(pair.alongAB)),
      History(
        divergence, instance.pathBA, models.ba, pair.retrained.ba, pair.differences.ba, mu, LocalFloor(pair.alongBA)),
    ]
  }

  private init(
    _ divergence: PathDivergence, _ path: Path, _ trained: Vector, _ retrained: Vector,
    _ difference: Vector, _ mu: Double, _ local: LocalFloor
  ) throws {
    instance = divergence.instance
    (self.path, self.trained, self.retrained, self.difference, forgetMu) = (path, trained, retrained, difference, mu)
    let maps = try instance.stages.map { try divergence.training.map($0.name) }
    let size = maps.reduce(trained.norm + retrained.norm) { $0 + $1.offset.norm }
    // As in Lemma C.1: the error of a solve of order n is some n eps, amplified by its condition.
    let amplification = maps.reduce(0.0) { sum, map in
      guard case .ridge(let mu) = map.stage.trainer else { return sum }
      return sum + Double(map.stage.examples.count) * (map.gramTrace + mu) / mu
    }
    let testSize = Vector(instance.test.elements).norm
    rounding = local.roundingLevel + 8 * Double.ulpOfOne * amplification * size * testSize
    floor = local.residualNorm > rounding ? local.floor : 0
  }

  /// `d(theta_u, theta_r)`; infinite where the predictions leave Double's range.
  func distance(_ model: Vector) -> Double {
    let moved = instance.test.transposeTimes((model - trained) + difference)
    let zeros = [Double](repeating: 0, count: moved.count)
    return (try? REDistance(between: moved.elements, and: zeros))?.value ?? .infinity
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
    Examples(features: features.altered, labels: Vector(labels.elements.map(other)))
  }
}

extension Matrix {
  /// Other data of the same shape.
  fileprivate var altered: Matrix { Matrix(rows: rows, columns: columns, elements: elements.map(other)) }
}

/// Another number, whatever the number: the map has no fixed point.
private func other(_ number: Double) -> Double { number == 0 ? 1 : -2 * number }
