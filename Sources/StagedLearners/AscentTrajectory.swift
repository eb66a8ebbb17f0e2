import Core
import Glibc
import LinearAlgebra

/// How predictions move under gradient ascent on the forget set, at any step at once:
///
///     e(t) = e(0) + F ((1 + lambda_j)^t - 1) a_j,      F = X_test V  (m x k)
///
/// where e is what the RE distance measures: the difference between two models that unlearn side by side, or
/// between one of them and its retrained model. Off the forget span nothing moves; along it, each eigendirection of
/// `M_U` grows at its own rate (Lemma 3.2). One value of this type serves every t, and t = 10^6 overflows nothing.
public struct AscentTrajectory: Sendable {
  /// e(0), m entries.
  public let initial: Vector
  /// F, m x k.
  public let directions: Matrix
  /// a, k entries.
  public let amplitudes: Vector
  /// `log(1 + lambda_j)`, k entries, not negative.
  public let logRates: [Double]

  /// `log |a_j|`.
  private let logAmplitudes: [Double]
  /// `log(|a_j| ||F_j||)`: how large a mode is when it has grown e-fold from nothing.
  private let logSizes: [Double]

  /// A trajectory; traps unless the shapes agree.
  public init(initial: Vector, directions: Matrix, amplitudes: Vector, growth: [Double]) {
    precondition(
      initial.count == directions.rows && amplitudes.count == directions.columns && growth.count == amplitudes.count,
      "shapes of a trajectory")
    (self.initial, self.directions, self.amplitudes) = (initial, directions, amplitudes)
    logRates = growth.map { log1p($0) }
    logAmplitudes = amplitudes.elements.map { log(abs($0)) }
    logSizes = zip(logAmplitudes, directions.columnNorms).map { $0 + log($1) }
  }

  /// m, the number of test points.
  public var testCount: Int { initial.count }

  /// `log d(t)`, the natural logarithm of the RE distance `(1/m) ||e(t)||^2` at each of these steps.
  @inlinable
  public func logDistances(at steps: some Collection<Int>, workers: Workers = .one) -> [Double] {
    let logCount = log(Double(testCount))
    return logSquaredNorms(at: steps, workers: workers).map { $0 - logCount }
  }

  /// `log d(t)` at one step.
  public func logDistance(at step: Int) -> Double { logDistances(at: CollectionOfOne(step))[0] }

  // Inlined, because an unspecialised `Array(steps)` of a range costs more than the distances.

  /// `log ||e(t) - shift||^2` at each of these steps; the shift is 0 unless given.
  @inlinable
  public func logSquaredNorms(
    at steps: some Collection<Int>, minus shift: Vector? = nil, workers: Workers = .one
  ) -> [Double] {
    logSquaredNorms(steps: Array(steps), minus: shift, workers)
  }

  @usableFromInline
  func logSquaredNorms(steps: [Int], minus shift: Vector?, _ workers: Workers) -> [Double] {
    let start = shift.map { initial - $0 } ?? initial
    let length = 64
    return [Double](unsafeUninitializedCapacity: steps.count) { buffer, count in
      nonisolated(unsafe) let target = buffer
      workers.forEach((steps.count + length - 1) / length) { block in
        let range = (block * length)..<min(steps.count, (block + 1) * length)
        logSquaredNorms(block: steps[range], start, UnsafeMutableBufferPointer(rebasing: target[range]))
      }
      count = steps.count
    }
  }

  /// The limit law (theory B1): from the slowest mode up, the fastest one that the test set sees takes over,
  /// `d(t) ~ (1/m) (1 + lambda*)^(2t) ||sum_(lambda_j = lambda*) a_j F_j||^2`. Nil when no mode grows.
  public var asymptote: (logRate: Double, logConstant: Double)? {
    guard let first = fastestModes.first else { return nil }
    let size = fastestModes.reduce(-Double.infinity) { max($0, logSizes[$1]) }
    var sum = Vector(zeros: testCount)
    for mode in fastestModes {
      sum.add((LogNumber(amplitudes[mode]) * LogNumber(log: -size)).value, directions.column(mode))
    }
    return (logRates[first], 2 * (log(sum.norm) + size) - log(Double(testCount)))
  }

