import Glibc
import LinearAlgebra
import PropertyTesting
import QuadraticLearners
import StagedLearners
import Testing
import Unlearning

@Suite("Quadratic stages")
struct QuadraticStageTests {
  @Test(arguments: stageReferences)
  func `Stages agree with solves, matrix powers and exponentials of SciPy`(_ reference: StageReference) throws {
    let quadratic = try Quadratic(hessian: Matrix(rows: reference.hessian), centre: Vector(reference.centre))
    let map = try QuadraticStageMap(QuadraticStage(reference.name, quadratic, trainer: reference.trainer))
    let trained = map.apply(to: Vector(reference.start))
    // Curvatures lie in [-1.7, 2.7]: no factor exceeds 4.3, no derivative times d 80.
    #expect(distance(trained, Vector(reference.trained)) <= slack * 80 * eps * 6)
    #expect(distance(Vector(reference.start), trained) > 0.1)
  }

  @Test func `Descent and ascent are their recursions, for curvatures of both signs`() {
    let gen = zip(Case.gen(-3...3), Gen.int(in: 0...60), Gen.double(in: 0.01...0.5), Gen.bool)
    checkProperty("closed form = recursion", gen) { it, steps, size, ascends in
      let (loss, start) = (try it.quadratic(0), it.vector(0))
      var expected = start
      expected.followGradient(of: loss, stepSize: ascends ? size : -size, steps: steps)
      let trainer: QuadraticTrainer =
        ascends ? .gradientAscent(steps: steps, stepSize: size) : .gradientDescent(steps: steps, stepSize: size)
      let result = try QuadraticStageMap(QuadraticStage("A", loss, trainer: trainer)).apply(to: start)
      let tolerance = powerRounding(it.dimension, steps, size, it.size, start.norm + loss.centre.norm)
      try ensure(distance(result, expected) <= tolerance, "\(distance(result, expected)) > \(tolerance)")
    }
  }

  @Test func `A proximal stage ends where its loss is stationary, also for indefinite Hessians`() {
    checkProperty("stationary", zip(Case.gen(-1...5), Gen.double(in: 1.25...20))) { it, mu in
      let (loss, start) = (try it.quadratic(0), it.vector(0))
      let theta = try QuadraticStageMap(QuadraticStage("A", loss, trainer: .proximal(mu: mu))).apply(to: start)
      let gradient = loss.gradient(theta) + mu * (theta - start)
      // g' = -mu / (h + mu)^2 with h + mu >= mu/5.
      let tolerance = slack * eps * Double(it.dimension + 2) * (it.size + mu) * (1 + 25 * it.size / mu)
      try ensure(gradient.norm <= tolerance * (start.norm + loss.centre.norm), "gradient \(gradient.norm)")
      let twice = try QuadraticStageMap(QuadraticStage("A", loss, trainer: .proximal(mu: mu, steps: 2)))
      let once = try QuadraticStageMap(QuadraticStage("A", loss, trainer: .proximal(mu: mu)))
      try ensure(
        distance(twice.apply(to: start), once.apply(to: theta)) <= 25 * tolerance * (start.norm + loss.centre.norm),
        "two proximal stages")
    }
  }

  @Test func `Convergence ends where the gradient is 0, and moves along range(H) only`() {
    checkProperty("converged", Case.gen(0...3)) { it in
      // Curvatures below the smallest that is certainly none of rounding would be taken for 0.
      let it = Case(curvatures: it.curvatures.map { $0 < 1e-3 ? 0 : $0 }, seed: it.seed)
      let (loss, start) = (try it.quadratic(0), it.vector(0))
      let theta = try QuadraticStageMap(QuadraticStage("A", loss, trainer: .convergence)).apply(to: start)
      let level = slack * eps * Double(it.dimension + 2) * (start.norm + loss.centre.norm)
      try ensure(loss.gradient(theta).norm <= level * it.size * 4, "gradient \(loss.gradient(theta).norm)")
      // What H does not see of the start is still there: start - theta has no part along the kernel.
      let kernel = loss.curvatures.indices.filter { abs(loss.curvatures[$0]) <= 5e-4 }
      let moved = loss.directions.selectingColumns(kernel).transposeTimes(start - theta)
      try ensure(moved.norm <= level, "moved by \(moved.norm) along the kernel")
      try ensure(it.size == 0 || distance(start, theta) > 0, "nothing moved")
    }
  }

