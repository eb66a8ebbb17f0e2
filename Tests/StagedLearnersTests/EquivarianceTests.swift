import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Unlearning

@Suite("Symmetries of the whole pipeline")
struct EquivarianceTests {
  /// An instance with a k <= d, m >= k, and its parameters.
  private struct Problem: Sendable {
    let shape: Shape
    let mu: Double
    let relativeStep: Double

    static let gen = zip(Shape.gen, Gen.logUniform(in: 0.25...100), Gen.logUniform(in: 0.01...1)).map {
      var shape = $0
      shape.dimension += shape.rows[2]
      return Problem(shape: shape, mu: $1, relativeStep: $2)
    }

    var forget: Examples { shape.examples(2) }
    var test: Matrix {
      randomMatrix(shape.dimension, shape.rows[2] + shape.testRows, seed: shape.seed, stream: 40)
    }
    var stepSize: Double {
      let norm = frobenius(forget.features)
      return relativeStep * Double(forget.count) / (2 * norm * norm)
    }
    /// The rounding of Delta_0 relative to the two models: condition times the orders of the solves.
    var rounding: Double {
      let kappa = ridgeCondition(shape.examples(0), mu: mu) + ridgeCondition(shape.examples(1), mu: mu)
      return slack * Double(shape.dimension + shape.rows.reduce(0, +)) * eps * kappa
    }

    func divergence(
      mu factor: Double = 1, stepSize etaFactor: Double = 1, a: (Examples) throws -> Examples = { $0 },
      b: (Examples) throws -> Examples = { $0 }, forget change: (Examples) throws -> Examples = { $0 },
      test changeTest: (Matrix) -> Matrix = { $0 }
    ) throws -> PathDivergence {
      try PathDivergence(
        try TwoPathInstance(
          stageA: LinearStage("A", a(shape.examples(0)), trainer: .ridge(mu: factor * mu)),
          stageB: LinearStage("B", b(shape.examples(1)), trainer: .ridge(mu: factor * mu)),
          forget: change(forget), test: changeTest(test), stepSize: etaFactor * stepSize))
    }
  }

  /// Compares `sqrt d(t)` of two divergences: the second divided by `factor` is the first.
  private func compare(
    _ problem: Problem, _ one: PathDivergence, _ other: PathDivergence, factor: Double = 1, _ what: String
  ) throws {
    let models = try one.trainedModels()
    let size = models.ab.norm + models.ba.norm
    for t in [0, 1, 5, 30] {
      let (expected, found) = (
        one.trajectory.logDistance(at: t), other.trajectory.logDistance(at: t) - other.units.logDistance
      )
      // An error of Delta_0 grows like the fastest mode, and the growth of each mode errs by k lambda t eps.
      let growth = pow(1 + one.growth[0], Double(t)) * (1 + Double(t) * one.growth[0])
      let tolerance =
        problem.rounding * size * growth * frobenius(problem.test) / Double(one.instance.testCount).squareRoot()
      let error = abs(exp(found / 2) / factor - exp(expected / 2))
      try ensure(error <= tolerance, "\(what), t = \(t): error \(error), tolerance \(tolerance)")
    }
  }

  @Test func `The order of the rows within a stage does not matter`() {
    let gen = Problem.gen.flatMap { problem in
      zip(
        .constant(problem), Gen<[Int]>.shuffled(Array(0..<problem.shape.rows[0])),
        Gen<[Int]>.shuffled(Array(0..<problem.shape.rows[2])))
    }
    checkProperty("row permutations", count: 80, gen) { problem, orderA, orderU in
      let plain = try problem.divergence()
      let permuted = try problem.divergence(a: { $0.selecting(orderA) }, forget: { $0.selecting(orderU) })
      let (models, others) = (try plain.trainedModels(), try permuted.trainedModels())
      try ensure(distance(models.ab, others.ab) <= problem.rounding * (models.ab.norm + models.ba.norm), "model AB")
      try compare(problem, plain, permuted, "permuted rows")
    }
  }

  @Test func `Rotating or permuting the features rotates the models and leaves every distance`() {
    checkProperty("rotations", count: 80, Problem.gen) { problem in
      let q = try randomRotation(problem.shape.dimension, seed: problem.shape.seed)
      let plain = try problem.divergence()
      let rotated = try problem.divergence(
        a: { $0.rotated(by: q) }, b: { $0.rotated(by: q) }, forget: { $0.rotated(by: q) }, test: { q.times($0) })
      let (models, others) = (try plain.trainedModels(), try rotated.trainedModels())
      let size = models.ab.norm + models.ba.norm
      try ensure(distance(q.times(models.ab), others.ab) <= problem.rounding * size, "model AB")
      try ensure(distance(q.times(plain.difference), rotated.difference) <= problem.rounding * size, "Delta_0")
      try compare(problem, plain, rotated, "rotated features")
    }
  }

