import Glibc

/// Quantiles of a sample of any size in bounded memory, the same in whatever order the values come.
///
/// The least and the greatest value are exact. The other quantiles are those of `SampleStatistics.quantiles` for up to
/// ``exactCount`` values; of more, they are those of the values rounded to ``digits`` significant digits, which are
/// few: an order statistic of rounded values is the order statistic, rounded.
public struct RunningQuantiles: Sendable {
  /// Up to so many values are kept as they are.
  public static let exactCount = 100_000
  /// The significant decimal digits of quantiles of more values.
  public static let digits = 4

  /// How many values there are.
  public private(set) var count = 0

  private var values: [Double] = []
  private var occurrences: [UInt64: Int] = [:]
  private var least = Double.infinity
  private var greatest = -Double.infinity

  /// No value yet.
  public init() {}

  /// Adds a value.
  public mutating func add(_ value: Double) {
    count += 1
    (least, greatest) = (Double.minimum(least, value), Double.maximum(greatest, value))
    guard count > Self.exactCount else { return values.append(value) }
    if !values.isEmpty {
      for value in values { occurrences[Self.rounded(value).bitPattern, default: 0] += 1 }
      values = []
    }
    occurrences[Self.rounded(value).bitPattern, default: 0] += 1
  }

  /// The quantiles at these probabilities; NaN where there are no values.
  public func quantiles(at probabilities: [Double]) -> [Double] {
    guard count > Self.exactCount else { return SampleStatistics.quantiles(values, at: probabilities) }
    let bins = occurrences.map { (value: Double(bitPattern: $0), count: $1) }.sorted { $0.value < $1.value }
    var ends: [Int] = []
    for bin in bins { ends.append((ends.last ?? 0) + bin.count) }
    func value(_ rank: Int) -> Double { ends.firstIndex { rank < $0 }.map { bins[$0].value } ?? greatest }
    return probabilities.map { probability in
      if probability == 0 { return least }
      if probability == 1 { return greatest }
      let place = probability * Double(count - 1)
      let pair = [value(Int(place.rounded(.down))), value(Int(place.rounded(.up)))]
      return Self.rounded(SampleStatistics.quantiles(pair, at: [place - place.rounded(.down)])[0])
    }
  }

  /// The value to ``digits`` significant decimal digits.
  static func rounded(_ value: Double) -> Double {
    guard value.isFinite, value != 0 else { return value == 0 ? 0 : value }
    // Where the power of ten is exact, one correct rounding gives the Double nearest to the decimal number.
    let exponent = Int(log10(abs(value)).rounded(.down)) - (digits - 1)
    guard abs(exponent) <= 22 else {
      return Double("\((value / pow(10, Double(exponent))).rounded())e\(exponent)") ?? value
    }
    let power = pow(10, Double(abs(exponent)))
    return exponent < 0 ? (value * power).rounded() / power : (value / power).rounded() * power
  }
}
