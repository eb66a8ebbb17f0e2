import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Unlearning

@Suite("Beside the retrained models")
struct RetrainedPairTests {
  private static let d = 14
  private static let (muA, muB, muU, eta) = (0.75, 1.5, 0.5, 0.02)

  private func data(_ seed: Int) -> (a: Examples, b: Examples, apart: Examples, test: Matrix) {
    (
      randomExamples(Self.d, 5, seed: seed, stream: 0), randomExamples(Self.d, 4, seed: seed, stream: 1),
      randomExamples(Self.d, 3, seed: seed, stream: 2), randomMatrix(Self.d, 7, seed: seed, stream: 3)
    )
  }

  private func instance(
    _ seed: Int, a: Examples? = nil, forget: Examples, stage: (SpectralFilter, Int)? = nil, eta: Double = eta
  ) throws -> TwoPathInstance {
    let (stageA, b, _, test) = data(seed)
    return try TwoPathInstance(
      stageA: LinearStage("A", a ?? stageA, trainer: .ridge(mu: Self.muA)),
      stageB: LinearStage("B", b, trainer: .ridge(mu: Self.muB)), forget: forget,
      forgetStage: stage.map { (trainer: $0.0, position: $0.1) }, test: test, stepSize: eta)
  }

  /// Trains by the d x d normal equations, in this order.
  private func byHand(_ stages: [(Examples, Double)]) -> Vector {
    stages.reduce(Vector(zeros: Self.d)) { ridgeInThePrimal($1.0, mu: $1.1, from: $0) }
  }

  /// Unlearns step by step and compares `sqrt d(t)` at each step.
  private func check(
    _ run: AscentTrajectory, _ instance: TwoPathInstance, model: Vector, retrained: Vector, _ what: String
  ) throws {
    var theta = model
    let (norm, k) = (frobenius(instance.forget.features), Double(instance.forgetCount))
    let rate = 2 * instance.stepSize / k
    let kappa =
      ridgeCondition(instance.stageA.examples, mu: Self.muA)
      + ridgeCondition(instance.stageB.examples, mu: Self.muB) + ridgeCondition(instance.forget, mu: Self.muU)
    let size = model.norm + retrained.norm + instance.forget.labels.norm
    // Three solves, then the growth of their rounding; each step adds less.
    var level = slack * Double(Self.d + 12) * eps * kappa * size
    for t in 0...20 {
      let d = try REDistance(
        between: instance.test.transposeTimes(theta).elements, and: instance.test.transposeTimes(retrained).elements)
      let error = abs(exp(run.logDistance(at: t) / 2) - d.value.squareRoot())
      #expect(error <= level * frobenius(instance.test), "\(what), t = \(t): error \(error)")
      #expect(d.value > 0)
      theta.followGradient(of: instance.forget, stepSize: instance.stepSize, steps: 1)
      level = (1 + rate * norm * norm) * level + slack * 20 * eps * (1 + rate * norm * norm) * (theta.norm + size)
    }
  }

  private func pair(_ instance: TwoPathInstance) throws -> RetrainedPair? {
    let divergence = try PathDivergence(instance)
    return try RetrainedPair(divergence, divergence.trainedModels())
  }

  @Test func `The forget set is stage A, or stage B: retraining leaves the other`() throws {
    let (a, b, _, _) = data(1)
    let (ab, ba) = (byHand([(a, Self.muA), (b, Self.muB)]), byHand([(b, Self.muB), (a, Self.muA)]))
    for (forget, retrained) in [(a, byHand([(b, Self.muB)])), (b, byHand([(a, Self.muA)]))] {
      let instance = try instance(1, forget: forget)
      let pair = try #require(try pair(instance))
      try check(pair.alongAB, instance, model: ab, retrained: retrained, "AB")
      try check(pair.alongBA, instance, model: ba, retrained: retrained, "BA")
    }
  }

