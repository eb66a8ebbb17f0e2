import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Unlearning

@Suite("Gradient ascent in closed form")
struct AscentTests {
  /// One ascent: a forget set with k <= d, a relative step and a number of steps.
  private static let ascent = zip(
    Gen.int(in: 1...8), Gen.int(in: 0...20), Gen.choice(of: [1.0, 0.01, 100.0]), Gen.logUniform(in: 1e-6...4),
    Gen.int(in: 0...80), Gen.int(in: 0...1_000_000))

  @Test func `ForgetSpan.ascend is the recursion, step by step`() {
    checkProperty("closed form = iteration", Self.ascent) { k, more, scale, relativeStep, steps, seed in
      let d = k + more
      let examples = randomExamples(d, k, scale: scale, seed: seed, stream: 0)
      let norm = frobenius(examples.features)
      let eta = relativeStep * Double(k) / (2 * norm * norm)
      let start = randomVector(d, seed: seed, stream: 1)
      var expected = start
      let level = iterate(&expected, examples, eta, steps)
      let closed = try ForgetSpan(examples).ascend(start, stepSize: eta, steps: steps)
      let tolerance = level + closedFormRounding(examples, start, eta, steps)
      let error = distance(closed, expected)
      try ensure(error <= tolerance, "error \(error), tolerance \(tolerance), size \(expected.norm)")
      if steps == 0 { try ensure(closed == start, "no step, no move") }
    }
  }

  @Test func `logDistances is the RE distance of two models that unlearn step by step`() {
    checkProperty("trajectory = iteration", count: 100, Self.ascent) { k, more, scale, relativeStep, steps, seed in
      let d = k + more
      let instance = try randomInstance(d: d, k: k, m: k + 3, scale: scale, relativeStep: relativeStep, seed: seed)
      let divergence = try PathDivergence(instance)
      let models = try divergence.trainedModels()
      var (ab, ba) = (models.ab, models.ba)
      let trajectory = divergence.trajectory
      let logs = trajectory.logDistances(at: 0...steps)
      let testNorm = frobenius(instance.test)
      // Delta_0 itself: two orders of ridge.
      var level = slack * Double(d + 12) * eps * 40 * (ab.norm + ba.norm)
      for t in 0...steps {
        let d = try REDistance(
          between: instance.test.transposeTimes(ab).elements, and: instance.test.transposeTimes(ba).elements)
        let closed = closedFormRounding(instance.forget, models.ab - models.ba, instance.stepSize, t, labels: false)
        let tolerance = testNorm * (level + closed) / Double(instance.testCount).squareRoot()
        let error = abs(exp(logs[t] / 2) - d.value.squareRoot())
        try ensure(error <= tolerance, "t = \(t): error \(error), tolerance \(tolerance)")
        let growth = 1 + 2 * instance.stepSize / Double(k) * pow(frobenius(instance.forget.features), 2)
        level = growth * level
        level += iterate(&ab, instance.forget, instance.stepSize, 1)
        level += iterate(&ba, instance.forget, instance.stepSize, 1)
      }
      let initial = Vector(trajectory.initial.elements).norm
      try ensure(
        abs(logs[0] - 2 * log(initial) + log(Double(instance.testCount))) <= slack * eps * (16 + abs(logs[0])),
        "t = 0 is not the initial distance")
    }
  }

  /// A trajectory of small numbers, as the plain formula sees it.
  private struct Modes: Sendable {
    let initial: [Double]
    let directions: [[Double]]
    let amplitudes: [Double]
    let growth: [Double]

    static let gen = zip(Gen.int(in: 1...6), Gen.int(in: 1...6)).flatMap { m, k in
      let number = Gen.double(in: -2...2)
      return zip(
        number.array(count: m), number.array(count: m).array(count: k), number.array(count: k),
        Gen.double(in: 0...1.5).array(count: k)
      ).map { Modes(initial: $0, directions: $1, amplitudes: $2, growth: $3.sorted(by: >)) }
    }

    func trajectory(_ p: Int = 0, _ q: Int = 0) -> AscentTrajectory {
      let (a, f) = (scalbn(1, Int32(p)), scalbn(1, Int32(q)))
      return AscentTrajectory(
        initial: Vector(initial.map { $0 * a * f }),
        directions: Matrix(
          rows: initial.count, columns: growth.count, elements: directions.flatMap { $0.map { $0 * f } }),
        amplitudes: Vector(amplitudes.map { $0 * a }), growth: growth)
    }

    /// `||e(t)||`, and the sum of the sizes of its terms.
    func plain(_ t: Int) -> (norm: Double, size: Double) {
      var (e, size) = (Vector(initial), Vector(initial).norm)
      for mode in growth.indices {
        let weight = (pow(1 + growth[mode], Double(t)) - 1) * amplitudes[mode]
        e.add(weight, Vector(directions[mode]))
        size += pow(1 + growth[mode], Double(t)) * abs(amplitudes[mode]) * Vector(directions[mode]).norm
      }
      return (e.norm, size)
    }
  }

