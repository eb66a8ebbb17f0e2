import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems
import Unlearning

@Suite("NPO and SimNPO on linear learners (B7)")
struct PreferenceUnlearningTests {
  private struct Case: Sendable {
    let seed: Int
    let rows: Int
    let more: Int
    let simple: Bool
    let beta: Double
    let share: Double
    let shift: Double
  }

  private static let gen = zip(
    Gen.int(in: 0...1_000_000), Gen.int(in: 1...6), Gen.int(in: 0...6), Gen.bool, Gen.logUniform(in: 0.05...8),
    Gen.double(in: 0.01...0.95), Gen.double(in: 0...3)
  ).map { Case(seed: $0, rows: $1, more: $2, simple: $3, beta: $4, share: $5, shift: $6) }

  /// A run at this share of the step size at which the bound stops, its growth and X_U's singular values.
  private func draw(_ drawn: Case) throws -> (PreferenceTrajectory, PreferenceGrowth, [Double]) {
    var generator = RandomGenerator(seed: UInt64(drawn.seed))
    let d = drawn.rows + drawn.more
    let features = Matrix(
      rows: d, columns: drawn.rows, elements: generator.normalVector(d * drawn.rows).elements)
    let forget = Examples(features: features, labels: (1 + drawn.shift) * generator.normalVector(drawn.rows))
    let singular = try ForgetSpan(forget).singularValues
    let objective = drawn.simple ? try ChosenObjective.simNPO(beta: drawn.beta) : try .npo(beta: drawn.beta)
    let start = generator.normalVector(d)
    func run(_ eta: Double) throws -> PreferenceTrajectory {
      try PreferenceTrajectory(forget, from: start, objective: objective, stepSize: eta)
    }
    let limit = try PreferenceGrowth(run(1), singularValues: singular).stepSizeLimit
    let chosen = try run(drawn.share * limit)
    return (chosen, try PreferenceGrowth(chosen, singularValues: singular), singular)
  }

  @Test func `Every step lowers the loss by what the bound assumes, and no run moves farther than the bound`() {
    checkProperty("bound", count: 60, Self.gen) { drawn in
      var (run, growth, _) = try draw(drawn)
      try ensure(abs(growth.descent - (1 - drawn.share)) < 1e-9, "rho = \(growth.descent)")
      let scale = run.objective.description.isEmpty ? 1 : 2 / (drawn.beta * Double(drawn.rows))
      var (last, lastCoefficients) = (run.value / scale, run.coefficients)
      try ensure(abs(last - growth.initialLoss) <= 64 * eps * last, "S_0")
      if !drawn.simple { try ensure(abs(last - Double(drawn.rows) * log(2)) <= 64 * eps * last, "k log 2") }
      for step in 1...4000 {
        growth.record(run)
        try run.advance(to: step)
        let moved = PreferenceGrowth.moved(run)
        let bound = growth.bound(at: step)
        try ensure(
          moved <= bound * (1 + 1e-9), "t = \(step): moved \(moved), bound \(bound), T \(growth.lateStep ?? -1)")
        // h rho ||g||^2 = rho ||theta_(t+1) - theta_t||^2 / h.
        let (value, change) = (run.value / scale, run.coefficients - lastCoefficients)
        let length = change.dot(run.gram.times(change))
        let h = 2 * run.stepSize / (drawn.beta * Double(drawn.rows))
        try ensure(value <= last - growth.descent * length / h + 64 * eps * last, "t = \(step): S does not fall enough")
        (last, lastCoefficients) = (value, run.coefficients)
      }
    }
  }

  @Test func `The bound is of the order sqrt(log t), and with one row the truth is too`() throws {
    var reached = 0
    for seed in 0..<40 {
      let drawn = Case(
        seed: seed, rows: 1, more: 2, simple: seed.isMultiple(of: 2), beta: 1, share: 0.5, shift: 0)
      var (run, growth, singular) = try draw(drawn)
      // 1 / (s sqrt b) is the true slope of the way in sqrt(log t); the bound's is 2 / (rho 1.33) times that.
      #expect(abs(growth.slope * singular[0] - 2 / (0.5 * 1.33044)) < 1e-3)
      // A row that starts far from its label waits until log t has caught up with z^2.
      guard abs(run.residuals[0]) < 2 else { continue }
      var squares: [Double] = []
      for step in [100, 1000, 100_000] {
        try run.advance(to: step)
        growth.record(run)
        squares.append(run.residuals[0] * run.residuals[0])
      }
      guard let late = growth.lateStep, late <= 1000 else { continue }
      reached += 1
      // z^2 = log(t) / b (1 + o(1)), and b = beta / (2 tau^2) = 1.
      let slope = (squares[2] - squares[1]) / log(100)
      #expect(slope > 0.8 && slope < 1.1, "\(slope)")
      // From t = 10^9 to 10^18 sqrt(log t) grows by 1.89; the constant in w = v + 2 C t makes it somewhat less.
      let added = (growth.bound(at: Int(1e18)) - growth.bound(at: Int(1e9))) / growth.slope
      #expect(added > 1.4 && added < 2, "\(added)")
    }
    #expect(reached > 15)
  }

