import LinearAlgebra

/// The mean of a number over seeds and how sure it is: `mean +- t_(0.975, n - 1) s / sqrt(n)`.
///
/// `s` is the sample's standard deviation, divided by `n - 1`, and t Student's quantile: where runs scatter normally,
/// the interval holds their expectation in 95 % of all cases. In the unit of the numbers. Figure 5 of Yu, He, Goyal and
/// Arora (arXiv 2510.16629), over 4 seeds.
public struct MeanWithInterval: Hashable, Sendable {
  /// The mean.
  public let mean: Double
  /// Half the width of the interval; nil for a single number, of which nothing tells how sure it is.
  public let halfWidth: Double?
  /// How many numbers there are.
  public let count: Int

  /// The mean and interval of these numbers.
  /// - Parameter values: One number for each seed.
  /// - Throws: `MetricError` where there is none or one is not finite.
  public init(_ values: [Double]) throws {
    try MetricError.requireSome(values.count, "seeds")
    for (index, value) in values.enumerated() where !value.isFinite {
      throw MetricError.notFinite("value of the seed", index: index, value)
    }
    let summary = try SampleStatistics.meanWithInterval(values)
    mean = summary.mean
    halfWidth = values.count > 1 ? summary.halfWidth : nil
    count = values.count
  }
}
