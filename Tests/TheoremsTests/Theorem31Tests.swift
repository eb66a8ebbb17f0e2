import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite("Theorem 3.1")
struct Theorem31Tests {
  @Test(arguments: theorem31References)
  func `Constants, models and distances against NumPy's d x d formulas`(_ row: Theorem31Reference) throws {
    let instance = try instance(
      a: (row.xA, row.yA), b: (row.xB, row.yB), forget: (row.xU, row.yU), test: row.xTest, mu: (row.muA, row.muB),
      eta: row.eta)
    let theorem = try Theorem31(PathDivergence(instance))
    let divergence = theorem.divergence
    // Both sides solve systems of order 6 with a condition below 30 and project on rows with a condition below 10;
    // the powers up to t = 60 multiply the error of an eigenvalue by 60.
    let relative = slack * 6 * 30 * 10 * eps
    func near(_ one: Double, _ other: Double, _ what: String, factor: Double = 1) {
      #expect(abs(one - other) <= factor * relative * abs(other), "\(row.name), \(what): \(one) and \(other)")
    }
    near(theorem.differenceNorm, row.difference, "||Delta_0||")
    near(theorem.projectedDifferenceNorm, row.projected, "||P_U Delta_0||")
    near(theorem.rhoStar, row.rhoStar, "rho*")
    near(theorem.sigmaU, row.sigmaU, "sigma_U")
    near(theorem.c0, row.c0, "C_0")
    near(theorem.lambdaMax, row.lambdaMax, "lambda_max")
    #expect(theorem.t0 == row.t0 && theorem.firstClaimedStep == Int(row.t0))
    for (step, distance) in zip([0, 1, 2, 10, 60], row.distances) {
      near(exp(divergence.trajectory.logDistance(at: step)), distance, "d(\(step))", factor: Double(1 + step))
    }
    let models = try divergence.trainedModels()
    for (model, expected) in [(models.ab, row.thetaAB), (models.ba, row.thetaBA)] {
      #expect((model - Vector(expected)).norm <= relative * Vector(expected).norm)
    }
    for (model, expected) in [(models.ab, row.unlearnedAB), (models.ba, row.unlearnedBA)] {
      let unlearned = divergence.span.ascend(model, stepSize: instance.stepSize, steps: 10)
      #expect((unlearned - Vector(expected)).norm <= 10 * relative * Vector(expected).norm)
    }
    // The bound, written out.
    let bound = pow(row.sigmaU * row.projected, 2) / (4 * 5) * pow(1 + row.rhoStar, 2 * row.t0)
    near(exp(theorem.logBound(at: Int(row.t0))), bound, "bound", factor: 4 * row.t0)
    let pair = try RetrainedPair(divergence, models)
    #expect((pair == nil) == row.retrainedDistance.isNaN)
    if let pair { near(exp(pair.alongAB.logDistance(at: 10)), row.retrainedDistance, "to the retrained", factor: 10) }
  }

  @Test func `The bound holds from t_0 on, over wide laws, with the forget set inside and outside of the stages`()
    throws
  {
    let trials = try Sweep(.wide, steps: 300).run(seeds: 0..<2500, workers: .all)
    let results = trials.compactMap(\.result)
    #expect(results.count > 2400)
    for trial in trials where trial.result?.violated == true { Issue.record("seed \(trial.seed): \(trial)") }
    #expect(results.count { $0.check.verdict == .holds } > 1500)
    #expect(results.count { $0.t0 > 0 } > 500)
    let origins = Set((0..<40).map { RandomInstance.wide(RandomGenerator(seed: $0)).forgetOrigin })
    #expect(origins.count == RandomInstance.ForgetOrigin.allCases.count)
  }