  @Test func `Swapping the two stages negates Delta_0 and leaves every distance`() {
    checkProperty("swap", count: 80, Problem.gen) { problem in
      let plain = try problem.divergence()
      let swapped = try PathDivergence(
        TwoPathInstance(
          stageA: LinearStage("A", problem.shape.examples(1), trainer: .ridge(mu: problem.mu)),
          stageB: LinearStage("B", problem.shape.examples(0), trainer: .ridge(mu: problem.mu)),
          forget: problem.forget, test: problem.test, stepSize: problem.stepSize))
      try ensure(-1 * plain.difference == swapped.difference, "Delta_0")
      try compare(problem, plain, swapped, "swapped stages")
    }
  }

  @Test func `Labels times c: models and Delta_0 times c, RE distance times c^2; exactly so for powers of two`() {
    let gen = zip(Problem.gen, Gen.int(in: -480...480), Gen.double(in: 0.1...10))
    checkProperty("labels", count: 80, gen) { problem, power, c in
      let plain = try problem.divergence()
      for (factor, isExact) in [(scalbn(1, Int32(power)), true), (c, false), (-1, true)] {
        let scaled = try problem.divergence(
          a: { $0.scaled(features: 1, labels: factor) }, b: { $0.scaled(features: 1, labels: factor) },
          forget: { $0.scaled(features: 1, labels: factor) })
        if isExact {
          try ensure(scaled.given(scaled.difference) == factor * plain.difference, "Delta_0 times \(factor)")
          try ensure(
            try scaled.given(scaled.trainedModels().ab) == factor * plain.trainedModels().ab, "theta times \(factor)")
        }
        try compare(problem, plain, scaled, factor: abs(factor), "labels times \(factor)")
      }
    }
  }

  @Test func `Features times c with mu times c^2: models divided by c, also at 10^150; exactly so for powers of two`() {
    let gen = zip(Problem.gen, Gen.choice(of: [1, -1, 40, -40, 498, -498]), Gen.double(in: 0.1...10))
    checkProperty("features", count: 80, gen) { problem, power, c in
      let plain = try problem.divergence()
      for (factor, isExact) in [(scalbn(1, Int32(power)), true), (c, false)] {
        // The test features scale along, so that predictions stay; eta goes like 1 / ||X_U||^2.
        let scaled = try problem.divergence(
          mu: factor * factor, stepSize: 1 / (factor * factor), a: { $0.scaled(features: factor, labels: 1) },
          b: { $0.scaled(features: factor, labels: 1) }, forget: { $0.scaled(features: factor, labels: 1) },
          test: { $0.scaled(by: factor) })
        if isExact {
          try ensure(factor * scaled.given(scaled.difference) == plain.difference, "Delta_0 over \(factor)")
        }
        try compare(problem, plain, scaled, "features times \(factor)")
      }
    }
  }

  @Test func `Only eta ||X_U||^2 matters: a larger forget set with a smaller step is the same ascent`() {
    checkProperty("eta", count: 80, zip(Problem.gen, Gen.choice(of: [2.0, 0.125, 3.0, 0x1p400, 0x1p-400]))) {
      problem, c in
      let scaled = try problem.divergence(
        stepSize: 1 / (c * c), forget: { $0.scaled(features: c, labels: c) })
      try compare(problem, try problem.divergence(), scaled, "X_U times \(c)")
    }
  }

  @Test func `A test set written twice measures the same distance; test features times c measure c^2 of it`() {
    checkProperty("test set", count: 80, zip(Problem.gen, Gen.logUniform(in: 1e-140...1e140))) { problem, c in
      let plain = try problem.divergence()
      let twice = try problem.divergence(test: {
        Matrix(rows: $0.rows, columns: 2 * $0.columns, elements: $0.elements + $0.elements)
      })
      try compare(problem, plain, twice, "two copies")
      try compare(problem, plain, try problem.divergence(test: { $0.scaled(by: c) }), factor: c, "scaled by \(c)")
    }
  }

  @Test func `The forget labels cancel in the divergence of two paths`() {
    checkProperty("y_U cancels", count: 40, Problem.gen) { problem in
      let other = try problem.divergence(forget: {
        Examples(features: $0.features, labels: randomVector($0.count, seed: problem.shape.seed, stream: 77))
      })
      let plain = try problem.divergence()
      try ensure(
        plain.trajectory.logDistances(at: 0...20) == other.trajectory.logDistances(at: 0...20), "y_U does not cancel")
    }
  }
}

extension PathDivergence {
  /// A model or a difference of models in the units that the instance was given in.
  fileprivate func given(_ model: Vector) -> Vector {
    Vector(model.elements.map { InstanceUnits.given($0, times: units.models) })
  }
}