  @Test func `In the log domain as in plain numbers, where those do not overflow`() {
    checkProperty("log = plain", zip(Modes.gen, Gen.int(in: 0...700))) { modes, t in
      let (norm, size) = modes.plain(t)
      let log = modes.trajectory().logDistance(at: t) + Glibc.log(Double(modes.initial.count))
      // t log(1 + lambda) is rounded to eps of itself, pow(1 + lambda, t) to t eps; the rest are k + m operations.
      let tolerance = slack * eps * (Double(t) * 3 + 20) * size
      try ensure(abs(exp(log / 2) - norm) <= tolerance, "\(exp(log / 2)) and \(norm)")
    }
  }

  @Test func `Scales from 2^-1000 to 2^1000 shift the logarithm and change nothing else`() {
    // p scales the models, q the test set: powers of two, so that every number is scaled exactly.
    let power = Gen.oneOf([Gen.int(in: -500...500), .choice(of: [-500, 500, 0])])
    let steps = Gen.oneOf([Gen.int(in: 0...5000), .int(in: 700...1500)])
    checkProperty("scales", count: 1000, zip(Modes.gen, zip(power, power), steps)) { modes, scale, t in
      let (plain, shifted) = (modes.trajectory(), modes.trajectory(scale.0, scale.1))
      let shift = 2 * Double(scale.0 + scale.1) * M_LN2
      let (expected, found) = (plain.logDistance(at: t) + shift, shifted.logDistance(at: t))
      // Cancellation among the modes amplifies rounding: compare e(t), not its logarithm.
      let cancellation = t < 300 ? modes.plain(t).size / max(modes.plain(t).norm, 1e-300) : 1e4
      guard cancellation < 1e8 else { return }
      let tolerance = slack * eps * (10_000 + abs(expected)) * cancellation
      try ensure(
        abs(found - expected) <= tolerance || (expected == -.infinity && found == expected),
        "\(found) instead of \(expected), tolerance \(tolerance)")
    }
  }

  @Test func `Far out of Double's range, a million steps on: finite, growing at the rate of the fastest mode`() throws {
    let instance = try randomInstance(d: 30, k: 5, m: 8, scale: 1, relativeStep: 1, seed: 4)
    let divergence = try PathDivergence(instance)
    let (one, two) = (1_000_000, 2_000_000)
    let logs = divergence.trajectory.logDistances(at: [one, two])
    let rate = log1p(divergence.growth[0])
    #expect(logs.allSatisfy { $0.isFinite })
    #expect(logs[0] > 1e5)
    #expect(abs((logs[1] - logs[0]) / 1e6 - 2 * rate) <= slack * eps * logs[1] / 1e6 * 4)
    let asymptote = try #require(divergence.trajectory.asymptote)
    #expect(abs(asymptote.logRate - rate) <= 4 * eps * rate)
    #expect(abs(2e6 * asymptote.logRate + asymptote.logConstant - logs[0]) <= slack * 4 * eps * logs[0])
    #expect(abs(divergence.trajectory.log10Asymptote(at: one) * M_LN10 - logs[0]) <= slack * 4 * eps * logs[0])
    #expect(divergence.logSquaredSpanNorm(at: one).isFinite)
  }

  @Test func `The ratio to the asymptote tends to 1 at the rate of the gap`() throws {
    let trajectory = AscentTrajectory(
      initial: Vector([3, -1]), directions: Matrix(rows: [[1, 0.5, 2], [0, 1, 1]]),
      amplitudes: Vector([0.25, 0, -2]), growth: [0.75, 0.5, 0.25])
    let (rate, constant) = try #require(trajectory.asymptote)
    #expect(rate == log1p(0.75))
    #expect(abs(constant - log(0.25 * 0.25 / 2)) <= 8 * eps)
    for t in [50, 100, 200, 400] {
      // What the other mode and the constant part leave, relative to the first mode.
      let rest = (2 * hypot(2, 1) * pow(1.25, Double(t)) + 10) / (0.25 * pow(1.75, Double(t)))
      let ratio = exp(trajectory.logDistance(at: t) - 2 * Double(t) * rate - constant)
      #expect(abs(ratio - 1) <= 3 * rest + Double(t) * slack * eps, "t = \(t): \(ratio)")
    }
    // The first mode has amplitude 0, or no test point sees it: the second takes over.
    for (amplitude, direction) in [(0.0, 1.0), (1.0, 0.0)] {
      let blind = AscentTrajectory(
        initial: Vector([1]), directions: Matrix(rows: [[direction, 2]]), amplitudes: Vector([amplitude, 3]),
        growth: [1, 0.5])
      #expect(try #require(blind.asymptote).logRate == log1p(0.5))
      #expect(abs(try #require(blind.asymptote).logConstant - 2 * log(6)) <= 8 * eps)
    }
    // Equal eigenvalues act as one mode.
    let double = AscentTrajectory(
      initial: Vector([1]), directions: Matrix(rows: [[1, 2]]), amplitudes: Vector([1, 3]),
      growth: [0.5, 0.5.nextDown])
    #expect(abs(try #require(double.asymptote).logConstant - 2 * log(7)) <= 8 * eps)
  }

