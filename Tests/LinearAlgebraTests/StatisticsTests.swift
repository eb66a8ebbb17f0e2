import Core
import Foundation
import LinearAlgebra
import PropertyTesting
import Testing

/// One row of sampleReferences.
struct SampleReference: Sendable {
  let sample: [Double]
  let probabilities: [Double]
  let quantiles: [Double]
  let mean: Double
  let halfWidth: Double

  init(_ sample: [Double], _ probabilities: [Double], _ quantiles: [Double], _ mean: Double, _ halfWidth: Double) {
    (self.sample, self.probabilities, self.quantiles) = (sample, probabilities, quantiles)
    (self.mean, self.halfWidth) = (mean, halfWidth)
  }
}

/// What GSL's own tests grant gsl_cdf_tdist_Pinv (cdf/test.c: TEST_TOL6, 2^24 eps).
private let studentTolerance = 0x1p24 * Double.ulpOfOne

@Suite("Student's t")
struct StudentTests {
  @Test func `quantiles against mpmath and SciPy`() throws {
    for (probability, degrees, expected) in studentReferences {
      let quantile = try StudentT.quantile(probability, degreesOfFreedom: degrees)
      let error = expected == 0 ? abs(quantile) : relativeError(quantile, expected)
      #expect(error <= studentTolerance, "p \(probability), nu \(degrees): \(quantile), should be \(expected)")
    }
  }

  @Test func `one and two degrees of freedom in closed form, and symmetry`() {
    checkProperty("t quantiles", Gen<Double>.double(in: 0.001...0.999)) { p in
      let (one, two) = (
        try StudentT.quantile(p, degreesOfFreedom: 1), try StudentT.quantile(p, degreesOfFreedom: 2)
      )
      // An error of p, or of 2p - 1, of one rounding, is one of the quantile by the slope, at most 1 / (p (1 - p))^2.
      let absolute = 4 * roundoff / pow(p * (1 - p), 2)
      let (cauchy, second) = (tan(.pi * (p - 0.5)), (2 * p - 1) / (2 * p * (1 - p)).squareRoot())
      try ensure(abs(one - cauchy) <= studentTolerance * abs(cauchy) + absolute, "Cauchy \(one), \(cauchy)")
      try ensure(abs(two - second) <= studentTolerance * abs(second) + absolute, "nu = 2: \(two), \(second)")
      let mirrored = try StudentT.quantile(1 - p, degreesOfFreedom: 7)
      let seventh = try StudentT.quantile(p, degreesOfFreedom: 7)
      try ensure(abs(mirrored + seventh) <= 2 * studentTolerance * abs(seventh) + absolute, "symmetry")
    }
  }

  @Test func `probabilities and degrees out of range`() {
    for probability in [0, 1, -0.1, 1.1, .nan, .infinity] {
      #expect(throws: LinearAlgebraError.self) { try StudentT.quantile(probability, degreesOfFreedom: 3) }
    }
    for degrees in [0, -1, .nan, Double.infinity] {
      #expect(throws: LinearAlgebraError.self) { try StudentT.quantile(0.5, degreesOfFreedom: degrees) }
    }
    #expect(throws: LinearAlgebraError.invalidParameter("the probability is 1.5; it must lie between 0 and 1")) {
      try StudentT.quantile(1.5, degreesOfFreedom: 3)
    }
    #expect(
      throws: LinearAlgebraError.invalidParameter("the degrees of freedom are -2.0; they must be positive and finite")
    ) { try StudentT.quantile(0.5, degreesOfFreedom: -2) }
  }
}