  @Test func `Rows of A, and rows spread over A and B, in any order: retraining leaves the other rows`() throws {
    let (a, b, _, _) = data(2)
    let (ab, ba) = (byHand([(a, Self.muA), (b, Self.muB)]), byHand([(b, Self.muB), (a, Self.muA)]))
    let cases: [([Int], [Int])] = [([1, 3], []), ([4, 0], [2]), ([], [3, 0, 1]), ([0, 1, 2, 3, 4], [1])]
    for (fromA, fromB) in cases {
      // B's rows first, so that the forget set's order is not the stages'.
      let (one, other) = (b.selecting(fromB), a.selecting(fromA))
      let forget = Examples(
        features: Matrix(
          rows: Self.d, columns: one.count + other.count, elements: one.features.elements + other.features.elements),
        labels: Vector(one.labels.elements + other.labels.elements))
      let keptA = a.selecting((0..<5).filter { !fromA.contains($0) })
      let keptB = b.selecting((0..<4).filter { !fromB.contains($0) })
      let stages = [(keptA, Self.muA), (keptB, Self.muB)].filter { $0.0.count > 0 }
      let instance = try instance(2, forget: forget)
      let pair = try #require(try pair(instance))
      try check(pair.alongAB, instance, model: ab, retrained: byHand(stages), "AB \(fromA) \(fromB)")
      try check(pair.alongBA, instance, model: ba, retrained: byHand(stages.reversed()), "BA \(fromA) \(fromB)")
    }
  }

  @Test func `All rows of both stages: the retrained model never saw anything`() throws {
    let (a, b, _, _) = data(3)
    let forget = Examples(
      features: Matrix(rows: Self.d, columns: 9, elements: a.features.elements + b.features.elements),
      labels: Vector(a.labels.elements + b.labels.elements))
    // m >= k.
    let instance = try TwoPathInstance(
      stageA: LinearStage("A", a, trainer: .ridge(mu: Self.muA)),
      stageB: LinearStage("B", b, trainer: .ridge(mu: Self.muB)), forget: forget,
      test: randomMatrix(Self.d, 9, seed: 3, stream: 9), stepSize: Self.eta)
    let pair = try #require(try pair(instance))
    let ab = byHand([(a, Self.muA), (b, Self.muB)])
    try check(pair.alongAB, instance, model: ab, retrained: Vector(zeros: Self.d), "AB")
  }

  @Test func `A row that occurs twice is taken out once for each time it is to be forgotten`() throws {
    let (a, b, _, _) = data(4)
    // Row 2 of A twice; the forget set holds it once, so one copy stays.
    let doubled = a.selecting([0, 2, 1, 2, 3])
    let instance = try instance(4, a: doubled, forget: a.selecting([2, 0]))
    let pair = try #require(try pair(instance))
    let ab = byHand([(doubled, Self.muA), (b, Self.muB)])
    let retrained = byHand([(a.selecting([1, 2, 3]), Self.muA), (b, Self.muB)])
    try check(pair.alongAB, instance, model: ab, retrained: retrained, "AB")
  }

  @Test func `Independent rows, or a label or feature that differs in the last bit: no retrained model`() throws {
    let (a, _, apart, _) = data(5)
    #expect(try pair(instance(5, forget: apart)) == nil)
    var labels = a.selecting([1, 2]).labels
    labels[1] = labels[1].nextUp
    #expect(try pair(instance(5, forget: Examples(features: a.selecting([1, 2]).features, labels: labels))) == nil)
    var features = a.selecting([1, 2]).features
    features[Self.d - 1, 0] = features[Self.d - 1, 0].nextDown
    #expect(try pair(instance(5, forget: Examples(features: features, labels: a.selecting([1, 2]).labels))) == nil)
    // Half of it is from a stage, half is not.
    let mixed = Examples(
      features: Matrix(
        rows: Self.d, columns: 2, elements: a.features.column(0).elements + apart.features.column(0).elements),
      labels: Vector([a.labels[0], apart.labels[0]]))
    #expect(try pair(instance(5, forget: mixed)) == nil)
  }

  @Test(arguments: 1...3)
  func `A stage of its own at position 1, 2 or 3: retraining leaves A and B`(position: Int) throws {
    let (a, b, apart, _) = data(6)
    let instance = try instance(6, forget: apart, stage: (.ridge(mu: Self.muU), position))
    #expect(instance.stages.map(\.name) == ["A", "B", "U"])
    #expect(try instance.pathAB.position(of: "U") == position && instance.pathBA.position(of: "U") == position)
    let pair = try #require(try pair(instance))
    func trained(_ order: [(Examples, Double)]) -> Vector {
      var order = order
      order.insert((apart, Self.muU), at: position - 1)
      return byHand(order)
    }
    let orders = [[(a, Self.muA), (b, Self.muB)], [(b, Self.muB), (a, Self.muA)]]
    #expect(distance(pair.retrained.ab, byHand(orders[0])) <= 1e-9 * pair.retrained.ab.norm)
    #expect(distance(pair.retrained.ba, byHand(orders[1])) <= 1e-9 * pair.retrained.ba.norm)
    try check(pair.alongAB, instance, model: trained(orders[0]), retrained: byHand(orders[0]), "AB")
    try check(pair.alongBA, instance, model: trained(orders[1]), retrained: byHand(orders[1]), "BA")
  }

