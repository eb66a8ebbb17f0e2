import Core
import Glibc
import LinearAlgebra
import Transformer
import Unlearning

/// Rung 2 of the ladder: last in, first out for all weights of a transformer.
///
/// Each stage minimises `L(theta) + mu ||theta - theta_prev||^2`, L the mean negative log-likelihood. At the minimiser
/// theta_0 of the last stage U the gradient vanishes, `grad L_U(theta_0) + 2 mu (theta_0 - theta_r) = 0`, theta_r being
/// the model before it, which is the model retrained without U. So one step of gradient ascent with `eta = 1 / (2 mu)`,
///
///     theta_0 + eta grad L_U(theta_0) = theta_0 - (theta_0 - theta_r) = theta_r,
///
/// gives it back: training was an implicit Euler step, of which ascent is the inverse. Nothing is asked of L but a
/// gradient. (With a sum of squares, whose mean over k rows ascent follows, the same step is `k / (2 mu)`.) Where
/// training stopped at a gradient `e` instead of 0, the step ends at `theta_r + e / (2 mu)`: the distance is
/// `||e|| / (2 mu)`, and after a step of a fraction s of eta `||(1 - s) (theta_0 - theta_r) + s e / (2 mu)||`. Where U
/// came earlier, its gradient at the final model has no such meaning.
public struct LastInFirstOutNetwork: Sendable {
  /// The retained stages; U is inserted at one of the positions 1 to 4.
  public static let retained = ["inst", "tofu", "math"]

  /// mu of every stage.
  public let mu: Double
  /// The stopping rule of every stage.
  public let minimiser: LBFGS

  private let law: SmallTransformer
  private let start: Parameters
  private let batches: [String: Batch]
  private let test: Batch

  /// Draws the weights, 4 sequences for each stage and 8 for testing.
  public init(_ law: SmallTransformer, mu: Double, minimiser: LBFGS, seed: UInt64) {
    let random = RandomGenerator(seed: seed)
    (self.law, self.mu, self.minimiser) = (law, mu, minimiser)
    start = law.weights(random.child(0))
    let names = Self.retained + ["U"]
    batches = Dictionary(
      uniqueKeysWithValues: names.enumerated().map { index, name in
        (name, Batch(law.sequences(4, random.child(UInt64(index + 1)))))
      })
    test = Batch(law.sequences(8, random.child(9)))
  }

  /// What a path's training gave.
  public enum History: Sendable {
    /// Every stage ended at a stationary point; one for each stage, in the path's order.
    case trained([StationaryPoint])
    /// A stage did not reach its tolerance, of which nothing follows.
    case unfinished(stage: String, reached: LBFGS.Result)
  }

  /// Trains the stages of a path, whose names are ``retained`` and U.
  /// - Throws: `EngineError`, and `PathError` for another stage.
  public func train(_ path: Path) throws -> History {
    let stage = ProximalStage(law.engine(sequences: 8), mu: mu, minimiser: minimiser)
    var points: [StationaryPoint] = []
    for name in path.stages {
      guard let batch = batches[name] else { throw PathError.unknownStage(name, path: path) }
      switch try stage.train(batch, from: points.last?.weights ?? start) {
      case .stationary(let point): points.append(point)
      case .unfinished(let reached): return .unfinished(stage: name, reached: reached)
      }
    }
    return .trained(points)
  }

  /// How far a model is from another.
  public struct Distance: Sendable {
    /// `||theta - theta'||` over all weights.
    public let parameters: Double
    /// The RE distance of the log-likelihoods that they give the test tokens, `(1/m) sum (difference)^2`, in nats
    /// squared.
    public let predictions: Double
  }

  /// The distance of all weights to theta_prev after one step of a fraction s of eta from a stage's stationary point,
  /// by the theorem: `sqrt(((1 - s) ||theta - theta_prev||)^2 + (s ||e|| / (2 mu))^2)`.
  ///
  /// The direction of e, the gradient that training left, is rounding's, and taken to be at right angles to what
  /// training moved; whatever it is, the distance lies between the difference and the sum of the two terms.
  public func predictedDistance(after fraction: Double, from point: StationaryPoint) -> Double {
    hypot(
      (1 - fraction) * point.weights.distance(to: point.center), fraction * point.reached.gradientNorm / (2 * point.mu))
  }

  /// The distances to `target` after 0, 1, ..., `steps` steps of gradient ascent on L_U, each of `fraction / (2 mu)`.
  /// It ends early where log-likelihoods stop being finite.
  /// - Throws: `EngineError`.
  public func ascend(
    from model: StationaryPoint, towards target: Parameters, fraction: Double, steps: Int
  ) throws -> [Distance] {
    guard let forget = batches["U"] else { return [] }
    let (engine, weights) = (law.engine(sequences: 8), Parameters(copying: model.weights))
    let stage = ProximalStage(engine, mu: mu, minimiser: minimiser)
    let (gradients, optimizer) = (Parameters(layout: weights.layout), SGD())
    try engine.score(test, weights: target)
    let expected = Array(engine.tokenLogLikelihoods)
    func distance() throws -> Distance {
      try engine.score(test, weights: weights)
      let sum = zip(engine.tokenLogLikelihoods, expected).reduce(0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      return Distance(
        parameters: weights.distance(to: target), predictions: sum / Double(test.answerTokenCount))
    }
    var distances = [try distance()]
    for _ in 0..<steps {
      do {
        _ = try stage.loss(forget, weights, into: gradients)
      } catch EngineError.notFinite { break }
      optimizer.step(weights, gradients: gradients, learningRate: -fraction / (2 * mu), workers: .one)
      let next = try distance()
      guard next.predictions.isFinite else { break }
      distances.append(next)
    }
    return distances
  }
}

extension Parameters {
  /// `||theta - theta'||`, summed in Double.
  public func distance(to other: Parameters) -> Double {
    zip(elements, other.elements).reduce(0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }.squareRoot()
  }
}
