import FileFormats
import Glibc
import LinearAlgebra

/// What independent repetitions say of a number: an estimate, a 95 % interval, and one-sided p-values against a
/// threshold.
///
/// Each way to make it is a rule for one kind of number, valid for few repetitions; the simulation in the tests
/// measures the level and the power of all. Repetitions are seeds, or in the paper's numbers models. Those with a value
/// that is not finite do not count.
struct Evidence {
  /// The level of a one-sided test: an interval of 95 % leaves so much on either side.
  static let level = 0.025
  /// What is rounding and no result: models compute with 24 bits, so that the log-likelihood of an answer of some ten
  /// nats is known to about a millionth of a nat. Repetitions that scatter by no more have no variance, and are not
  /// certain but undecided; values that differ by no more are equal.
  static let rounding = 1e-6

  /// The estimate; nil where there is none.
  let estimate: Double?
  /// The ends of the interval; nil where there is none.
  let (low, high): (Double?, Double?)
  /// How many repetitions have a value.
  let count: Int
  /// The p-value against the number not being above the threshold, and not below; nil where there is none.
  let (pAbove, pBelow): (Double?, Double?)

  private init(
    _ estimate: Double?, _ interval: (Double, Double)? = nil, count: Int, p: (above: Double, below: Double)? = nil
  ) {
    self.estimate = estimate
    (low, high, pAbove, pBelow) = (interval?.0, interval?.1, p?.above, p?.below)
    self.count = count
  }

  /// Estimate, ends and number of repetitions.
  var cells: [Cell] { [Cell(estimate), Cell(low), Cell(high), .integer(count)] }
}

