import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems
import Unlearning

@Suite("B4: recency")
struct RecencyTests {
  private static let gen = zip(
    Gen.int(in: 0...1_000_000), Gen.int(in: 1...8), Gen.int(in: 1...40), Gen.int(in: 1...3),
    Gen.int(in: 0...3).array(count: 4), Gen.logUniform(in: 1e-3...1e3))

  /// Stages of any trainer that the theorem covers, the forget stage U first; labels of U as given.
  private static func stages(
    _ seed: Int, _ k: Int, _ d: Int, _ later: Int, _ trainers: [Int], _ strength: Double, labels: Vector? = nil
  ) -> [LinearStage] {
    let generator = RandomGenerator(seed: UInt64(seed))
    return (0...later).map { index in
      let rows = index == 0 ? k : 1 + (seed + 5 * index) % 12
      let features = Matrix(rows: d, columns: rows, random: generator.child(UInt64(index))) { $0.fillNormal($1) }
      var noise = generator.child(UInt64(100 + index))
      let (n, trace) = (Double(rows), pow(frobenius(features), 2))
      let trainer: SpectralFilter
      switch trainers[index] {
      case 0: trainer = .ridge(mu: strength * trace)
      case 1: trainer = .gradientDescent(steps: 1 + index, stepSize: n / (2 * trace) * (index == 0 ? 0.9 : 1.9))
      case 2: trainer = .gradientFlow(time: n / (2 * trace) / strength)
      default: trainer = .interpolation
      }
      let drawn = noise.normalVector(rows)
      return LinearStage(
        index == 0 ? "U" : "stage\(index)", Examples(features: features, labels: index == 0 ? labels ?? drawn : drawn),
        trainer: trainer)
    }
  }

