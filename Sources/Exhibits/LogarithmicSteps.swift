import Glibc

/// Steps from 0 to `last` on which a long run is reported: every one at first, then evenly spaced in the logarithm.
struct LogarithmicSteps {
  /// Each step once, ascending, first 0 and last `last`.
  static func upTo(_ last: Int, perDecade: Int = 40) -> [Int] {
    var steps = [0]
    var exponent = 0
    while let latest = steps.last, latest < last {
      exponent += 1
      let next = Int(power(exponent, perDecade).rounded())
      if next > latest { steps.append(min(next, last)) }
    }
    return steps
  }

  private static func power(_ exponent: Int, _ perDecade: Int) -> Double {
    pow(10, Double(exponent) / Double(perDecade))
  }
}
