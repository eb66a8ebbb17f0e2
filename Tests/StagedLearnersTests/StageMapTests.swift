import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Unlearning

@Suite("Stages against their definitions")
struct StageMapTests {
  @Test func `Ridge is the minimiser that the d x d normal equations give`() {
    let gen = zip(Shape.gen, Gen.logUniform(in: 0.01...1e9), Gen.bool)
    checkProperty("dual ridge = primal ridge", gen) { shape, mu, fromZero in
      let (examples, d) = (shape.examples(0), shape.dimension)
      let start = fromZero ? Vector(zeros: d) : randomVector(d, seed: shape.seed, stream: 1)
      let map = try StageMap(LinearStage("A", examples, trainer: .ridge(mu: mu)))
      let expected = ridgeInThePrimal(examples, mu: mu, from: start)
      // Both solves err by their condition times the right-hand side over mu, which bounds the solution.
      let size = start.norm + frobenius(examples.features) * examples.labels.norm / mu
      let tolerance = slack * Double(d + examples.count) * eps * ridgeCondition(examples, mu: mu) * size
      let error = distance(map.apply(to: start), expected)
      try ensure(error <= tolerance, "error \(error), tolerance \(tolerance)")
      try ensure(fromZero || map.apply(to: start).norm > 0, "no model")
      if fromZero { try ensure(distance(map.offset, expected) <= tolerance, "offset is not the model from 0") }
    }
  }

  @Test func `Every stage is the affine map theta - S theta + b`() {
    let trainers: [SpectralFilter] = [
      .ridge(mu: 0.5), .gradientDescent(steps: 7, stepSize: 0.01), .gradientFlow(time: 0.3), .interpolation,
      .gradientAscent(steps: 5, stepSize: 0.01), .ascentFlow(time: 0.05),
    ]
    for trainer in trainers {
      checkProperty("affine, \(trainer)", count: 60, Shape.gen) { shape in
        var shape = shape
        if trainer == .interpolation { shape.dimension += 20 }
        let examples = shape.examples(0)
        let map = try StageMap(LinearStage("A", examples, trainer: trainer))
        let theta = randomVector(shape.dimension, seed: shape.seed, stream: 1)
        let direct = map.apply(to: theta)
        let affine = theta - map.contraction(theta) + map.offset
        // Products of length d and n on both sides, and the three terms.
        let size = theta.norm + map.contraction(theta).norm + map.offset.norm
        let solved = trainer == .interpolation ? try condition(examples) : 1
        let norm = frobenius(examples.features)
        let inner = phiBound(trainer, norm * norm, examples.count) * norm * (norm * theta.norm + examples.labels.norm)
        let tolerance = slack * Double(shape.dimension + examples.count) * eps * (size + solved * inner)
        try ensure(distance(direct, affine) <= tolerance, "\(distance(direct, affine)) > \(tolerance)")
      }
    }
  }

  @Test func `Gradient descent and ascent are their recursions`() {
    let gen = zip(Shape.gen, Gen.int(in: 0...60), Gen.double(in: 0.01...1.2), Gen.bool)
    checkProperty("filter = recursion", gen) { shape, steps, relativeStep, ascends in
      let examples = shape.examples(0)
      let (n, norm) = (Double(examples.count), frobenius(examples.features))
      // At most 1.2 n / ||X||^2, so that 1 - 2 a lambda/n stays above -1.4 and ascent grows by at most 3.4 a step.
      let step = relativeStep * n / (norm * norm)
      let trainer: SpectralFilter =
        ascends ? .gradientAscent(steps: steps, stepSize: step) : .gradientDescent(steps: steps, stepSize: step)
      let start = randomVector(shape.dimension, seed: shape.seed, stream: 1)
      var expected = start
      // The recursion's own rounding: each step errs by products of length d + n, later steps amplify it.
      let rate = 2 * step / n
      let factor = ascends ? 1 + rate * norm * norm : max(1, abs(1 - rate * norm * norm))
      var level = 0.0
      for _ in 0..<steps {
        let moved = expected.norm + rate * norm * (norm * expected.norm + examples.labels.norm)
        level = factor * level + Double(shape.dimension + examples.count) * eps * moved
        expected.followGradient(of: examples, stepSize: ascends ? step : -step, steps: 1)
      }
      // The closed form's: eigenvalues err by n eps ||X||^2, phi varies by at most (rate T)^2 factor^T with them,
      // and phi itself comes through exp(log(...)) with a relative error of |log phi| eps.
      let t = Double(steps)
      let phi = rate * t * pow(factor, t)
      let residual = examples.residual(start).norm
      let relative = n + abs(log(max(phi, 1e-300))) + t * log(factor) + Double(shape.dimension)
      level += eps * norm * residual * (n * norm * norm * rate * t * phi + relative * phi) + eps * start.norm
      let map = try StageMap(LinearStage("A", examples, trainer: trainer))
      let error = distance(map.apply(to: start), expected)
      try ensure(error <= slack * level, "error \(error), level \(level)")
    }
  }

