import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Transformer
import Unlearning

/// Rung 3 of the ladder: the whole network, all weights trained, as its output scale alpha takes it from feature
/// learning to its linear model.
///
/// The output is `F = alpha (f(theta) - f(theta_0))` and every step size is divided by alpha^2 (lazy training: Chizat,
/// Oyallon and Bach 2019). In the coordinates `omega = alpha (theta - theta_0)` a step is one of the learner
/// `F = J omega + omega' H omega / (2 alpha) + ...`: the linear learner whose features are the Jacobian at theta_0,
/// whatever alpha, and corrections of order 1 / alpha. In FP32 there is another error, which grows with alpha: rounding
/// the weights by u theta moves F by alpha J (u theta). The best alpha balances the two; at `1 / sqrt(u)` = 4096 they
/// would be equal if all constants were 1.
public struct LazyNetwork: Sendable {
  /// The stages' names, in the order of one path; the other is reversed. U is the one that is unlearned.
  public static let names = ["inst", "U", "tofu"]
  /// Steps of gradient descent of each stage.
  public static let trainingSteps = 20

  /// The two orders.
  public let paths: [Path]
  /// The linear learner on the Jacobian at theta_0, trained and unlearned in closed form for one step size.
  public let linear: StagedUnlearning
  /// The forget set's tangent kernel at theta_0.
  public let kernel: TangentKernel
  /// eta, such that the linear model's fastest direction grows by ``growth`` at each step of ascent.
  public let stepSize: Double
  /// lambda_max.
  public let growth: Double

  private let law: SmallTransformer
  private let start: Parameters
  private let data: [String: LabelledSequences]
  private let test: LabelledSequences
  private let sizes: [String: Double]
  private let roundedOutputs: Double

  /// Draws the weights, 6 sequences for each stage and 10 for testing; labels are N(0, 1).
  public init(_ law: SmallTransformer, growth: Double, seed: UInt64, workers: Workers = .one) throws {
    let random = RandomGenerator(seed: seed)
    let start = law.weights(random.child(0))
    func draw(_ count: Int, _ index: UInt64) -> LabelledSequences {
      var labels = random.child(index).child(1)
      return LabelledSequences(
        law.sequences(count, random.child(index).child(0)), labels: labels.normalVector(count))
    }
    let learner = OutputLearner(law, weights: start, training: .all, capacity: 10)
    let data = Self.names.indices.map { draw(6, UInt64($0 + 1)) }
    let (test, jacobians) = (draw(10, 9), try data.map(learner.jacobian))
    let testJacobian = try learner.jacobian(test)
    // Half of the way in the fastest direction at each step of training: 2 a kappa_1 / n = 1/2.
    let sizes = try jacobians.map {
      Double($0.columns) / (4 * (try SymmetricEigen.values(of: $0.gram()).last ?? 1))
    }
    kernel = try TangentKernel(forget: jacobians[1], test: testJacobian, workers: workers)
    stepSize = growth * 6 / (2 * kernel.eigenvalues[0])
    linear = try StagedUnlearning(
      Self.names.indices.map { index in
        LinearStage(
          Self.names[index], Examples(features: jacobians[index], labels: data[index].labels),
          trainer: .gradientDescent(steps: Self.trainingSteps, stepSize: sizes[index]))
      }, forgetting: "U", test: testJacobian, stepSize: stepSize, workers: workers)
    paths = [try Path(Self.names), try Path(Self.names.reversed())]
    self.data = Dictionary(uniqueKeysWithValues: zip(Self.names, data))
    self.sizes = Dictionary(uniqueKeysWithValues: zip(Self.names, sizes))
    (self.law, self.growth, self.start, self.test) = (law, growth, start, test)
    var squares = 0.0
    for column in 0..<testJacobian.columns {
      for (row, weight) in start.elements.enumerated() {
        let moved = testJacobian[row, column] * Double(weight)
        squares += moved * moved
      }
    }
    roundedOutputs = RoundingGrowth.rootMeanSquare * 0x1p-24 * squares.squareRoot()
  }

