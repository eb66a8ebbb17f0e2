import Core
import Glibc
import LinearAlgebra

extension AscentTrajectory {
  /// The first step from 0 to `last` at which `log d(t)` exceeds a level; nil where none does.
  ///
  /// The RE distance need not grow monotonically, so that no bisection between two steps finds it. What holds between
  /// two steps is that every mode is convex in t: e(t) lies below the chord from e(low) to e(high) by
  /// `kappa_j(t) a_j F_j` in mode j, with `0 <= kappa_j <= (high - low)^2 r_j^2 (1 + lambda_j)^high / 8` and
  /// `r_j = log(1 + lambda_j)`, a quarter of the square times half the largest second derivative. The norm of the chord
  /// is largest at one of its ends, hence
  ///
  ///     ||e(t)||  <=  max(||e(low)||, ||e(high)||) + (high - low)^2 / 8 sum_j r_j^2 (1 + lambda_j)^high |a_j| ||F_j|| .
  ///
  /// A range that this keeps at the level or below holds no departure; another one is halved, its earlier half first,
  /// and one of at most 64 steps is walked. As the last term falls with the square of the length, the ranges next to
  /// where d touches the level shrink like the distance from it, and the search takes some hundred evaluations for any
  /// `last`. A range in which d exceeds the level by no more than the rounding of e(t) may count as one in which it
  /// does not.
  public func firstStep(beyond level: Double, through last: Int, workers: Workers = .one) -> Int? {
    let start = logDistance(at: 0)
    guard !(start > level) else { return 0 }
    guard last > 0 else { return nil }
    return firstStep(beyond: level, 0..<last, logDistance(at: last), start, workers)
  }

  /// The same after a first step that is not beyond the level, up to and with the upper bound.
  private func firstStep(
    beyond level: Double, _ range: Range<Int>, _ atEnd: Double, _ atStart: Double, _ workers: Workers
  ) -> Int? {
    let (low, high) = (range.lowerBound, range.upperBound)
    if high - low <= 64 {
      let steps = low + 1...high
      return zip(steps, logDistances(at: steps, workers: workers)).first { $0.1 > level }?.0
    }
    if !(atEnd > level), stays(at: level, range, logEnds: max(atStart, atEnd)) { return nil }
    let middle = low + (high - low) / 2
    let atMiddle = logDistance(at: middle)
    return firstStep(beyond: level, low..<middle, atMiddle, atStart, workers)
      ?? firstStep(beyond: level, middle..<high, atEnd, atMiddle, workers)
  }

  /// Whether nothing between these steps can be beyond the level, rounding apart, by the larger of its ends.
  private func stays(at level: Double, _ range: Range<Int>, logEnds: Double) -> Bool {
    let (length, high) = (Double(range.count), Double(range.upperBound))
    let m = log(Double(testCount))
    // All relative to the level, of which nothing is left when it is 0: sums of norms.
    let unit = (level + m) / 2
    var (above, rounding) = (exp((logEnds + m) / 2 - unit), Double.ulpOfOne * exp(log(initial.norm) - unit))
    for (rate, size) in zip(logRates, logModeSizes) where size > -.infinity && rate > 0 {
      let grown = exp(high * rate + size - unit)
      above += length * rate * length * rate / 8 * grown
      // Of k products, and of the exponent, whose rounding is relative to it.
      rounding += Double.ulpOfOne * (Double(logRates.count + 8) + high * rate) * grown
    }
    return above <= 1 + rounding
  }
}
