import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Log-likelihoods of target tokens from logits, and their gradient, in tiles of the vocabulary: the logits of a group
/// of rows are overwritten by `exp(z - maximum of the tile)`, and those by the gradient.
///
/// Each tile leaves its rows' maxima and sums in `statistics` [rows, 2 tiles], maxima first.
enum CrossEntropy {
  /// Logits [rows, tile] become their exponentials; the target's logit is noted where it lies in this tile.
  /// - Parameters:
  ///   - targets: The target of each row.
  ///   - vocabulary: Which token ids the columns are.
  static func forward(
    logits: View, vocabulary: Range<Int>, targets: UnsafePointer<Int32>,
    targetLogits: UnsafeMutablePointer<Float>, maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
    statisticsStride: Int
  ) {
    for row in 0..<logits.rows where vocabulary.contains(Int(targets[row])) {
      targetLogits[row] = logits.row(row)[Int(targets[row]) - vocabulary.lowerBound]
    }
    ck_exp_rows(logits.rows, logits.columns, logits.base, logits.stride, maxima, sums, statisticsStride)
  }

  /// The log-likelihood of a row's target; the maxima become what turns exponentials into probabilities,
  /// `exp(maximum - log sum)`.
  static func combine(tiles: Int, targetLogit: Float, statistics: UnsafeMutablePointer<Float>) -> Double {
    var top = -Float.infinity
    for tile in 0..<tiles { top = max(top, statistics[tile]) }
    var sum = 0.0
    for tile in 0..<tiles { sum += Double(statistics[tiles + tile]) * exp(Double(statistics[tile] - top)) }
    for tile in 0..<tiles { statistics[tile] = Float(exp(Double(statistics[tile] - top)) / sum) }
    return Double(targetLogit) - (Double(top) + log(sum))
  }

  /// Exponentials become dLoss/d logits `= w (1[target] - p)`, for weights w = dLoss/d log-likelihood.
  ///
  /// - Parameter factors: `-w exp(maximum - log sum)` of each row in this tile, at distance `factorsStride`.
  static func backward(
    exponentials: View, vocabulary: Range<Int>, targets: UnsafePointer<Int32>, weights: UnsafePointer<Float>,
    factors: UnsafePointer<Float>, factorsStride: Int
  ) {
    ck_scale_rows(
      exponentials.rows, exponentials.columns, exponentials.base, exponentials.stride, factors, factorsStride)
    for row in 0..<exponentials.rows where vocabulary.contains(Int(targets[row])) {
      exponentials.row(row)[Int(targets[row]) - vocabulary.lowerBound] += weights[row]
    }
  }
}