  @Test func `Flows are the limits of ever smaller steps`() {
    let gen = zip(Shape.gen, Gen.double(in: 0.01...3), Gen.bool)
    checkProperty("flow = limit", gen) { shape, relativeTime, ascends in
      let examples = shape.examples(0)
      let (n, norm) = (Double(examples.count), frobenius(examples.features))
      let time = relativeTime * n / (2 * norm * norm)
      let start = randomVector(shape.dimension, seed: shape.seed, stream: 1)
      let steps = 1 << 20
      let step = time / Double(steps)
      let flow = try StageMap(
        LinearStage("A", examples, trainer: ascends ? .ascentFlow(time: time) : .gradientFlow(time: time)))
      let discrete = try StageMap(
        LinearStage(
          "A", examples,
          trainer: ascends
            ? .gradientAscent(steps: steps, stepSize: step) : .gradientDescent(steps: steps, stepSize: step)))
      // |(1 -+ x/T)^T - exp(-+x)| <= x^2 exp(x) / (2T) with x = 2 lambda tau/n <= relativeTime; over lambda it is
      // at most (2 tau/n)^2 lambda exp(x) / (2T), and the change is X' phi r.
      let phiError = pow(2 * time / n, 2) * norm * norm * exp(relativeTime) / Double(2 * steps)
      let rounding = slack * 64 * Double(shape.dimension + examples.count) * eps * exp(relativeTime)
      let residual = examples.residual(start).norm
      let tolerance = norm * residual * (phiError + rounding * 2 * time / n) + rounding * start.norm
      let error = distance(flow.apply(to: start), discrete.apply(to: start))
      try ensure(error <= tolerance, "error \(error), tolerance \(tolerance)")
    }
  }

  @Test func `Interpolation changes a model by the solution of least norm`() {
    checkProperty("interpolation = least squares", Shape.gen) { shape in
      var shape = shape
      shape.dimension += 12
      let examples = shape.examples(0)
      let start = randomVector(shape.dimension, seed: shape.seed, stream: 1)
      let map = try StageMap(LinearStage("A", examples, trainer: .interpolation))
      let least = try LeastSquares(examples.features.transposed, examples.residual(start))
      try ensure(least.rank == examples.count, "a random matrix lost rank")
      // X X' squares the condition of X.
      let kappa = try condition(examples)
      let change = least.solution.norm
      let tolerance = slack * Double(shape.dimension + examples.count) * eps * (kappa * change + start.norm)
      let error = distance(map.apply(to: start), start + least.solution)
      try ensure(error <= tolerance, "error \(error), tolerance \(tolerance)")
    }
  }

  @Test func `Interpolation of repeated rows with different labels takes their mean`() throws {
    let row = [3.0, 4.0, 0.0]
    let features = Matrix(rows: [row, row, [0.0, 0.0, 2.0]]).transposed
    let map = try StageMap(
      LinearStage("A", Examples(features: features, labels: Vector([1, 2, 5])), trainer: .interpolation))
    // The rows (3,4,0) twice ask for 1 and 2: the least-squares compromise is 1.5 / 25 (3,4,0).
    let expected = Vector([0.18, 0.24, 2.5])
    #expect(distance(map.offset, expected) <= slack * 3 * eps * 25 / 4 * expected.norm)
  }

