/// A stretch of a training run: a number of steps, or a part of the whole.
///
/// In configuration files, a number under 1 is a fraction and any other a number of steps, which must be whole; so `1`
/// and `1.0` mean one step, and 0 means none either way.
public enum StepSpan: Hashable, Sendable {
  /// A part of all steps, at least 0 and under 1.
  case fraction(Double)
  /// So many steps.
  case steps(Int)

  /// The span a number means, or nil where it means none: it is negative, not finite, or over 1 and not whole.
  public init?(_ number: Double) {
    if number == 0 {
      self = .steps(0)
    } else if number > 0, number < 1 {
      self = .fraction(number)
    } else if number >= 1, let count = Int(exactly: number), count <= Int(Int32.max) {
      self = .steps(count)
    } else {
      return nil
    }
  }

  /// The number of steps in a run of `total`: of a fraction, the least whole number that is not under it, as in
  /// transformers, but 7 % of 100 steps are 7, where rounding up the product of two doubles gives 8.
  public func count(of total: Int) -> Int {
    switch self {
    case .steps(let count): return count
    case .fraction(let fraction):
      let count = Int((fraction * Double(total)).rounded(.up))
      return count > 0 && Double(count - 1) / Double(total) >= fraction ? count - 1 : count
    }
  }
}
