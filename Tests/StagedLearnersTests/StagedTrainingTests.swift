import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import TestSupport
import Testing
import Unlearning

@Suite("Training through several stages")
struct StagedTrainingTests {
  static let trainers: [SpectralFilter] = [
    .ridge(mu: 0.5), .gradientDescent(steps: 9, stepSize: 0.02), .gradientFlow(time: 0.4), .interpolation,
  ]

  @Test func `Models and order differences of integer data, against exact rational arithmetic`() throws {
    for model in exactModels {
      let theta = try model.law.training().train(Path(letters: model.path))
      let tolerance = model.law.relativeRounding * Vector(model.theta).norm
      #expect(distance(theta, Vector(model.theta)) <= tolerance, "\(model.law) \(model.path)")
    }
    for difference in exactDifferences {
      let training = try difference.law.training()
      let (one, other) = (try Path(letters: difference.one), try Path(letters: difference.other))
      let (exact, computed) = (Vector(difference.delta), try training.orderDifference(one, other))
      // The point of orderDifference: the error is relative to the difference, not to the models.
      #expect(
        distance(computed, exact) <= difference.law.relativeRounding * exact.norm,
        "\(difference.law) \(one) - \(other): \(distance(computed, exact) / exact.norm)")
    }
  }

  @Test func `The plain difference of two models loses what orderDifference keeps when mu is large`() throws {
    let training = try ExactLaw.large.training()
    let (ab, ba) = (try Path(letters: "AB"), try Path(letters: "BA"))
    let exact = Vector(try #require(exactDifferences.first { $0.law == .large && $0.one == "AB" }).delta)
    let plain = try training.train(ab) - training.train(ba)
    #expect(distance(plain, exact) > 1e5 * ExactLaw.large.relativeRounding * exact.norm)
    #expect(try distance(training.orderDifference(ab, ba), exact) <= ExactLaw.large.relativeRounding * exact.norm)
  }

  @Test func `The same three stages in two orders: one end, two retrained models`() throws {
    // A's row is 0 at theta = 0 and at (1, 1), where B and U end: so A changes nothing in either order.
    func stage(_ name: String, _ row: [Double], _ label: Double) -> LinearStage {
      LinearStage(
        name, Examples(features: Matrix(rows: 2, columns: 1, elements: row), labels: Vector([label])),
        trainer: .ridge(mu: 1))
    }
    let training = try StagedTraining([stage("A", [1, -1], 0), stage("B", [1, 0], 2), stage("U", [0, 1], 2)])
    for order in [["A", "B", "U"], ["B", "U", "A"]] {
      #expect(try distance(training.train(Path(order)), Vector([1, 1])) <= slack * eps)
    }
    let retrained = try [["A", "B", "U"], ["B", "U", "A"]].map {
      try training.retrain(Path($0), forgetting: "U")
    }
    #expect(distance(retrained[0], Vector([1, 0])) <= slack * eps)
    #expect(distance(retrained[1], Vector([2.0 / 3, 1.0 / 3])) <= slack * eps)
    // So no rule that is not told the order is within a quarter of their RE distance, 1/9, of both.
    #expect(abs(Vector((retrained[0] - retrained[1]).elements).norm - (2.0 / 9).squareRoot()) <= slack * eps)
  }

  @Test func `orderDifference is the difference of the models, to their rounding`() throws {
    for trainer in Self.trainers {
      checkProperty("order difference, \(trainer)", count: 60, Shape.gen) { shape in
        var shape = shape
        if trainer == .interpolation { shape.dimension += 24 }
        let training = try training(shape, trainer)
        for one in try Path(letters: "ABC").permutations {
          for other in try Path(letters: "ABC").permutations {
            let exact = try training.orderDifference(one, other)
            let plain = try training.train(one) - training.train(other)
            let tolerance = try rounding(shape, trainer) * modelSize(shape, training)
            try ensure(distance(exact, plain) <= tolerance, "\(one) \(other): \(distance(exact, plain)) > \(tolerance)")
            if one == other { try ensure(exact.norm == 0, "a path differs from itself") }
          }
        }
      }
    }
  }

  @Test func `Lemma C.1's formula with d x d inverses`() {
    let gen = zip(Shape.gen, Gen.logUniform(in: 0.125...1e6), Gen.logUniform(in: 0.125...1e6))
    checkProperty("Lemma C.1", gen) { shape, muA, muB in
      let (a, b) = (shape.examples(0), shape.examples(1))
      let training = try StagedTraining([
        LinearStage("A", a, trainer: .ridge(mu: muA)), LinearStage("B", b, trainer: .ridge(mu: muB)),
      ])
      // u = B X_B' y_B and v = A X_A' y_A; Delta_0 = (I - mu_A A) u + (mu_B B - I) v.
      let u = eliminate(normalMatrix(b, shift: muB), b.features.times(b.labels))
      let v = eliminate(normalMatrix(a, shift: muA), a.features.times(a.labels))
      let fromB = u - muA * eliminate(normalMatrix(a, shift: muA), u)
      let fromA = muB * eliminate(normalMatrix(b, shift: muB), v) - v
      let kappa = ridgeCondition(a, mu: muA) + ridgeCondition(b, mu: muB)
      let size = frobenius(a.features) * a.labels.norm / muA + frobenius(b.features) * b.labels.norm / muB
      let tolerance = slack * Double(shape.dimension + shape.rows[0] + shape.rows[1]) * eps * kappa * size
      let error = try distance(training.orderDifference(Path(letters: "AB"), Path(letters: "BA")), fromB + fromA)
      try ensure(error <= tolerance, "error \(error), tolerance \(tolerance)")
    }
  }

  @Test func `Stages with orthogonal row spaces commute: N stages, every order, every trainer`() {
    for trainer in Self.trainers {
      let gen = zip(Gen.int(in: 1...4).array(count: 2...4), Gen.int(in: 0...1_000_000))
      checkProperty("orthogonal stages, \(trainer)", count: 12, gen) { counts, seed in
        // Stage i lives on its own coordinates, all then rotated together.
        let d = 2 * counts.reduce(0, +)
        let q = try randomRotation(d, seed: seed)
        var first = 0
        let stages = counts.enumerated().map { index, rows in
          var features = Matrix(zeros: d, rows)
          let block = randomMatrix(2 * rows, rows, seed: seed, stream: index)
          for row in 0..<rows { for i in 0..<(2 * rows) { features[first + i, row] = block[i, row] } }
          first += 2 * rows
          let labels = randomVector(rows, seed: seed, stream: 50 + index)
          return LinearStage(
            "s\(index)", Examples(features: features, labels: labels).rotated(by: q), trainer: trainer)
        }
        let training = try StagedTraining(stages)
        let orders = try Path(stages.map(\.name)).permutations
        let models = try training.train(orders)
        let kappa = try stages.map { try conditionOf(trainer, $0.examples) }.reduce(1, max)
        let size = try stages.reduce(0) { try $0 + training.map($1.name).offset.norm }
        let tolerance = slack * Double(d * stages.count) * eps * kappa * size
        for (order, model) in zip(orders, models) {
          try ensure(distance(model, models[0]) <= tolerance, "\(order): models differ")
          try ensure(try training.orderDifference(order, orders[0]).norm <= tolerance, "\(order): difference")
        }
      }
    }
  }

  @Test func `Stages with overlapping row spaces do not commute`() throws {
    let shape = Shape(dimension: 12, rows: [3, 4, 2], testRows: 0, scale: 1, seed: 3)
    for trainer in Self.trainers {
      let difference = try training(shape, trainer).orderDifference(Path(letters: "AB"), Path(letters: "BA"))
      #expect(difference.norm > 1e-3, "\(trainer)")
    }
  }

  @Test func `Paths that share prefixes give the same bits as paths trained alone, for any number of workers`() {
    checkProperty("shared prefixes", count: 40, Shape.gen) { shape in
      for trainer in Self.trainers {
        let training = try training(shape, trainer)
        let paths =
          try Path(letters: "ABC").permutations
          + ["", "A", "AB", "C", "CB", "ABC"].map { try Path(letters: $0) }
        let together = try training.train(paths)
        for (path, model) in zip(paths, together) {
          try ensure(training.train(path) == model, "\(path) trained alone differs")
        }
        try ensure(together[6] == Vector(zeros: shape.dimension), "the empty path is the base model")
        let parallel = try StagedTraining(stages(shape, trainer), workers: Workers(count: 4)).train(paths)
        try ensure(parallel == together, "four workers differ from one")
      }
    }
  }

  @Test func `Training a path stage by stage, from where the last one ended`() throws {
    let shape = Shape(dimension: 9, rows: [3, 4, 2], testRows: 0, scale: 1, seed: 8)
    let training = try training(shape, .ridge(mu: 0.3))
    var model = Vector(zeros: 9)
    for name in ["C", "A", "B"] { model = try training.train(Path([name]), from: model) }
    #expect(try training.train(Path(letters: "CAB")) == model)
    #expect(try training.train(Path(letters: ""), from: model) == model)
  }

  @Test func `The retrained model is that of the path without the stage`() throws {
    let shape = Shape(dimension: 9, rows: [3, 4, 2], testRows: 0, scale: 1, seed: 5)
    let training = try training(shape, .ridge(mu: 0.3))
    for path in try Path(letters: "ABC").permutations {
      for stage in ["A", "B", "C"] {
        let without = try Path(path.stages.filter { $0 != stage })
        #expect(try training.retrain(path, forgetting: stage) == training.train(without))
      }
    }
  }

  @Test func `Errors name the stages`() throws {
    let shape = Shape(dimension: 5, rows: [2, 2, 2], testRows: 0, scale: 1, seed: 5)
    let three = try training(shape, .ridge(mu: 1))
    #expect(throws: StagedLearnersError.noStage) { try StagedTraining([]) }
    let twice = stages(shape, .ridge(mu: 1)) + [LinearStage("B", shape.examples(0), trainer: .interpolation)]
    #expect(throws: StagedLearnersError.repeatedStage("B")) { try StagedTraining(twice) }
    let wide =
      stages(shape, .ridge(mu: 1)) + [
        LinearStage("D", randomExamples(6, 2, seed: 1, stream: 0), trainer: .ridge(mu: 1))
      ]
    #expect(throws: StagedLearnersError.dimension("D", 6, "A", 5)) { try StagedTraining(wide) }
    let unknown = StagedLearnersError.unknownStage("Z", known: ["A", "B", "C"])
    #expect(throws: unknown) { try three.train(Path(letters: "AZ")) }
    #expect(throws: unknown) { try three.train([Path(letters: "AB"), Path(letters: "AZ")]) }
    #expect(throws: unknown) { try three.map("Z") }
    #expect(throws: unknown) { try three.retrain(Path(letters: "AB"), forgetting: "Z") }
    #expect(throws: unknown) { try three.orderDifference(Path(letters: "AZ"), Path(letters: "ZA")) }
    #expect(throws: PathError.unknownStage("C", path: try Path(letters: "AB"))) {
      try three.retrain(Path(letters: "AB"), forgetting: "C")
    }
    #expect(throws: StagedLearnersError.differentStages("A>B", "A>C")) {
      try three.orderDifference(Path(letters: "AB"), Path(letters: "AC"))
    }
    #expect(throws: StagedLearnersError.differentStages("A>B", "A")) {
      try three.orderDifference(Path(letters: "AB"), Path(letters: "A"))
    }
    for error in [
      StagedLearnersError.noStage, .repeatedStage("B"), unknown, .differentStages("A>B", "A"),
      .dimension("D", 6, "A", 5),
    ] {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
    }
    #expect("\(unknown)".contains("Z") && "\(unknown)".contains("A, B, C"))
    let bad = Examples(features: Matrix(rows: 2, columns: 1, elements: [1, .nan]), labels: Vector([1]))
    for trainer in Self.trainers {
      #expect(throws: LinearAlgebraError.self) { try StagedTraining([LinearStage("A", bad, trainer: trainer)]) }
    }
  }

  private func stages(_ shape: Shape, _ trainer: SpectralFilter) -> [LinearStage] {
    ["A", "B", "C"].enumerated().map { LinearStage($1, shape.examples($0), trainer: trainer) }
  }

  private func training(_ shape: Shape, _ trainer: SpectralFilter) throws -> StagedTraining {
    try StagedTraining(stages(shape, trainer))
  }

  /// The largest factor by which a solve of this trainer amplifies rounding.
  private func conditionOf(_ trainer: SpectralFilter, _ examples: Examples) throws -> Double {
    let norm = frobenius(examples.features)
    switch trainer {
    case .ridge(let mu): return ridgeCondition(examples, mu: mu)
    case .interpolation:
      let values = try SingularValues.values(of: examples.features)
      return pow((values.first ?? 1) / (values.last ?? 1), 2)
    case .gradientDescent(let steps, let size):
      // phi varies by (rate T)^2 factor^T with the eigenvalues: relative to X' phi X, rate T factor^T ||X||^2.
      let x = 2 * size * norm * norm / Double(examples.count)
      let powered = x * Double(steps) * pow(max(1, abs(1 - x)), Double(steps))
      return 1 + powered * (1 + powered)
    case .gradientFlow(let time): return pow(1 + 2 * time * norm * norm / Double(examples.count), 2)
    default: return .nan
    }
  }

  private func rounding(_ shape: Shape, _ trainer: SpectralFilter) throws -> Double {
    // Three stages, each of which may amplify the rounding of the one before.
    let conditions = try (0..<3).map { try conditionOf(trainer, shape.examples($0)) }
    let amplification: Double
    if case .gradientDescent = trainer {
      amplification = conditions.reduce(1, *)
    } else {
      amplification = conditions.reduce(0, +)
    }
    return slack * Double(shape.dimension + shape.rows.reduce(0, +)) * eps * amplification
  }

  private func modelSize(_ shape: Shape, _ training: StagedTraining) throws -> Double {
    var size = try ["A", "B", "C"].reduce(0) { try $0 + training.map($1).offset.norm }
    for path in try Path(letters: "ABC").permutations { size += try training.train(path).norm }
    return size
  }
}