  @Test func `A linear stage is the quadratic stage with H = (2/n) X'X, constants matched`() {
    let trainers: [SpectralFilter] = [
      .ridge(mu: 0.5), .gradientDescent(steps: 7, stepSize: 0.01), .gradientFlow(time: 0.3), .interpolation,
      .gradientAscent(steps: 5, stepSize: 0.01), .ascentFlow(time: 0.05), .implicitAscent(steps: 4, stepSize: 1e-3),
    ]
    for trainer in trainers {
      checkProperty("linear = quadratic, \(trainer)", count: 60, zip(Gen.int(in: 1...6), Gen.int(in: 0...99_999))) {
        n, seed in
        let d = 9
        let examples = randomExamples(d, n, seed: seed, stream: 0)
        let stage = LinearStage("A", examples, trainer: trainer)
        let (dual, primal) = (try StageMap(stage), try QuadraticStageMap(QuadraticStage(stage)))
        let start = randomVector(d, seed: seed, stream: 1)
        let values = try SingularValues.values(of: examples.features)
        let (top, bottom) = (values[0] * values[0], values[n - 1] * values[n - 1])
        // The centre is a least-squares solution, and interpolation inverts X'X on its range; the others have
        // derivatives in lambda of at most 1/mu, the time or the steps times the growth.
        let derivative =
          switch trainer {
          case .ridge(let mu): 1 / mu
          case .gradientDescent(let steps, let size): 2 * size * Double(steps)
          case .gradientAscent(let steps, let size): 2 * size * Double(steps) * pow(1 + 2 * size * top, Double(steps))
          case .gradientFlow(let time): 2 * time
          case .ascentFlow(let time): 2 * time * exp(2 * time * top)
          case .interpolation: 1 / bottom
          case .implicitAscent(let steps, let size):
            2 * size * Double(steps) * pow(1 - 2 * size * top, -Double(steps) - 1)
          }
        let reach = start.norm + examples.labels.norm / bottom.squareRoot()
        let tolerance =
          slack * eps * Double(d + n) * (1 + top * derivative) * (1 + (top / bottom).squareRoot()) * reach
        let error = distance(dual.apply(to: start), primal.apply(to: start))
        try ensure(error <= tolerance, "error \(error), tolerance \(tolerance)")
        try ensure(distance(dual.offset, primal.offset) <= tolerance, "offsets")
        try ensure(error <= 1e-6 * distance(dual.apply(to: start), start), "a test that could not fail")
      }
    }
  }

  @Test func `The forget loss of a linear learner: ascent in the span and in H's axes is the same`() throws {
    let forget = randomExamples(12, 4, seed: 3, stream: 0)
    let start = randomVector(12, seed: 3, stream: 1)
    let ascent = try QuadraticAscent(
      on: Quadratic(meanSquaredLossOf: forget), test: Matrix(identity: 12), stepSize: 0.02)
    let dual = try ForgetSpan(forget).ascend(start, stepSize: 0.02, steps: 25)
    let growth = pow(1 + ascent.rates[11], 25)
    #expect(distance(ascent.ascend(start, steps: 25), dual) <= slack * eps * 16 * 25 * growth * start.norm)
    #expect(distance(start, dual) > 1)
  }

  @Test func `Every trainer but convergence has an inverse, in closed form for any number of steps`() {
    let gen = zip(Gen.double(in: -0.9...0.9), Gen.int(in: 0...1_000_000), Gen.double(in: 0.1...1))
    checkProperty("g inverse(g) = 1", gen) { h, steps, size in
      let trainers: [QuadraticTrainer] = [
        .proximal(mu: 1 / size, steps: steps), .gradientDescent(steps: steps, stepSize: size),
        .gradientAscent(steps: steps, stepSize: size), .implicitAscent(steps: steps, stepSize: size),
        .gradientFlow(time: Double(steps) * size), .ascentFlow(time: Double(steps) * size),
      ]
      for trainer in trainers {
        let inverse = try found(trainer.inverse, "\(trainer) has an inverse")
        let (g, back) = (trainer.factor(at: h), inverse.factor(at: h))
        try ensure(g.logMagnitude.isFinite, "\(trainer) at \(h)")
        // 1/(1/size) may differ from size in the last place.
        let rounding = 4 * eps * (1 + abs(g.logMagnitude) + Double(steps) * abs(h) * size / (1 - abs(h) * size))
        try ensure(abs((g * back).logMagnitude) <= rounding && (g * back).sign == 1, "\(trainer) at \(h)")
        try ensure(inverse.inverse?.inverse.map { $0.factor(at: h).sign == back.sign } ?? false, "\(trainer)")
        // g - 1 beside g.
        let (plain, change) = (g.value - 1, trainer.change(at: h).value)
        if g.value.isFinite {
          try ensure(
            abs(plain - change) <= 4 * eps * (1 + abs(g.logMagnitude)) * (1 + abs(g.value)), "\(trainer) at \(h)")
        }
      }
    }
    #expect(QuadraticTrainer.convergence.inverse == nil)
    #expect(QuadraticTrainer.gradientAscent(steps: 3, stepSize: 1).factor(at: -1) == .zero)
    #expect(abs(QuadraticTrainer.gradientAscent(steps: 3, stepSize: 1).factor(at: -3).value + 8) <= 16 * eps)
    #expect(abs(QuadraticTrainer.gradientAscent(steps: 4, stepSize: 1).factor(at: -3).value - 16) <= 64 * eps)
    #expect(abs(QuadraticTrainer.proximal(mu: 3).change(at: 1e-30).value + 1e-30 / 3) <= 1e-44)
  }

