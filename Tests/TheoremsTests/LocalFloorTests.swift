import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems
import Unlearning

@Suite("B2: a floor for every local algorithm")
struct LocalFloorTests {
  /// A history: the model before unlearning, the model to reach, the forget set and the test set.
  private struct History {
    let start: Vector
    let retrained: Vector
    let span: ForgetSpan
    let test: Matrix
    let floor: LocalFloor

    init(_ run: StagedUnlearning, _ path: Path) throws {
      start = try run.training.train(path)
      retrained = try run.training.retrain(path, forgetting: run.forget)
      (span, test) = (run.span, run.test)
      floor = try LocalFloor(run.towardsRetrained(path))
    }

    /// The claim for a model that was reached by moves of this total length, from the parameters themselves.
    func check(_ theta: Vector, moved: Double, _ what: String) throws {
      let d = test.transposeTimes(theta - retrained).norm
      // Each move X_U' c is rounded by k eps of its length, and the predictions by d eps.
      let rounding =
        8 * eps * Double(theta.count + span.count) * frobenius(test)
        * (start.norm + retrained.norm + span.condition * moved)
      let root = (floor.floor * Double(test.columns)).squareRoot()
      try ensure(d + rounding + floor.roundingLevel >= root, "\(what): \(d) below \(root), rounding \(rounding)")
    }
  }

  private static let gen = zip(
    Gen.int(in: 0...1_000_000), Gen.int(in: 1...4), Gen.int(in: 1...9), Gen.int(in: 0...30), Gen.int(in: 0...40))

  private static func history(_ seed: Int, _ position: Int, _ k: Int, _ moreTest: Int, _ moreFeatures: Int) throws
    -> History
  {
    var law = RandomStages()
    (law.forgetRows, law.testRows, law.dimension) = (k, k + 1 + moreTest, k + 2 + moreFeatures)
    law.rows = 1 + seed % 15
    let (stages, test) = law.draw(RandomGenerator(seed: UInt64(seed)))
    let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
    return try History(run, Path(["inst", "tofu", "math"]).inserting("U", at: position))
  }

  @Test func `No local algorithm gets below the floor: random, greedy, adaptive, NPO-like, and one that knows theta_r`()
  {
    checkProperty("floor", Self.gen) { drawn in
      let (seed, position, k, more, features) = drawn
      let history = try Self.history(seed, position, k, more, features)
      let forget = history.span.examples
      var generator = RandomGenerator(seed: UInt64(seed)).child(77)
      let sizes = history.span.singularValues
      let safe = Double(k) / (2 * sizes[0] * sizes[0])
      // Each takes the residual and the step and returns how much of each row to add.
      let npo = { (r: Vector, t: Int) in Vector(r.elements.map { 2 * safe / Double(k) * 2 * $0 / (1 + exp($0 * $0)) }) }
      var best = history.test.transposeTimes(history.start - history.retrained)
      let algorithms: [(String, (Vector, Vector, Int) -> Vector)] = [
        ("ascent", { _, r, _ in (0.1 * 2 * safe / Double(k)) * r }),
        ("descent", { _, r, _ in (-2 * safe / Double(k)) * r }),
        ("npo", { _, r, t in npo(r, t) }),
        ("sign", { _, r, _ in Vector(r.elements.map { 0.01 * ($0 < 0 ? -1 : 1) }) }),
        ("random", { _, r, _ in generator.normal() * generator.normalVector(r.count) }),
        (
          "adaptive",
          { theta, r, t in
            let g = forget.features.times(r).norm
            return (1 / ((1 + g) * Double(t + 1))) * r
          }
        ),
        (
          // Told theta_r and the test set: exact minimisation along one row after the other.
          "informed",
          { theta, _, t in
            var c = Vector(zeros: k)
            let row = forget.features.column(t % k)
            let (seen, error) = (
              history.test.transposeTimes(row), history.test.transposeTimes(theta - history.retrained)
            )
            c[t % k] = -seen.dot(error) / seen.dot(seen)
            best = error
            return c
          }
        ),
      ]
      for (name, coefficients) in algorithms {
        var (theta, moved) = (history.start, 0.0)
        for t in 0..<(name == "informed" ? 40 * k : 12) {
          let move = forget.features.times(coefficients(theta, -1 * forget.residual(theta), t))
          theta.add(1, move)
          moved += move.norm
          try history.check(theta, moved: moved, "\(name) at \(t)")
        }
      }
      try ensure(best.isFinite, "the informed algorithm ran")
    }
  }