/// A model of the exact reference.
struct ExactModel: Sendable {
  let law: ExactLaw
  let path: String
  let theta: [Double]

  init(_ law: ExactLaw, _ path: String, _ theta: [Double]) { (self.law, self.path, self.theta) = (law, path, theta) }
}

/// A difference of two orders of the exact reference.
struct ExactDifference: Sendable {
  let law: ExactLaw
  let one: String
  let other: String
  let delta: [Double]

  init(_ law: ExactLaw, _ one: String, _ other: String, _ delta: [Double]) {
    (self.law, self.one, self.other, self.delta) = (law, one, other, delta)
  }
}

/// How the three stages of Tests/ReferenceValues/staged_training.py are trained there.
enum ExactLaw: Sendable {
  case moderate, small, large, mixed, descent

  func training() throws -> StagedTraining {
    let trainers: (SpectralFilter, SpectralFilter, SpectralFilter)
    switch self {
    case .moderate: trainers = (.ridge(mu: 1), .ridge(mu: 0.5), .ridge(mu: 2))
    case .small: trainers = (.ridge(mu: 1.0 / 64), .ridge(mu: 1.0 / 256), .ridge(mu: 1.0 / 128))
    case .large: trainers = (.ridge(mu: 1e8), .ridge(mu: 1e8), .ridge(mu: 1e8))
    case .mixed: trainers = (.ridge(mu: 1e8), .ridge(mu: 1e8), .ridge(mu: 1))
    case .descent:
      trainers = (
        .gradientDescent(steps: 3, stepSize: 1.0 / 16), .gradientDescent(steps: 5, stepSize: 1.0 / 32),
        .gradientDescent(steps: 1, stepSize: 1.0 / 8)
      )
    }
    func stage(_ name: String, _ rows: [[Double]], _ labels: [Double], _ trainer: SpectralFilter) -> LinearStage {
      LinearStage(name, Examples(features: Matrix(rows: rows).transposed, labels: Vector(labels)), trainer: trainer)
    }
    return try StagedTraining([
      stage("A", [[1, 2, 0, -1], [0, 1, 3, 1]], [1, -2], trainers.0),
      stage("B", [[2, -1, 1, 0], [1, 0, -2, 2], [0, 1, 1, -3]], [3, 1, -1], trainers.1),
      stage("U", [[1, 1, -1, 2], [-2, 0, 1, 1]], [2, -3], trainers.2),
    ])
  }

  /// The rounding of three solves of order up to 4 relative to the result, whose parts are at most a few times larger:
  /// the condition is (||X||_F^2 + mu) / mu, with ||X||_F^2 <= 26.
  var relativeRounding: Double {
    let condition =
      switch self {
      case .moderate: 53.0
      case .small: 6657.0
      case .large, .descent: 2.0
      case .mixed: 27.0
      }
    return slack * 3 * 4 * eps * condition
  }
}
