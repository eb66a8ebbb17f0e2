import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite("Certified unlearning (B6)")
struct CertifiedUnlearningTests {
  private static let gen = zip(
    Gen.int(in: 0...100_000).map { UInt64($0) }, Gen.logUniform(in: 1e-3...5), Gen.logUniform(in: 1e-12...0.1),
    Gen.logUniform(in: 1e-6...1e6))

  private func divergence(_ seed: UInt64) throws -> PathDivergence {
    try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
  }

  @Test func `The first impossible step is where the best event first tells the two outputs apart`() {
    checkProperty("first step", count: 100, Self.gen) { seed, epsilon, delta, noise in
      let divergence = try divergence(seed)
      let certified = try CertifiedUnlearning(divergence, epsilon: epsilon, delta: delta, noise: noise)
      let implied = (1 + exp(epsilon)) * delta
      guard implied < 1 else {
        try ensure(certified.distance == nil && certified.firstImpossibleStep == nil, "nothing is claimed")
        return
      }
      guard let first = certified.firstImpossibleStep, first < 100_000 else { return }
      // P and Q of the half-space where the density ratio exceeds e^(2 epsilon), by the C library alone.
      func excess(_ step: Int) -> Double {
        let a = min(1e3, exp(certified.logNorm(at: step) - log(noise)))
        let edge = 2 * epsilon / a + a / 2
        let (p, q) = (erfc((edge - a) / 2.0.squareRoot()) / 2, erfc(edge / 2.0.squareRoot()) / 2)
        return p - exp(2 * epsilon) * q - implied
      }
      let rounding = slack * 16 * eps * (1 + exp(2 * epsilon))
      try ensure(excess(first) >= -rounding, "at \(first): \(excess(first))")
      if first > 0 { try ensure(excess(first - 1) <= rounding, "before \(first): \(excess(first - 1))") }
      for later in [first + 1, first + 10, first + 1000] { try ensure(excess(later) >= -rounding, "at \(later)") }
    }
  }

  @Test func `The distance is proportional to the noise, and the norm is that of models that unlearn step by step`() {
    checkProperty("scaling", count: 100, Self.gen) { seed, epsilon, delta, noise in
      let divergence = try divergence(seed)
      let one = try CertifiedUnlearning(divergence, epsilon: epsilon, delta: delta, noise: 1)
      let other = try CertifiedUnlearning(divergence, epsilon: epsilon, delta: delta, noise: noise)
      try ensure((one.distance == nil) == (other.distance == nil), "both or none")
      if let unit = one.distance, let scaled = other.distance {
        try ensure(abs(scaled - noise * unit) <= slack * eps * scaled, "\(scaled), \(noise * unit)")
        // Through one common model the implied level is never the easier one: 2 a(eps, delta) is at most its distance.
        try ensure(other.sameNoiseDistance <= scaled * (1 + 64 * eps), "\(other.sameNoiseDistance), \(scaled)")
      }
      var difference = divergence.difference
      let (forget, eta) = (divergence.instance.forget, divergence.instance.stepSize)
      let unlabelled = Examples(features: forget.features, labels: Vector(zeros: forget.count))
      for step in 0..<8 {
        let level = slack * Double(8 * (forget.dimension + forget.count)) * eps * divergence.span.condition
        try ensure(abs(log(difference.norm) - one.logNorm(at: step)) <= level, "||Delta_\(step)||")
        difference.followGradient(of: unlabelled, stepSize: eta, steps: 1)
      }
    }
  }

  @Test func `Far beyond Double's range the step is that of the logarithms`() throws {
    let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: 3)))
    let certified = try CertifiedUnlearning(divergence, epsilon: 1, delta: 1e-5, noise: 1e300)
    let first = try #require(certified.firstImpossibleStep)
    let level = log(try #require(certified.distance))
    #expect(certified.logNorm(at: first) > level && certified.logNorm(at: first - 1) <= level)
    #expect(certified.logNorm(at: 1_000_000) > 100_000)
    // Nothing that grows: never.
    let still = try PathDivergence(
      instance(
        a: ([[1, 0, 1]], [1]), b: ([[1, 0, 2]], [3]), forget: ([[0, 1, 0]], [1]), test: [[1, 1, 1]], eta: 0.1))
    #expect(still.coordinates.norm == 0 && still.difference.norm > 0)
    #expect(try CertifiedUnlearning(still, epsilon: 1, delta: 1e-5, noise: 1e3).firstImpossibleStep == nil)
    #expect(try CertifiedUnlearning(still, epsilon: 1, delta: 1e-5, noise: 1e-3).firstImpossibleStep == 0)
  }

  @Test func `The page holds on instances of the wide law, and claims nothing where the composition says nothing`()
    throws
  {
    var reached = 0
    for seed in 0..<100 as Range<UInt64> {
      let divergence = try divergence(seed)
      let models = try divergence.trainedModels()
      let page = try CertifiedUnlearning.page(divergence, models: models, steps: 2000, noise: 0.1)
      #expect(page.verdict == .holds, "seed \(seed): \(page.claims)")
      if page.claims[0].check.stepsChecked > 0, page.claims[1].check.stepsChecked > 0 { reached += 1 }
    }
    #expect(reached > 20)
    let divergence = try PathDivergence(paperExample())
    let empty = try CertifiedUnlearning.page(
      divergence, models: divergence.trainedModels(), steps: 10, epsilon: 5, delta: 0.01)
    #expect(empty.verdict == nil && empty.claims.isEmpty)
  }

  @Test(
    arguments: [
      (-1, 0.1, 1, "epsilon"), (.nan, 0.1, 1, "epsilon"), (.infinity, 0.1, 1, "epsilon"), (1, 0, 1, "delta"),
      (1, 1, 1, "delta"), (1, .nan, 1, "delta"), (1, 0.1, 0, "noise"), (1, 0.1, -2, "noise"), (1, 0.1, .nan, "noise"),
      (1, 0.1, .infinity, "noise"),
    ] as [(Double, Double, Double, String)])
  func `Certificates that make no sense are refused in one line`(
    epsilon: Double, delta: Double, noise: Double, name: String
  ) throws {
    let divergence = try PathDivergence(paperExample())
    let error = #expect(throws: LinearAlgebraError.self) {
      try CertifiedUnlearning(divergence, epsilon: epsilon, delta: delta, noise: noise)
    }
    #expect(error?.description.contains(name) == true && error?.description.contains("\n") == false)
  }
}
