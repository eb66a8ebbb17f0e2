import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite("Lemmas and proof steps")
struct LemmaTests {
  private static let seeds = Gen.int(in: 0...100_000).map { UInt64($0) }

  @Test func `Lemma 3.2: the difference of two real runs is (I + M_U)^t Delta_0`() {
    checkProperty("Lemma 3.2", count: 120, zip(Self.seeds, Gen.int(in: 0...40))) { seed, steps in
      let divergence = try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
      let lemma = try Lemma32(divergence, divergence.trainedModels(), steps: steps)
      try ensure(lemma.steps == steps && lemma.holds, "\(lemma)")
      try ensure(lemma.roundingLevel >= 0, "level \(lemma.roundingLevel)")
    }
  }

  @Test func `Lemma 3.2 is sharp: its level is far below the difference, and wrong models fail it`() throws {
    let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: 1)))
    let models = try divergence.trainedModels()
    let lemma = try Lemma32(divergence, models, steps: 30)
    #expect(lemma.holds && lemma.roundingLevel < 1e-6 * exp(divergence.logSquaredSpanNorm(at: 30) / 2))
    var other = RandomInstance()
    other.muA += 1e-6
    let wrong = try PathDivergence(other.draw(RandomGenerator(seed: 1))).trainedModels()
    #expect(try !Lemma32(divergence, wrong, steps: 30).holds)
    #expect(try !LemmaC1(divergence, wrong).holds)
  }

  @Test func `Lemma C.1: Delta_0 is not 0 and is the difference of the models`() {
    checkProperty("Lemma C.1", Self.seeds) { seed in
      let divergence = try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
      let lemma = try LemmaC1(divergence, divergence.trainedModels())
      try ensure(lemma.holds && lemma.differenceNorm == divergence.difference.norm, "\(lemma)")
    }
  }

  @Test func `Lemmas C.2 and C.4 on random instances`() {
    checkProperty("Lemmas C.2, C.4", Self.seeds) { seed in
      let divergence = try PathDivergence(Sweep(.wide, steps: 0).instance(seed: seed))
      let (c2, c4) = (LemmaC2(divergence), LemmaC4(divergence))
      try ensure(c2.holds && c2.share > 0 && c2.share <= 1 + 64 * eps, "\(c2)")
      try ensure(c4.holds && c4.rank == divergence.instance.forgetCount, "\(c4)")
      try ensure(c4.singularValues == c4.singularValues.sorted(by: >), "descending")
    }
  }

  @Test func `Every step of the proof holds where the bound is claimed, and together they give the bound`() {
    checkProperty("proof steps", Self.seeds) { seed in
      guard let theorem = try wideTheorem(seed), let first = theorem.firstClaimedStep, first < 1_000_000 else { return }
      let steps = [first, first + 1, first + 13, first + 200]
      let all = ProofSteps(theorem).inequalities(at: steps)
      try ensure(Set(all.keys) == Set(ProofSteps.Step.allCases), "every step of the proof")
      for (step, inequalities) in all {
        try ensure(inequalities.count == steps.count, "\(step): one for each t")
        for inequality in inequalities { try ensure(inequality.holds, "\(step): \(inequality)") }
      }
      for (index, t) in steps.enumerated() {
        func value(_ step: ProofSteps.Step) throws -> Inequality {
          guard let list = all[step] else { throw Unsatisfied("\(step) is missing") }
          return list[index]
        }
        let (triangle, sigma, jensen, halving) =
          (try value(.triangle), try value(.sigma), try value(.jensen), try value(.halving))
        // ||X_test Delta_t|| is the triangle step's left side; squared over m it is d(t).
        let theorem31 = theorem.inequality(at: t)
        let m = log10(Double(theorem.divergence.instance.testCount))
        let rounding = 1e-10 + 64 * eps * abs(theorem31.log10Left)
        try ensure(abs(2 * triangle.log10Left - m - theorem31.log10Left) <= rounding, "d(t)")
        // sigma_U (1 + rho*)^t ||P_U Delta_0||, halved, squared and over m, is the bound.
        try ensure(abs(2 * (halving.log10Left - log10(2)) - m - theorem31.log10Right) <= rounding, "the bound")
        try ensure(abs(jensen.log10Right + log10(theorem.sigmaU) - halving.log10Left) <= rounding, "Jensen to halving")
        try ensure(abs(sigma.log10Right - log10(theorem.sigmaU) - jensen.log10Left) <= rounding, "sigma to Jensen")
        // Their other sides: 2 C_0, C_0 and ||X_test (I - P_U) Delta_0||.
        let offSpan = theorem.divergence.instance.test.transposeTimes(theorem.divergence.offSpan).norm
        let norms = try value(.operatorNorm)
        try ensure(
          theorem.c0 == 0
            || abs(halving.log10Right - log10(2 * theorem.c0)) <= rounding
              && abs(norms.log10Left - log10(theorem.c0)) <= rounding
              && abs(norms.log10Right - log10(offSpan)) <= rounding,
          "C_0")
        // The chain: ||X_test Delta_t|| >= in-span - C_0 >= sigma-bound - C_0 >= half the sigma-bound.
        let chain = triangle.margin + rounding
        try ensure(
          chain >= 0 && theorem31.margin >= -rounding && sigma.margin + jensen.margin >= -rounding, "the chain")
      }
    }
  }

  @Test func `Jensen is an equality at t = 0 and for k = 1`() throws {
    var law = RandomInstance()
    let theorem = try Theorem31(PathDivergence(law.draw(RandomGenerator(seed: 3))))
    let start = try #require(ProofSteps(theorem).inequalities(at: [0])[.jensen])
    #expect(abs(start[0].margin) <= 64 * eps && start[0].holds)
    law.forgetRows = 1
    let single = try Theorem31(PathDivergence(law.draw(RandomGenerator(seed: 3))))
    for inequality in try #require(ProofSteps(single).inequalities(at: [0, 10, 1000, 1_000_000])[.jensen]) {
      #expect(abs(inequality.margin) <= 64 * eps * (1 + abs(inequality.log10Left)) && inequality.holds)
    }
  }
}

