import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems
import Unlearning

@Suite("B8: order as a commutator")
struct OrderCommutatorTests {
  private static let gen = zip(
    Gen.int(in: 0...1_000_000), Gen.int(in: 1...30), Gen.int(in: 2...4), Gen.int(in: 0...3).array(count: 4),
    Gen.logUniform(in: 1e-3...1e3))

  private static func stages(_ seed: Int, _ d: Int, _ count: Int, _ trainers: [Int], _ strength: Double)
    -> [LinearStage]
  {
    let generator = RandomGenerator(seed: UInt64(seed))
    return (0..<count).map { index in
      // From fewer rows than features to more.
      let rows = 1 + (seed + 7 * index) % (trainers[index] == 3 ? max(1, d / 2) : 12)
      let features = Matrix(rows: d, columns: rows, random: generator.child(UInt64(index))) { $0.fillNormal($1) }
      var noise = generator.child(UInt64(100 + index))
      let (n, trace) = (Double(rows), pow(frobenius(features), 2))
      let trainer: SpectralFilter
      switch trainers[index] {
      case 0: trainer = .ridge(mu: strength * trace)
      case 1: trainer = .gradientDescent(steps: 1 + index, stepSize: n / (2 * trace) * 1.9)
      case 2: trainer = .gradientFlow(time: n / (2 * trace) / strength)
      default: trainer = .interpolation
      }
      return LinearStage("s\(index)", Examples(features: features, labels: noise.normalVector(rows)), trainer: trainer)
    }
  }

  @Test func `Every swap is within its bound, and every two orders within the sum over the pairs`() {
    checkProperty("order", count: 300, Self.gen) { seed, d, count, trainers, strength in
      let training = try StagedTraining(Self.stages(seed, d, count, trainers, strength))
      let order = try OrderCommutator(training, (0..<count).map { "s\($0)" })
      try ensure(order.contraction.holds, "\(order.contraction)")
      // N = 2: one; N = 3: 3 and after each stage one; N = 4: 6, 4 times 3, and 12 times 1.
      try ensure(order.swaps.count == [2: 1, 3: 6, 4: 30][count], "\(order.swaps.count) swaps")
      try ensure(order.check.verdict == .holds && order.check.stepsChecked == order.swaps.count, "\(order.check)")
      try ensure(order.paths.count == [2: 2, 3: 6, 4: 24][count] && order.cosines.allSatisfy { $0 <= 1 }, "orders")
      try ensure(order.spread <= order.spreadBound, "\(order.spread) of \(order.spreadBound)")
      // The rounding that is granted must not be what makes them hold.
      let granted = order.swaps.reduce(0) { max($0, $1.roundingLevel / $1.bound) }
      if trainers.allSatisfy({ $0 != 3 }), strength > 0.1 { try ensure(granted < 1e-6, "granted \(granted)") }
    }
  }

  @Test func `A swap is S_A b_B - S_B b_A, and the spread that of the models`() {
    checkProperty("meaning", count: 100, Self.gen) { seed, d, count, trainers, strength in
      let trainers = trainers.map { $0 % 3 }
      let training = try StagedTraining(Self.stages(seed, d, count, trainers, max(0.1, strength)))
      let names = (0..<count).map { "s\($0)" }
      let order = try OrderCommutator(training, names)
      for swap in order.swaps {
        let start = try training.train(swap.prefix)
        let (one, other) = (try training.map(swap.stages.0), try training.map(swap.stages.1))
        func changes(_ map: StageMap) -> Vector { map.apply(to: start) - start }
        let commutator = one.contraction(changes(other)) - other.contraction(changes(one))
        let plain =
          other.apply(to: one.apply(to: start)) - one.apply(to: other.apply(to: start))
        let size = start.norm + changes(one).norm + changes(other).norm
        let rounding = slack * eps * Double(d + 40) * 100 * size
        // theta_(one, other) - theta_(other, one) = -S_other b_one + S_one b_other.
        try ensure((swap.difference - commutator).norm <= rounding, "the commutator")
        try ensure((swap.difference - plain).norm <= rounding, "the difference")
      }
      let models = try order.paths.map { try training.train($0) }
      var spread = 0.0
      for one in models { for other in models { spread = max(spread, (one - other).norm) } }
      let size = models.reduce(0) { max($0, $1.norm) }
      try ensure(abs(spread - order.spread) <= slack * eps * Double(d + 40) * 100 * size, "\(spread), \(order.spread)")
      let test = randomTest(d, seed)
      let predictions = models.map { test.transposeTimes($0) }
      var onTest = 0.0
      for one in predictions { for other in predictions { onTest = max(onTest, (one - other).norm) } }
      try ensure(
        abs(onTest - order.spread(on: test)) <= slack * eps * Double(d + 40) * 100 * size * frobenius(test), "on test")
    }
  }

