import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite("Weakly local unlearning (B5)")
struct WeaklyLocalTests {
  private static let seeds = Gen.int(in: 0...100_000).map { UInt64($0) }

  private func divergence(_ seed: UInt64) throws -> PathDivergence {
    try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
  }

  /// An instance with a window between the thresholds: many retain rows in few dimensions and small steps.
  private func covered(_ seed: UInt64, eta: Double = 0.005) throws -> PathDivergence {
    var law = RandomInstance()
    (law.dimension, law.rowsA, law.rowsB, law.forgetOrigin, law.stepSize) = (12, 40, 40, .partOfA, eta)
    return try PathDivergence(law.draw(RandomGenerator(seed: seed)))
  }

  @Test(arguments: 0..<4)
  func `Eigenvalues, thresholds and distances against NumPy's d x d formulas`(_ index: Int) throws {
    let row = theorem31References[index / 2]
    let covers = !index.isMultiple(of: 2)
    let divergence = try PathDivergence(
      instance(
        a: (row.xA, row.yA), b: (row.xB, row.yB), forget: (row.xU, row.yU), test: row.xTest, mu: (row.muA, row.muB),
        eta: row.eta))
    var retain = divergence.instance.retained
    #expect(retain.count == (row.name == "partOfA" ? 5 : 7))
    if covers {
      let more = row.xU.map { $0.map { $0 + 0.5 } } + (0..<6).map { i in (0..<6).map { $0 == i ? 2 : 0 } }
      let rows = Matrix(rows: more).transposed
      retain = Examples(
        features: Matrix(rows: 6, columns: retain.count + 8, elements: retain.features.elements + rows.elements),
        labels: Vector(zeros: retain.count + 8))
    }
    let weak = try WeaklyLocal(divergence, retain: retain)
    // Seven rows cover six dimensions too.
    #expect(weak.span.covers == (covers || row.name == "independent"))
    // As for Theorem 3.1's references; X_R has a condition below 10 and gamma M amplifies by its norm.
    let relative = slack * 6 * 30 * 10 * eps
    let name = row.name + (covers ? "Covered" : "")
    let expected = WeaklyLocalReference.all.filter { $0.name == name }
    #expect(expected.count == 4)
    for expected in expected {
      #expect(
        weak.threshold == expected.threshold
          || abs(weak.threshold - expected.threshold) <= 10 * relative * expected.threshold)
      #expect(abs(weak.unstableBeyond - expected.unstableBeyond) <= 10 * relative * expected.unstableBeyond)
      let run = try weak.span.ascent(gamma: expected.gamma)
      let norm = expected.eigenvalues.reduce(1) { max($0, abs($1)) }
      // Off the joint span NumPy's M has zeros.
      let zeros = [Double](repeating: 0, count: 6 - run.eigenvalues.count)
      for (one, other) in zip((run.eigenvalues + zeros).sorted(), expected.eigenvalues) {
        #expect(abs(one - other) <= relative * norm, "\(name), gamma \(expected.gamma): \(one), \(other)")
      }
      for (step, distance) in zip(WeaklyLocalReference.steps, expected.logDistances) {
        let level = Double(1 + step) * relative * (norm + 1 / exp(expected.logDistances[0] / 2))
        #expect(abs(run.logDistance(at: step) - distance) <= level, "\(name), \(expected.gamma), t = \(step)")
      }
    }
  }

  @Test func `Two models that unlearn step by step, labels and all, differ by the closed form; the page holds`() {
    checkProperty("page", count: 100, zip(Self.seeds, Gen.logUniform(in: 1e-4...1e4))) { seed, gamma in
      let divergence = try divergence(seed)
      let page = try WeaklyLocal.page(divergence, models: divergence.trainedModels(), steps: 400, gamma: gamma)
      try ensure(page.verdict == .holds, "\(page.claims.map(\.check))")
      try ensure(page.claims[0].check.stepsChecked > 0 && page.claims[3].check.stepsChecked == 11, "all checked")
    }
  }

  @Test func `Without cover some eigenvalue stays above the floor for every gamma, and falls to it`() {
    checkProperty("uncovered", count: 100, Self.seeds) { seed in
      let divergence = try divergence(seed)
      let weak = try WeaklyLocal(divergence, retain: divergence.instance.retained)
      guard !weak.span.covers else { return }
      try ensure(weak.threshold == .infinity && weak.phase(1e300) == .diverging, "diverges")
      // lambda_max falls with gamma, from ascent's own at 0.
      var previous = divergence.growth[0] * (1 + 64 * eps)
      for exponent in stride(from: -6.0, through: 6, by: 1) {
        let eigenvalues = try weak.span.ascent(gamma: pow(10, exponent)).eigenvalues
        let (least, largest) = (try #require(eigenvalues.first), try #require(eigenvalues.last))
        let rounding = slack * Double(eigenvalues.count) * eps * (largest - least)
        try ensure(largest >= weak.span.growthFloor - rounding, "\(largest), \(weak.span.growthFloor)")
        try ensure(largest <= previous + rounding, "\(largest) after \(previous)")
        previous = largest
      }
      try ensure(weak.span.growthFloor > 0 && weak.span.growthFloor <= divergence.growth[0] * (1 + 64 * eps), "floor")
    }
    // With orthonormal retain rows the floor is reached to the first order in 1/gamma.
    let instance = try? instance(
      a: ([[1, 0, 0]], [1]), b: ([[0, 1, 0]], [2]), forget: ([[1, 1, 1]], [3]), test: [[1, 2, 3]], eta: 0.5)
    let weak = try? instance.flatMap { try WeaklyLocal(PathDivergence($0), retain: $0.retained) }
    // lambda solves 1/(lambda + gamma/2) * 2 + 1/lambda = 1 with M = (1,1,1)'(1,1,1) - gamma/2 diag(1,1,0).
    for gamma in [0.5, 8, 1e4] {
      let lambda = (try? weak?.span.ascent(gamma: gamma).eigenvalues.last) ?? nil
      let b = 3 - gamma / 2
      let expected = (b + (b * b + 2 * gamma).squareRoot()) / 2
      // The root of lambda^2 - b lambda - gamma/2, which cancels for large gamma.
      #expect(abs((lambda ?? 0) - expected) <= 1e-11 * gamma.squareRoot() * expected, "\(gamma)")
    }
    #expect(weak.map { abs($0.span.growthFloor - 1) < 16 * eps } == true)
  }

  @Test func `With cover the sign of lambda_max changes at gamma*, and lambda_min passes -2 at gamma_unstable`() {
    checkProperty("thresholds", count: 100, zip(Self.seeds, Gen.logUniform(in: 1e-4...10))) { seed, eta in
      let weak = try WeaklyLocal(covered(seed, eta: eta), retain: covered(seed).instance.retained)
      try ensure(weak.span.covers && weak.span.growthFloor == 0, "80 - 6 rows cover 12 dimensions")
      func eigenvalues(_ gamma: Double) throws -> [Double] { try weak.span.ascent(gamma: gamma).eigenvalues }
      let (below, above) = (try eigenvalues(weak.threshold * (1 - 1e-9)), try eigenvalues(weak.threshold * (1 + 1e-9)))
      try ensure(try #require(below.last) > 0 && #require(above.last) < 0, "\(below), \(above)")
      let (calm, wild) = (
        try eigenvalues(weak.unstableBeyond * (1 - 1e-9)), try eigenvalues(weak.unstableBeyond * (1 + 1e-9))
      )
      try ensure(try #require(calm.first) > -2 && #require(wild.first) < -2, "\(calm), \(wild)")
      for gamma in [weak.threshold * 0.9, weak.threshold, weak.unstableBeyond, weak.unstableBeyond * 1.1] {
        let run = try weak.span.ascent(gamma: gamma)
        let worst = run.eigenvalues.reduce(0) { max($0, abs(1 + $1)) }
        switch weak.phase(gamma) {
        case .contained: try ensure(worst <= 1 + 64 * eps && run.logGrowth <= 64 * eps, "\(worst)")
        case .diverging, .unstable: try ensure(worst > 1 && run.logGrowth > 0, "\(worst)")
        }
        try ensure(abs(run.logGrowth - 2 * log(worst)) <= 256 * eps * worst, "\(run.logGrowth)")
      }
    }
  }

  @Test func `Between the thresholds two real models approach each other; outside they part at the exact rate`() throws
  {
    for seed in 0..<10 as Range<UInt64> {
      let divergence = try covered(seed)
      let retain = divergence.instance.retained
      let weak = try WeaklyLocal(divergence, retain: retain)
      #expect(weak.threshold < weak.unstableBeyond)
      for gamma in [weak.threshold / 4, (weak.threshold * weak.unstableBeyond).squareRoot(), 2 * weak.unstableBeyond] {
        var (ab, ba) = (try divergence.trainedModels().ab, try divergence.trainedModels().ba)
        var norms = [(ab - ba).norm]
        for _ in 0..<100 {
          for path in [\(Vector, Vector).0, \.1] as [WritableKeyPath<(Vector, Vector), Vector>] {
            var pair = (ab, ba)
            pair[keyPath: path].ascend(
              divergence.instance.forget, retaining: retain, gamma: gamma, stepSize: divergence.instance.stepSize,
              steps: 1)
            (ab, ba) = pair
          }
          norms.append((ab - ba).norm)
        }
        if weak.phase(gamma) == .contained {
          for (before, after) in zip(norms, norms.dropFirst()) { #expect(after <= before + 1e-13 * ab.norm) }
        } else {
          let run = try weak.span.ascent(gamma: gamma)
          #expect(norms[100] > norms[0])
          #expect(abs(log(norms[100]) - run.logNorm(at: 100)) < 1e-9)
          let far = (run.logDistance(at: 200_000) - run.logDistance(at: 100_000)) / 100_000
          #expect(abs(far / run.logGrowth - 1) < 1e-9)
        }
      }
    }
  }

  @Test func `The bound with the exact rate holds from its first step on, to a million steps`() {
    checkProperty("exact rate", count: 100, zip(Self.seeds, Gen.logUniform(in: 1e-4...1e4))) { seed, gamma in
      let divergence = try divergence(seed)
      let run = try RetainedSpan(divergence, retain: divergence.instance.retained).ascent(gamma: gamma)
      guard let bound = run.exactRateBound, bound.firstStep < 1e6 else { return }
      let first = Int(bound.firstStep)
      for step in [first, first + 1, first + 2, first + 10, first + 1000, first + 1_000_000] {
        let right = 2 * Double(step) * bound.logFactor + bound.logConstant
        let inequality = Inequality(logLeft: run.logDistance(at: step), logRight: right)
        try ensure(inequality.holds, "t = \(step): \(inequality)")
      }
    }
  }

  @Test func `Nearly parallel retain rows: where rounding cannot tell cover, nothing is claimed`() throws {
    func examples(_ row: [Double], _ label: Double) -> Examples {
      Examples(features: Matrix(rows: row.count, columns: 1, elements: row), labels: Vector([label]))
    }
    let test = Matrix(rows: 3, columns: 2, elements: [1, 0, 2, 0, 1, 1])
    let instance = try TwoPathInstance(
      stageA: LinearStage("A", examples([1, 0, 0], 1), trainer: .ridge(mu: 1)),
      stageB: LinearStage("B", examples([1, 1e-13, 0], 2), trainer: .ridge(mu: 1)),
      forget: examples([1, 0, 0.05], 1), forgetStage: (.ridge(mu: 1), 1), test: test, stepSize: 0.1)
    let divergence = try PathDivergence(instance)
    let page = try WeaklyLocal.page(divergence, models: divergence.trainedModels(), steps: 10)
    #expect(page.verdict == nil)
    #expect(page.preconditions.last?.holds == false)
    #expect(page.claims.isEmpty)
  }

  @Test func `What is retained is what is not forgotten`() throws {
    var law = RandomInstance()
    law.testRows = 15
    for (origin, count) in [
      (RandomInstance.ForgetOrigin.independent, 30), (.partOfA, 24), (.partOfB, 24), (.allOfA, 15), (.allOfB, 15),
    ] {
      law.forgetOrigin = origin
      let instance = try law.draw(RandomGenerator(seed: 5))
      let retained = instance.retained
      #expect(retained.count == count)
      let rows = (0..<retained.count).map { retained.features.column($0) }
      let stages = [instance.stageA.examples, instance.stageB.examples]
      let all = stages.flatMap { stage in (0..<stage.count).map { stage.features.column($0) } }
      let forgotten = (0..<instance.forgetCount).map { instance.forget.features.column($0) }
      #expect(rows == all.filter { row in origin == .independent || !forgotten.contains(row) })
    }
  }

  @Test func `Input that makes no sense is refused in one line`() throws {
    let divergence = try PathDivergence(paperExample())
    let span = try RetainedSpan(divergence, retain: divergence.instance.retained)
    for gamma in [-1, Double.nan, .infinity] {
      let error = #expect(throws: LinearAlgebraError.self) { try span.ascent(gamma: gamma) }
      #expect(error?.description.contains("gamma is \(gamma)") == true)
    }
    let none = Examples(features: Matrix(zeros: 2, 0), labels: Vector(zeros: 0))
    #expect(throws: StagedLearnersError.self) { try RetainedSpan(divergence, retain: none) }
    let other = Examples(features: Matrix(rows: [[1], [2], [3]]), labels: Vector([1]))
    #expect(throws: StagedLearnersError.dimension("the forget set", 2, "the retain set", 3)) {
      try RetainedSpan(divergence, retain: other)
    }
  }
}