  @Test
  func `Last in, first out: the stage's inverse returns the model before it, an explicit ascent step the proximal one`()
  {
    let gen = zip(Case.gen(-1...3), Case.gen(-1...3), Gen.double(in: 1.5...8))
    checkProperty("B3", count: 100, gen) { retain, shape, mu in
      let forget = Case(curvatures: shape.curvatures, seed: retain.seed)
      guard retain.dimension == forget.dimension else { return }
      let trainers: [QuadraticTrainer] = [
        .proximal(mu: mu), .gradientDescent(steps: 5, stepSize: 0.1), .gradientFlow(time: 0.5),
      ]
      for trainer in trainers {
        let loss = try forget.quadratic(1)
        let training = try QuadraticTraining([
          QuadraticStage("R", try retain.quadratic(0), trainer: .proximal(mu: mu)),
          QuadraticStage("U", loss, trainer: trainer),
        ])
        let path = try Path(["R", "U"])
        let (model, retrained) = (try training.train(path), try training.retrain(path, forgetting: "U"))
        let inverse = try found(trainer.inverse, "an inverse")
        let undone = try QuadraticStageMap(QuadraticStage("U", loss, trainer: inverse)).apply(to: model)
        // All factors g and 1/g lie between 1/5 and 5, their derivatives times ||H|| below 60.
        let tolerance = slack * eps * Double(forget.dimension + 2) * 60 * 25 * (model.norm + loss.centre.norm + 1)
        try ensure(distance(undone, retrained) <= tolerance, "\(trainer): \(distance(undone, retrained))")
        if case .proximal = trainer {
          var step = model
          step.followGradient(of: loss, stepSize: 1 / mu, steps: 1)
          try ensure(distance(step, retrained) <= tolerance, "one step: \(distance(step, retrained))")
          var wrong = model
          wrong.followGradient(of: loss, stepSize: 1.01 / mu, steps: 1)
          try ensure(
            loss.gradient(model).norm < 1e-6 || distance(wrong, retrained) > tolerance, "another step does as well")
        }
      }
    }
  }

  @Test func `Orders: the commutator, and when it is 0`() throws {
    func difference(_ a: Quadratic, _ b: Quadratic, _ trainer: QuadraticTrainer = .proximal(mu: 2)) throws -> Vector {
      try QuadraticTraining([QuadraticStage("A", a, trainer: trainer), QuadraticStage("B", b, trainer: trainer)])
        .orderDifference(Path(["A", "B"]), Path(["B", "A"]))
    }
    checkProperty("S_A S_B c_B - S_B S_A c_A", zip(Case.gen(-1...3, count: 2...6), Gen.bool)) { it, flow in
      let trainer: QuadraticTrainer = flow ? .gradientFlow(time: 0.4) : .proximal(mu: 2)
      let (a, b) = (try it.quadratic(0), try it.quadratic(1))
      let (mapA, mapB) = (
        try QuadraticStageMap(QuadraticStage("A", a, trainer: trainer)),
        try QuadraticStageMap(QuadraticStage("B", b, trainer: trainer))
      )
      let expected = mapA.contraction(mapB.contraction(b.centre)) - mapB.contraction(mapA.contraction(a.centre))
      let plain = mapB.apply(to: mapA.offset) - mapA.apply(to: mapB.offset)
      let result = try difference(a, b, trainer)
      let tolerance = slack * eps * Double(it.dimension) * 10 * (a.centre.norm + b.centre.norm)
      try ensure(distance(result, expected) <= tolerance, "commutator")
      try ensure(distance(result, plain) <= tolerance, "difference of the models")
    }
    // The same axes and the same centre.
    let a = try quadratic([1, 2, -0.5], seed: 1, stream: 0)
    var hessian = a.hessian.times(a.hessian)
    for index in 0..<9 { hessian.elements[index] -= 0.25 * a.hessian.elements[index] }
    let level = slack * eps * 30 * a.centre.norm
    #expect(try difference(a, Quadratic(hessian: hessian, centre: a.centre)).norm <= level)
    // The same axes, another centre: not 0.
    #expect(try difference(a, Quadratic(hessian: hessian, centre: 2 * a.centre)).norm > 1e-3)
    // Other axes, the same centre: not 0.
    let b = try quadratic([1, 2, -0.5], seed: 2, stream: 0)
    #expect(try difference(a, Quadratic(hessian: b.hessian, centre: a.centre)).norm > 1e-3)
    // Orthogonal ranges: 0 whatever the centres.
    let upper = try Quadratic(hessian: Matrix(rows: [[2, 1, 0], [1, 3, 0], [0, 0, 0]]), centre: Vector([1, 2, 3]))
    let last = try Quadratic(hessian: Matrix(rows: [[0, 0, 0], [0, 0, 0], [0, 0, -1]]), centre: Vector([-4, 5, 6]))
    #expect(try difference(upper, last).norm <= level)
    #expect(try difference(upper, last, .gradientFlow(time: 3)).norm <= slack * eps * 100 * exp(3))
    // The same axes, and equal centres along the one that both see.
    let second = try Quadratic(
      hessian: Matrix(rows: [[0, 0, 0], [0, 4, 0], [0, 0, 2]]), centre: Vector([9, 2, -7]))
    let first = try Quadratic(hessian: Matrix(rows: [[5, 0, 0], [0, 1, 0], [0, 0, 0]]), centre: Vector([1, 2, 3]))
    #expect(try difference(first, second).norm <= level)
  }