  @Test
  func `The bound is attained where one stage has nothing to say; orthogonal rows give 0 and equal ones cosine 1`()
    throws
  {
    func order(_ a: [[Double]], _ yA: [Double], _ b: [[Double]], _ yB: [Double]) throws -> OrderCommutator {
      func examples(_ rows: [[Double]], _ labels: [Double]) -> Examples {
        Examples(features: Matrix(rows: rows).transposed, labels: Vector(labels))
      }
      let training = try StagedTraining([
        LinearStage("A", examples(a, yA), trainer: .ridge(mu: 0.5)),
        LinearStage("B", examples(b, yB), trainer: .ridge(mu: 2)),
      ])
      return try OrderCommutator(training, ["A", "B"])
    }
    for angle in [0.1, 0.7, 1.2] {
      let one = try order([[1, 0, 0]], [0], [[cos(angle), sin(angle), 0]], [3])
      let swap = try #require(one.swaps.first)
      #expect(abs(one.largestCosine - cos(angle)) < 8 * eps)
      #expect(abs(swap.bound - swap.difference.norm) < 8 * eps * swap.bound)
      // S_A = 1/1.5, b_B = 3/(1 + 2): 2/3 cos.
      #expect(abs(swap.difference.norm - 2 / 3 * cos(angle)) < 8 * eps)
    }
    let orthogonal = try order([[1, 2, 0, 0]], [1], [[2, -1, 3, 0], [0, 0, 0, 1]], [4, 5])
    #expect(orthogonal.largestCosine < 8 * eps && orthogonal.spread < 8 * eps && orthogonal.check.verdict == .holds)
    let equal = try order([[1, 2, 0], [0, 1, 0]], [1, 2], [[3, 0, 0], [1, 1, 0]], [4, 5])
    #expect(abs(equal.largestCosine - 1) < 8 * eps && equal.spread > 0.01)
    // More rows than features: the whole space.
    #expect(try abs(order([[1], [2]], [1, 2], [[3]], [1]).largestCosine - 1) < 8 * eps)
    // A bound that is too small is caught.
    let swap = try #require(equal.swaps.first)
    #expect(!Inequality(logLeft: log(swap.difference.norm * (1 - 1e-9)), logRight: log(swap.difference.norm)).holds)
  }

  @Test func `Pages on instances of every origin and position`() {
    checkProperty("page", count: 150, zip(Gen.int(in: 0...100_000).map { UInt64($0) }, Gen.int(in: 0...3))) {
      seed, position in
      let instance = try wideInstance(seed, position) { _ in 3 }
      let divergence = try PathDivergence(instance)
      let page = try OrderCommutator.page(divergence, models: divergence.trainedModels(), steps: 10)
      try ensure(page.verdict == .holds && page.claims.count == 3, "\(page)")
    }
  }

  @Test func `Too many stages and unknown ones are refused; an ascent among the stages leaves the spread unclaimed`()
    throws
  {
    let stages = Self.stages(1, 9, 3, [0, 0, 0, 0], 1)
    let training = try StagedTraining(stages)
    #expect(throws: StagedLearnersError.self) { try OrderCommutator(training, ["s0", "x"]) }
    let ascent = LinearStage("s9", stages[0].examples, trainer: .gradientAscent(steps: 3, stepSize: 1))
    let order = try OrderCommutator(StagedTraining(stages + [ascent]), ["s0", "s9"])
    #expect(!order.contraction.holds)
  }
}

private func randomTest(_ d: Int, _ seed: Int) -> Matrix {
  Matrix(rows: d, columns: 7, random: RandomGenerator(seed: UInt64(seed)).child(5)) { $0.fillNormal($1) }
}