  /// The modes of the largest rate among those that grow and that the test set sees, the fastest first: equal
  /// eigenvalues act as one.
  public var fastestModes: [Int] {
    let growing = logRates.indices.filter { logSizes[$0] > -.infinity && logRates[$0] > 0 }
      .sorted { logRates[$0] > logRates[$1] }
    guard let fastest = growing.first else { return [] }
    // They come out equal only to the rounding of the factorisation. That is relative to the eigenvalue, and so to the
    // rate: lambda / (1 + lambda) <= log(1 + lambda).
    let width = Double(8 * logRates.count) * Double.ulpOfOne * logRates[fastest]
    return growing.filter { logRates[fastest] - logRates[$0] <= width }
  }

  /// `log |a_j| ||F_j||`, k entries: the size of each mode's part of e(t) but for its growth.
  public var logModeSizes: [Double] { logSizes }

  /// `log10` of the asymptote at a step; minus infinity when nothing grows.
  public func log10Asymptote(at step: Int) -> Double {
    guard let (rate, constant) = asymptote else { return -.infinity }
    return (2 * Double(step) * rate + constant) / M_LN10
  }

  private func logSquaredNorms(
    block steps: ArraySlice<Int>, _ start: Vector, _ target: UnsafeMutableBufferPointer<Double>
  ) {
    guard let first = steps.min(), let last = steps.max() else { return }
    let (m, logStart, active) = (testCount, log(start.norm), activeModes(first, last))
    let scales = scales(steps, active, logStart, last)
    let weights = Matrix(rows: active.count, columns: steps.count) { target in
      for (row, mode) in active.enumerated() {
        let (amplitude, logRate) = (amplitudes[mode], logRates[mode])
        for (column, step) in steps.enumerated() {
          let (growth, scale) = (Double(step) * logRate, scales[column])
          let plain = scale == 0 ? expm1(growth) : .infinity
          target[row + column * active.count] =
            plain < .infinity ? amplitude * plain : scaledWeight(mode, growth, scale)
        }
      }
    }
    let chosen = active.count == logRates.count ? directions : directions.selectingColumns(active)
    let moved = chosen.times(weights)
    moved.elements.withUnsafeBufferPointer { moved in
      start.elements.withUnsafeBufferPointer { start in
        for column in 0..<steps.count {
          let scale = scales[column]
          let factor = scale == 0 ? 1 : exp(-scale)
          var sum = 0.0
          for row in 0..<m {
            let e = moved[row + column * m] + factor * start[row]
            sum += e * e
          }
          target[column] = log(sum) + 2 * scale
        }
      }
    }
  }

  /// Where the square of e(t) could leave Double's range, e(t) is computed times exp(-scale).
  private func scales(_ steps: ArraySlice<Int>, _ active: [Int], _ logStart: Double, _ last: Int) -> [Double] {
    // Modes only grow: where the last step is moderate, so are the others.
    let safe = 300.0
    if abs(logStart) <= safe, active.allSatisfy({ size($0, at: last) <= safe }) {
      return [Double](repeating: 0, count: steps.count)
    }
    return steps.map { step in
      let size = active.reduce(logStart) { max($0, self.size($1, at: step)) }
      // Not below -700, for exp(-scale) to be finite.
      return abs(size) > safe && size > -.infinity ? max(-700, size) : 0
    }
  }

  /// The modes that matter between two steps: the others stay below 2^-70 of the largest, less than its rounding.
  private func activeModes(_ first: Int, _ last: Int) -> [Int] {
    let largest = logRates.indices.map { size($0, at: first) }.max() ?? 0
    return logRates.indices.filter { logSizes[$0] > -.infinity && size($0, at: last) >= largest - 70 * M_LN2 }
  }

  /// `log` of the mode's part of e(t).
  private func size(_ mode: Int, at step: Int) -> Double {
    logSizes[mode] + LogNumber.expm1(Double(step) * logRates[mode]).logMagnitude
  }

  /// `a_j (exp(growth) - 1) exp(-scale)` where its factors leave Double's range.
  private func scaledWeight(_ mode: Int, _ growth: Double, _ scale: Double) -> Double {
    let size = exp(logAmplitudes[mode] + LogNumber.expm1(growth).logMagnitude - scale)
    return amplitudes[mode] < 0 ? -size : size
  }
}
