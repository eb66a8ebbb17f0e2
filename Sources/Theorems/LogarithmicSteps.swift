import Glibc

/// Steps from 0 to `last` on which a long run is reported: every one at first, then evenly spaced in the logarithm.
public enum LogarithmicSteps {
  /// Each step once, ascending, first 0 and last `last`.
  public static func upTo(_ last: Int, perDecade: Int = 40) -> [Int] {
    var steps = [0]
    var exponent = 0
    while let latest = steps.last, latest < last {
      exponent += 1
      let power = pow(10, Double(exponent) / Double(perDecade)).rounded()
      // Beyond Int's range only `last` itself is left.
      guard let next = Int(exactly: power), next < last else { return steps + [last] }
      if next > latest { steps.append(next) }
    }
    return steps
  }
}

/// The ranges of at most `length` steps that make up `steps`, in order. The steps count from 0, up to any Int: the last
/// range is cut to fit before anything is added that could overflow.
func windows(_ steps: ClosedRange<Int>, of length: Int) -> some Sequence<ClosedRange<Int>> {
  let last = steps.upperBound
  return stride(from: steps.lowerBound, through: last, by: length).lazy.map { first in
    first...(last - first < length ? last : first + length - 1)
  }
}

/// The first step at which a claim holds that, once it holds, holds for good: by doubling, then by bisection. Nil where
/// it does not hold at any step that doubling reaches up to `limit`.
func firstStep(upTo limit: Int, where holds: (Int) -> Bool) -> Int? {
  var (low, high) = (0, 1)
  guard !holds(0) else { return 0 }
  while !holds(high) {
    guard high < limit else { return nil }
    (low, high) = (high, 2 * high)
  }
  while high - low > 1 {
    let middle = low + (high - low) / 2
    if holds(middle) { high = middle } else { low = middle }
  }
  return high
}