  @Test(arguments: RandomInstance.ForgetOrigin.allCases)
  func `The bound holds for fixed laws of every origin`(_ origin: RandomInstance.ForgetOrigin) throws {
    var law = RandomInstance()
    (law.forgetOrigin, law.testRows) = (origin, 20)
    let trials = try Sweep(.fixed(law), steps: 400).run(seeds: 0..<150, workers: .all)
    for trial in trials {
      let result = try #require(trial.result)
      #expect(!result.violated && result.check.verdict == .holds, "seed \(trial.seed): \(result)")
    }
  }

  @Test func `The bound is about norms that the models really have: against step-by-step ascent`() throws {
    for seed in 0..<20 as Range<UInt64> {
      let theorem = try Theorem31(PathDivergence(RandomInstance().draw(RandomGenerator(seed: seed))))
      let instance = theorem.divergence.instance
      let models = try theorem.divergence.trainedModels()
      var (ab, ba) = (models.ab, models.ba)
      for t in 0...120 {
        let gap = instance.test.transposeTimes(ab - ba)
        let d = gap.dot(gap) / Double(instance.testCount)
        if Double(t) >= theorem.t0 {
          let bound =
            pow(theorem.sigmaU * theorem.projectedDifferenceNorm, 2) / (4 * Double(instance.testCount))
            * pow(1 + theorem.rhoStar, 2 * Double(t))
          #expect(d >= bound, "seed \(seed), t = \(t)")
        }
        ab.followGradient(of: instance.forget, stepSize: instance.stepSize, steps: 1)
        ba.followGradient(of: instance.forget, stepSize: instance.stepSize, steps: 1)
      }
    }
  }

  @Test func `The example 9, 4, 0, 16, 144: not monotone, false before t_0 = 4, not claimed there`() throws {
    let theorem = try Theorem31(PathDivergence(paperExample()))
    let difference = theorem.divergence.difference
    #expect((difference - Vector([1, -4])).norm <= slack * 4 * 3 * eps * 30)
    #expect(abs(theorem.rhoStar - 1) <= 4 * eps && abs(theorem.sigmaU - 1) <= 4 * eps)
    #expect(abs(theorem.c0 - 4 * 2.0.squareRoot()) <= slack * 12 * eps * 30)
    #expect(theorem.t0 == 4 && theorem.firstClaimedStep == 4)
    let distances = theorem.divergence.trajectory.logDistances(at: 0...4).map { exp($0 / 2) }
    for (found, expected) in zip(distances, [3.0, 2, 0, 4, 12]) {
      // 30 times the rounding of two solves, grown to 2^4.
      #expect(abs(found - expected) <= slack * 12 * eps * 30 * 16, "\(distances)")
    }
    // The bound is 1/4, 1, 4, 16, 64: false at t = 2, an equality at t = 3 and true again from t = 4.
    for (step, bound) in [0.25, 1, 4, 16, 64].enumerated() {
      #expect(abs(exp(theorem.logBound(at: step)) - bound) <= slack * 12 * eps * 30 * bound)
    }
    #expect(!theorem.inequality(at: 2).holds && theorem.inequality(at: 4).holds)
    #expect(theorem.check(through: 3).verdict == .notReached && theorem.check(through: 3).stepsChecked == 0)
    let check = theorem.check(through: 1000)
    #expect(check.verdict == .holds && check.stepsChecked == 997 && check.tightestStep == 4)
    #expect(abs(check.smallestMargin - log10(144.0 / 64)) <= 1e-9)
  }

