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
