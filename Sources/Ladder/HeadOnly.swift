import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Transformer
import Unlearning

/// Rung 1 of the ladder: a frozen transformer under a linear head with squared loss *is* a linear learner, whose
/// features are the final hidden states. So the engine's own gradient steps in FP32 must follow the closed forms in
/// Double.
///
/// The stages inst, U and tofu are learned with the head alone from 0, in two orders, then U is unlearned by gradient
/// ascent. ``theory`` knows nothing of the engine but the features.
public struct HeadOnly: Sendable {
  /// How a stage is trained.
  public enum Trainer: Sendable {
    /// Descent on `||X theta - y||^2 + mu ||theta - theta_prev||^2` until FP32 has no more digits of its minimiser.
    case proximal(mu: Double)
    /// This many steps of gradient descent on the mean of squares.
    case descent(steps: Int, stepSize: Double)

    /// The same as a filter of the spectrum.
    public var filter: SpectralFilter {
      switch self {
      case .proximal(let mu): .ridge(mu: mu)
      case .descent(let steps, let stepSize): .gradientDescent(steps: steps, stepSize: stepSize)
      }
    }
  }

  /// The stages' names, in the order of one path; the other is reversed.
  public static let names = ["inst", "U", "tofu"]

  /// The linear learner on the features that the engine gives.
  public let theory: StagedUnlearning
  /// eta, an FP32 number.
  public let stepSize: Double
  /// The two orders.
  public let paths: [Path]
  /// The trainer of every stage.
  public let trainer: Trainer

  private let law: SmallTransformer
  private let start: Parameters
  private let data: [String: LabelledSequences]