  @Test func `Slow modes are told apart too, and sizes out of range do not hide the asymptote`() throws {
    let slow = AscentTrajectory(
      initial: Vector([0]), directions: Matrix(rows: [[1, 2]]), amplitudes: Vector([1, 3]),
      growth: [1e-12, 0.999e-12])
    #expect(abs(try #require(slow.asymptote).logConstant) <= 8 * eps)
    let tiny = AscentTrajectory(
      initial: Vector([0]), directions: Matrix(rows: [[0x1p-600]]), amplitudes: Vector([0x1p-600]), growth: [1])
    #expect(abs(try #require(tiny.asymptote).logConstant + 2400 * M_LN2) <= 8 * eps * 2400)
  }

  @Test func `Growth beyond Double's range of a part far below it, and subnormal beginnings`() {
    // 2^-1000 (2^1100 - 1) = 2^100: the growth alone overflows.
    let late = AscentTrajectory(
      initial: Vector([0]), directions: Matrix(rows: [[0x1p-500]]), amplitudes: Vector([0x1p-500]), growth: [1])
    #expect(abs(late.logDistance(at: 1100) - 200 * M_LN2) <= slack * eps * 1100)
    let subnormal = AscentTrajectory(
      initial: Vector([0x1p-1060, 0]), directions: Matrix(rows: [[0], [0]]), amplitudes: Vector([1]), growth: [1])
    #expect(abs(subnormal.logDistance(at: 3) + 2121 * M_LN2) <= slack * eps * 2121)
  }

  @Test func `Nothing grows: no asymptote, and the distance stays`() {
    let still = AscentTrajectory(
      initial: Vector([3, 4]), directions: Matrix(rows: [[1], [1]]), amplitudes: Vector([0]), growth: [1])
    #expect(still.asymptote == nil && still.log10Asymptote(at: 3) == -.infinity)
    #expect(still.logDistances(at: [0, 1, 1_000_000]).allSatisfy { abs($0 - log(12.5)) <= 4 * eps })
    let zero = AscentTrajectory(
      initial: Vector([0]), directions: Matrix(rows: [[1]]), amplitudes: Vector([0]), growth: [1])
    #expect(zero.logDistances(at: [0, 7]) == [-.infinity, -.infinity])
    #expect(zero.logDistances(at: []).isEmpty)
  }

  @Test func `Steps in any order and number, on any number of workers; a shift is subtracted`() throws {
    let divergence = try PathDivergence(try randomInstance(d: 20, k: 6, m: 9, scale: 1, relativeStep: 0.3, seed: 9))
    let trajectory = divergence.trajectory
    let steps = (0..<500).map { ($0 * 7919) % 2003 } + [0, 0, 1_000_000, 5]
    let together = trajectory.logDistances(at: steps)
    for count in [2, 3, 4] {
      #expect(trajectory.logDistances(at: steps, workers: Workers(count: count)) == together)
    }
    for (step, value) in zip(steps, together) {
      // Only the modes left out, below 2^-70, and the order of sums may differ.
      #expect(abs(trajectory.logDistance(at: step) - value) <= slack * eps * (16 + abs(value)))
    }
    let shift = randomVector(9, seed: 1, stream: 1)
    let shifted = AscentTrajectory(
      initial: trajectory.initial - shift, directions: trajectory.directions, amplitudes: trajectory.amplitudes,
      growth: divergence.growth)
    for (one, other) in zip(
      trajectory.logSquaredNorms(at: 0...20, minus: shift), shifted.logDistances(at: 0...20))
    {
      #expect(abs(one - other - log(9)) <= slack * eps * (16 + abs(one)))
    }
  }

