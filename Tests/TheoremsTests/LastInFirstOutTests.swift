import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import TestSupport
import Testing
import Theorems
import Unlearning

@Suite("B3: last in, first out")
struct LastInFirstOutTests {
  /// A number of retained stages, the position of U, the shapes, the trainers and a seed.
  private struct Case: Sendable {
    var (retained, position, k, m, d, seed): (Int, Int, Int, Int, Int, Int)
    /// Which trainer every stage has; U's comes first.
    var trainers: [Int]
    /// How strongly a stage learns: `mu`, `1/(2 a T)` or `1/(2 tau)` beside the eigenvalues.
    var strength: Double

    static let gen = zip(
      Gen.int(in: 0...4), Gen.int(in: 0...4), Gen.int(in: 1...8), Gen.int(in: 1...20), Gen.int(in: 1...60),
      Gen.int(in: 0...1_000_000), Gen.int(in: 0...3).array(count: 5), Gen.logUniform(in: 1e-3...1e3)
    ).map { retained, place, k, m, d, seed, trainers, strength in
      Case(
        retained: retained, position: 1 + place % (retained + 1), k: k, m: k + m, d: k + 1 + d, seed: seed,
        trainers: trainers, strength: strength)
    }

    /// The trainer of a stage whose gram matrix has this trace: eigenvalues are below it.
    static func trainer(_ kind: Int, _ strength: Double, rows: Int, trace: Double) -> SpectralFilter {
      let n = Double(rows)
      switch kind {
      case 0: return .ridge(mu: strength * trace)
      // 2 a lambda/n from 0.05 to 0.9, a few steps.
      case 1: return .gradientDescent(steps: 1 + rows % 5, stepSize: n / (2 * trace) * max(0.05, 0.9 / (1 + strength)))
      case 2: return .gradientFlow(time: n / (2 * trace) * min(6, 1 / strength))
      default: return .interpolation
      }
    }

    func run(forceTrainer: Int? = nil) throws -> (StagedUnlearning, Path) {
      let generator = RandomGenerator(seed: UInt64(seed))
      func stage(_ name: String, _ index: Int, _ rows: Int, _ kind: Int) -> LinearStage {
        let features = Matrix(rows: d, columns: rows, random: generator.child(UInt64(index))) { $0.fillNormal($1) }
        var noise = generator.child(UInt64(100 + index))
        let trace = pow(frobenius(features), 2)
        // Few rows beside d, so that training to convergence is well conditioned.
        return LinearStage(
          name, Examples(features: features, labels: noise.normalVector(rows)),
          trainer: Self.trainer(kind, strength, rows: rows, trace: trace))
      }
      let names = (0..<retained).map { "stage\($0)" }
      let stages =
        [stage("U", 0, k, forceTrainer ?? trainers[0])]
        + names.enumerated().map { stage($1, $0 + 1, 1 + ($0 + seed) % max(1, d / 2), trainers[1 + $0]) }
      let test = Matrix(rows: d, columns: m, random: generator.child(50)) { $0.fillNormal($1) }
      let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
      return (run, try Path(names).inserting("U", at: position))
    }
  }

  @Test func `Last: undone to rounding, floor 0. Earlier: not below the floor, which is positive. Any N and trainer`() {
    var told = 0
    checkProperty("last in, first out", count: 600, Case.gen) { drawn in
      let (run, path) = try drawn.run()
      let found = try LastInFirstOut(run, path)
      try ensure(found.position == drawn.position && found.stageCount == drawn.retained + 1, "the place on the path")
      try ensure(found.isLast == (drawn.position == drawn.retained + 1), "isLast")
      guard found.isLast else {
        let moved = found.trained - found.retrained
        try ensure(found.aboveFloor.holds, "\(found.aboveFloor)")
        let positive = try found.floor.positivity(of: moved, run.span, test: run.test)
        try ensure(positive?.holds ?? true, "\(String(describing: positive))")
        return
      }
      guard found.canBeTold else { return }
      told += 1
      try ensure(found.floorIsZero.holds, "floor: \(found.floorIsZero)")
      if found.inverse == nil {
        try ensure(found.stuckness.holds, "gradient: \(found.stuckness)")
        try ensure(found.undone == found.trained && found.logDistanceAfter > -.infinity, "stuck at theta_0")
      } else {
        try ensure(found.exactness.holds, "\(found.exactness), amplification \(found.amplification)")
      }
    }
    #expect(told > 100, "only \(told) cases could be told from rounding")
  }

