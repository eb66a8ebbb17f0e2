import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite("B1: the exact law")
struct ExactLawTests {
  private static let seeds = Gen.int(in: 0...100_000).map { UInt64($0) }

  @Test func `The law and its envelope on random instances, from the first step to 10^6`() {
    checkProperty("exact law", Self.seeds) { seed in
      let divergence = try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
      let law = try ExactLaw(divergence.trajectory)
      let steps = LogarithmicSteps.upTo(1_000_000)
      let (upper, lower, above, below) = law.check(at: steps)
      try ensure(upper.verdict == .holds && upper.stepsChecked == steps.count, "upper: \(upper)")
      try ensure(lower.verdict == .holds && lower.stepsChecked == steps.count, "lower: \(lower)")
      try ensure(above.verdict != .violated && below.verdict != .violated, "law: \(above), \(below)")
      // rho* is a mean of the rates of the modes that are there.
      guard let theorem = try wideTheorem(seed) else { return }
      try ensure(law.logRate >= log1p(theorem.rhoStar) - 64 * eps * law.logRate, "rho* <= lambda*")
      guard let first = law.overtakes(theorem), first < 1_000_000_000 else { return }
      for step in [first, first + 1, 2 * first + 100] {
        let (mine, paper) = (law.logEnvelope(at: step).lower, theorem.logBound(at: step))
        try ensure(mine >= paper - 64 * eps * (100 + abs(paper)), "overtakes at \(first)")
      }
      if first > 0 { try ensure(law.logEnvelope(at: first - 1).lower < theorem.logBound(at: first - 1), "earlier") }
    }
  }

