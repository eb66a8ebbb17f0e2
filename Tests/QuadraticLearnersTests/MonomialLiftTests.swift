import Core
import LinearAlgebra
import PropertyTesting
import QuadraticLearners
import StagedLearners
import Testing
import Theorems

@Suite("Quadratic models as linear learners of monomials")
struct MonomialLiftTests {
  private static let points = zip(Gen.int(in: 1...6), Gen.int(in: 1...8), Gen.int(in: 0...1_000_000))

  @Test func `The lifted model is the quadratic model, and the lift an isometry`() {
    checkProperty("phi(x)'theta = f(x)", Self.points) { p, n, seed in
      let lift = MonomialLift(features: p)
      try ensure(lift.dimension == (0...2).reduce(0) { $0 + [1, p, p * (p + 1) / 2][$1] }, "dimension")
      let points = randomMatrix(p, n, seed: seed, stream: 0)
      let raw = randomMatrix(p, p, seed: seed, stream: 1)
      var w = raw
      for i in 0..<p { for j in 0..<p { w[i, j] = raw[i, j] + raw[j, i] } }
      let model = QuadraticModel(
        curvature: w, slope: randomVector(p, seed: seed, stream: 2), constant: Double(seed % 7) - 3)
      let theta = lift.parameters(model)
      let predictions = lift.lift(points).transposeTimes(theta)
      let lifted = lift.lift(points)
      for column in 0..<n {
        let (x, phi) = (points.column(column), lifted.column(column))
        let tolerance = slack * eps * Double(lift.dimension) * phi.norm * theta.norm
        try ensure(abs(model.prediction(x) - predictions[column]) <= tolerance, "prediction of \(column)")
        let inner = x.dot(points.column(0))
        let kernel = 1 + inner + inner * inner / 2
        let level = slack * eps * Double(lift.dimension) * phi.norm * lifted.column(0).norm
        try ensure(abs(phi.dot(lifted.column(0)) - kernel) <= level, "kernel")
      }
      let size = Vector(w.elements).norm
      let norm = size * size / 2 + model.slope.dot(model.slope) + model.constant * model.constant
      try ensure(abs(theta.dot(theta) - norm) <= slack * eps * Double(lift.dimension) * norm, "norm")
      let back = lift.model(theta)
      try ensure(distance(lift.parameters(back), theta) <= 4 * eps * theta.norm, "and back")
      try ensure(
        distance(Vector(back.curvature.elements), Vector(w.elements)) <= 4 * eps * size && back.slope == model.slope
          && back.constant == model.constant, "the model again")
    }
  }

  @Test func `A stage on lifted rows does not depend on the axes of x`() throws {
    let (p, n) = (4, 9)
    let lift = MonomialLift(features: p)
    let examples = randomExamples(p, n, seed: 5, stream: 0)
    let q = try QR(randomMatrix(p, p, seed: 5, stream: 9)).orthonormal
    let turned = Examples(features: q.times(examples.features), labels: examples.labels)
    func model(_ examples: Examples) throws -> QuadraticModel {
      lift.model(try StageMap(lift.lift(LinearStage("A", examples, trainer: .ridge(mu: 0.5)))).offset)
    }
    let (plain, other) = (try model(examples), try model(turned))
    for stream in 0..<5 {
      let x = randomVector(p, seed: 6, stream: stream)
      let (one, two) = (plain.prediction(x), other.prediction(q.times(x)))
      #expect(abs(one - two) <= 1e-11 * (1 + abs(one)), "\(one) and \(two)")
      #expect(abs(one) > 1e-3)
    }
  }

  @Test func `Theorem 3.1 and its lemmas on lifted instances, with more forget rows than features`() {
    checkProperty("lifted", count: 60, Gen.int(in: 0...100_000)) { seed in
      let p = 4
      let lift = MonomialLift(features: p)
      var law = RandomInstance()
      (law.dimension, law.rowsA, law.rowsB, law.forgetRows, law.testRows) = (p, 6, 5, 3, 9)
      law.forgetOrigin = RandomInstance.ForgetOrigin.allCases[seed % 3]
      law.forgetRows = seed % 3 == 0 ? 4 : 3
      let raw = try law.draw(RandomGenerator(seed: UInt64(seed)))
      let instance = try lift.lift(raw)
      try ensure(instance.dimension == 15 && instance.testCount == 9, "shapes")
      try ensure(instance.stepSize == raw.stepSize, "step size")
      let divergence = try PathDivergence(instance)
      let theorem = try Theorem31(divergence)
      let first = theorem.firstClaimedStep ?? 0
      try ensure(theorem.check(through: first + 200).verdict == .holds, "t0 = \(theorem.t0)")
      try ensure(try Lemma32(divergence, divergence.trainedModels(), steps: 10).holds, "Lemma 3.2")
      try ensure(theorem.preconditions.allSatisfy(\.holds), "Lemmas C.1, C.2, C.4")
    }
    // k = 15 > p = 4 forget rows of lifted points are independent; the 16th is not.
    let lift = MonomialLift(features: 4)
    #expect(throws: Never.self) { try ForgetSpan(lift.lift(randomExamples(4, 15, seed: 1, stream: 0))) }
    #expect(throws: LinearAlgebraError.self) { try ForgetSpan(lift.lift(randomExamples(4, 16, seed: 1, stream: 0))) }
  }

  @Test func `The witness of the almost-sure statements: all rows one point`() throws {
    let lift = MonomialLift(features: 3)
    let x = Matrix(rows: 3, columns: 1, elements: [0.5, -1, 2])
    func stage(_ name: String, _ rows: Int, _ label: Double) -> LinearStage {
      let same = Examples(
        features: x.selectingColumns([Int](repeating: 0, count: rows)),
        labels: Vector([Double](repeating: label, count: rows)))
      return lift.lift(LinearStage(name, same, trainer: .ridge(mu: 0.5)))
    }
    let training = try StagedTraining([stage("A", 2, 0), stage("B", 3, 1)])
    let difference = try training.orderDifference(.init(["A", "B"]), .init(["B", "A"]))
    let phi = lift.lift(x).column(0)
    // n phi phi' has the one eigenvalue n s: b_B = 3 phi / (3 s + mu), S_A = 2 phi phi' / (2 s + mu).
    let s = phi.dot(phi)
    let expected = 2 * s / (2 * s + 0.5) * 3 / (3 * s + 0.5)
    #expect(distance(difference, expected * phi) <= slack * eps * 10 * phi.norm)
    #expect(phi.dot(difference) >= 1e-2)
  }
}
