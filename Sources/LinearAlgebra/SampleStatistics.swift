import CGSL

/// Summaries of a sample, by GSL.
public enum SampleStatistics {
  /// The quantiles of a sample at these probabilities, linear between order statistics (GSL's
  /// `gsl_stats_quantile_from_sorted_data`, which is NumPy's default too). NaN for an empty sample; traps
  /// on a probability outside 0...1.
  public static func quantiles(_ sample: [Double], at probabilities: [Double]) -> [Double] {
    precondition(probabilities.allSatisfy { (0...1).contains($0) }, "probabilities \(probabilities)")
    let sorted = sample.sorted()
    guard !sorted.isEmpty else { return probabilities.map { _ in .nan } }
    return probabilities.map { probability in
      // GSL's 0 * infinity would be NaN where an infinite neighbour has no weight, or both are the same infinity.
      let place = probability * Double(sorted.count - 1)
      let (lower, upper) = (sorted[Int(place.rounded(.down))], sorted[Int(place.rounded(.up))])
      return lower == upper ? lower : gsl_stats_quantile_from_sorted_data(sorted, 1, sorted.count, probability)
    }
  }

  /// The mean of a sample and the half-width of its 95 % confidence interval by Student's t; the half-width is NaN for
  /// fewer than two values, the mean for none.
  public static func meanWithInterval(_ sample: [Double]) throws -> (mean: Double, halfWidth: Double) {
    guard !sample.isEmpty else { return (.nan, .nan) }
    let mean = gsl_stats_mean(sample, 1, sample.count)
    guard sample.count > 1 else { return (mean, .nan) }
    // Squares of the deviations must not leave Double's range; a power of two scales without rounding.
    let largest = sample.reduce(0) { max($0, abs($1)) }
    let scale = largest > 0 && largest.isFinite ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    let deviation = scale * gsl_stats_sd_m(sample.map { $0 / scale }, 1, sample.count, mean / scale)
    let t = try StudentT.quantile(0.975, degreesOfFreedom: Double(sample.count - 1))
    return (mean, t * deviation / Double(sample.count).squareRoot())
  }
}