  @Test func `The stage that was forgotten: U, all rows of A or of B in any order, or none`() throws {
    let (a, b, apart, test) = data(7)
    func run(_ instance: TwoPathInstance) throws -> StagedUnlearning? { StagedUnlearning(try PathDivergence(instance)) }
    let cases: [(Examples, (SpectralFilter, Int)?, String?)] = [
      (apart, (.ridge(mu: Self.muU), 2), "U"), (a, nil, "A"), (a.selecting([4, 2, 0, 1, 3]), nil, "A"), (b, nil, "B"),
      (a, (.ridge(mu: Self.muU), 1), "U"), (apart, nil, nil), (a.selecting([0, 1, 2]), nil, nil),
      (a.selecting([0, 1, 2, 3]), nil, nil),
    ]
    for (forget, stage, expected) in cases {
      let instance = try instance(7, forget: forget, stage: stage)
      #expect(instance.forgottenStage == expected)
      let found = try run(instance)
      #expect(found?.forget == expected)
      guard let found else { continue }
      // As if it had been factored from the stages.
      let anew = try StagedUnlearning(
        instance.stages, forgetting: found.forget, test: test, stepSize: Self.eta)
      for path in [try instance.pathAB, try instance.pathBA] {
        let runs = [(StagedUnlearning.towardsRetrained, "retrained"), (StagedUnlearning.forgetResidual, "residual")]
        for (run, name) in runs {
          let (one, other) = (
            try run(found)(path).logDistances(at: 0...30), try run(anew)(path).logDistances(at: 0...30)
          )
          #expect(zip(one, other).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name) of \(path)")
        }
        #expect(try found.towardsRetrained(path).logDistance(at: 3) > -60)
      }
    }
    // Rows of both stages: A goes first.
    let both = try TwoPathInstance(
      stageA: LinearStage("A", a, trainer: .ridge(mu: 1)), stageB: LinearStage("B", a, trainer: .ridge(mu: 2)),
      forget: a, test: test, stepSize: Self.eta)
    #expect(both.forgottenStage == "A")
  }

  @Test func `Last in, first out: one step with eta = k / (2 mu) undoes a last ridge stage, and no earlier one`() throws
  {
    let gen = zip(Gen.int(in: 1...5), Gen.logUniform(in: 0.05...20), Gen.int(in: 0...1_000_000))
    checkProperty("last in, first out", count: 60, gen) { k, mu, seed in
      let (a, b, _, _) = data(seed)
      let forget = randomExamples(Self.d, k, seed: seed, stream: 8)
      var first: [Double] = []
      for position in 1...3 {
        let instance = try instance(
          seed, forget: forget, stage: (.ridge(mu: mu), position), eta: Double(k) / (2 * mu))
        let divergence = try PathDivergence(instance)
        let models = try divergence.trainedModels()
        let pair = try #require(try RetrainedPair(divergence, models))
        let retrained = byHand([(a, Self.muA), (b, Self.muB)])
        // The step multiplies the rounding of three solves by up to ||I + M_U|| = 1 + ||X_U||^2 / mu.
        let kappa = ridgeCondition(forget, mu: mu)
        let others = ridgeCondition(a, mu: Self.muA) + ridgeCondition(b, mu: Self.muB)
        let size = models.ab.norm + retrained.norm + frobenius(forget.features) * forget.labels.norm / mu
        let tolerance = slack * Double(Self.d + 12) * eps * kappa * (kappa + others) * size
        let undone = divergence.span.ascend(models.ab, stepSize: instance.stepSize, steps: 1)
        if position == 3 {
          try ensure(distance(undone, retrained) <= tolerance, "model: \(distance(undone, retrained)) > \(tolerance)")
          let d = exp(pair.alongAB.logDistance(at: 1) / 2)
          try ensure(d <= tolerance * frobenius(instance.test), "distance \(d), tolerance \(tolerance)")
        }
        first.append(distance(undone, retrained))
        try ensure(position == 3 || distance(undone, retrained) > 1e-6 * size / kappa, "position \(position) undone")
      }
      try ensure(first[2] < 1e-3 * min(first[0], first[1]), "\(first)")
    }
  }
}
