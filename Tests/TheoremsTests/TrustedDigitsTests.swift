import Glibc
import LinearAlgebra
import StagedLearners
import TestSupport
import Testing
import Theorems

@Suite("Digits that stand clear of rounding")
struct TrustedDigitsTests {
  @Test(arguments: theoryCases)
  func `No constant is farther from mpmath's than its digits say, and t_0 is within its range`(_ row: TheoryCase) throws
  {
    let divergence = try PathDivergence(row.instance())
    let (theorem, digits) = (try Theorem31(divergence), try TrustedDigits(divergence))
    for (constant, found, right) in [
      (TrustedDigits.Constant.difference, theorem.differenceNorm, row.difference),
      (.projectedDifference, theorem.projectedDifferenceNorm, row.projected), (.sigmaU, theorem.sigmaU, row.sigmaU),
      (.rhoStar, theorem.rhoStar, row.rhoStar),
    ] {
      let error = try #require(digits.relativeErrors[constant])
      // The reference is a Double itself.
      #expect(abs(found - right) <= (error + eps) * right, "\(row.name), \(constant): \(found) and \(right)")
    }
    // Where t_0 is far, mpmath's own is written with 17 digits.
    let range = digits.rangeOfT0(theorem)
    #expect(range.least * (1 - eps) <= row.t0 && row.t0 <= range.largest * (1 + eps), "\(row.name): \(range)")
    #expect(range.least <= theorem.t0 && theorem.t0 <= range.largest)
  }

  /// `Delta_0 = ((y_B - y_A)/6, y_B/6)` beside labels of 2^p: at p = 0 everything is known.
  private func instance(a: Double, b: Double) throws -> TwoPathInstance {
    try TheoremsTests.instance(
      a: ([[1, 1]], [a]), b: ([[1, 0]], [b]), forget: ([[1, 0]], [0.5]), test: [[1, 1]], eta: 0.5)
  }

  @Test func `Two labels that agree in all but their last bits leave few digits of P_U Delta_0, and t_0 in doubt`()
    throws
  {
    let plain = try PathDivergence(paperExample())
    let known = try TrustedDigits(plain)
    #expect(known.warning == nil && known.uncertain.isEmpty)
    let paper = try Theorem31(plain)
    #expect(known.rangeOfT0(paper) == (paper.t0, paper.t0) && known.doubt(paper) == nil)
    #expect(known.digits(.sigmaU) > 13 && known.digits(.difference) > 13)

    let divergence = try PathDivergence(instance(a: 1, b: 1 + 0x1p-44))
    let (theorem, digits) = (try Theorem31(divergence), try TrustedDigits(divergence))
    // ||P_U Delta_0|| = 2^-44 / 6, beside labels of 1 that are known to some 2^-50.
    #expect(digits.uncertain.contains(.projectedDifference) && !digits.uncertain.contains(.sigmaU))
    #expect(digits.digits(.projectedDifference) < 3)
    #expect(
      abs(theorem.projectedDifferenceNorm * 6 - 0x1p-44) <= (digits.relativeErrors[.projectedDifference] ?? 0) * 0x1p-44
    )
    #expect(try #require(digits.warning).contains("||P_U Delta_0||"))
    // C_0 = 2^(1/2) / 6, sigma_U = 1 and rho* = 1: t_0 = ceil(log2(2^(3/2) 2^44)) = 46.
    let range = digits.rangeOfT0(theorem)
    #expect(range.least <= 46 && 46 <= range.largest)
  }

  @Test func `A constant below the normal numbers has the digits that are left there`() throws {
    let size = 0x1p-1070
    let divergence = try PathDivergence(
      TheoremsTests.instance(
        a: ([[1, 1]], [-30 * size]), b: ([[1, 0]], [-24 * size]), forget: ([[1, 0]], [size]), test: [[1, 1]], eta: 0.5))
    let digits = try TrustedDigits(divergence)
    // ||P_U Delta_0|| = 2^-1070 is 16 of the least number there is.
    let error = try #require(digits.relativeErrors[.projectedDifference])
    #expect(abs(error - 1.0 / 32) < 1e-12)
    #expect(digits.digits(.projectedDifference) < 2 && digits.digits(.sigmaU) > 13)
  }

  @Test func `A forget label of another size than the others leaves B7 without a claim, and all else with one`() throws
  {
    let size = 0x1p-760
    let divergence = try PathDivergence(
      TheoremsTests.instance(
        a: ([[1, 1], [1, 0]], [-30 * size, size]), b: ([[1, 0], [1, 2]], [-24 * size, size]), forget: ([[1, 0]], [1]),
        test: [[1, 1]], eta: 0.5))
    let examined = try ExaminedInstance(divergence, steps: 10)
    for statement in Statement.all {
      let page = try statement.page(examined)
      #expect(page.verdict != .violated)
      if statement == .b7 { #expect(page.verdict == nil && page.constants.isEmpty) }
    }
  }

  @Test func `Eta of 1e-300 changes B5's eigenvalues by as much as itself`() throws {
    func eigenvalues(_ eta: Double) throws -> [Double] {
      let row = try #require(theoryCases.first { $0.name == "tinytest" })
      let plain = try row.instance()
      let divergence = try PathDivergence(
        TwoPathInstance(
          stageA: plain.stageA, stageB: plain.stageB, forget: plain.forget, forgetStage: plain.forgetStage,
          test: plain.test, stepSize: eta))
      // So much weight on the retain rows that the positive eigenvalues are refined.
      return try RetainedSpan(divergence, retain: divergence.instance.retained).ascent(gamma: 1e12).eigenvalues
    }
    let (one, other) = (try eigenvalues(0x1p-7), try eigenvalues(0x1p-997))
    for (a, b) in zip(one, other) where a > 0 {
      #expect(abs(scalbn(b, 990) - a) <= slack * 144 * eps * a, "\(a), \(b)")
    }
    #expect(one.contains { $0 > 0 })
  }
}
