import Core
import Glibc
import LinearAlgebra

/// How predictions move when every eigendirection is multiplied by a number of its own a step:
///
///     e(t) = r + F ((1 + x_j)^t a_j),      F = X_test Q  (m x d)
///
/// with any real x_j: directions grow, shrink, stay or flip their sign. All in logarithms, so t = 10^6 stays finite;
/// one step costs O(m d) whatever t is.
public struct SpectralTrajectory: Sendable {
  /// r, the part that no step moves; m entries.
  public let fixed: Vector
  /// F, m x d.
  public let directions: Matrix
  /// a, d entries.
  public let amplitudes: Vector
  /// x, d entries.
  public let rates: [Double]

  /// `log |a_j|` and `log ||F_j||`.
  private let logAmplitudes: [Double]
  private let logNorms: [Double]

  /// A trajectory; traps unless the shapes agree.
  public init(fixed: Vector, directions: Matrix, amplitudes: Vector, rates: [Double]) {
    precondition(
      fixed.count == directions.rows && amplitudes.count == directions.columns && rates.count == amplitudes.count,
      "shapes of a trajectory")
    (self.fixed, self.directions, self.amplitudes, self.rates) = (fixed, directions, amplitudes, rates)
    logAmplitudes = amplitudes.elements.map { log(abs($0)) }
    logNorms = directions.columnNorms.map { log($0) }
  }

  /// m, the number of test points.
  public var testCount: Int { fixed.count }

  /// `log d(t)`, the natural logarithm of the RE distance `(1/m) ||e(t)||^2`, at each of these steps.
  public func logDistances(at steps: some Collection<Int>, workers: Workers = .one) -> [Double] {
    let steps = Array(steps)
    return [Double](unsafeUninitializedCapacity: steps.count) { buffer, count in
      nonisolated(unsafe) let target = buffer
      workers.forEach(steps.count) { target[$0] = logDistance(at: steps[$0]) }
      count = steps.count
    }
  }

  /// `log d(t)` at one step, which must not be negative.
  public func logDistance(at step: Int) -> Double {
    let factors = rates.map { LogNumber.power(rate: $0, steps: step) }
    // e(t) is computed times exp(-scale), scale being the size of its largest part.
    let logFixed = log(fixed.norm)
    var scale = logFixed
    for (mode, factor) in factors.enumerated() where logAmplitudes[mode] > -.infinity {
      scale = max(scale, factor.logMagnitude + logAmplitudes[mode] + logNorms[mode])
    }
    guard scale > -.infinity else { return -.infinity }
    var weights = amplitudes
    for (mode, factor) in factors.enumerated() {
      let size = logAmplitudes[mode] == -.infinity ? 0 : exp(factor.logMagnitude + logAmplitudes[mode] - scale)
      weights[mode] = Double(factor.sign) * (amplitudes[mode] < 0 ? -size : size)
    }
    var e = directions.times(weights)
    // In two halves: beside subnormal parts exp(-scale) alone may overflow.
    if logFixed > -.infinity { e.add(exp(-scale / 2), exp(-scale / 2) * fixed) }
    return 2 * (log(e.norm) + scale) - log(Double(testCount))
  }

  /// The exact law (theory B1): the parts that the test set sees with the largest `|1 + x_j|` take over,
  /// `log d(t) = 2 t log|1 + x*| + constant + o(1)`. Where two of them have opposite signs of 1 + x_j the constant is
  /// one for even and one for odd steps. Nil when e is 0 throughout.
  public var asymptote: Asymptote? {
    let seen = rates.indices.filter { logAmplitudes[$0] + logNorms[$0] > -.infinity }
    let logFactors = rates.map { LogNumber.power(rate: $0, steps: 1).logMagnitude }
    var rate = fixed.norm > 0 ? 0 : -Double.infinity
    for mode in seen { rate = max(rate, logFactors[mode]) }
    guard rate > -.infinity else { return nil }
    // Equal eigenvalues come out equal only to the rounding of the factorisation, d eps of the largest.
    let width = 8 * Double(rates.count) * .ulpOfOne * rates.reduce(0) { max($0, abs($1)) } / exp(rate)
    let leading = seen.filter { rate - logFactors[$0] <= width }
    var sums = (even: Vector(zeros: testCount), odd: Vector(zeros: testCount))
    if rate <= width { sums = (fixed, fixed) }
    for mode in leading {
      sums.even.add(amplitudes[mode], directions.column(mode))
      sums.odd.add(rates[mode] < -1 ? -amplitudes[mode] : amplitudes[mode], directions.column(mode))
    }
    let shift = log(Double(testCount))
    return Asymptote(
      logRate: rate, logConstantEven: 2 * log(sums.even.norm) - shift, logConstantOdd: 2 * log(sums.odd.norm) - shift)
  }

  /// What `log d(t)` tends to.
  public struct Asymptote: Sendable, Equatable {
    /// `log |1 + x*|`, negative where everything shrinks.
    public let logRate: Double
    /// The constant at even steps.
    public let logConstantEven: Double
    /// The constant at odd steps.
    public let logConstantOdd: Double

    /// `2 t log|1 + x*| + constant`.
    public func logDistance(at step: Int) -> Double {
      2 * Double(step) * logRate + (step.isMultiple(of: 2) ? logConstantEven : logConstantOdd)
    }
  }
}
