/// A stretch of a training run: a number of steps, or a part of the whole.
///
/// In configuration files, a number under 1 is a fraction and any other a number of steps, which must be whole; so `1`
/// and `1.0` mean one step, and 0 means none either way.
public enum StepSpan: Hashable, Sendable, CustomStringConvertible {
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

  /// The number of steps in a run of `total`. A fraction is multiplied by it, as doubles are, and cut to a whole
  /// number, as in the paper's code: 2 % of 49 steps are none, and 29 % of 100 are 28, since the double nearest 0.29 is
  /// under it. transformers' `warmup_ratio` rounds up instead, so that the shortest warm-up costs a step at rate 0;
  /// give a number of steps where that is wanted.
  public func count(of total: Int) -> Int {
    switch self {
    case .steps(let count): count
    case .fraction(let fraction): Int(fraction * Double(total))
    }
  }

  /// The number that means this span.
  public var description: String {
    switch self {
    case .steps(let count): "\(count)"
    case .fraction(let fraction): "\(fraction)"
    }
  }
}
