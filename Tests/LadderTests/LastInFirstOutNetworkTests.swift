import Core
import LinearAlgebra
import Testing
import Unlearning

@testable import Ladder
@testable import Transformer

@Suite("Rung 2: last in, first out for a whole network")
struct LastInFirstOutNetworkTests {
  static let mu = 0.1
  static let tolerance = 4e-6

  static func network(_ seed: UInt64, evaluations: Int = 2000) throws -> LastInFirstOutNetwork {
    LastInFirstOutNetwork(
      try SmallTransformer(vocabulary: 32, length: 6), mu: mu,
      minimiser: LBFGS(tolerance: tolerance, evaluations: evaluations), seed: seed)
  }

  static func trained(_ history: LastInFirstOutNetwork.History) throws -> [StationaryPoint] {
    guard case .trained(let points) = history else {
      throw LastInFirstOutError(what: "a stage did not reach its tolerance")
    }
    return points
  }

  struct LastInFirstOutError: Error { let what: String }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `the last stage is undone by one step, no earlier one by any`(seed: UInt64) throws {
    let network = try Self.network(seed)
    let retained = try Path(LastInFirstOutNetwork.retained)
    let last = try Self.trained(network.train(retained.inserting("U", at: 4)))
    let (model, target) = (last[3], last[2].weights)
    #expect(zip(model.center.elements, target.elements).allSatisfy { $0 == $1 })
    let moved = model.weights.distance(to: target)
    #expect(moved > 1)
    // The step rounds each weight once.
    let norm = model.weights.elements.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    for fraction in [0.5, 0.99, 1, 1.01, 2] {
      let distances = try network.ascend(from: model, towards: target, fraction: fraction, steps: 1)
      #expect(distances[0].parameters == moved)
      let (toGo, left) = (abs(1 - fraction) * moved, fraction * model.reached.gradientNorm / (2 * Self.mu))
      let rounding = 0x1p-24 * (norm + 2 * fraction * moved)
      #expect(distances[1].parameters <= toGo + left + rounding, "\(fraction)")
      #expect(distances[1].parameters >= abs(toGo - left) - rounding, "\(fraction)")
      #expect(
        abs(network.predictedDistance(after: fraction, from: model) - distances[1].parameters)
          <= min(toGo, left) + rounding)
    }
    let undone = try network.ascend(from: model, towards: target, fraction: 1, steps: 1)
    #expect(undone[1].parameters < Self.tolerance / (2 * Self.mu) * 1.2)
    // Log-likelihoods go back as far as weights do: those of a square of it.
    #expect(undone[1].predictions < 1e-8 * undone[0].predictions)
    for position in 1...3 {
      let points = try Self.trained(network.train(retained.inserting("U", at: position)))
      for fraction in [0.001, 0.01, 0.1, 0.5, 1, 2] {
        for distance in try network.ascend(from: points[3], towards: target, fraction: fraction, steps: 16) {
          #expect(distance.parameters > 1000 * undone[1].parameters)
          #expect(distance.predictions > 1e6 * undone[1].predictions)
        }
      }
    }
  }

  /// The gradient that is said to vanish, put together from its parts in Double.
  @Test func `a stationary point is one`() throws {
    let law = try SmallTransformer(vocabulary: 32, length: 6)
    let (start, batch) = (law.weights(RandomGenerator(seed: 4)), Batch(law.sequences(4, RandomGenerator(seed: 5))))
    let engine = law.engine(sequences: 4)
    let stage = ProximalStage(engine, mu: Self.mu, minimiser: LBFGS(tolerance: Self.tolerance))
    guard case .stationary(let point) = try stage.train(batch, from: start) else {
      Issue.record("not stationary")
      return
    }
    #expect(zip(point.center.elements, start.elements).allSatisfy { $0 == $1 })
    let gradients = Parameters(layout: start.layout)
    let loss = try stage.loss(batch, point.weights, into: gradients)
    var (squares, pull) = (0.0, 0.0)
    for index in start.elements.indices {
      let difference = Double(point.weights.elements[index]) - Double(start.elements[index])
      let whole = Double(gradients.elements[index]) + 2 * Self.mu * difference
      squares += whole * whole
      pull += difference * difference
    }
    // The term rounds the sum of both to FP32, in which they cancel.
    #expect(squares.squareRoot() <= Self.tolerance * (1 + 1e-3))
    #expect(abs(point.reached.value - (loss + Self.mu * pull)) < 1e-6)
    // And something was learned.
    #expect(loss < (try stage.loss(batch, start, into: gradients)) / 2)
  }

  @Test func `training that did not reach its tolerance is unfinished, and there is no point to claim anything of`()
    throws
  {
    let path = try Path(LastInFirstOutNetwork.retained).inserting("U", at: 4)
    guard case .unfinished(let stage, let reached) = try Self.network(1, evaluations: 10).train(path) else {
      Issue.record("10 gradients are not enough")
      return
    }
    #expect(stage == "inst")
    #expect(!reached.isStationary && reached.gradientNorm > Self.tolerance)
    #expect(throws: PathError.self) { try Self.network(1, evaluations: 10).train(Path(["art"])) }
  }
}
