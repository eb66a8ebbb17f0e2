import BigInt
import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Testing
import Theorems

@testable import Certification

@Suite("Certified mode")
struct CertifierTests {
  @Test(arguments: certificationReferences)
  func `Every quantity against mpmath's d x d formulas, to 33 digits`(_ row: CertificationReference) throws {
    let divergence = try EnclosedDivergence(row.instance(), through: 40, bits: 256)
    func check(_ ball: Ball, _ decimal: String, _ name: String) throws {
      let exact = try #require(Fraction(decimal: decimal))
      // mpmath printed 60 digits; enclosures of 256 bits with eigenvalues to 2^-230 are wider than what it left out.
      let (low, centre, high) = ball.ends
      let slack = exact.magnitude * Fraction(1, BigInt(10).power(59))
      #expect(low - slack <= exact && exact <= high + slack, "\(row.name), \(name)")
      #expect(ball.radiusFraction <= centre.magnitude * Fraction(1, BigInt(10).power(33)), "\(row.name), \(name)")
    }
    let constants = [
      divergence.differenceSquared, divergence.projectedSquared, divergence.rhoStar, divergence.sigmaSquared,
      divergence.testNormSquared, divergence.c0Squared,
    ]
    for (index, (ball, decimal)) in zip(constants, row.constants).enumerated() { try check(ball, decimal, "\(index)") }
    for (step, decimal) in zip([0, 1, 7, 40], row.distances) {
      try check(divergence.distance(at: step), decimal, "d(\(step))")
    }
    for (place, order) in EnclosedRetraining.Order.allCases.enumerated() {
      let retraining = try EnclosedRetraining(divergence, order)
      #expect((retraining == nil) == row.floors.isEmpty)
      guard let retraining else { continue }
      // mpmath's floor of 0 is 0 to its 100 digits.
      let isZero = try #require(Fraction(decimal: row.floors[place])) < .powerOfTwo(-300)
      #expect(retraining.floorIsZero == isZero && (retraining.lastIn != nil) == isZero)
      if isZero {
        #expect(retraining.floor.containsZero && retraining.returned?.decision == .proved)
      } else {
        try check(retraining.floor, row.floors[place], "floor")
        #expect(retraining.returned == nil && retraining.floorIsPositive?.decision == .proved)
      }
      for (index, step) in [0, 1, 7, 40].enumerated() {
        try check(retraining.distance(at: step), row.towardsRetrained[4 * place + index], "\(order) at \(step)")
      }
    }
    let certificate = try Certifier(steps: 40).certificate(row.instance())
    #expect(certificate.t0 == .step(row.t0) && certificate.undecided.isEmpty && certificate.refuted.isEmpty)
    #expect(certificate.claims.count { $0.name == .theorem31 } > 5)
  }

  @Test(arguments: [false, true])
  func `All claims are proved on random instances, with the t_0 that Double finds`(wide: Bool) throws {
    let sweep = wide ? Sweep(.wide, steps: 60) : Sweep(.fixed(RandomInstance()), steps: 60)
    let seeds: Range<UInt64> = wide ? 200..<216 : 0..<40
    for trial in try CertifiedSweep(sweep).run(seeds: seeds, workers: .all) {
      #expect(trial.applies && trial.open.isEmpty && trial.bits <= 256, "\(trial)")
      let instance = try sweep.instance(seed: trial.seed)
      let theorem = try Theorem31(PathDivergence(instance))
      let certificate = try Certifier(steps: 0).certificate(instance)
      let places: [Threshold.Place] = theorem.c0 == 0 ? [.always] : [.step(Int(theorem.t0))]
      // Double may be one off where the quotient is near a whole number, which so few draws do not come near.
      #expect(places.contains(certificate.t0 ?? .beyond), "seed \(trial.seed): \(theorem.t0), \(certificate)")
      let first = certificate.claims.filter { $0.name == .theorem31 }
      #expect(first.isEmpty == (theorem.t0 > 0))
      for claim in first {
        let distance = claim.left.midpoint.logMagnitude
        #expect(abs(distance - theorem.divergence.trajectory.logDistance(at: 0)) < 1e-6)
        #expect(abs(claim.right.midpoint.logMagnitude - theorem.logBound(at: 0)) < 1e-6)
      }
    }
  }