  @Test func `Rank-deficient stages: what no row sees does not move, at any trainer`() throws {
    let row = [1.0, 2.0, 0.0, -1.0]
    let examples = Examples(
      features: Matrix(rows: [row, row, [0.0, 0.0, 0.0, 0.0]]).transposed, labels: Vector([1, 1, 3]))
    let start = Vector([0.5, 0.25, 7, 0.5])
    for trainer in [
      SpectralFilter.ridge(mu: 0.1), .gradientDescent(steps: 10, stepSize: 0.05), .gradientFlow(time: 1),
      .interpolation, .gradientAscent(steps: 4, stepSize: 0.1), .ascentFlow(time: 0.2),
    ] {
      let theta = try StageMap(LinearStage("A", examples, trainer: trainer)).apply(to: start)
      let move = theta - start
      let along = move[0]
      #expect(theta.isFinite && theta[2] == 7, "\(trainer)")
      #expect(
        distance(move, Vector([along, 2 * along, 0, -along])) <= slack * 8 * eps * (start.norm + move.norm),
        "\(trainer)")
    }
  }

  @Test func `The shares bound what a stage takes of any vector, and for spectral trainers are attained`() {
    let trainers: [(SpectralFilter, Bool)] = [
      (.ridge(mu: 0.5), false), (.gradientDescent(steps: 3, stepSize: 0.01), true), (.gradientFlow(time: 0.3), true),
      (.interpolation, true), (.gradientAscent(steps: 2, stepSize: 0.01), true),
    ]
    for (trainer, attained) in trainers {
      checkProperty("shares, \(trainer)", count: 60, Shape.gen) { shape in
        var shape = shape
        if trainer == .interpolation { shape.dimension += 20 }
        let examples = shape.examples(0)
        let map = try StageMap(LinearStage("A", examples, trainer: trainer))
        let v = randomVector(shape.dimension, seed: shape.seed, stream: 1)
        // Solves amplify rounding by at most this: the condition of K, or that of K + mu I.
        let solved = trainer == .interpolation ? try condition(examples) : 1 + 2 * map.gramTrace
        let sums = slack * Double(v.count + examples.count) * eps * solved
        let once = map.contraction(v)
        let both = map.contraction(
          Matrix(rows: v.count, columns: 2, elements: once.elements + v.elements), workers: Workers(count: 2))
        try ensure(distance(both.column(1), once) <= sums * (v.norm + once.norm), "S V, column by column")
        try ensure(distance(both.column(0), map.contraction(once)) <= sums * (v.norm + once.norm), "S S v")
        let taken = v.dot(once) / v.dot(v)
        let size = max(abs(map.shares.lowerBound), abs(map.shares.upperBound))
        let rounding = sums * (1 + size)
        try ensure(map.shares.contains(0), "0 is the share off the row space")
        try ensure(
          map.shares.lowerBound - rounding <= taken && taken <= map.shares.upperBound + rounding,
          "\(taken) in \(map.shares)")
        // The largest eigenvalue's share by the formula.
        let largest = pow(try SingularValues.values(of: examples.features).first ?? 0, 2)
        let extreme = largest * trainer.value(at: largest, rows: examples.count)
        let reached = extreme < 0 ? map.shares.lowerBound : map.shares.upperBound
        try ensure(abs(reached) >= abs(extreme) - rounding, "\(extreme) in \(map.shares)")
        if attained, trainer != .interpolation {
          try ensure(abs(reached - extreme) <= rounding * (1 + size), "\(reached), not \(extreme)")
        }
      }
    }
  }

  @Test func `Every parameter out of range is refused, with its name`() {
    let examples = randomExamples(3, 2, seed: 1, stream: 0)
    let wrong: [(SpectralFilter, String)] = [
      (.ridge(mu: 0), "mu"), (.ridge(mu: -1), "mu"), (.ridge(mu: .nan), "mu"), (.ridge(mu: .infinity), "mu"),
      (.gradientDescent(steps: -1, stepSize: 0.1), "steps"), (.gradientDescent(steps: 1, stepSize: 0), "step size"),
      (.gradientFlow(time: -1), "time"), (.gradientFlow(time: .nan), "time"), (.ascentFlow(time: .infinity), "time"),
      (.gradientAscent(steps: 1, stepSize: -0.1), "step size"),
    ]
    for (trainer, name) in wrong {
      let error = #expect(throws: LinearAlgebraError.self) {
        try StageMap(LinearStage("A", examples, trainer: trainer))
      }
      guard case .invalidParameter(let text) = error else { Issue.record("\(trainer): \(error as Any)"); continue }
      #expect(text.contains(name), "\(text)")
    }
    let growing = #expect(throws: LinearAlgebraError.self) {
      try StageMap(LinearStage("A", examples, trainer: .gradientAscent(steps: 1_000_000, stepSize: 1)))
    }
    #expect(growing?.description.contains("stage A") == true)
  }

  /// The condition of X X', an upper bound.
  private func condition(_ examples: Examples) throws -> Double {
    let values = try SingularValues.values(of: examples.features)
    let (first, last) = (values.first ?? 1, values.last ?? 1)
    return first * first / (last * last)
  }

  /// An upper bound on phi up to this eigenvalue.
  private func phiBound(_ trainer: SpectralFilter, _ lambda: Double, _ rows: Int) -> Double {
    switch trainer {
    case .ridge(let mu): 2 / mu * (1 + lambda / mu)
    // 1 / lambda_min is the condition over lambda_max; the caller multiplies by the condition.
    case .interpolation: Double(rows) / lambda
    default: abs(trainer.value(at: lambda, rows: rows)) + abs(trainer.value(at: 0, rows: rows))
    }
  }
}