  private static func recency(
    _ stages: [LinearStage], stepSize: Double = 0.001
  ) throws -> (run: StagedUnlearning, recency: Recency) {
    let (test, names) = (stages[0].examples.features, stages.dropFirst().map(\.name))
    let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: stepSize)
    return (run, try Recency(run, retained: Path(names)))
  }

  @Test func `The last position has the smallest label loss at every step, for any later stages and trainers`() {
    checkProperty("recency", count: 500, Self.gen) { seed, k, more, later, trainers, strength in
      let (run, recency) = try Self.recency(Self.stages(seed, k, k + more, later, trainers, strength))
      try ensure(recency.preconditions.allSatisfy(\.holds), "\(recency.preconditions)")
      let steps = LogarithmicSteps.upTo(1_000_000, perDecade: 8)
      let last = recency.positionCount
      let forget = try run.training.map("U").stage
      let leastRemainder = run.span.singularValues.reduce(1) { least, value in
        min(least, forget.trainer.remainder(at: value * value, rows: k))
      }
      try ensure(last == later + 1, "positions")
      for position in 1...last {
        let check = recency.check(position: position, at: steps)
        try ensure(check.verdict == .holds && check.stepsChecked == steps.count, "p = \(position): \(check)")
        for step in [0, 1, 100, 10_000] {
          let (mine, least) = (
            recency.logLabelLoss(position: position, at: step), recency.logLabelLoss(position: last, at: step)
          )
          // Beside rho the diagonal of D R comes with the rounding of its sums, relative to shares of at most 1.
          let sums = slack * Double(later * (k + more + k)) * eps * Double(k).squareRoot()
          let rounding = 2 * sums / leastRemainder + 64 * eps * (1 + abs(least))
          try ensure(least == -.infinity || mine >= least - rounding, "p = \(position), t = \(step): \(mine), \(least)")
        }
      }
    }
  }

  @Test func `The label loss is what models trained on unit labels show, summed over the labels`() {
    checkProperty("meaning", count: 100, Self.gen) { seed, k, more, later, trainers, strength in
      let d = k + more + 10
      let sizes = (seed, k, d, later, trainers, min(max(strength, 0.1), 10))
      func stages(_ labels: Vector) -> [LinearStage] {
        Self.stages(sizes.0, sizes.1, sizes.2, sizes.3, sizes.4, sizes.5, labels: labels)
      }
      let eta = 0.5 * Double(k) / pow(frobenius(stages(Vector(zeros: k))[0].examples.features), 2)
      let (_, recency) = try Self.recency(stages(Vector(zeros: k)), stepSize: eta)
      for position in 1...recency.positionCount {
        let path = try recency.path(position)
        func residual(_ labels: Vector, _ steps: Int) throws -> Vector {
          let run = try Self.recency(stages(labels), stepSize: eta).run
          var theta = try run.training.train(path)
          theta.followGradient(of: run.span.examples, stepSize: eta, steps: steps)
          return -1 * run.span.examples.residual(theta)
        }
        for steps in [0, 3] {
          let base = try residual(Vector(zeros: k), steps)
          var (sum, size) = (0.0, 0.0)
          for index in 0..<k {
            var unit = Vector(zeros: k)
            unit[index] = 1
            let part = try residual(unit, steps)
            sum += pow((part - base).norm, 2)
            size = max(size, part.norm + base.norm + 1)
          }
          let found = exp(recency.logLabelLoss(position: position, at: steps)) * Double(k)
          // Differences of residuals of this size, each after up to four trained stages of some condition.
          let rounding = 1e-8 * size
          try ensure(
            abs(found.squareRoot() - sum.squareRoot()) <= rounding,
            "p = \(position), t = \(steps): \(found), not \(sum)")
        }
      }
    }
  }

  @Test func `Later stages orthogonal to the forget rows change nothing: an equality`() throws {
    func stage(_ name: String, _ rows: [[Double]], _ labels: [Double]) -> LinearStage {
      LinearStage(
        name, Examples(features: Matrix(rows: rows).transposed, labels: Vector(labels)), trainer: .ridge(mu: 0.5))
    }
    let run = try StagedUnlearning(
      [
        stage("U", [[1, 2, 0, 0], [0, 1, 0, 0]], [1, 2]), stage("A", [[0, 0, 3, 1]], [1]),
        stage("B", [[0, 0, 1, 1], [0, 0, 0, 2]], [5, 6]),
      ], forgetting: "U", test: Matrix(identity: 4), stepSize: 0.1)
    let recency = try Recency(run, retained: Path(["A", "B"]))
    for step in [0, 7, 1000] {
      for position in 1...3 {
        let inequality = recency.inequality(position: position, at: step)
        #expect(inequality.holds && inequality.margin < 1e-11)
      }
    }
    // By hand for one row: K = 4, mu = 0.5: (mu/(K + mu))^2.
    let single = try StagedUnlearning(
      [stage("U", [[2, 0, 0, 0]], [1]), stage("A", [[1, 1, 0, 0]], [1])], forgetting: "U", test: Matrix(identity: 4),
      stepSize: 0.1)
    let one = try Recency(single, retained: Path(["A"]))
    #expect(abs(one.logLabelLoss(position: 2, at: 0) - 2 * log(0.5 / 4.5)) < 16 * eps)
    // A takes 1/(2 + 0.5) of (1, 1)(1, 1)': S_U = 4 (1 - 0.4) = 2.4, and 1 - 2.4 / 4.5.
    #expect(abs(one.logLabelLoss(position: 1, at: 0) - 2 * log(1 - 2.4 / 4.5)) < 16 * eps)
    // Each step multiplies by 1 + 2 eta K = 1.8.
    #expect(abs(one.logLabelLoss(position: 1, at: 10) - 2 * log(1 - 2.4 / 4.5) - 20 * log(1.8)) < 64 * eps)
  }

  @Test func `Without its hypotheses the inequality is false: a later ascent, a forget stage that overshoots`() throws {
    func stage(_ name: String, _ row: [Double], _ trainer: SpectralFilter) -> LinearStage {
      LinearStage(name, Examples(features: Matrix(rows: [row]).transposed, labels: Vector([1])), trainer: trainer)
    }
    func recency(_ first: SpectralFilter, _ second: SpectralFilter) throws -> Recency {
      let run = try StagedUnlearning(
        [stage("U", [1, 0], first), stage("A", [1, 0], second)], forgetting: "U", test: Matrix(identity: 2),
        stepSize: 0.1)
      return try Recency(run, retained: Path(["A"]))
    }
    let good = try recency(.ridge(mu: 1), .ridge(mu: 1))
    #expect(good.preconditions.allSatisfy(\.holds) && good.inequality(position: 1, at: 5).holds)
    // A later ascent by a half makes G = 1.5 in that direction: what was learned of the label grows towards it.
    let ascent = try recency(.ridge(mu: 1), .gradientAscent(steps: 1, stepSize: 0.25))
    #expect(!ascent.preconditions[1].holds && !ascent.inequality(position: 1, at: 5).holds)
    // A forget stage that overshoots by a half (share 1.5) is mended by what comes later.
    let overshoot = try recency(.gradientDescent(steps: 1, stepSize: 0.75), .gradientDescent(steps: 1, stepSize: 0.1))
    #expect(!overshoot.preconditions[0].holds && !overshoot.inequality(position: 1, at: 5).holds)
  }

  @Test func `The position of least loss is read off real runs`() {
    checkProperty("least loss", count: 30, Gen.int(in: 0...100_000)) { seed in
      let (stages, test) = RandomStages().draw(RandomGenerator(seed: UInt64(seed)))
      let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
      let recency = try Recency(run, retained: Path(["inst", "tofu", "math"]))
      let found = try recency.leastLoss(at: [0, 5])
      for (index, steps) in [0, 5].enumerated() {
        let losses = try (1...4).map { position -> Double in
          var theta = try run.training.train(recency.path(position))
          theta.followGradient(of: run.span.examples, stepSize: 0.01, steps: steps)
          return run.span.examples.loss(theta)
        }
        try ensure(losses[found[index] - 1] <= (losses.min() ?? 0) * (1 + 1e-9), "\(found), \(losses)")
      }
    }
  }

  @Test func `pages say what was found`() {
    var seen: Set<String> = []
    checkProperty("page", count: 150, zip(Gen.int(in: 0...100_000).map { UInt64($0) }, Gen.int(in: 0...3))) {
      seed, position in
      let instance = try wideInstance(seed, position) { _ in 3 }
      let divergence = try PathDivergence(instance)
      let page = try Recency.page(divergence, models: divergence.trainedModels(), steps: 10_000)
      try ensure(page.verdict != .violated, "\(page)")
      try ensure((page.verdict == nil) == (instance.forgottenStage == nil), "\(page.preconditions)")
      // U has three places among A and B in either order; all of A or B two places beside the other.
      if let stage = instance.forgottenStage {
        try ensure(page.claims.count == (stage == "U" ? 4 : 1), "\(page.claims)")
      }
      seen.insert(instance.forgottenStage ?? "-")
    }
    #expect(seen == ["U", "A", "B", "-"])
  }
}