  @Test func `The bound before t_0 is refuted where it fails, and an equality is proved where all is exact`() throws {
    // The paper's example: m d(t) = (2^t - 4)^2 up to a factor, bound (1/4) 4^t: 9, 4, 0, 16 beside 1/4, 1, 4, 16.
    let divergence = try EnclosedDivergence(
      exactInstance(difference: (1, -4), test: [[1, 1, 0]]), through: 9, bits: 64)
    let decisions = (0...5).map { divergence.bound(at: $0).decision }
    #expect(decisions == [.proved, .proved, .refuted, .proved, .proved, .proved])
    let equality = divergence.bound(at: 3)
    #expect(CertifiedClaim(.theorem31, equality.left, .greater, equality.right).decision == .refuted)
    let certificate = try Certifier(steps: 9).certificate(divergence.instance)
    #expect(certificate.t0 == .step(4) && certificate.refuted.isEmpty && certificate.undecided.isEmpty)
    #expect(certificate.claims.filter { $0.name == .theorem31 }.compactMap(\.step) == [4, 5, 6, 8, 9])
  }

  @Test func `Corollary 1 speaks from the later of t_0 and t_1 on, of a distance of at least 4 eps, an equality too`()
    throws
  {
    // The same example: d(t) = (2^t - 4)^2 / 64, t_0 = 4 and sigma_U^2 ||P_U Delta_0||^2 = 1/64.
    let instance = try exactInstance(difference: (1, -4), test: [[1, 1, 0]])
    let divergence = try EnclosedDivergence(instance, through: 9, bits: 64)
    #expect(divergence.corollary(at: 2, epsilon: 1e-9).decision == .refuted)
    // d(4) = 2.25.
    #expect(
      [0.5, 0.5625, 0.75].map { divergence.corollary(at: 4, epsilon: $0).decision } == [.proved, .proved, .refuted])
    func steps(_ epsilon: Double) throws -> (t1: Threshold.Place?, steps: [Int?]) {
      let certificate = try Certifier(steps: 9, epsilon: epsilon).certificate(instance)
      return (certificate.t1, certificate.claims.filter { $0.name == .corollary1 }.map(\.step))
    }
    // 4^t / 64 >= 16 eps: an equality at t = 5 for eps = 1, long reached for eps = 2^-20.
    let (late, early) = (try steps(1), try steps(0x1p-20))
    #expect(late.t1 == .step(5) && late.steps == [5, 6, 7, 9])
    #expect(early.t1 == .step(-5) && early.steps == [4, 5, 6, 8, 9])
  }

  @Test func `t_0 where both sides are equal, and 2^-60 to either side of that, which Double cannot tell`() throws {
    // 3 p 2^t >= 5 * 2 q with ||X_test|| = 5, p = 10, q = 24: equality at t = 3.
    func found(_ test: [Double], limit: Int = 4096) throws -> Certificate {
      try Certifier(steps: 10, limit: limit).certificate(exactInstance(difference: (10, 24), test: [test]))
    }
    #expect(try found([3, 4, 0]).t0 == .step(3))
    // ||X_test||^2 = 25 + 2^-60.
    #expect(try found([3, 4, 0x1p-30]).t0 == .step(4))
    // With 64 bits 25 + 2^-68 is not told from 25; with more it is.
    let coarse = try found([3, 4, 0x1p-34], limit: 64)
    #expect(coarse.t0 == .atMost(4) && coarse.undecided.count == 1 && coarse.refuted.isEmpty)
    #expect(try found([3, 4, 0x1p-34]).t0 == .step(4))
    let theorem = try Theorem31(
      PathDivergence(exactInstance(difference: (10, 24), test: [[3, 4, 0x1p-30]])))
    #expect(theorem.t0 == 3, "Double was expected to miss 2^-60")
  }

  @Test func `t_0 where Double's guess is far off: a tiny step size and test rows of 10^150`() throws {
    var farthest = 0.0
    for scale in [1e150, 2e150, 3e150, 5e149, 7e149, 9e149, 1.1e150, 1.3e150] {
      // sigma_U^2 ||P_U Delta_0||^2 and C_0^2 scale alike with the test rows; 1 + rho* exceeds 1 by some 2e-16 only.
      let instance = try instance(
        a: ([[1, 0.5, 0.25, 0]], [1]), b: ([[0.5, -1, 0.5, 1]], [2]), forget: ([[1, 0, 0.5, 0]], [0.5]),
        test: [[scale, 2 * scale, 3 * scale, scale], [2 * scale, -scale, scale, 0]], eta: 1e-16)
      let certificate = try Certifier(steps: 10).certificate(instance)
      #expect(certificate.refuted.isEmpty && certificate.undecided.isEmpty)
      guard case .step(let t0) = certificate.t0 else {
        Issue.record("t_0 \(String(describing: certificate.t0))")
        continue
      }
      // Both sides of that step, by arithmetic of other bits.
      let divergence = try EnclosedDivergence(instance, through: 0, bits: 384)
      let level = Ball(4, bits: 384) * divergence.c0Squared
      let sides = [t0 - 1, t0].map { divergence.growing * divergence.growth($0) - level }
      #expect(t0 > 1 << 40 && sides[0].isNegative && sides[1].isPositive)
      let rate = 2 * log1p(divergence.rhoStar.midpoint.approximation)
      let guess = (level.midpoint.logMagnitude - divergence.growing.midpoint.logMagnitude) / rate
      farthest = max(farthest, abs(guess - Double(t0)))
    }
    #expect(farthest > 64, "a search over 64 steps would do")
  }

  @Test func `A threshold is found from any guess, is unknown where the sides are too wide, and is never refuted`()
    throws
  {
    let (rho, one) = (Ball(1, bits: 128), Ball.one(bits: 128))
    // 4^t >= 2^power.
    for power in [-1001, -64, -1, 0, 1, 7, 1000] {
      let level = Ball(Dyadic(1, exponent: power), bits: 128)
      let expected = Int((Double(power) / 2).rounded(.up))
      let found = Threshold(rho: rho, size: one, level: level)
      #expect(found.place == .step(expected) && found.firstProved == max(0, expected))
      #expect(found.claims.map(\.decision) == [.proved, .proved])
      // A level between a quarter and three times that: reached for certain where 4^t is three times 2^power.
      let wide = Ball(from: level.midpoint.scaled(by: -2), to: Dyadic(3, exponent: power), bits: 128)
      let late = Threshold(rho: rho, size: one, level: wide)
      #expect(late.place == .atMost(Int(((Double(power) + log2(3)) / 2).rounded(.up))) && late.claims.count == 2)
      #expect(late.claims.map(\.decision) == [.proved, .undecided(bits: 128)])
    }
    // A size that may be negative: no step can be found, and nothing is said of any.
    let size = Ball(from: Dyadic(-3), to: Dyadic(1), bits: 128)
    for level in [one, Ball(1 << 40, bits: 128)] {
      let unknown = Threshold(rho: rho, size: size, level: level)
      #expect(unknown.place == .unknown && unknown.claims.isEmpty && unknown.firstProved == nil)
    }
    // (1 + 2^-70)^(2t) needs some 2^69 steps to double.
    let slow = Ball(Dyadic(1, exponent: -70), bits: 128)
    for power in [1, -1] {
      let far = Threshold(rho: slow, size: one, level: Ball(Dyadic(1, exponent: power), bits: 128))
      #expect(far.place == .beyond && far.claims.isEmpty && far.firstProved == (power < 0 ? 0 : nil))
    }
  }

  @Test func `Where theta_0 is theta_r by arithmetic no floor is claimed; with any other label it is proved`() throws {
    // Training on labels 0 from 0 learns nothing, whatever comes after it.
    for (label, isZero) in [(0.0, true), (0x1p-40, false)] {
      let instance = try instance(
        a: ([[1, 0.5, 0.25, 0]], [1]), b: ([[0.5, -1, 0.5, 1]], [2]), forget: ([[1, 0, 0.5, 0]], [label]),
        test: [[1, 2, 3, 1], [2, -1, 1, 0]], mu: (0.75, 1.5), eta: 0.25, forgetStage: (.ridge(mu: 0.5), 1))
      let certificate = try Certifier(steps: 10, limit: 1024).certificate(instance)
      #expect(certificate.refuted.isEmpty && certificate.undecided.isEmpty)
      let names: [CertifiedClaim.Name] = [.floorPositiveAB, .floorPositiveBA, .floorAB, .floorBA]
      for name in names { #expect(certificate.claims.contains { $0.name == name } != isZero, "\(name)") }
      let divergence = try EnclosedDivergence(instance, through: 0, bits: 128)
      for order in EnclosedRetraining.Order.allCases {
        let retraining = try #require(try EnclosedRetraining(divergence, order))
        #expect(retraining.floor.isZero == isZero && retraining.floorIsZero == isZero)
      }
    }
  }

  @Test
  func `Jensen's step when the eigenvalues differ by 2^-40: Double sees an equality, 128 bits a strict inequality`()
    throws
  {
    let instance = try instance(
      a: ([[1, 0.5, 0.25, 0]], [1]), b: ([[0.5, -1, 0.5, 1]], [2]),
      forget: ([[1, 0, 0, 0], [0, 1 + 0x1p-40, 0, 0]], [0, 1]), test: [[1, 2, 3, 1], [2, -1, 1, 0], [0, 1, 1, 1]],
      eta: 0.25)
    let theorem = try Theorem31(PathDivergence(instance))
    let margins = ProofSteps(theorem).inequalities(at: [10, 11, 12])[.jensen]?.map(\.margin) ?? []
    #expect(margins.allSatisfy { abs($0) < 1e-14 })
    func jensen(_ bits: Int) throws -> CertifiedClaim {
      let all = try EnclosedDivergence(instance, through: 12, bits: bits).proofSteps(at: 12)
      return try #require(all.first { $0.name == .jensen })
    }
    let (coarse, fine) = (try jensen(64), try jensen(128))
    #expect(coarse.decision == .undecided(bits: 64))
    #expect(fine.decision == .proved)
    #expect(CertifiedClaim(.jensen, fine.left, .greater, fine.right).decision == .proved)
    #expect(CertifiedClaim(.jensen, fine.right, .atLeast, fine.left).decision == .refuted)
    // The certifier begins where the limit lets it, and says what is missing.
    let low = try Certifier(steps: 12, limit: 64).certificate(instance)
    #expect(low.undecided.contains { $0.name == .jensen } && low.refuted.isEmpty && low.bits == 64)
    #expect(try Certifier(steps: 12).certificate(instance).undecided.isEmpty)
  }

  @Test func `Precision doubles until the last claim is decided, and each keeps the bits that decided it`() throws {
    let instance = try instance(
      a: ([[1, 0.5, 0.25, 0]], [1]), b: ([[0.5, -1, 0.5, 1]], [2]),
      forget: ([[1, 0, 0, 0], [0, 1, 0, 0x1p-40]], [0, 1]), test: [[1, 2, 3, 1], [2, -1, 1, 0], [0, 1, 1, 1]],
      eta: 0.25)
    // Eigenvalues that differ by 2^-80 make Jensen's sides differ by some 2^-160.
    let certificate = try Certifier(steps: 12).certificate(instance)
    #expect(certificate.undecided.isEmpty && certificate.bits == 256)
    #expect(certificate.claims.contains { $0.bits == 128 })
    #expect(certificate.claims.filter { $0.name == .jensen }.allSatisfy { $0.bits == 256 })
    #expect(certificate.claims.contains { $0.name == .jensen })
  }

  @Test
  func `With one forget row Jensen's step and sigma's are equalities: true by algebra, never strict by arithmetic`()
    throws
  {
    var law = RandomInstance()
    law.forgetRows = 1
    let instance = try law.draw(RandomGenerator(seed: 5))
    for bits in [64, 128, 512] {
      for claim in try EnclosedDivergence(instance, through: 30, bits: bits).proofSteps(at: 30)
      where claim.name == .jensen || claim.name == .sigma {
        #expect(claim.isIdentity && claim.decision == .proved)
        for relation in [CertifiedClaim.Relation.atLeast, .greater] {
          #expect(CertifiedClaim(claim.name, claim.left, relation, claim.right).decision == .undecided(bits: bits))
        }
        #expect(CertifiedClaim(claim.name, claim.left, .greater, claim.right, isIdentity: true).decision == .refuted)
      }
    }
    #expect(try Certifier(steps: 30).certificate(instance).undecided.isEmpty)
  }

  @Test func `A refuted hypothesis is an error that says which; what enclosures cannot decide exact arithmetic does`()
    throws
  {
    func error(_ instance: TwoPathInstance) -> CertificationError? {
      do throws(CertificationError) {
        _ = try Certifier(steps: 3, limit: 256).certificate(instance)
        return nil
      } catch {
        return error
      }
    }
    // Stages that do not see each other.
    let apart = try instance(
      a: ([[1, 0, 0]], [1]), b: ([[0, 1, 0]], [1]), forget: ([[1, 1, 0]], [0]), test: [[1, 1, 1]], eta: 0.1)
    #expect(error(apart) == .hypothesisRefuted(.lemmaC1))
    // A forget set that sees neither of them.
    let blind = try instance(
      a: ([[1, 0, 0]], [1]), b: ([[1, 1, 0]], [1]), forget: ([[0, 0, 1]], [0]), test: [[1, 1, 1]], eta: 0.1)
    #expect(error(blind) == .hypothesisRefuted(.lemmaC2))
    // A test set that does not see the forget span.
    let unseen = try instance(
      a: ([[1, 0, 0]], [1]), b: ([[1, 1, 0]], [1]), forget: ([[1, 0, 0]], [0]), test: [[0, 1, 1]], eta: 0.1)
    #expect(error(unseen) == .hypothesisRefuted(.lemmaC4))
    let dependent = try instance(
      a: ([[1, 0, 0]], [1]), b: ([[1, 1, 0]], [1]), forget: ([[1, 0, 2], [3, 0, 6]], [0, 1]),
      test: [[1, 1, 1], [1, 2, 4]], eta: 0.1)
    #expect(error(dependent) == .hypothesisRefuted(.forgetRank))
    #expect(error(dependent)?.description.contains("linearly dependent") == true)
    // Dependent too, but with pivots that are no binary fractions.
    let hidden = try instance(
      a: ([[1, 0, 0]], [1]), b: ([[1, 1, 0]], [1]), forget: ([[1, 1, 1], [1, 2, 4], [2, 3, 5]], [0, 1, 2]),
      test: [[1, 1, 1], [1, 2, 4], [1, 0, 0]], eta: 0.1)
    #expect(error(hidden) == .hypothesisRefuted(.forgetRank))
    // The same data in both stages with another mu: Delta_0 is 0, which enclosures alone cannot tell.
    let same: ([[Double]], [Double]) = ([[1, 2, 0.3], [0.7, 1, 1]], [1, 0.2])
    let commuting = try instance(
      a: same, b: same, forget: ([[1, 0, 0]], [1]), test: [[1, 1, 1]], mu: (1, 5), eta: 0.1)
    #expect(error(commuting) == .hypothesisRefuted(.lemmaC1))
    let descent = try TwoPathInstance(
      stageA: LinearStage("A", apart.stageA.examples, trainer: .gradientFlow(time: 1)), stageB: apart.stageB,
      forget: apart.forget, test: apart.test, stepSize: 0.1)
    #expect(error(descent) == .notRidge("A", .gradientFlow(time: 1)))
  }

  @Test func `With k = d nothing lies off the span: t_0 is minus infinity and everything holds from the start`() throws
  {
    var law = RandomInstance()
    (law.dimension, law.forgetRows, law.testRows) = (6, 6, 8)
    let certificate = try Certifier(steps: 20).certificate(law.draw(RandomGenerator(seed: 2)))
    #expect(certificate.t0 == .always && certificate.undecided.isEmpty && certificate.refuted.isEmpty)
    #expect(certificate.claims.first { $0.name == .theorem31 }?.step == 0)
  }

  @Test func `Numbers far outside of the ordinary: rows of 10^150 beside rows of 10^-150, and 10^12 steps`() throws {
    var law = RandomInstance()
    (law.dimension, law.forgetRows, law.testRows, law.rowsA, law.rowsB) = (12, 2, 4, 3, 3)
    (law.scales, law.muA, law.muB, law.stepSize) = ((1e150, 1e150, 1e-150, 1e-150), 1e299, 1e299, 1e299)
    let certificate = try Certifier(steps: 1_000_000_000_000).certificate(law.draw(RandomGenerator(seed: 3)))
    #expect(certificate.undecided.isEmpty && certificate.refuted.isEmpty)
    #expect(certificate.claims.contains { $0.name == .theorem31 && $0.step == 1_000_000_000_000 })
    #expect(certificate.claims.allSatisfy { $0.left.decimalEnclosure() != nil && $0.right.decimalEnclosure() != nil })
  }

  @Test func `The number of workers changes nothing, and a sweep's trial is the certificate of its seed`() throws {
    let sweep = CertifiedSweep(Sweep(.wide, steps: 30))
    let one = try sweep.run(seeds: 7..<15, workers: .one)
    #expect(try sweep.run(seeds: 7..<15, workers: Workers(count: 3)) == one)
    for trial in one {
      let certificate = try Certifier(steps: 30).certificate(sweep.sweep.instance(seed: trial.seed))
      #expect(trial.proved.values.reduce(0, +) == certificate.claims.count { $0.decision == .proved })
      for name in CertifiedClaim.Name.allCases {
        let count = (trial.proved[name] ?? 0) + trial.open.count { $0.name == name }
        #expect(count == certificate.claims.count { $0.name == name })
      }
    }
  }
}