  @Test func `The floor is attained: its best move in the parameters leads to it`() {
    checkProperty("attained", Self.gen) { drawn in
      let history = try Self.history(drawn.0, drawn.1, drawn.2, drawn.3, drawn.4)
      let move = history.span.combination(history.floor.bestMove)
      let theta = history.start + move
      let d = history.test.transposeTimes(theta - history.retrained).norm
      let rounding =
        8 * eps * Double(theta.count + history.span.count) * frobenius(history.test)
        * (history.start.norm + history.retrained.norm + move.norm)
      try ensure(abs(d - history.floor.residualNorm) <= rounding, "\(d), \(history.floor.residualNorm), \(rounding)")
      // The normal equations: no direction of the span leads lower.
      let error = history.test.transposeTimes(theta - history.retrained)
      for column in 0..<history.floor.run.directions.columns {
        let direction = history.floor.run.directions.column(column)
        let slope = abs(direction.dot(error))
        try ensure(slope <= 16 * direction.norm * (rounding + eps * Double(error.count) * error.norm), "slope \(slope)")
      }
    }
  }

  @Test func `Positive where U came early and m > k, zero where it came last or m <= k; sigma ||u|| is below it`() {
    checkProperty("positive", Self.gen) { drawn in
      let (seed, position, k, more, features) = drawn
      let history = try Self.history(seed, position, k, more, features)
      let moved = history.start - history.retrained
      let bound = try history.floor.positivity(of: moved, history.span, test: history.test)
      try ensure(bound?.holds ?? true, "\(String(describing: bound))")
      if position == 4 {
        let size = history.start.norm + history.retrained.norm
        let level = 64 * eps * Double(moved.count) * size * frobenius(history.test)
        try ensure(history.floor.residualNorm <= level + history.floor.roundingLevel, "last in: \(history.floor.floor)")
      } else {
        try ensure(bound != nil && history.floor.floor > 0, "positive: \(String(describing: bound))")
      }
    }
    // m = k: every prediction is within reach.
    checkProperty("m <= k", count: 20, Gen.int(in: 0...1000)) { seed in
      var law = RandomStages()
      law.testRows = law.forgetRows - seed % 2
      let (stages, test) = law.draw(RandomGenerator(seed: UInt64(seed)))
      let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
      let floor = try LocalFloor(run.towardsRetrained(Path(["U", "inst", "tofu", "math"])))
      try ensure(floor.floor == 0 && floor.logFloor == -.infinity, "\(floor.residualNorm)")
    }
  }

  @Test func `A floor computed by hand, and a model below it`() throws {
    // X_test u = (0, 2) off the range of F = (1, 0)': m = 2, floor = 4 / 2.
    let run = AscentTrajectory(
      initial: Vector([5, 2]), directions: Matrix(rows: [[1], [0]]), amplitudes: Vector([1]), growth: [0.5])
    let floor = try LocalFloor(run)
    #expect(abs(floor.floor - 2) < 8 * eps && abs(floor.bestMove[0] + 5) < 16 * eps)
    let (check, least) = floor.checkInformed(sweeps: 3)
    #expect(check.verdict == .holds && check.stepsChecked == 4 && abs(least - log(2)) < 8 * eps)
    // A model below the floor is a violation.
    #expect(!floor.inequality(logDistance: log(1.999)).holds && floor.inequality(logDistance: log(2.001)).holds)
    var broken = StepwiseCheck()
    broken.record(0, floor.inequality(logDistance: log(1.999)))
    #expect(broken.verdict == .violated)
  }

  @Test func `Pages on instances of every origin`() {
    checkProperty("page", count: 120, Gen.int(in: 0...100_000).map { UInt64($0) }) { seed in
      let instance = try Sweep(.wide, steps: 0).instance(seed: seed)
      let divergence = try PathDivergence(instance)
      let models = try divergence.trainedModels()
      let page = try LocalFloor.page(divergence, models: models, steps: 1000)
      let pair = try RetrainedPair(divergence, models)
      try ensure(page.preconditions[0].holds == (pair != nil), "\(page.preconditions)")
      try ensure(page.verdict != .violated, "\(page)")
      if page.verdict != nil {
        try ensure(page.claims.count == 6, "\(page.claims)")
      } else {
        try ensure(page.claims.isEmpty && page.preconditions.contains { !$0.holds }, "\(page)")
      }
    }
  }
}
