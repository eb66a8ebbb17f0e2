import Glibc
import LinearAlgebra

/// The numbers behind the claims. A reading has the values of one seed by path and step; what is not finite, or not
/// defined for so few seeds or paths, gives NaN or no number.
enum ClaimStatistics {
  /// One seed's values, by path and step.
  typealias Reading = [[Double]]

  /// How far the paths are apart at a step: the largest value minus the smallest. NaN where one is not finite.
  static func spread(_ reading: Reading, at step: Int) -> Double {
    let values = reading.map { $0[step] }
    guard let low = values.min(), let high = values.max(), values.allSatisfy(\.isFinite) else { return .nan }
    return high - low
  }

  /// How much farther the paths are apart at a step than before unlearning.
  static func spreadGrowth(_ reading: Reading, at step: Int) -> Double {
    spread(reading, at: step) - spread(reading, at: 0)
  }

  /// How much less is forgotten where the forget stage came last than at the position where least is forgotten among the
  /// others: negative where the last forgets slowest. A position's score is the mean over its paths. NaN where no path
  /// has the last position, or all have.
  static func lagOfLast(scores: [Double], positions: [Int], last: Int) -> Double {
    let means = Dictionary(grouping: zip(positions, scores), by: \.0).mapValues { group in
      group.map(\.1).reduce(0, +) / Double(group.count)
    }
    let others = means.filter { $0.key != last }.values
    guard let own = means[last], let least = others.min(), scores.allSatisfy(\.isFinite) else { return .nan }
    return own - least
  }

  /// Spearman's rank correlation; equal values share their mean rank. NaN for fewer than three pairs, for a value that is
  /// not finite, and where one of the two is constant.
  static func rankCorrelation(_ one: [Double], _ other: [Double]) -> Double {
    guard one.count == other.count, one.count > 2, (one + other).allSatisfy(\.isFinite) else { return .nan }
    let (x, y) = (ranks(one), ranks(other))
    let mean = Double(one.count + 1) / 2
    let product = zip(x, y).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
    let squares = [x, y].map { $0.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
    return squares.contains(0) ? .nan : product / (squares[0] * squares[1]).squareRoot()
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
      Double(values.count { $0 < value }) + Double(values.count { $0 == value } + 1) / 2
    }
  }

  /// The jackknife's pseudo-values of `log(sd late / sd early)`, averaged over paths: how much more the seeds scatter at
  /// the one step than at the other. Their mean is the jackknife's estimate of the log ratio of the interval's widths,
  /// their scatter that of its standard error. Empty for fewer than three seeds.
  static func wideningPseudoValues(_ readings: [Reading], early: Int, late: Int) -> [Double] {
    guard readings.count > 2 else { return [] }
    func logRatio(_ readings: [Reading]) -> Double {
      let ratios = readings[0].indices.map { path in
        log(deviation(readings.map { $0[path][late] }) / deviation(readings.map { $0[path][early] }))
      }
      return ratios.reduce(0, +) / Double(ratios.count)
    }
    let (n, whole) = (Double(readings.count), logRatio(readings))
    return readings.indices.map { left in
      n * whole - (n - 1) * logRatio(readings.enumerated().filter { $0.offset != left }.map(\.element))
    }
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// For each seed, the difference between the two paths whose means over the *other* seeds are largest and smallest.
  ///
  /// A plain spread is positive by chance alone; here the paths are chosen without the seed, and where paths do not
  /// differ the expectation is 0. Seeds with a value that is not finite are left out; empty for fewer than two.
  static func crossedSpreads(_ values: [[Double]]) -> [Double] {
    let seeds = values.filter { $0.allSatisfy(\.isFinite) && !$0.isEmpty }
    guard seeds.count > 1 else { return [] }
    return seeds.indices.map { left in
      let means = means(seeds.enumerated().filter { $0.offset != left }.map(\.element))
      return seeds[left][place(of: means, by: >)] - seeds[left][place(of: means, by: <)]
    }
  }

  /// For each seed, how much farther from its goal the mean path ends with one number of steps for all paths than with a
  /// number for each path, both chosen as the best on the means over the *other* seeds.
  ///
  /// Where the paths do not differ, numbers of their own only follow chance, and the expectation is at most 0. Seeds with
  /// a value that is not finite are left out; empty for fewer than two.
  static func costsOfCommonSteps(_ distances: [Reading]) -> [Double] {
    let seeds = distances.filter { $0.joined().allSatisfy(\.isFinite) && !$0.isEmpty }
    guard seeds.count > 1 else { return [] }
    return seeds.indices.map { left in
      let others = seeds.enumerated().filter { $0.offset != left }.map(\.element)
      let byPath = others[0].indices.map { path in means(others.map { $0[path] }) }
      let common = place(of: means(byPath), by: <)
      let costs = byPath.indices.map { path in
        seeds[left][path][common] - seeds[left][path][place(of: byPath[path], by: <)]
      }
      return costs.reduce(0, +) / Double(costs.count)
    }
  }

  /// The smallest share of its first distance that any path comes down to at any step. NaN where a value is not finite
  /// or a path starts at 0.
  static func closestApproach(_ distances: Reading) -> Double {
    let shares = distances.map { path in path.map { $0 / path[0] } }.joined()
    return shares.allSatisfy(\.isFinite) ? shares.min() ?? .nan : .nan
  }

  /// The mean over the first index.
  private static func means(_ values: [[Double]]) -> [Double] {
    values[0].indices.map { place in values.reduce(0) { $0 + $1[place] } / Double(values.count) }
  }

  /// The first place of the value that comes before all others.
  private static func place(of values: [Double], by comes: (Double, Double) -> Bool) -> Int {
    values.indices.reduce(0) { comes(values[$1], values[$0]) ? $1 : $0 }
  }
}