  /// One forget row x = (1, 0) with label 0, seen from two stages that leave theta_1 at these values, roughly.
  private func oneRow(_ a: Double, _ b: Double) throws -> PathDivergence {
    // With a small mu the last stage decides: theta_AB is near b, theta_BA near a.
    try PathDivergence(
      instance(
        a: ([[1, 0.1]], [a]), b: ([[1, 0]], [b]), forget: ([[1, 0]], [0]), test: [[1, 0.5]], mu: (1e-3, 1e-3), eta: 0.05
      ))
  }

  @Test func `On the same side of the label two histories meet again; on opposite sides they part like sqrt(log t)`()
    throws
  {
    for objective in [try ChosenObjective.npo(beta: 0.5), try .simNPO(beta: 0.5)] {
      for (a, b, apart) in [(1.0, 0.4, 0), (1, -0.4, 1)] {
        let divergence = try oneRow(a, b)
        var pair = try PreferenceUnlearning(divergence, divergence.trainedModels(), objective)
        var gaps: [Double] = []
        for step in [1000, 10_000, 100_000] {
          try pair.advance(to: step)
          gaps.append(abs(pair.ab.residuals[0] - pair.ba.residuals[0]))
        }
        #expect(pair.rowsApart == apart)
        if apart == 0 {
          #expect(gaps[2] < gaps[1] && gaps[1] < gaps[0])
        } else {
          // b = 1/2: each decade adds 2 log(10) to z^2, so (gap/2)^2 grows by about that.
          let growth = (gaps[2] * gaps[2] - gaps[1] * gaps[1]) / 4 / (2 * log(10))
          #expect(growth > 0.8 && growth < 1.2, "\(growth)")
        }
      }
    }
  }

  @Test func `Distances are those of the models themselves`() throws {
    var law = RandomInstance()
    law.forgetOrigin = .partOfA
    for seed in 0..<5 as Range<UInt64> {
      let divergence = try PathDivergence(law.draw(RandomGenerator(seed: seed)))
      let models = try divergence.trainedModels()
      let retrained = try #require(try RetrainedPair(divergence, models))
      var pair = try PreferenceUnlearning(divergence, models, .npo(beta: 0.5))
      #expect(abs(pair.logDistance - divergence.trajectory.logDistance(at: 0)) < 64 * eps)
      try pair.advance(to: 300)
      let test = divergence.instance.test
      let direct = test.transposeTimes(pair.ab.model() - pair.ba.model())
      #expect(abs(pair.logDistance - log(direct.dot(direct) / 10)) < 1e-10)
      let start = test.transposeTimes(models.ab) - retrained.alongAB.initial
      let towards = test.transposeTimes(pair.ab.model()) - start
      #expect(abs(pair.logDistances(to: retrained).ab - log(towards.dot(towards) / 10)) < 1e-10)
      // Gradient ascent through the same code is the closed form.
      var ascent = try PreferenceUnlearning(divergence, models, .gradientAscent)
      try ascent.advance(to: 40)
      #expect(abs(ascent.logDistance - divergence.trajectory.logDistance(at: 40)) < 1e-10)
      #expect(abs(ascent.logDistances(to: retrained).ba - retrained.alongBA.logDistance(at: 40)) < 1e-10)
    }
  }

  @Test
  func `The page holds on instances of the wide law, the floors everywhere and the bounds where eta is small enough`()
    throws
  {
    var bounded = 0
    for seed in 0..<60 as Range<UInt64> {
      let divergence = try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
      let page = try PreferenceUnlearning.page(divergence, models: divergence.trainedModels(), steps: 2000)
      #expect(page.verdict == .holds, "seed \(seed): \(page.claims.map(\.check))")
      #expect(page.claims[0].check.stepsChecked > 50 && page.claims[4].check.stepsChecked > 50)
      bounded += page.claims[2].check.stepsChecked > 0 ? 1 : 0
    }
    #expect(bounded > 20)
  }

  @Test func `Objectives and parameters that make no sense are refused`() throws {
    let divergence = try PathDivergence(paperExample())
    let models = try divergence.trainedModels()
    for beta in [0, -1, Double.nan] {
      #expect(throws: ObjectiveError.self) {
        try PreferenceUnlearning.page(divergence, models: models, steps: 10, beta: beta)
      }
    }
    for tau in [0, -1, Double.nan] {
      #expect(throws: LinearAlgebraError.self) {
        try PreferenceUnlearning.page(divergence, models: models, steps: 10, tau: tau)
      }
    }
    let pair = try PreferenceUnlearning(divergence, models, .gradientAscent)
    #expect(throws: LinearAlgebraError.self) { try PreferenceGrowth(pair.ab, singularValues: [1]) }
  }
}