extension Unsatisfied {
  fileprivate init(_ reason: String) {
    do {
      try ensure(false, reason)
      preconditionFailure("unreachable")
    } catch { self = error }
  }
}

@Suite("Inequalities, verdicts, sweeps")
struct StatementTests {
  @Test func `An inequality holds when left >= right, up to the rounding of the logarithms`() {
    #expect(Inequality(log10Left: 2, log10Right: 1).margin == 1)
    #expect(Inequality(log10Left: 2, log10Right: 1).holds)
    #expect(!Inequality(log10Left: 1, log10Right: 2).holds && Inequality(log10Left: 1, log10Right: 2).margin == -1)
    #expect(Inequality(log10Left: 300, log10Right: 300.0.nextUp).holds)
    #expect(!Inequality(log10Left: 1, log10Right: 1 + 1e-10).holds)
    // A right-hand side of 0 makes it empty, whatever is on the left.
    for left in [-Double.infinity, 0, .infinity] {
      #expect(Inequality(log10Left: left, log10Right: -.infinity).holds)
      #expect(Inequality(log10Left: left, log10Right: -.infinity).margin == .infinity)
    }
    #expect(!Inequality(log10Left: -.infinity, log10Right: 0).holds)
    #expect(!Inequality(log10Left: .nan, log10Right: 0).holds && !Inequality(log10Left: 0, log10Right: .nan).holds)
  }

  @Test func `A stepwise check remembers its first violation and its tightest step; NaN is a violation`() {
    var check = StepwiseCheck()
    #expect(check.verdict == .notReached && check.smallestMargin == .infinity && check.tightestStep == nil)
    check.record(5, margin: 2)
    check.record(6, margin: 0.5)
    check.record(7, margin: 0.5)
    check.record(8, margin: 0)
    #expect(check.verdict == .holds && check.stepsChecked == 4)
    #expect(check.smallestMargin == 0 && check.tightestStep == 8 && check.firstViolation == nil)
    check.record(9, margin: -1e-300)
    check.record(10, margin: -3)
    check.record(11, margin: 4)
    #expect(check.verdict == .violated && check.firstViolation == 9 && check.tightestStep == 10)
    var unknown = StepwiseCheck()
    unknown.record(1, margin: 1)
    unknown.record(2, margin: .nan)
    unknown.record(3, margin: 1)
    #expect(unknown.verdict == .violated && unknown.firstViolation == 2 && unknown.smallestMargin == 1)
    #expect(unknown.stepsChecked == 3)
    #expect(["holds", "violated", "not_reached"].map { Verdict(rawValue: $0) } == [.holds, .violated, .notReached])
  }

  @Test func `Sweeps say the same on any number of workers, and a seed replays its trial`() throws {
    for law in [Sweep.Law.wide, .fixed(RandomInstance())] {
      let sweep = Sweep(law, steps: 60)
      let trials = try sweep.run(seeds: 100..<350, workers: .one)
      #expect(trials.map(\.seed) == Array(100..<350))
      for count in [2, 4] { #expect(try sweep.run(seeds: 100..<350, workers: Workers(count: count)) == trials) }
      for seed in [100, 217, 349] as [UInt64] {
        #expect(try sweep.trial(seed: seed) == trials[Int(seed - 100)])
        let theorem = try Theorem31(PathDivergence(sweep.instance(seed: seed)))
        #expect(trials[Int(seed - 100)].result?.t0 == theorem.t0)
        #expect(trials[Int(seed - 100)].result?.check == theorem.check(through: 60))
      }
      #expect(Set(trials.compactMap(\.result?.check.smallestMargin)).count > 20)
    }
    #expect(try Sweep(.wide, steps: 10).run(seeds: 5..<5, workers: .one).isEmpty)
  }

  @Test func `Margins are those of the proof steps; a claim out of reach is reported as such`() throws {
    let sweep = Sweep(.fixed(RandomInstance()), steps: 80)
    for trial in try sweep.run(seeds: 0..<10, workers: .one) {
      let (theorem, result) = (
        try Theorem31(PathDivergence(sweep.instance(seed: trial.seed))), try #require(trial.result)
      )
      guard let first = theorem.firstClaimedStep, first <= 80 else {
        #expect(result.margins.isEmpty && result.check.verdict == .notReached && !result.violated)
        continue
      }
      for (step, inequalities) in ProofSteps(theorem).inequalities(at: first...80) {
        #expect(result.margins[step] == inequalities.map(\.margin).min())
      }
    }
    let early = try Sweep(.fixed(RandomInstance()), steps: 0).run(seeds: 0..<20, workers: .one)
    #expect(early.contains { $0.result?.check.verdict == .notReached && $0.result?.margins.isEmpty == true })
  }
}
