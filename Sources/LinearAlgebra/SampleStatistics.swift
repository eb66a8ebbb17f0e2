import CGSL

/// Summaries of a sample, by GSL.
public enum SampleStatistics {
  /// The quantiles of a sample at these probabilities, linear between order statistics (GSL's
  /// `gsl_stats_quantile_from_sorted_data`, which is NumPy's default too). NaN for an empty sample.
  public static func quantiles(_ sample: [Double], at probabilities: [Double]) -> [Double] {
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
  /// fewer than two values.
  public static func meanWithInterval(_ sample: [Double]) throws -> (mean: Double, halfWidth: Double) {
    let mean = gsl_stats_mean(sample, 1, sample.count)
    guard sample.count > 1 else { return (mean, .nan) }
    let deviation = gsl_stats_sd_m(sample, 1, sample.count, mean)
    let t = try StudentT.quantile(0.975, degreesOfFreedom: Double(sample.count - 1))
    return (mean, t * deviation / Double(sample.count).squareRoot())
  }
}
