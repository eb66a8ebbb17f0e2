import Glibc
import LinearAlgebra

/// The numbers behind the claims. A reading has the values of one seed by path and step; what is not finite, or not
/// defined for so few seeds or paths, gives NaN or no number.
enum ClaimStatistics {
  /// One seed's values, by path and step.
  typealias Reading = [[Double]]

  /// The changes of a reading from before unlearning to a step, by path.
  static func changes(_ reading: Reading, at step: Int) -> [Double] { reading.map { $0[step] - $0[0] } }

  /// How fast each path forgets: the mean over the steps from the first to this one of the fall since before
  /// unlearning, which is the area between the curve and its beginning. NaN where a value is not finite.
  static func speeds(_ reading: Reading, to step: Int) -> [Double] {
    reading.map { path in
      let falls = (1...max(1, step)).map { $0 < path.count ? path[0] - path[$0] : .nan }
      let mean = falls.reduce(0, +) / Double(falls.count)
      return mean.isFinite ? mean : .nan
    }
  }

  /// How much less is forgotten where the forget stage came last than at the position where least is forgotten among
  /// the others: negative where the last forgets slowest. A position's score is the mean over its paths. NaN where no
  /// path has the last position, or all have.
  static func lagOfLast(scores: [Double], positions: [Int], last: Int) -> Double {
    let means = Dictionary(grouping: zip(positions, scores), by: \.0).mapValues { group in
      group.map(\.1).reduce(0, +) / Double(group.count)
    }
    let others = means.filter { $0.key != last }.values
    guard let own = means[last], let least = others.min(), scores.allSatisfy(\.isFinite) else { return .nan }
    return own - least
  }

  /// Spearman's rank correlation; values that differ by rounding alone share their mean rank. NaN for fewer than three
  /// pairs, for a value that is not finite, and where one of the two is constant.
  static func rankCorrelation(_ one: [Double], _ other: [Double]) -> Double {
    guard one.count == other.count, one.count > 2, (one + other).allSatisfy(\.isFinite) else { return .nan }
    let (x, y) = (centredRanks(one), centredRanks(other))
    let product = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    let squares = [x, y].map { $0.reduce(0) { $0 + $1 * $1 } }
    return squares.contains(0) ? .nan : product / (squares[0] * squares[1]).squareRoot()
  }

  /// Ranks minus their mean.
  static func centredRanks(_ values: [Double]) -> [Double] {
    values.map { value in
      let (less, more) = (
        values.count { $0 < value - Evidence.rounding }, values.count { $0 > value + Evidence.rounding }
      )
      return Double(less - more) / 2
    }
  }

  /// `log(sd late / sd early)`, averaged over paths: how much more the seeds scatter at the one step than at the other.
  /// NaN for fewer than two seeds, or where they agree but for rounding.
  static func logScatterRatio(_ readings: [Reading], early: Int, late: Int) -> Double {
    guard readings.count > 1 else { return .nan }
    let ratios = readings[0].indices.map { path in
      let deviations = [early, late].map { step in deviation(readings.map { $0[path][step] }) }
      return deviations.allSatisfy { $0 > Evidence.rounding } ? log(deviations[1] / deviations[0]) : .nan
    }
    return ratios.reduce(0, +) / Double(ratios.count)
  }

  /// The standard deviation of a sample.
  static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// For each seed, how much farther from its goal the mean path ends with one number of steps for all paths than with
  /// a number for each path, both chosen as the best on the means over the *other* seeds.
  ///
  /// Where the paths do not differ, numbers of their own only follow chance, and the expectation is at most 0. Seeds
  /// with a value that is not finite are left out; empty for fewer than two.
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
  /// or a path starts at 0, but for rounding.
  static func closestApproach(_ distances: Reading) -> Double {
    let shares = distances.map { path in path.map { path[0] > Evidence.rounding ? $0 / path[0] : .nan } }.joined()
    return shares.allSatisfy(\.isFinite) ? shares.min() ?? .nan : .nan
  }

  /// The mean over the first index.
  static func means(_ values: [[Double]]) -> [Double] {
    values[0].indices.map { place in values.reduce(0) { $0 + $1[place] } / Double(values.count) }
  }

  /// The first place of the value that comes before all others.
  static func place(of values: [Double], by comes: (Double, Double) -> Bool) -> Int {
    values.indices.reduce(0) { comes(values[$1], values[$0]) ? $1 : $0 }
  }
}
