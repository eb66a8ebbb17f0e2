import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Unlearning

@Suite("Unlearning by preference objectives")
struct PreferenceTrajectoryTests {
  private static let forget = Examples(
    features: Matrix(rows: PreferenceReference.features).transposed, labels: Vector(PreferenceReference.labels))

  private func objective(_ name: String, beta: Double) throws -> ChosenObjective {
    switch name {
    case "NPO": try .npo(beta: beta)
    case "SimNPO": try .simNPO(beta: beta)
    default: .gradientAscent
    }
  }

  @Test(arguments: PreferenceReference.runs.indices)
  func `GA, NPO and SimNPO are PyTorch's descent on theta itself`(index: Int) throws {
    let expected = PreferenceReference.runs[index]
    var run = try PreferenceTrajectory(
      Self.forget, from: Vector(PreferenceReference.start),
      objective: objective(expected.objective, beta: PreferenceReference.beta), tau: PreferenceReference.tau,
      stepSize: PreferenceReference.stepSize)
    let norm = frobenius(Self.forget.features)
    let rate = run.stepSize / (3 * run.tau * run.tau) * norm * norm
    // A step multiplies what rounding has done so far by at most 1 + rate max w, for d(w z)/dz <= w, and adds its own.
    var level = 0.0
    for step in 1...expected.steps {
      let weight = (0..<3).map(run.weight).max() ?? 0
      try run.advance(to: step)
      level = (1 + rate * weight) * level + slack * 8 * eps * (1 + rate) * (run.model().norm + norm)
    }
    let theta = Vector(expected.theta)
    #expect(distance(run.model(), theta) <= level, "\(expected.objective), \(expected.steps): \(level)")
    #expect(level < 1e-6 * theta.norm)
    // The value's slope in theta is at most the largest weight times |z| / tau^2 times the rows' norms.
    let slope = 2 * run.residuals.norm / (run.tau * run.tau) * norm
    #expect(abs(run.value - expected.loss) <= slope * level + slack * eps * abs(expected.loss))
  }

  private static let gen = zip(
    Gen.int(in: 0...1_000_000), Gen.int(in: 1...6), Gen.int(in: 0...8), Gen.logUniform(in: 0.1...2))

  private func draw(_ drawn: (Int, Int, Int, Double)) -> (Examples, Vector) {
    let (seed, k, more, scale) = drawn
    return (
      randomExamples(k + more, k, scale: scale, seed: seed, stream: 0), randomVector(k + more, seed: seed, stream: 9)
    )
  }

  @Test
  func `Gradient ascent at the default tau is ascent on the squared error, and at another with step eta / (2 tau^2)`() {
    checkProperty("ascent", zip(Self.gen, Gen.choice(of: [PreferenceTrajectory.defaultTau, 0.3, 4]))) { drawn, tau in
      let (forget, theta) = draw(drawn)
      let eta = 0.01 * tau * tau
      var run = try PreferenceTrajectory(forget, from: theta, objective: .gradientAscent, tau: tau, stepSize: eta)
      try run.advance(to: 12)
      var direct = theta
      direct.followGradient(of: forget, stepSize: eta / (2 * tau * tau), steps: 12)
      let rate = eta / (tau * tau * Double(forget.count)) * pow(frobenius(forget.features), 2)
      let level = slack * 12 * Double(forget.dimension + forget.count) * eps * pow(1 + rate, 12)
      let size = theta.norm + direct.norm + frobenius(forget.features) * forget.labels.norm
      try ensure(distance(run.model(), direct) <= level * size, "\(distance(run.model(), direct))")
      // The residuals are those of the model, whose part outside the span never moves.
      let residuals = forget.predictions(run.model()) - forget.labels
      try ensure(
        distance(residuals, run.residuals) <= level * (1 + frobenius(forget.features)) * (size + residuals.norm), "z")
    }
  }

  @Test func `NPO tends to gradient ascent as beta tends to 0, linearly in beta`() {
    checkProperty("limit", count: 50, Self.gen) { drawn in
      let (forget, theta) = draw(drawn)
      func run(_ objective: ChosenObjective) throws -> PreferenceTrajectory {
        var run = try PreferenceTrajectory(forget, from: theta, objective: objective, stepSize: 0.01)
        try run.advance(to: 10)
        return run
      }
      let ascent = try run(.gradientAscent)
      let gaps = try [1e-4, 1e-5].map { distance(try run(.npo(beta: $0)).residuals, ascent.residuals) }
      // |w - 1| = |tanh(beta (l - l_ref) / 2)| <= beta z^2 / 2 for tau^2 = 1/2, z being at most that of ascent; ten
      // steps of rate |K| amplify it.
      let largest = ascent.residuals.elements.reduce(0) { max($0, abs($1)) }
      let rate = 0.02 / Double(forget.count) * pow(frobenius(forget.features), 2)
      let size = ascent.residuals.norm + forget.labels.norm + frobenius(forget.features) * theta.norm
      let bound = 10 * rate * pow(1 + rate, 10) * pow(max(largest, size), 2) * size
      let rounding = slack * 100 * eps * pow(1 + rate, 10) * size
      try ensure(gaps[0] <= 1e-4 * bound + rounding && gaps[1] <= 1e-5 * bound + rounding, "\(gaps), \(bound)")
      // The quotient is 10 up to the second order in beta (l - l_ref).
      if gaps[1] > 1e6 * rounding, largest < 10 {
        try ensure(abs(gaps[0] / gaps[1] - 10) < 0.5, "\(gaps[0] / gaps[1])")
      }
    }
  }

  @Test func `A run that leaves Double's range names its step, and parameters that make no sense their rule`() throws {
    let start = Vector(PreferenceReference.start)
    var run = try PreferenceTrajectory(Self.forget, from: start, objective: .gradientAscent, stepSize: 10)
    var byHand = run
    var last = 0
    while byHand.residuals.isFinite, last < 10_000 {
      do { try byHand.advance(to: last + 1) } catch { break }
      last += 1
    }
    #expect(throws: StagedLearnersError.outOfRange("GA", step: last + 1)) { try run.advance(to: 100_000) }
    #expect("\(StagedLearnersError.outOfRange("GA", step: 7))".contains("step 7"))
    for value in [0, -1, Double.nan, .infinity] {
      for (tau, eta) in [(value, 0.1), (1, value)] {
        let error = #expect(throws: LinearAlgebraError.self) {
          try PreferenceTrajectory(Self.forget, from: start, objective: .gradientAscent, tau: tau, stepSize: eta)
        }
        #expect(error?.description.contains("\(value); it must be finite and greater than 0") == true)
      }
    }
  }
}
