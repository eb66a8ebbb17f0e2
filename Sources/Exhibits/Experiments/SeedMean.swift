import FileFormats
import PostTraining

/// A number over seeds: its mean, the 95 % confidence interval of the mean (Student's t), and how many seeds have it.
///
/// Seeds whose value is not finite, as of a model that diverged, do not count.
struct SeedMean {
  /// The mean; nil where no seed has a value.
  let mean: Double?
  /// The ends of the interval; nil for fewer than two seeds.
  let (low, high): (Double?, Double?)
  /// How many seeds have a value.
  let seeds: Int

  /// Summarises one value a seed.
  /// - Parameter range: What the number can be. The part of the interval beyond it is cut off, which leaves the share
  ///   of cases in which it holds the expectation as it is.
  init(_ values: [Double], within range: ClosedRange<Double> = -.infinity ... .infinity) throws {
    let finite = values.filter(\.isFinite)
    let summary = finite.isEmpty ? nil : try MeanWithInterval(finite)
    let half = summary?.halfWidth
    mean = summary?.mean
    // The mean itself may round beyond the range by a unit.
    low = summary.flatMap { summary in half.map { min(summary.mean, max(range.lowerBound, summary.mean - $0)) } }
    high = summary.flatMap { summary in half.map { max(summary.mean, min(range.upperBound, summary.mean + $0)) } }
    seeds = finite.count
  }

  /// What the measure of this name can be, by the last words of the name.
  static func range(of measure: String) -> ClosedRange<Double> {
    func isAny(of endings: String...) -> Bool { endings.contains { measure.hasSuffix($0) } }
    if isAny(of: "log_likelihood", "log_probability") { return -.infinity...0 }
    if isAny(of: "jeffreys", "kl", "re_distance", "cosh_of_difference", "jeffreys_at_least") { return 0 ... .infinity }
    if isAny(of: "right", "cut", "accuracy") { return 0...1 }
    return -.infinity ... .infinity
  }

  /// The columns of ``cells``.
  static func columns(unit: String, of what: String) -> [Column] {
    [
      Column("mean", .number, unit: unit, description: "\(what); this experiment: mean over seeds"),
      Column("ci_low", .number, unit: unit, description: "lower end of the mean's 95 % confidence interval"),
      Column("ci_high", .number, unit: unit, description: "upper end of the mean's 95 % confidence interval"),
      Column("seeds", .integer, unit: "1", description: "how many seeds have a finite value; missing where unknown"),
    ]
  }

  /// Mean, interval and number of seeds.
  var cells: [Cell] { [Cell(mean), Cell(low), Cell(high), .integer(seeds)] }
}

extension Cell {
  /// A number, or a missing cell for none.
  init(_ value: Double?) { self = value.map { .number($0) } ?? .missing }

  /// Text, or a missing cell for none.
  init(_ text: String?) { self = text.map { .string($0) } ?? .missing }

  /// A whole number, or a missing cell for none.
  init(_ value: Int?) { self = value.map { .integer($0) } ?? .missing }
}