  @Test func `C_0 = 0: the forget set spans all stage rows, or X_U is square; then t_0 is minus infinity`() throws {
    let square = try instance(
      a: ([[1, 2]], [1]), b: ([[3, -1]], [2]), forget: ([[1, 1], [0, 1]], [0, 1]), test: [[1, 0], [1, 1]], eta: 0.1)
    // Six features, but all rows lie in the span of the two forget rows, exactly, which is not along the axes.
    let (u, v) = ([1.0, 2, 0, -1, 3, 0.5], [0.25, -1, 2, 1, 0, 0.75])
    func mix(_ s: Double, _ t: Double) -> [Double] { zip(u, v).map { s * $0 + t * $1 } }
    let inside = try instance(
      a: ([mix(1, 0.5), mix(-0.75, 2)], [1, 3]), b: ([mix(0.25, -1.125)], [2]), forget: ([u, v], [0, 1]),
      test: [u, v, [1, 0, 0, 1, 0, 0]], eta: 0.01)
    for instance in [square, inside] {
      let theorem = try Theorem31(PathDivergence(instance))
      #expect(theorem.c0 == 0 && theorem.t0 == -.infinity && theorem.firstClaimedStep == 0)
      #expect(theorem.check(through: 500).verdict == .holds && theorem.check(through: 500).stepsChecked == 501)
      // Nothing of the proof fails on rounding noise off the span.
      for (step, inequalities) in ProofSteps(theorem).inequalities(at: 0...200) {
        #expect(inequalities.allSatisfy { $0.holds }, "\(step)")
      }
    }
  }