  @Test func `Forget spans: basis, projection, amplitudes, condition`() {
    checkProperty("span", zip(Gen.int(in: 1...8), Gen.int(in: 0...15), Gen.int(in: 0...1_000_000))) { k, more, seed in
      let examples = randomExamples(k + more, k, seed: seed, stream: 0)
      let span = try ForgetSpan(examples)
      let v = randomVector(k + more, seed: seed, stream: 1)
      let tolerance = slack * Double(2 * k + more) * eps * v.norm
      let (projected, rest) = (span.combination(span.coordinates(v)), span.offSpan(v))
      try ensure(distance(projected + rest, v) <= tolerance, "P v + (I - P) v = v")
      try ensure(examples.predictions(rest).norm <= tolerance * frobenius(examples.features), "X_U (I - P) v = 0")
      try ensure(span.coordinates(rest).norm <= tolerance, "V' (I - P) v = 0")
      try ensure(more > 0 || rest.norm == 0, "a square X_U leaves nothing off its span, exactly")
      // In the span: X_U' c.
      let inside = examples.features.times(randomVector(k, seed: seed, stream: 2))
      try ensure(
        span.offSpan(inside).norm <= slack * Double(2 * k + more) * eps * span.condition * inside.norm, "P X_U' = X_U'")
      let growth = span.growth(stepSize: 0.3)
      for (lambda, s) in zip(growth, span.singularValues) {
        try ensure(abs(lambda - 0.6 / Double(k) * s * s) <= 4 * eps * lambda, "2 eta/k s^2")
      }
      try ensure(growth == growth.sorted(by: >), "descending")
    }
  }

  @Test func `Forget rows that depend on each other are refused`() {
    let row = [1.0, 2, 3]
    func span(_ rows: [[Double]]) throws -> ForgetSpan {
      try ForgetSpan(Examples(features: Matrix(rows: rows).transposed, labels: Vector(zeros: rows.count)))
    }
    #expect(throws: LinearAlgebraError.rankDeficient(rank: 1, required: 2)) { try span([row, row]) }
    #expect(throws: LinearAlgebraError.rankDeficient(rank: 0, required: 1)) { try span([[0, 0, 0]]) }
    #expect(throws: LinearAlgebraError.rankDeficient(rank: 3, required: 4)) {
      try span([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    }
    #expect(throws: LinearAlgebraError.self) { try span([[1, .nan, 0]]) }
  }

  @Test func `A model that fits the forget set exactly does not move, however far the ascent goes`() throws {
    let examples = Examples(
      features: Matrix(rows: [[2, 0, 0], [0, 1, 0]]).transposed, labels: Vector([4, 3]))
    let span = try ForgetSpan(examples)
    let fits = Vector([2, 3, 5])
    #expect(span.ascend(fits, stepSize: 1, steps: 1_000_000) == fits)
    // One row is fitted, the other is off and leaves Double's range.
    #expect(!span.ascend(Vector([2, 4, 5]), stepSize: 1, steps: 1_000_000).isFinite)
  }

  /// Ascends step by step and returns a bound on the rounding: each step errs by products of length d + k, later
  /// steps amplify it.
  private func iterate(_ theta: inout Vector, _ examples: Examples, _ eta: Double, _ steps: Int) -> Double {
    let (k, norm) = (Double(examples.count), frobenius(examples.features))
    let rate = 2 * eta / k
    var level = 0.0
    for _ in 0..<steps {
      let moved = theta.norm + rate * norm * (norm * theta.norm + examples.labels.norm)
      level = (1 + rate * norm * norm) * level + slack * Double(examples.dimension + examples.count) * eps * moved
      theta.followGradient(of: examples, stepSize: eta, steps: 1)
    }
    return level
  }

  /// A bound on the rounding of `X' psi(K) r`, psi = ((1 + rate lambda)^t - 1) / lambda, from an SVD with a backward
  /// error of k eps ||X||: psi is at most rate t f^t and varies by (rate t)^2 f^t.
  private func closedFormRounding(
    _ examples: Examples, _ theta: Vector, _ eta: Double, _ steps: Int, labels: Bool = true
  ) -> Double {
    let (k, d, t) = (Double(examples.count), Double(examples.dimension), Double(steps))
    let norm = frobenius(examples.features)
    let rate = 2 * eta / k
    let x = rate * norm * norm
    let psi = rate * t * pow(1 + x, t)
    let residual = norm * theta.norm + (labels ? examples.labels.norm : 0)
    let logarithms = t * log1p(x) + abs(log(max(x, 1e-300)))
    return slack * eps * (norm * residual * psi * (d + k + logarithms + k * x * t) + d * theta.norm)
  }

  private func randomInstance(
    d: Int, k: Int, m: Int, scale: Double, relativeStep: Double, seed: Int
  ) throws -> TwoPathInstance {
    let forget = randomExamples(d, k, scale: scale, seed: seed, stream: 0)
    let norm = frobenius(forget.features)
    return try TwoPathInstance(
      stageA: LinearStage("A", randomExamples(d, 5, seed: seed, stream: 1), trainer: .ridge(mu: 2)),
      stageB: LinearStage("B", randomExamples(d, 7, seed: seed, stream: 2), trainer: .ridge(mu: 4)), forget: forget,
      test: randomMatrix(d, m, seed: seed, stream: 3), stepSize: relativeStep * Double(k) / (2 * norm * norm))
  }
}