extension Evidence {
  /// The mean of a number that varies smoothly, by Student's t.
  /// - Parameters:
  ///   - values: One a repetition.
  ///   - threshold: What it is tested against.
  ///   - choices: How many numbers this one was chosen from for its size; the interval holds for all of them at once
  ///     (Bonferroni).
  ///   - range: Where the number must lie; the interval does not go beyond.
  static func mean(
    of values: [Double], against threshold: Double, choices: Int = 1,
    within range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws -> Evidence {
    let finite = values.filter(\.isFinite)
    let n = Double(finite.count)
    guard !finite.isEmpty else { return Evidence(nil, count: 0) }
    let mean = finite.reduce(0, +) / n
    let deviation = ClaimStatistics.deviation(finite)
    guard finite.count > 1, deviation > rounding else { return Evidence(mean, count: finite.count) }
    let error = deviation / n.squareRoot()
    let t = try StudentT.quantile(1 - level / Double(choices), degreesOfFreedom: n - 1)
    func p(_ distance: Double) throws -> Double {
      min(1, Double(choices) * (try StudentT.upperTail(distance / error, degreesOfFreedom: n - 1)))
    }
    return Evidence(
      mean, (max(mean - t * error, range.lowerBound), min(mean + t * error, range.upperBound)), count: finite.count,
      p: (try p(mean - threshold), try p(threshold - mean)))
  }

  /// The mean of a number that lies in a range, whatever its distribution, by Hoeffding's inequality in its sharp form
  /// (J. Amer. Statist. Assoc. 58, 1963, (2.1)): a mean beyond m has probability at most `exp(-n KL(m, mu))`, with the
  /// divergence of two coins. The interval lies in the range, and does not shrink to a point where all agree: of four
  /// shares that are all 1 the lower end is `0.025^(1/4) = 0.398`.
  /// - Parameters:
  ///   - values: One a repetition.
  ///   - range: Where they lie.
  ///   - threshold: What the mean is tested against.
  static func mean(
    of values: [Double], in range: ClosedRange<Double>, against threshold: Double
  ) -> Evidence {
    let finite = values.filter(\.isFinite)
    let (n, width) = (Double(finite.count), range.upperBound - range.lowerBound)
    guard !finite.isEmpty else { return Evidence(nil, count: 0) }
    let mean = finite.reduce(0, +) / n
    guard finite.count > 1 else { return Evidence(mean, count: finite.count) }
    func share(_ value: Double) -> Double { min(1, max(0, (value - range.lowerBound) / width)) }
    let m = share(mean)
    func tail(_ mu: Double) -> Double { exp(-n * coinDivergence(m, mu)) }
    // The probability falls from 1 at the mean to an end of the range: bisection finds where it is the level.
    func end(_ bound: Double) -> Double {
      guard m != bound, tail(bound) < level else { return bound }
      var (inside, outside) = (m, bound)
      for _ in 0..<60 {
        let middle = (inside + outside) / 2
        if tail(middle) >= level { inside = middle } else { outside = middle }
      }
      return inside
    }
    let goal = share(threshold)
    return Evidence(
      mean, (range.lowerBound + width * end(0), range.lowerBound + width * end(1)), count: finite.count,
      p: (m > goal ? tail(goal) : 1, m < goal ? tail(goal) : 1))
  }

  /// How far two paths come apart: the difference of a change between the two paths whose means are largest and
  /// smallest.
  ///
  /// The interval is that of a pair chosen among all: at the level of all ordered pairs at once, with Student's t of
  /// the pair's own differences over repetitions. So it holds with any shared effects and any variances, and a spread
  /// that is large by chance alone is not taken for one.
  /// - Parameters:
  ///   - changes: By repetition and path.
  ///   - places: What the two paths are extremes of, by repetition and path.
  ///   - threshold: What the difference is tested against.
  ///   - range: Where it must lie.
  static func widestPair(
    of changes: [[Double]], byMeansOf places: [[Double]], against threshold: Double,
    within range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws -> Evidence {
    let known = zip(changes, places).filter { ($0 + $1).allSatisfy(\.isFinite) }
    guard let paths = known.first?.0.count, paths > 1 else { return Evidence(nil, count: 0) }
    let means = ClaimStatistics.means(known.map(\.1))
    let (top, bottom) = (ClaimStatistics.place(of: means, by: >), ClaimStatistics.place(of: means, by: <))
    guard top != bottom else { return Evidence(0, count: known.count) }
    return try mean(
      of: known.map { $0.0[top] - $0.0[bottom] }, against: threshold, choices: paths * (paths - 1), within: range)
  }

  /// Whether two numbers of a path go together: Spearman's rank correlation over paths, its mean over repetitions.
  ///
  /// The p-values are those of a permutation test: if the numbers have nothing to do with each other, every order of
  /// the paths in a repetition is as likely as any other. With up to seven paths all orders count, with more the normal
  /// distribution of their variance, `1 / (n (m - 1))`. The interval is that of any mean in -1...1, and so wider.
  /// - Parameter pairs: The two numbers by path, for each repetition.
  static func association(_ pairs: [([Double], [Double])]) -> Evidence {
    let known = pairs.filter { ClaimStatistics.rankCorrelation($0.0, $0.1).isFinite }
    let interval = mean(of: known.map { ClaimStatistics.rankCorrelation($0.0, $0.1) }, in: -1...1, against: 0)
    guard let estimate = interval.estimate, let low = interval.low, let high = interval.high else { return interval }
    let sum = estimate * Double(known.count)
    let p: (Double, Double)
    if known.allSatisfy({ $0.0.count <= 7 }) {
      var distribution: [Int: Double] = [0: 1]
      for (one, other) in known { distribution = convolve(distribution, nullDistribution(one, other)) }
      let total = Int((sum * correlationUnit).rounded())
      // Sums of rounded correlations may be off by one each. A fixed order of adding up gives the same bits every time.
      let ordered = distribution.sorted { $0.key < $1.key }
      func probability(_ isCounted: (Int) -> Bool) -> Double {
        ordered.reduce(0) { isCounted($1.key) ? $0 + $1.value : $0 }
      }
      p = (probability { $0 >= total - known.count }, probability { $0 <= total + known.count })
    } else {
      let z = sum / known.reduce(0) { $0 + 1 / Double($1.0.count - 1) }.squareRoot()
      p = (erfc(z / 2.0.squareRoot()) / 2, erfc(-z / 2.0.squareRoot()) / 2)
    }
    return Evidence(estimate, (low, high), count: known.count, p: (min(1, p.0), min(1, p.1)))
  }

  /// How much more repetitions scatter late than early: the log ratio of their standard deviations, mean over paths.
  ///
  /// The interval is that of Fisher's F for one path whose two variances are independent. Paths that go together and a
  /// late scatter that goes on from the early one make the ratio scatter less, so that the interval is too wide then
  /// rather than too narrow.
  /// - Parameters:
  ///   - logRatio: The mean over paths; not finite where there is none.
  ///   - count: How many repetitions the standard deviations are of.
  static func scatterRatio(_ logRatio: Double, count: Int) throws -> Evidence {
    guard logRatio.isFinite, count > 1 else { return Evidence(nil, count: 0) }
    let degrees = Double(count - 1)
    let half = log(try FisherF.quantile(1 - level, numerator: degrees, denominator: degrees)) / 2
    func p(_ logRatio: Double) throws -> Double {
      try FisherF.upperTail(exp(2 * logRatio), numerator: degrees, denominator: degrees)
    }
    return Evidence(
      logRatio, (logRatio - half, logRatio + half), count: count, p: (try p(logRatio), try p(-logRatio)))
  }

  /// KL of a coin with probability p from one with q, in nats.
  private static func coinDivergence(_ p: Double, _ q: Double) -> Double {
    func term(_ p: Double, _ q: Double) -> Double { p == 0 ? 0 : p * log(p / q) }
    return term(p, q) + term(1 - p, 1 - q)
  }

  /// Correlations are added up as whole numbers of this share.
  private static let correlationUnit = 1e9

  /// How likely each rank correlation is if every order of the second numbers is as likely as any other.
  private static func nullDistribution(_ one: [Double], _ other: [Double]) -> [Int: Double] {
    let (x, y) = (ClaimStatistics.centredRanks(one), ClaimStatistics.centredRanks(other))
    let norm = (x.reduce(0) { $0 + $1 * $1 } * y.reduce(0) { $0 + $1 * $1 }).squareRoot()
    var (distribution, orders) = ([Int: Double](), 0.0)
    func visit(_ rest: [Double], _ sum: Double) {
      guard !rest.isEmpty else {
        distribution[Int((sum / norm * correlationUnit).rounded()), default: 0] += 1
        orders += 1
        return
      }
      for place in rest.indices {
        var others = rest
        let next = others.remove(at: place)
        visit(others, sum + next * x[x.count - rest.count])
      }
    }
    visit(y, 0)
    return distribution.mapValues { $0 / orders }
  }

  private static func convolve(_ one: [Int: Double], _ other: [Int: Double]) -> [Int: Double] {
    var sums: [Int: Double] = [:]
    for (a, p) in one.sorted(by: { $0.key < $1.key }) {
      for (b, q) in other.sorted(by: { $0.key < $1.key }) { sums[a + b, default: 0] += p * q }
    }
    return sums
  }
}