  /// What rounding makes of the difference of two histories' test outputs after t steps of ascent, as a norm over the
  /// sequences: each of `steps` steps of training and ascent rounds all weights anew and independently, which moves F
  /// by alpha J delta. It is an estimate: that later steps of training shrink an error and those of ascent let it grow
  /// is left out.
  public func roundingError(alpha: Double, step: Int) -> Double {
    let steps = Self.names.count * Self.trainingSteps + step
    return alpha * roundedOutputs * (2 * Double(steps)).squareRoot()
  }

  /// F on the forget set and on the test sequences after 0, 1, ... steps of ascent.
  public struct Outputs: Sendable {
    /// Of the sequences to forget.
    public let forget: [Vector]
    /// Of the test sequences.
    public let test: [Vector]
  }

  /// What the engine makes of a path at this output scale: it trains the stages, then unlearns U.
  /// - Throws: `EngineError`.
  public func engine(_ path: Path, alpha: Double, steps: Int) throws -> Outputs {
    let learner = OutputLearner(law, weights: start, training: .all, capacity: 10)
    let origins = try data.mapValues(learner.outputs)
    let testOrigin = try learner.outputs(test)
    func train(_ name: String, _ stepSize: Double, _ steps: Int) throws {
      guard let stage = data[name], let origin = origins[name] else { return }
      try learner.step(on: stage, stepSize: stepSize / (alpha * alpha), steps: steps, scale: (alpha, origin))
    }
    for name in path.stages { try train(name, sizes[name] ?? 0, Self.trainingSteps) }
    var (forget, tested) = ([Vector](), [Vector]())
    for step in 0...steps {
      if step > 0 { try train("U", -stepSize, 1) }
      if let stage = data["U"], let origin = origins["U"] {
        forget.append(alpha * (try learner.outputs(stage) - origin))
      }
      tested.append(alpha * (try learner.outputs(test) - testOrigin))
    }
    return Outputs(forget: forget, test: tested)
  }

  /// The engine's difference of the two orders beside what theory predicts, after 0, 1, ... steps of ascent. Deviations
  /// are norms over the test sequences, relative to the prediction's.
  public struct Comparison: Sendable {
    /// `log d` of the two orders on the engine.
    public let logDistances: [Double]
    /// The same of the linear learner.
    public let linearLogDistances: [Double]
    /// From the linear learner, trained and unlearned in closed form.
    public let linearDeviations: [Double]
    /// From the tangent kernel's prediction, which starts from the engine's outputs before unlearning.
    public let kernelDeviations: [Double]
    /// What rounding makes of the engine's difference, relative to the linear learner's.
    public let roundingDeviations: [Double]
  }

  /// Trains and unlearns on the engine in both orders at this output scale.
  /// - Throws: `EngineError`.
  public func compare(alpha: Double, steps: Int) throws -> Comparison {
    let (one, other) = (
      try engine(paths[0], alpha: alpha, steps: steps), try engine(paths[1], alpha: alpha, steps: steps)
    )
    let differences = zip(one.test, other.test).map { $0 - $1 }
    let closed = try linear.between(paths[0], paths[1])
    let predicted = kernel.divergence(
      forget: one.forget[0] - other.forget[0], test: differences[0], stepSize: stepSize)
    func deviations(_ theory: AscentTrajectory) -> [Double] {
      differences.enumerated().map { step, difference in
        let error = theory.logSquaredNorms(at: CollectionOfOne(step), minus: difference)[0]
        return exp((error - theory.logSquaredNorms(at: CollectionOfOne(step))[0]) / 2)
      }
    }
    let logCount = log(Double(test.count))
    let linearLogs = closed.logDistances(at: 0...steps)
    return Comparison(
      logDistances: differences.map { log($0.dot($0)) - logCount }, linearLogDistances: linearLogs,
      linearDeviations: deviations(closed), kernelDeviations: deviations(predicted),
      roundingDeviations: linearLogs.enumerated().map { step, distance in
        roundingError(alpha: alpha, step: step) / exp((distance + logCount) / 2)
      })
  }
}