  @Test func `The first step is the first, for any factor, and rest over law never grows`() {
    checkProperty("first step", zip(Self.seeds, Gen.logUniform(in: 1.0001...1e6))) { seed, factor in
      guard factor > 1 else { return }
      let law = try ExactLaw(PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed)).trajectory, factor: factor)
      guard let first = law.firstStep else { return }
      func share(_ step: Int) -> Double { exp(law.logRest(at: step) - law.logLead(at: step)) }
      let level = 1 - 1 / factor.squareRoot()
      // Logarithms of up to t log(1 + lambda) are rounded.
      let rounding = 16 * eps * (10 + abs(law.logRest(at: first)) + abs(law.logLead(at: first)))
      try ensure(share(first) <= level * (1 + rounding), "reached: \(share(first)) of \(level)")
      if first > 0 { try ensure(share(first - 1) > level * (1 - rounding), "not before") }
      for step in [0, 1, 5, 40, 1000] {
        let rounding = 16 * eps * (10 + abs(law.logRest(at: 2 * step + 1)) + abs(law.logLead(at: 2 * step + 1)))
        try ensure(share(2 * step + 1) <= share(step) * (1 + rounding), "never grows")
      }
    }
  }

  @Test func `The trajectory that is summed by hand lies in the envelope, which is 2 rest(t) wide`() throws {
    // e(t) = (2, 0) + 2^t (1, 0) + 4^t (0, 3) at rates 1 and 3, with amplitudes and e(0) to match.
    let run = AscentTrajectory(
      initial: Vector([3, 3]), directions: Matrix(identity: 2), amplitudes: Vector([1, 3]), growth: [1, 3])
    let law = try ExactLaw(run)
    #expect(abs(law.logRate - log(4)) < 4 * eps && abs(law.logAmplitude - log(3)) < 4 * eps)
    #expect(abs(law.logConstant - log(2)) < 4 * eps)
    // rest = 2 + 2^t against 3 4^t (1 - 1/sqrt 2) = 0.879 4^t: 4 and 3.5 at t = 1, 6 and 14.1 at t = 2.
    #expect(law.firstStep == 2)
    for t in 0...30 {
      let (x, y) = (2 + pow(2, Double(t)), 3 * pow(4, Double(t)))
      let d = log((x * x + y * y) / 2)
      #expect(abs(run.logDistance(at: t) - d) < 1e-13)
      #expect(abs(law.logRest(at: t) - log(x)) < 1e-13 && abs(law.logLead(at: t) - log(y)) < 1e-13)
      let (lower, upper) = law.logEnvelope(at: t)
      #expect(upper >= d && abs(upper - log((x + y) * (x + y) / 2)) < 1e-13)
      // At t = 0 both are 3.
      guard t > 0 else { continue }
      #expect(y > x ? abs(lower - log((y - x) * (y - x) / 2)) < 1e-12 : lower == -.infinity)
    }
    // Two modes of the same rate act as one: c* = (1, 3).
    let twins = AscentTrajectory(
      initial: Vector([1, 3]), directions: Matrix(identity: 2), amplitudes: Vector([1, 3]), growth: [1, 1])
    let twin = try ExactLaw(twins)
    #expect(abs(twin.logAmplitude - log(10) / 2) < 4 * eps && twin.logRest(at: 5) == -.infinity && twin.firstStep == 0)
  }

  @Test func `A law of a wrong rate or amplitude is caught`() throws {
    let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: 1)))
    let run = divergence.trajectory
    let steps = LogarithmicSteps.upTo(100_000)
    let truth = run.logDistances(at: steps)
    for (initial, rate) in [(1.0, 1 + 1e-4), (1.01, 1.0)] {
      let other = AscentTrajectory(
        initial: initial * run.initial, directions: run.directions, amplitudes: initial * run.amplitudes,
        growth: divergence.growth.map { rate * $0 })
      let law = try ExactLaw(other)
      let caught = zip(steps, truth).contains { step, distance in
        let both = law.inequalities(at: step, logDistance: distance)
        return !both.upper.holds || !both.lower.holds
      }
      #expect(caught, "initial \(initial), rate \(rate)")
    }
  }

  @Test func `Where nothing grows there is no law; a factor must exceed 1`() throws {
    let still = AscentTrajectory(
      initial: Vector([1, 2]), directions: Matrix(zeros: 2, 1), amplitudes: Vector([1]), growth: [0.5])
    #expect(throws: HypothesisFailure.self) { try ExactLaw(still) }
    let run = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: 1))).trajectory
    for factor in [1, 0.5, -2, .nan, .infinity] {
      #expect(throws: LinearAlgebraError.self) { try ExactLaw(run, factor: factor) }
    }
  }

  @Test func `The page claims the four inequalities and nothing where the stages commute`() throws {
    let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: 1)))
    let page = try ExactLaw.page(divergence, models: divergence.trainedModels(), steps: 1_000_000)
    #expect(page.verdict == .holds && page.claims.count == 4 && page.statement == .b1)
    let rate = try #require(page.constants.first { $0.symbol == "log(1 + lambda*)" }?.value)
    let observed = try #require(page.constants.first { $0.symbol == "rate(T)" }?.value)
    #expect(abs(observed - rate) < 1e-4 * rate)
    let commuting = try PathDivergence(
      instance(
        a: ([[1, 0, 0]], [1]), b: ([[0, 1, 0]], [2]), forget: ([[1, 1, 1]], [0]), test: [[1, 2, 3]], eta: 0.1))
    let empty = try ExactLaw.page(commuting, models: commuting.trainedModels(), steps: 10)
    #expect(empty.verdict == nil && empty.claims.isEmpty && empty.constants.isEmpty)
  }

  @Test func `Logarithmic steps: each once, ascending, from 0 to the last, up to any Int`() {
    #expect(LogarithmicSteps.upTo(0) == [0] && LogarithmicSteps.upTo(1) == [0, 1])
    #expect(LogarithmicSteps.upTo(7) == Array(0...7))
    for last in [2, 40, 1000, 123_456, 1_000_000, Int.max] {
      let steps = LogarithmicSteps.upTo(last)
      #expect(steps.first == 0 && steps.last == last && zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
      #expect(steps.starts(with: 0...min(last, 10)))
      // 40 a decade: neighbours differ by at most 6 %, and the rounding to whole steps.
      for (one, next) in zip(steps, steps.dropFirst()) {
        let most = 1.0593 * Double(one) + 1.1
        #expect(Double(next) <= most, "\(one), \(next)")
      }
    }
    #expect(LogarithmicSteps.upTo(1_000_000, perDecade: 5).count < 40)
  }
}