  @Test func `Failing hypotheses: Delta_0 = 0, P_U Delta_0 = 0, a test set that does not see the span`() throws {
    func failure(_ instance: TwoPathInstance) throws -> HypothesisFailure {
      try #require(#expect(throws: HypothesisFailure.self) { try Theorem31(PathDivergence(instance)) })
    }
    // Stages on different features commute.
    let commuting = try failure(
      instance(
        a: ([[1, 0, 0]], [1]), b: ([[0, 1, 0]], [2]), forget: ([[1, 1, 1]], [0]), test: [[1, 2, 3]], eta: 0.1))
    #expect(commuting.statement == "Theorem 3.1" && commuting.precondition.assumption.contains("Lemma C.1"))
    // The forget row is orthogonal to all rows of the stages.
    let blind = try failure(
      instance(
        a: ([[1, 0, 0]], [1]), b: ([[1, 1, 0]], [2]), forget: ([[0, 0, 1]], [0]), test: [[1, 2, 3]], eta: 0.1))
    #expect(blind.precondition.assumption.contains("Lemma C.2") && !blind.precondition.holds)
    // Two test rows that see the same direction of the span.
    let unseen = try failure(
      instance(
        a: ([[1, 0.5, 0]], [1]), b: ([[1, 1, 0]], [2]), forget: ([[1, 0, 0], [0, 1, 0]], [0, 1]),
        test: [[1, 2, 0], [2, 4, 5]], eta: 0.1))
    #expect(
      unseen.precondition.assumption.contains("Lemma C.4")
        && unseen.precondition.evidence.contains("rank is below k = 2"))
    for failure in [commuting, blind, unseen] {
      #expect(failure.description.contains("Theorem 3.1") && !failure.description.contains("\n"))
    }
  }

  @Test func `Stages that commute but for rounding have no Delta_0 either`() throws {
    // Orthogonal row spaces, not along the axes: the computed Delta_0 is rounding.
    for mu in [1.0, 1e-3, 1e8] {
      let instance = try instance(
        a: ([[0.1, 0.2, 0.3]], [1]), b: ([[0.3, 0.3, -0.3]], [2]), forget: ([[1, 0.4, 1]], [0]), test: [[1, 2, 3]],
        mu: (mu, mu), eta: 0.1)
      let failure = #expect(throws: HypothesisFailure.self) { try Theorem31(PathDivergence(instance)) }
      #expect(failure?.precondition.assumption.contains("Lemma C.1") == true)
    }
    // So it is with a forget stage before or after both, which sees what they learn; between them it matters.
    for position in 1...3 {
      let plain = try instance(
        a: ([[0.1, 0.2, 0.3]], [1]), b: ([[0.3, 0.3, -0.3]], [2]), forget: ([[1, 0.4, 1]], [0.5]), test: [[1, 2, 3]],
        eta: 0.1)
      let staged = try TwoPathInstance(
        stageA: plain.stageA, stageB: plain.stageB, forget: plain.forget,
        forgetStage: (.ridge(mu: 1), position), test: plain.test, stepSize: 0.1)
      let theorem = try? Theorem31(PathDivergence(staged))
      #expect((theorem != nil) == (position == 2))
    }
    // A true difference of relative size 10^-8 is none of this.
    let large = try instance(
      a: ([[0.1, 0.2, 0.3]], [1]), b: ([[0.3, 0.3, 0.3]], [2]), forget: ([[1, 0.4, 1]], [0]), test: [[1, 2, 3]],
      mu: (1e8, 1e8), eta: 0.1)
    #expect(throws: Never.self) { try Theorem31(PathDivergence(large)) }
  }

  @Test func `sigma_U is the k-th singular value, where the last of min(m, d) is 0`() throws {
    let theorem = try Theorem31(
      PathDivergence(
        instance(
          a: ([[1, 0.5, 0.25, 1]], [1]), b: ([[1, 1, 0.5, -1]], [2]),
          forget: ([[2, 0, 0, 0], [0, 3, 0, 0]], [0, 1]),
          test: [[4, 0, 9, 0], [0, 3, 0, 9], [0, 4, 0, 0], [0, 0, 1, 1]], eta: 0.1)))
    // X_test P_U keeps the first two columns, of norms 4 and 5, orthogonal: singular values 5, 4, 0, 0.
    #expect(abs(theorem.sigmaU - 4) <= slack * 4 * eps * 5)
    let lemma = LemmaC4(theorem.divergence)
    #expect(lemma.rank == 2 && lemma.required == 2 && lemma.singularValues.count == 2 && lemma.holds)
    #expect(abs(lemma.singularValues[0] - 5) <= slack * 4 * eps * 5)
  }

  @Test func `The definitions hold between the constants, over wide laws`() {
    checkProperty("constants", Gen.int(in: 0...100_000).map { UInt64($0) }) { seed in
      guard let theorem = try wideTheorem(seed) else { return }
      let divergence = theorem.divergence
      try ensure(theorem.preconditions.count == 3 && theorem.preconditions.allSatisfy { $0.holds }, "preconditions")
      let (smallest, largest) = (divergence.growth.last ?? 0, divergence.growth.first ?? 0)
      try ensure(theorem.lambdaMax == largest, "lambda_max")
      try ensure(
        theorem.rhoStar >= smallest * (1 - 64 * eps) && theorem.rhoStar <= largest * (1 + 64 * eps), "rho* is a mean")
      try ensure(theorem.sigmaU <= divergence.testOperatorNorm * (1 + 1e-12), "sigma_U <= ||X_test||")
      try ensure(theorem.projectedDifferenceNorm <= theorem.differenceNorm * (1 + 64 * eps), "a projection shrinks")
      let pythagoras = hypot(theorem.projectedDifferenceNorm, divergence.offSpan.norm)
      try ensure(abs(pythagoras - theorem.differenceNorm) <= 1e-13 * theorem.differenceNorm * 200, "Pythagoras")
      guard theorem.t0 > -.infinity else { return }
      // t_0 is the first whole t with sigma_U (1 + rho*)^t ||P_U Delta_0|| >= 2 C_0.
      func exceeds(_ t: Double) -> Double {
        t * log1p(theorem.rhoStar) + log(theorem.sigmaU * theorem.projectedDifferenceNorm / (2 * theorem.c0))
      }
      let rounding = slack * eps * (64 + abs(theorem.t0) * log1p(theorem.rhoStar))
      try ensure(theorem.t0 == theorem.t0.rounded(), "t_0 is whole")
      try ensure(exceeds(theorem.t0) >= -rounding, "t_0 is too early")
      try ensure(exceeds(theorem.t0 - 1) < rounding, "t_0 is too late")
      try ensure(theorem.firstClaimedStep == (theorem.t0 <= 0 ? 0 : Int(exactly: theorem.t0)), "max(t_0, 0)")
    }
  }

  @Test func `The bound grows by (1 + rho*)^2 a step, a million steps on; far beyond Int nothing is claimed`() throws {
    let theorem = try Theorem31(PathDivergence(RandomInstance().draw(RandomGenerator(seed: 2))))
    let slope = (theorem.logBound(at: 2_000_000) - theorem.logBound(at: 1_000_000)) / 1e6
    #expect(abs(slope - 2 * log1p(theorem.rhoStar)) <= 1e-12)
    let far = theorem.inequality(at: 1_000_000)
    #expect(far.holds && far.log10Left.isFinite && far.margin > 0)
    var law = RandomInstance()
    law.stepSize = 1e-30
    let slow = try Theorem31(PathDivergence(law.draw(RandomGenerator(seed: 2))))
    #expect(slow.t0 > 1e20 && slow.firstClaimedStep == nil && slow.check(through: 1000).verdict == .notReached)
  }

  @Test func `Checks cover each step once, the later ones by the law, with progress, on any number of workers`() throws
  {
    let theorem = try Theorem31(PathDivergence(RandomInstance().draw(RandomGenerator(seed: 5))))
    let first = try #require(theorem.firstClaimedStep)
    var reports: [(Int, Int)] = []
    let check = theorem.check(through: 100_000) { reports.append(($0, $1)) }
    #expect(check.stepsChecked == 100_001 - first)
    #expect(reports.last.map { $0.0 == $0.1 && $0.1 == 100_001 - first } == true)
    #expect(theorem.check(through: 100_000, workers: Workers(count: 3)) == check)
    #expect(check.smallestMargin > 0 && check.verdict == .holds)
    let tightest = try #require(check.tightestStep)
    #expect(abs(theorem.inequality(at: tightest).margin - check.smallestMargin) <= 1e-9)
  }

  @Test func `What the law decides is what walking every step finds`() throws {
    for seed in 0..<12 as Range<UInt64> {
      var law = RandomInstance()
      // From rates of half a power a step to some that the law needs 10^5 steps for.
      law.stepSize = [0.1, 1e-3, 1e-5][Int(seed % 3)]
      let theorem = try Theorem31(PathDivergence(law.draw(RandomGenerator(seed: seed))))
      let corollary = try Corollary1(theorem, epsilon: 1e3)
      let last = 150_000
      for (check, first, right) in [
        (theorem.check(through: last), theorem.firstClaimedStep, { theorem.logBound(at: $0) }),
        (corollary.check(through: last), corollary.firstClaimedStep, { _ in log(4e3) }),
      ] as [(StepwiseCheck, Int?, (Int) -> Double)] {
        var walked = StepwiseCheck()
        if let first, first <= last {
          for (step, distance) in zip(first...last, theorem.divergence.trajectory.logDistances(at: first...last)) {
            walked.record(step, margin: (distance - right(step)) / M_LN10)
          }
        }
        #expect(check.stepsChecked == walked.stepsChecked && check.verdict == walked.verdict, "seed \(seed)")
        #expect(check.tightestStep == walked.tightestStep && check.stepsLeftOut == 0, "seed \(seed)")
        #expect(check.smallestMargin == walked.smallestMargin, "seed \(seed)")
      }
    }
  }
}

/// A row of Tests/ReferenceValues/theorem31.py.
struct Theorem31Reference: Sendable, CustomTestStringConvertible {
  let name: String
  let xA: [[Double]]
  let yA: [Double]
  let xB: [[Double]]
  let yB: [Double]
  let xU: [[Double]]
  let yU: [Double]
  let xTest: [[Double]]
  let muA: Double
  let muB: Double
  let eta: Double
  let thetaAB: [Double]
  let thetaBA: [Double]
  let difference: Double
  let projected: Double
  let rhoStar: Double
  let sigmaU: Double
  let c0: Double
  let t0: Double
  let lambdaMax: Double
  let distances: [Double]
  let unlearnedAB: [Double]
  let unlearnedBA: [Double]
  let retrainedDistance: Double

  var testDescription: String { name }
}