  /// Draws the transformer, 10 sequences for each retained stage, 6 to forget and 10 for testing; labels are
  /// `X theta* + 0.5 N(0, 1)`, `theta* ~ N(0, I / C)`.
  /// - Parameter growth: lambda_max, by which the fastest direction grows at each step of ascent; it decides eta.
  public init(_ law: SmallTransformer, trainer: Trainer, growth: Double = 0.1, seed: UInt64) throws {
    let random = RandomGenerator(seed: seed)
    let start = law.weights(random.child(0))
    start[TensorName.head]?.update(repeating: 0)
    let (retained, forgotten, tested) = (10, 6, 10)
    let learner = OutputLearner(law, weights: start, training: .head, capacity: max(retained, tested))
    func draw(_ count: Int, _ index: UInt64) throws -> LabelledSequences {
      let sequences = law.sequences(count, random.child(index).child(0))
      var (truth, noise) = (random.child(1), random.child(index).child(1))
      let width = law.model.hiddenSize
      let theta = (1 / Double(width).squareRoot()) * truth.normalVector(width)
      let unlabelled = LabelledSequences(sequences, labels: Vector(zeros: count))
      var labels = try learner.examples(unlabelled).predictions(theta)
      labels.add(0.5, noise.normalVector(count))
      return LabelledSequences(sequences, labels: labels)
    }
    var data: [String: LabelledSequences] = [:]
    for (index, name) in Self.names.enumerated() {
      data[name] = try draw(name == "U" ? forgotten : retained, UInt64(index + 2))
    }
    let stages = try Self.names.compactMap { name in
      try data[name].map { LinearStage(name, try learner.examples($0), trainer: trainer.filter) }
    }
    let test = try learner.examples(draw(tested, 9)).features
    let largest = try ForgetSpan(stages[1].examples).singularValues[0]
    let stepSize = Double(Float(growth * Double(forgotten) / (2 * largest * largest)))
    theory = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: stepSize)
    paths = [try Path(Self.names), try Path(Self.names.reversed())]
    (self.law, self.start, self.data, self.trainer, self.stepSize) = (law, start, data, trainer, stepSize)
  }

  /// What the engine makes of a path: the head's row after training and after each of `steps` steps of ascent on U.
  /// - Throws: `EngineError`.
  public func engine(_ path: Path, steps: Int) throws -> [Vector] {
    let learner = OutputLearner(law, weights: start, training: .head, capacity: 10)
    for name in path.stages { try train(learner, name) }
    guard let forget = data["U"] else { return [] }
    var models = [learner.headRow]
    for _ in 0..<steps {
      try learner.step(on: forget, stepSize: -stepSize)
      models.append(learner.headRow)
    }
    return models
  }

  private func train(_ learner: OutputLearner, _ name: String) throws {
    guard let stage = data[name] else { return }
    switch trainer {
    case .descent(let steps, let stepSize): try learner.step(on: stage, stepSize: stepSize, steps: steps)
    case .proximal(let mu):
      // The curvature lies between 2 mu and 2 (lambda_max + mu) <= 2 (trace + mu): a step of one over their mean
      // shrinks the distance to the minimiser by trace / (trace + 2 mu), and 2^-30 of it is nothing beside rounding.
      let trace = try theory.training.map(name).gramTrace
      let steps = Int((30 * M_LN2 / log1p(2 * mu / trace)).rounded(.up))
      try learner.step(
        on: stage, stepSize: 1 / (trace + 2 * mu), steps: steps, factor: 1,
        proximal: ProximalTerm(mu: mu, center: learner.weights))
    }
  }

  /// The engine's models of a path beside the exact ones.
  public struct Comparison: Sendable {
    /// theta_t of the engine and in closed form, for t = 0, 1, 2, ...
    public let (engine, exact): ([Vector], [Vector])
    /// `||e_t|| / ||theta_t||` for the error e_t of the engine's model: measured, bound and typical.
    public let whole: (measured: [Double], bound: [Double], typical: [Double])
    /// The same in the slowest eigendirection v of `M_U`, relative to the size of what grows there,
    /// `|v' (theta_0 - theta*)| (1 + lambda_min)^t`.
    public let slowest: (measured: [Double], bound: [Double], typical: [Double])
    /// For each eigendirection the measured error after all steps over the typical one.
    public let finalRatios: [Double]
  }

  /// Runs a path on the engine and compares every step.
  /// - Throws: `EngineError`, and what `StagedTraining` throws.
  public func compare(_ path: Path, steps: Int) throws -> Comparison {
    let (engine, span) = (try engine(path, steps: steps), theory.span)
    let start = try theory.training.train(path)
    let exact = (0...steps).map { span.ascend(start, stepSize: stepSize, steps: $0) }
    let rounding = RoundingGrowth(span, from: start, error: engine[0] - start, stepSize: stepSize, steps: steps)
    let errors = zip(engine, exact).map { found, exact in
      let error = found - exact
      return RoundingGrowth.Errors(whole: error.norm, modes: span.coordinates(error).elements.map(abs))
    }
    let last = span.count - 1
    let (amplitude, rate) = (abs(span.ascentAmplitudes(start)[last]), theory.growth[last])
    func whole(_ errors: [RoundingGrowth.Errors]) -> [Double] { zip(errors, exact).map { $0.whole / $1.norm } }
    func slowest(_ errors: [RoundingGrowth.Errors]) -> [Double] {
      errors.enumerated().map { $1.modes[last] / (amplitude * pow(1 + rate, Double($0))) }
    }
    return Comparison(
      engine: engine, exact: exact, whole: (whole(errors), whole(rounding.bound), whole(rounding.typical)),
      slowest: (slowest(errors), slowest(rounding.bound), slowest(rounding.typical)),
      finalRatios: zip(errors[steps].modes, rounding.typical[steps].modes).map { $0 / $1 })
  }

  /// `log d` of the RE distance between two models.
  public func logDistance(_ one: Vector, _ other: Vector) -> Double {
    let outputs = theory.test.transposeTimes(one - other)
    return log(outputs.dot(outputs) / Double(outputs.count))
  }
}