  @Test func `One ascent step, implicit ascent steps by Gaussian elimination and the flow do what the inverse says`() {
    checkProperty("definitions", count: 300, zip(Case.gen, Gen.int(in: 0...2))) { drawn, kind in
      let (run, path) = try drawn.run(forceTrainer: kind)
      let found = try LastInFirstOut(run, path)
      let examples = run.span.examples
      let n = Double(examples.count)
      var theta = found.trained
      switch found.inverse {
      case .gradientAscent(let steps, let size): theta.followGradient(of: examples, stepSize: size, steps: steps)
      case .implicitAscent(let steps, let size):
        let gram = examples.features.gram()
        for _ in 0..<steps {
          // r_j = (I - 2aK/n)^-1 r_(j+1), theta_j = theta_(j+1) + (2a/n) X' r_j: forget gradients only.
          var system = Matrix(identity: examples.count)
          for index in gram.elements.indices { system.elements[index] -= 2 * size / n * gram.elements[index] }
          let residual = eliminate(system, -1 * examples.residual(theta))
          let next = theta + (2 * size / n) * examples.features.times(residual)
          // The gradient is that of the point at which the step ends.
          let implicit = theta + size * examples.gradient(next)
          try ensure((implicit - next).norm <= 1e-9 * (1 + next.norm) * found.amplification, "not implicit")
          theta = next
        }
      case .ascentFlow(let time):
        // Runge-Kutta of order 4, of small steps.
        let steps = 400
        let h = time / Double(steps)
        for _ in 0..<steps {
          let k1 = examples.gradient(theta)
          let k2 = examples.gradient(theta + (h / 2) * k1)
          let k3 = examples.gradient(theta + (h / 2) * k2)
          let k4 = examples.gradient(theta + h * k3)
          theta = theta + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4)
        }
      default: try ensure(false, "\(String(describing: found.inverse))")
      }
      // Runge-Kutta errs by (z/steps)^4 z / 120 e^z of the motion, z = 2 lambda tau/n <= 6 here: 2e-9.
      let scheme = kind == 2 ? 1e-7 * (found.undone - found.trained).norm : 0
      // A step by elimination errs by the condition of its system, at most 1 + 1/(1 - 0.9), and later ones amplify
      // that.
      let level = 64 * found.roundingLevel + scheme
      try ensure((theta - found.undone).norm <= level, "\((theta - found.undone).norm), may be \(level)")
    }
  }

  @Test func `Undoing is local: it moves inside row(X_U) and depends on theta_0 and the forget set alone`() {
    checkProperty("local", Case.gen) { drawn in
      let (run, path) = try drawn.run()
      let found = try LastInFirstOut(run, path)
      let move = found.undone - found.trained
      let off = run.span.offSpan(move).norm
      let rounding =
        slack * eps * Double(drawn.d + drawn.k)
        * (found.trained.norm + found.undone.norm + run.span.condition * move.norm)
      try ensure(off <= rounding, "off by \(off), may be \(rounding)")
    }
  }

  @Test
  func `The specification's trial: after the one step d is rounding for p = 4 and far above a positive floor before`()
    throws
  {
    for seed in 1...5 as ClosedRange<UInt64> {
      let (stages, test) = RandomStages().draw(RandomGenerator(seed: seed))
      let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
      for position in 1...4 {
        let found = try LastInFirstOut(run, Path(["inst", "tofu", "math"]).inserting("U", at: position))
        #expect(found.inverse == .gradientAscent(steps: 1, stepSize: 8 / 1.4))
        if position == 4 {
          #expect(found.logDistanceAfter < log(1e-24) && found.exactness.holds && found.canBeTold)
        } else {
          #expect(found.logDistanceAfter > log(1) && found.floor.floor > 1e-4 && found.floor.floor < 1)
          #expect(!found.exactness.holds)
        }
      }
    }
  }

  @Test func `A step of another size does not return theta_r: the level is far below what it would miss`() throws {
    let (stages, test) = RandomStages().draw(RandomGenerator(seed: 3))
    let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
    let found = try LastInFirstOut(run, Path(["inst", "tofu", "math", "U"]))
    for factor in [1 - 1e-8, 1 + 1e-8, 0.5] {
      var theta = found.trained
      theta.followGradient(of: run.span.examples, stepSize: factor * 8 / 1.4, steps: 1)
      #expect((theta - found.retrained).norm > found.roundingLevel)
    }
  }

  @Test
  func `Descent that forgets an eigendirection in one step is refused by name; convergence is stuck with floor 0`()
    throws
  {
    let features = Matrix(rows: [[2, 0], [0, 1], [0, 0]])
    let examples = Examples(features: features, labels: Vector([1, 2]))
    let other = Examples(features: Matrix(rows: [[1], [1], [1]]), labels: Vector([1]))
    func run(_ trainer: SpectralFilter) throws -> StagedUnlearning {
      try StagedUnlearning(
        [LinearStage("U", examples, trainer: trainer), LinearStage("A", other, trainer: .ridge(mu: 1))],
        forgetting: "U", test: Matrix(rows: [[1, 0, 1], [0, 1, 1], [2, 1, 0]]), stepSize: 0.1)
    }
    // 2 a lambda/n = 1 for lambda = 4, n = 2.
    let path = try Path(["A", "U"])
    #expect(throws: LinearAlgebraError.self) {
      try LastInFirstOut(run(.gradientDescent(steps: 2, stepSize: 0.25)), path)
    }
    let stuck = try LastInFirstOut(run(.interpolation), path)
    #expect(stuck.inverse == nil && stuck.undone == stuck.trained && stuck.forgetResidual < 8 * eps)
    #expect(stuck.floor.floor == 0 && exp(stuck.logDistanceAfter) > 0.1)
    #expect(
      stuck.logDistanceAfter == stuck.logDistanceBefore
        || abs(stuck.logDistanceAfter - stuck.logDistanceBefore) < 64 * eps)
    #expect(throws: PathError.self) { try LastInFirstOut(run(.interpolation), Path(["A"])) }
  }

  @Test func `Pages: of every origin and position of the forget set`() {
    var seen = Set<String>()
    checkProperty("page", count: 200, zip(Gen.int(in: 0...100_000).map { UInt64($0) }, Gen.int(in: 0...3))) {
      seed, position in
      let instance = try wideInstance(seed, position) { 0.7 * pow(frobenius($0.features), 2) }
      let divergence = try PathDivergence(instance)
      let page = try LastInFirstOut.page(divergence, models: divergence.trainedModels(), steps: 100)
      try ensure(page.verdict != .violated, "\(page)")
      try ensure(page.preconditions[0].holds == (instance.forgottenStage != nil), "\(page.preconditions)")
      let silent = page.verdict == nil || page.verdict == .notReached
      try ensure(page.claims.isEmpty == silent, "claims only where the hypotheses hold")
      // Above the floor only where there is one: any distance is above 0.
      let above = page.claims.filter { $0.formula.contains("theta_r) >= floor") || $0.formula.contains("sigma") }
      try ensure(above.allSatisfy { $0.check.smallestMargin < .infinity }, "claims that could not fail: \(above)")
      seen.insert("\(instance.forgottenStage ?? "-"), \(page.verdict?.rawValue ?? "nothing")")
    }
    #expect(seen.isSuperset(of: ["U, holds", "A, holds", "B, holds", "-, nothing"]), "\(seen)")
  }
}