@Suite("SampleStatistics")
struct SampleStatisticsTests {
  @Test(arguments: sampleReferences)
  func `quantiles, mean and interval against NumPy and SciPy`(reference: SampleReference) throws {
    let (sample, largest) = (reference.sample, reference.sample.map(abs).max() ?? 0)
    let quantiles = SampleStatistics.quantiles(sample, at: reference.probabilities)
    for (found, expected) in zip(quantiles, reference.quantiles) {
      // The place p (n - 1) is rounded by u n, felt through the gap between two values; the interpolation adds a few u.
      #expect(abs(found - expected) <= Double(2 * sample.count + 6) * roundoff * largest)
    }
    let (mean, halfWidth) = try SampleStatistics.meanWithInterval(sample)
    #expect(abs(mean - reference.mean) <= 2 * gamma(sample.count + 1) * largest)
    guard sample.count > 1 else {
      #expect(halfWidth.isNaN)
      return
    }
    // The deviations from the mean carry its absolute error, n u times the largest value.
    let absolute = 8 * Double(sample.count) * roundoff * largest
    #expect(abs(halfWidth - reference.halfWidth) <= studentTolerance * reference.halfWidth + absolute)
  }

  @Test func `quantiles lie between order statistics, rise with p, and do not mind the order of the sample`() {
    let samples = Gen<Double>.double(in: -1e3...1e3).array(count: 1...30)
    checkProperty("quantiles", zip(samples, Gen<Double>.double(in: 0...1), .double(in: 0...1))) { sample, p, q in
      let sorted = sample.sorted()
      let found = SampleStatistics.quantiles(sample, at: [min(p, q), max(p, q), 0, 1])
      let slack = 4 * roundoff * 1e3
      try ensure(found[0] <= found[1] + slack, "not monotone")
      try ensure(found[2] == sorted[0] && found[3] == sorted[sorted.count - 1], "ends")
      let below = Int(min(p, q) * Double(sample.count - 1))
      try ensure(found[0] >= sorted[below] - slack, "below its order statistic")
      try ensure(found[0] <= sorted[min(below + 1, sample.count - 1)] + slack, "above its order statistic")
      try ensure(
        SampleStatistics.quantiles(sample.reversed(), at: [p]) == SampleStatistics.quantiles(sample, at: [p]), "order")
      let shares = (0..<sample.count).map { Double($0) / Double(max(1, sample.count - 1)) }
      for (index, value) in SampleStatistics.quantiles(sample, at: shares).enumerated() {
        try ensure(abs(value - sorted[index]) <= 4 * roundoff * 1e3 * Double(sample.count), "order statistic \(index)")
      }
    }
  }

  @Test func `the interval covers the mean of normal samples 95 times in 100`() throws {
    var covered = 0
    for index in 0..<2000 {
      var stream = RandomGenerator(seed: 17).child(UInt64(index))
      let (mean, halfWidth) = try SampleStatistics.meanWithInterval(stream.normalVector(5).elements)
      if abs(mean) <= halfWidth { covered += 1 }
    }
    // Hoeffding at a false-alarm probability of 1e-9.
    #expect(abs(Double(covered) / 2000 - 0.95) <= (log(2e9) / 4000).squareRoot())
  }

  @Test func `empty and single samples`() throws {
    let none = SampleStatistics.quantiles([], at: [0, 0.5])
    #expect(none.allSatisfy { $0.isNaN })
    #expect(none.count == 2)
    #expect(SampleStatistics.quantiles([1, 2], at: []).isEmpty)
    #expect(try SampleStatistics.meanWithInterval([]).mean.isNaN)
    #expect(try SampleStatistics.meanWithInterval([]).halfWidth.isNaN)
    #expect(try SampleStatistics.meanWithInterval([4]).mean == 4)
    #expect(try SampleStatistics.meanWithInterval([4]).halfWidth.isNaN)
    #expect(try SampleStatistics.meanWithInterval([4, 4, 4]) == (4, 0))
  }

  @Test func `probabilities out of range trap instead of reading beyond the sample`() async {
    await #expect(processExitsWith: .failure) { _ = SampleStatistics.quantiles([1, 2], at: [1.5]) }
    await #expect(processExitsWith: .failure) { _ = SampleStatistics.quantiles([1, 2], at: [-0.5]) }
    await #expect(processExitsWith: .failure) { _ = SampleStatistics.quantiles([1, 2], at: [.nan]) }
  }
}
