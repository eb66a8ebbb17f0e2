import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite("Corollary 1")
struct Corollary1Tests {
  private static let gen = zip(Gen.int(in: 0...100_000).map { UInt64($0) }, Gen.logUniform(in: 1e-12...1e12))

  @Test func `t* is the larger of the formula's time and t_0`() {
    checkProperty("t*", Self.gen) { seed, epsilon in
      guard let theorem = try wideTheorem(seed) else { return }
      let corollary = try Corollary1(theorem, epsilon: epsilon)
      let m = Double(theorem.divergence.instance.testCount)
      let bracket = log(16 * m * epsilon) - log(pow(theorem.sigmaU * theorem.projectedDifferenceNorm, 2))
      let expected = max(bracket / (2 * log(1 + theorem.rhoStar)), theorem.t0)
      // log(1 + rho) for a small rho keeps only eps / rho of its digits.
      let tolerance = slack * eps * (8 + 1 / theorem.rhoStar) * (abs(expected) + 100 / log1p(theorem.rhoStar))
      try ensure(
        corollary.tStar == expected || abs(corollary.tStar - expected) <= tolerance, "\(corollary.tStar), \(expected)")
      try ensure(corollary.epsilon == epsilon && corollary.tStar >= theorem.t0, "t* >= t_0")
      if let first = corollary.firstClaimedStep {
        try ensure(Double(first) >= corollary.tStar && Double(first) < max(0, corollary.tStar) + 1, "whole, >= t*")
      }
    }
  }

  @Test func `From t* on the two models are 2 sqrt(eps) apart, so no retrained model is within eps of both`() {
    checkProperty("consequence", zip(Self.gen, Gen.int(in: 0...1_000_000))) { drawn, seed in
      let (law, epsilon) = drawn
      guard let theorem = try wideTheorem(law) else { return }
      let corollary = try Corollary1(theorem, epsilon: epsilon)
      guard let first = corollary.firstClaimedStep, first < 1_000_000 else { return }
      let check = corollary.check(through: first + 300)
      try ensure(check.verdict == .holds && check.stepsChecked == 301, "\(check)")
      // An arbitrary theta_r: somewhere between the two models and beyond, plus noise off that line.
      let divergence = theorem.divergence
      let models = try divergence.trainedModels()
      var generator = RandomGenerator(seed: UInt64(seed))
      for step in [first, first + 1, first + 17] {
        let eta = divergence.instance.stepSize
        let ab = divergence.span.ascend(models.ab, stepSize: eta, steps: step)
        let ba = divergence.span.ascend(models.ba, stepSize: eta, steps: step)
        guard ab.isFinite, ba.isFinite, ab.norm < 1e140 else { continue }
        // Two huge models that differ by little lose their difference in the subtraction: not the claim's fault.
        let rounding = 1e-12 * (ab.norm + ba.norm) * frobenius(divergence.instance.test)
        for share in [0, 0.25, 0.5, 0.75, 1, generator.normal()] {
          let noise = (epsilon.squareRoot() * generator.uniform()) * generator.normalVector(ab.count)
          for retrained in [ba + share * (ab - ba), ba + share * (ab - ba) + noise, Vector(zeros: ab.count)] {
            let distances = [ab, ba].map { model in
              divergence.instance.test.transposeTimes(model - retrained).norm
                / Double(divergence.instance.testCount).squareRoot()
            }
            try ensure(
              distances.contains { $0 + rounding > epsilon.squareRoot() }, "step \(step): \(distances), eps \(epsilon)")
          }
        }
      }
    }
  }

  @Test func `Both observed departures: at t* at least one of the real models has left the tolerance`() throws {
    var law = RandomInstance()
    law.forgetOrigin = .partOfA
    for seed in 0..<30 as Range<UInt64> {
      let divergence = try PathDivergence(law.draw(RandomGenerator(seed: seed)))
      let corollary = try Corollary1(Theorem31(divergence), epsilon: 5)
      let pair = try #require(try RetrainedPair(divergence, divergence.trainedModels()))
      let first = try #require(corollary.firstClaimedStep)
      for step in [first, first + 10, first + 100] {
        let worst = max(pair.alongAB.logDistance(at: step), pair.alongBA.logDistance(at: step))
        #expect(worst > log(5), "seed \(seed), t = \(step)")
      }
      let departures = [pair.alongAB, pair.alongBA].compactMap { corollary.firstDeparture($0, through: first) }
      #expect(departures.min().map { $0 <= first } == true)
    }
  }

  @Test func `The first departure is that of brute force`() throws {
    var law = RandomInstance()
    law.forgetOrigin = .allOfB
    law.testRows = 16
    for seed in 0..<10 as Range<UInt64> {
      let divergence = try PathDivergence(law.draw(RandomGenerator(seed: seed)))
      let theorem = try Theorem31(divergence)
      let pair = try #require(try RetrainedPair(divergence, divergence.trainedModels()))
      for epsilon in [1e-6, 1, 100, 1e10, 1e100] {
        let corollary = try Corollary1(theorem, epsilon: epsilon)
        for run in [pair.alongAB, pair.alongBA] {
          let brute = (0...9000).first { run.logDistance(at: $0) > log(epsilon) }
          #expect(corollary.firstDeparture(run, through: 9000) == brute)
          #expect(corollary.firstDeparture(run, through: 9000, workers: Workers(count: 4)) == brute)
          if let brute, brute > 0 {
            #expect(corollary.firstDeparture(run, through: brute) == brute)
            #expect(corollary.firstDeparture(run, through: brute - 1) == nil)
          }
        }
      }
    }
    // Equality is no departure: d = eps exactly, and nothing moves.
    let still = AscentTrajectory(
      initial: Vector([2]), directions: Matrix(rows: [[1]]), amplitudes: Vector([0]), growth: [1])
    let theorem = try Theorem31(PathDivergence(paperExample()))
    #expect(try Corollary1(theorem, epsilon: 4).firstDeparture(still, through: 100) == nil)
    #expect(try Corollary1(theorem, epsilon: 3.9).firstDeparture(still, through: 100) == 0)
  }

  @Test(arguments: [0, -1, Double.nan, .infinity, -.infinity])
  func `A tolerance must be positive and finite`(epsilon: Double) throws {
    let theorem = try Theorem31(PathDivergence(paperExample()))
    let error = #expect(throws: LinearAlgebraError.self) { try Corollary1(theorem, epsilon: epsilon) }
    #expect(error?.description.contains("epsilon") == true)
  }

  @Test func `Tolerances at the ends of Double's range`() throws {
    let theorem = try Theorem31(PathDivergence(paperExample()))
    let tiny = try Corollary1(theorem, epsilon: .leastNonzeroMagnitude)
    #expect(tiny.tStar == 4 && tiny.firstClaimedStep == 4)
    let huge = try Corollary1(theorem, epsilon: .greatestFiniteMagnitude)
    // log2(16 eps) / 2 = (4 + 1024) / 2.
    #expect(abs(huge.tStar - 514) <= 1e-9)
    #expect(huge.check(through: 600).verdict == .holds && huge.check(through: 500).verdict == .notReached)
    // d = 144 at t = 4: 4 eps = 64 is the bound there, so t* = 4 exactly.
    let sixteen = try Corollary1(theorem, epsilon: 16)
    #expect(abs(sixteen.tStar - 4) <= 1e-12)
    // The margin is that of d over 4 eps.
    let quarter = try Corollary1(theorem, epsilon: 1)
    #expect(quarter.firstClaimedStep == 4)
    #expect(abs(quarter.check(through: 10).smallestMargin - log10(144.0 / 4)) <= 1e-9)
  }
}
