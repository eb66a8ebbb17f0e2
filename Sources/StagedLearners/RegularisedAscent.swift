import Glibc
import LinearAlgebra

/// How the difference of two models moves while both ascend on the forget loss and descend, gamma times as fast, on
/// the loss of retain rows X_R (mean squared losses, simultaneous steps):
///
///     Delta_t = (I + M)^t Delta_0,     M = (2 eta/k) X_U'X_U - (2 eta gamma/n_R) X_R'X_R
///
/// because the labels cancel. Off the joint span of both sets of rows nothing moves; in it each eigendirection of M has
/// a factor `1 + mu_j` of its own: it grows above 1, decays between -1 and 1, and grows with alternating sign below -1.
public struct RegularisedAscent: Sendable {
  /// gamma.
  public let gamma: Double
  /// The eigenvalues mu_j of M on the joint span, ascending.
  public let eigenvalues: [Double]
  /// `<v_j, Delta_0>`, in the same order.
  public let amplitudes: Vector
  /// `X_test v_j`, m x r.
  public let directions: Matrix
  /// `X_test (Delta_0 - P Delta_0)`, P being the projection to the joint span.
  public let offSpanPredictions: Vector
  /// `||Delta_0 - P Delta_0||`.
  public let offSpanNorm: Double
  /// The v_j in the basis of the joint span, r x r.
  let eigenvectors: Matrix

  private let logFactors: [Double]
  private let logAmplitudes: [Double]
  private let logSizes: [Double]

  init(
    gamma: Double, _ eigenvalues: [Double], _ eigenvectors: Matrix, amplitudes: Vector, directions: Matrix,
    offSpanPredictions: Vector,
    offSpanNorm: Double
  ) {
    (self.gamma, self.eigenvalues, self.eigenvectors) = (gamma, eigenvalues, eigenvectors)
    self.amplitudes = amplitudes
    (self.directions, self.offSpanPredictions, self.offSpanNorm) = (directions, offSpanPredictions, offSpanNorm)
    logFactors = eigenvalues.map { $0 < -1 ? log(-1 - $0) : log1p($0) }
    logAmplitudes = amplitudes.elements.map { log(abs($0)) }
    logSizes = zip(logAmplitudes, directions.columnNorms).map { $0 + log($1) }
  }

  /// The largest `|1 + mu_j|` that the test set sees, and its mode; nil when it sees none.
  public var dominantMode: (index: Int, logFactor: Double)? {
    let seen = eigenvalues.indices.filter { logSizes[$0] > -.infinity }
    return seen.max { logFactors[$0] < logFactors[$1] }.map { ($0, logFactors[$0]) }
  }

  /// The growth of `log d` a step in the long run: twice the logarithm of the largest `|1 + mu_j|` that the test set
  /// sees. The part off the span, where there is one, never moves, so that the rate is then at least 0. Minus
  /// infinity when the distance vanishes.
  public var logGrowth: Double {
    let still = offSpanPredictions.norm > 0 ? 0 : -Double.infinity
    return 2 * max(still, dominantMode?.logFactor ?? -.infinity)
  }

  /// `log |<v_j, Delta_t>| = t log |1 + mu_j| + log |<v_j, Delta_0>|`.
  public func logAmplitude(_ mode: Int, at step: Int) -> Double { logPower(mode, step) + logAmplitudes[mode] }

  /// `<v_j, Delta_t>` for every j; infinite where it is out of Double's range.
  func amplitudes(at step: Int) -> Vector {
    Vector(
      eigenvalues.indices.map { mode in
        let flipped = eigenvalues[mode] < -1 && !step.isMultiple(of: 2)
        let power = LogNumber(sign: flipped ? -1 : 1, logMagnitude: logPower(mode, step))
        return (LogNumber(amplitudes[mode]) * power).value
      })
  }

  /// `log ||Delta_t||`.
  public func logNorm(at step: Int) -> Double {
    let squares = eigenvalues.indices.map { LogNumber(log: 2 * logAmplitude($0, at: step)) }
    return squares.reduce(LogNumber(log: 2 * log(offSpanNorm)), +).logMagnitude / 2
  }

  /// `log d(t)`, the RE distance between the two models.
  public func logDistance(at step: Int) -> Double {
    let seen = eigenvalues.indices.filter { logSizes[$0] > -.infinity }
    let scale = seen.reduce(log(offSpanPredictions.norm)) { max($0, logPower($1, step) + logSizes[$1]) }
    guard scale > -.infinity else { return -.infinity }
    // Where nothing stands still, everything may be smaller than any Double.
    let still = offSpanPredictions.norm > 0
    var sum = still ? exp(-scale) * offSpanPredictions : Vector(zeros: offSpanPredictions.count)
    for mode in seen {
      let size = exp(logAmplitude(mode, at: step) - scale)
      let negative = (amplitudes[mode] < 0) != (eigenvalues[mode] < -1 && !step.isMultiple(of: 2))
      sum.add(negative ? -size : size, directions.column(mode))
    }
    return 2 * (log(sum.norm) + scale) - log(Double(sum.count))
  }

  /// A lower bound on the RE distance that has the exact rate, `d(t) >= |1 + mu_1|^(2t) c^2 / (4 m)` for `t >= t_0`,
  /// mode 1 being the dominant one and `c = |<v_1, Delta_0>| ||X_test v_1||`.
  ///
  /// Proof: the test vector u along `X_test v_1` sees c times the growth of mode 1, less at most
  /// `B = sum_j |<v_j, Delta_0>| |<u, X_test v_j>|` (and `|<u, e>|` of the part off the span) times that of the
  /// fastest other one; t_0 is when the latter is at most half of the former. Nil unless one mode is the fastest.
  public var exactRateBound: (logFactor: Double, logConstant: Double, firstStep: Double)? {
    guard let (first, fastest) = dominantMode else { return nil }
    let size = logSizes[first]
    let column = directions.column(first)
    let test = (1 / column.norm) * column
    let still = abs(test.dot(offSpanPredictions))
    var (others, second) = (still, still > 0 ? 0 : -Double.infinity)
    for mode in eigenvalues.indices where mode != first {
      let seen = abs(amplitudes[mode] * test.dot(directions.column(mode)))
      others += seen
      if seen > 0 { second = max(second, logFactors[mode]) }
    }
    guard fastest > second else { return nil }
    let needed = others == 0 ? -Double.infinity : (log(2) + log(others) - size) / (fastest - second)
    return (fastest, 2 * size - log(4 * Double(offSpanPredictions.count)), needed > 0 ? needed.rounded(.up) : 0)
  }

  /// `t log |1 + mu_j|`.
  private func logPower(_ mode: Int, _ step: Int) -> Double { step == 0 ? 0 : Double(step) * logFactors[mode] }
}
