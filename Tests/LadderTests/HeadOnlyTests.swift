import Core
import Foundation
import LinearAlgebra
import StagedLearners
import Testing
import Unlearning

@testable import Ladder
@testable import Transformer

@Suite("Rung 1: a linear head on a frozen transformer")
struct HeadOnlyTests {
  static let trainers: [HeadOnly.Trainer] = [.proximal(mu: 8), .descent(steps: 100, stepSize: 0.02)]
  static let seeds: [UInt64] = [1, 2, 3]

  static func run(_ trainer: HeadOnly.Trainer, _ seed: UInt64) throws -> HeadOnly {
    try HeadOnly(SmallTransformer(), trainer: trainer, seed: seed)
  }

  @Test(arguments: trainers.indices, seeds)
  func `the engine trains and ascends as the closed forms say`(index: Int, seed: UInt64) throws {
    let run = try Self.run(Self.trainers[index], seed)
    var models: [[Vector]] = []
    for path in run.paths {
      let found = try run.compare(path, steps: 200)
      #expect(found.engine.count == 201)
      // The requirement, and what no rounding exceeds. At step 0 the error is that of training, of either kind.
      #expect(found.whole.measured.allSatisfy { $0 < 1e-4 })
      for step in 0...200 {
        #expect(found.whole.measured[step] <= found.whole.bound[step], "\(path) step \(step)")
        #expect(found.slowest.measured[step] <= found.slowest.bound[step], "\(path) step \(step)")
      }
      #expect(found.exact[0] == (try run.theory.training.train(path)))
      #expect(found.exact[200].norm > 1e5 * found.exact[0].norm)
      models.append(found.engine)
    }
    let closed = try run.theory.between(run.paths[0], run.paths[1]).logDistances(at: 0...200)
    for step in 0...200 {
      // log d is twice the logarithm of a norm.
      #expect(abs(run.logDistance(models[0][step], models[1][step]) - closed[step]) < 2e-4, "step \(step)")
    }
  }

  /// Over 6 directions, 2 paths and 3 seeds the mean square of errors over typical errors is chi-squared of 36 degrees
  /// over 36, whose quantiles of 10^-6 are 0.495 and 1.595 squared.
  @Test(arguments: trainers.indices)
  func `errors after 200 steps are as large as independent roundings make them`(index: Int) throws {
    var ratios: [Double] = []
    for seed in Self.seeds {
      let run = try Self.run(Self.trainers[index], seed)
      for path in run.paths { ratios += try run.compare(path, steps: 200).finalRatios }
    }
    #expect(ratios.count == 36)
    let root = (ratios.reduce(0) { $0 + $1 * $1 } / 36).squareRoot()
    #expect((0.495...1.595).contains(root), "\(root)")
  }

  @Test func `relative to the model rounding grows linearly, relative to the slowest direction exponentially`() throws {
    let run = try Self.run(.proximal(mu: 8), 1)
    let (start, span) = (try run.theory.training.train(run.paths[0]), run.theory.span)
    let rounding = RoundingGrowth(
      span, from: start, error: Vector(zeros: start.count), stepSize: run.stepSize, steps: 500)
    let (fastest, slowest) = (run.theory.growth[0], run.theory.growth[5])
    func bound(_ step: Int) -> Double { rounding.bound[step].whole / pow(1 + fastest, Double(step)) }
    // Once theta is its fastest part, each step adds the same. After 300 steps the next direction is smaller by
    // (1.083 / 1.1)^300 = 0.009, times the ratio of amplitudes.
    let (early, late) = (bound(350) - bound(300), bound(500) - bound(450))
    #expect(abs(late / early - 1) < 0.01)
    for step in [200, 300] {
      let ratio = rounding.typical[step + 100].modes[5] / rounding.typical[step].modes[5]
      #expect(abs(ratio / pow(1 + fastest, 100) - 1) < 0.01)
    }
    // The slowest direction itself grows by 1 + lambda_min only.
    #expect(slowest < fastest / 2)
    for (bound, typical) in zip(rounding.bound, rounding.typical).dropFirst() {
      #expect(typical.whole < bound.whole && zip(typical.modes, bound.modes).allSatisfy { $0 < $1 })
    }
  }

  @Test func `the root mean square of rounding is that of numbers rounded`() {
    var random = RandomGenerator(seed: 1)
    var sum = 0.0
    let count = 200_000
    for _ in 0..<count {
      // Logarithmic mantissas.
      let x = exp2(8 * random.uniform())
      let error = (Double(Float(x)) - x) / x
      sum += error * error
    }
    // Of n squares of relative deviation s = sqrt(kurtosis - 1) < 1.1 the mean is right to 5 s / sqrt(n) = 1.2 %.
    #expect(abs((sum / Double(count)).squareRoot() / (RoundingGrowth.rootMeanSquare * 0x1p-24) - 1) < 0.012)
    #expect(abs(RoundingGrowth.rootMeanSquare - 1 / (8 * log(2.0)).squareRoot()) < 1e-15)
  }

  @Test func `training the head leaves every other weight as it was, to the bit`() throws {
    let law = try SmallTransformer()
    let weights = law.weights(RandomGenerator(seed: 1))
    let learner = OutputLearner(law, weights: weights, training: .head, capacity: 5)
    let data = LabelledSequences(law.sequences(5, RandomGenerator(seed: 2)), labels: Vector([1, -2, 3, 0, 5]))
    let (features, before) = (try learner.examples(data), learner.headRow)
    try learner.step(on: data, stepSize: 0.01, proximal: ProximalTerm(mu: 0.5, center: weights))
    let head = try #require(weights.layout["lm_head.weight"]).range
    let width = law.model.hiddenSize
    for (index, pair) in zip(learner.weights.elements, weights.elements).enumerated() {
      #expect(head.prefix(width).contains(index) || pair.0 == pair.1)
    }
    // One step is a step of the linear learner on the features.
    var expected = before
    expected.add(-0.01, features.gradient(before))
    #expect((learner.headRow - expected).norm < 1e-6 * expected.norm)
    #expect((try learner.outputs(data) - features.predictions(learner.headRow)).norm < 1e-5 * expected.norm * 8)
  }
}