  @Test func `What cannot be a loss or a stage is refused in a line that names it`() throws {
    #expect(throws: QuadraticLearnersError.self) {
      try Quadratic(hessian: Matrix(rows: [[1, 2], [3, 4]]), centre: Vector([0, 0]))
    }
    #expect(throws: QuadraticLearnersError.self) {
      try Quadratic(hessian: Matrix(rows: [[1, .nan], [.nan, 4]]), centre: Vector([0, 0]))
    }
    #expect(throws: QuadraticLearnersError.self) { try Quadratic(hessian: Matrix(identity: 2), centre: Vector([0])) }
    #expect(throws: QuadraticLearnersError.self) {
      try Quadratic(meanSquaredLossOf: Examples(features: Matrix(zeros: 3, 0), labels: Vector([])))
    }
    let saddle = try Quadratic(hessian: Matrix(rows: [[2, 0], [0, -3]]), centre: Vector([1, 1]))
    func map(_ trainer: QuadraticTrainer) throws -> QuadraticStageMap {
      try QuadraticStageMap(QuadraticStage("S", saddle, trainer: trainer))
    }
    for trainer in [QuadraticTrainer.proximal(mu: 3), .proximal(mu: 2), .convergence] {
      do {
        _ = try map(trainer)
        Issue.record("\(trainer) on an indefinite Hessian")
      } catch QuadraticLearnersError.indefinite(let stage, _, let smallest) {
        #expect(stage == "S" && abs(smallest + 3) < 1e-12)
      }
    }
    _ = try map(.proximal(mu: 3.001))
    for trainer in [
      QuadraticTrainer.proximal(mu: 0), .proximal(mu: -1), .gradientFlow(time: -1), .gradientFlow(time: .nan),
      .gradientAscent(steps: -1, stepSize: 1), .gradientAscent(steps: 1, stepSize: .infinity),
      .gradientDescent(steps: 1, stepSize: 0),
    ] { #expect(throws: QuadraticLearnersError.self, "\(trainer)") { try map(trainer) } }
    #expect(throws: QuadraticLearnersError.self) { try map(.implicitAscent(steps: 2, stepSize: 0.5)) }
    #expect(throws: QuadraticLearnersError.leavesRange(stage: "S", step: nil)) {
      try map(.gradientAscent(steps: 1_000_000, stepSize: 1))
    }
    #expect(throws: StagedLearnersError.noStage) { try QuadraticTraining([]) }
    #expect(throws: StagedLearnersError.repeatedStage("S")) {
      try QuadraticTraining([
        .init("S", saddle, trainer: .proximal(mu: 4)), .init("S", saddle, trainer: .proximal(mu: 4)),
      ])
    }
    let other = try Quadratic(hessian: Matrix(identity: 3), centre: Vector(zeros: 3))
    #expect(throws: StagedLearnersError.dimension("T", 3, "S", 2)) {
      try QuadraticTraining([.init("S", saddle, trainer: .proximal(mu: 4)), .init("T", other, trainer: .convergence)])
    }
    for error in [
      QuadraticLearnersError.indefinite(stage: "S", needs: "H > 0", smallest: -3), .leavesRange(stage: "S", step: 4),
      .noSuchTrainer(stage: "S", reason: "no"), .integration(time: 1, reason: "no"),
    ] { #expect(!error.description.contains("\n") && error.description.count > 10) }
  }
}
