import LinearAlgebra
import StagedLearners

/// How rounding grows while FP32 ascends: the error of theta_t in each eigendirection of `M_U`, and as a whole.
///
/// One step computes `theta + (2 eta/k) X' (X theta - y) + delta` with, for u = 2^-24 and gamma_n = n u / (1 - n u)
/// (Higham 2002, Section 3.1, for any order of summation),
///
///     ||delta|| <= u ||theta_next|| + (2 eta/k) (gamma_C ||theta|| sum_i ||x_i||^2 + (gamma_k + 2 u) sum_i |r_i| ||x_i||)
///
/// The first term is the rounding of the weights themselves, then come the outputs `X theta`, the gradient's sum and
/// its products. Later steps amplify an error in direction j as they amplify the model, so `e_j(t + 1) = (1 + lambda_j)
/// e_j(t) + delta_j`. Where theta grows like `(1 + lambda_max)^t`, delta does, too: an error in the fastest direction,
/// relative to the model, grows linearly in t; but relative to a slower direction's own size it grows exponentially, by
/// `(1 + lambda_max) / (1 + lambda_j)` a step, until nothing of that direction is left.
public struct RoundingGrowth: Sendable {
  /// The error after one number of steps.
  public struct Errors: Sendable, Equatable {
    /// `||e||`.
    public let whole: Double
    /// `|V' e|`, for each eigendirection, fastest first.
    public let modes: [Double]
  }

  /// What no error exceeds, after 0, 1, 2, ... steps.
  public let bound: [Errors]
  /// What an error is like: the root of the mean square for independent roundings of the weights.
  ///
  /// A number x between two powers of two is rounded by less than 2^-24 of the lower one, uniformly; over mantissas of
  /// logarithmic law that is a mean square of `(u x)^2 / (8 log 2)`. The other terms of the bound are smaller by a
  /// factor lambda for typical signs and are left out.
  public let typical: [Errors]

  /// `sqrt(1 / (8 log 2))`: the root mean square of the rounding of x to FP32, in units of u x.
  public static let rootMeanSquare = 0.4246609001440095

  /// The growth along an exact trajectory.
  /// - Parameters:
  ///   - span: The forget set.
  ///   - theta: Where the exact trajectory starts.
  ///   - start: The error there: what FP32 starts from, less theta.
  public init(_ span: ForgetSpan, from theta: Vector, error start: Vector, stepSize: Double, steps: Int) {
    let u = 0x1p-24
    let (lambda, examples) = (span.growth(stepSize: stepSize), span.examples)
    let (d, k, norms) = (examples.dimension, examples.count, examples.features.columnNorms)
    func gamma(_ n: Int) -> Double { Double(n) * u / (1 - Double(n) * u) }
    let fastest = lambda.first ?? 0
    let initial = Errors(whole: start.norm, modes: span.coordinates(start).elements.map(abs))
    var (bound, typical) = ([initial], [initial])
    for step in 0..<steps {
      let (model, next) = (
        span.ascend(theta, stepSize: stepSize, steps: step), span.ascend(theta, stepSize: stepSize, steps: step + 1)
      )
      let (before, residual) = (bound[step], examples.residual(model))
      // FP32 is at a model that is off by no more than the bound so far.
      var (squares, products) = (0.0, 0.0)
      for index in 0..<k {
        squares += norms[index] * norms[index]
        products += (abs(residual[index]) + norms[index] * before.whole) * norms[index]
      }
      let computed =
        2 * stepSize / Double(k)
        * (gamma(d) * (model.norm + before.whole) * squares + (gamma(k) + 2 * u) * products)
      // The rounding of the next model is relative to what it would be before it.
      let rest = (1 + fastest) * before.whole + computed
      let delta = computed + u * (next.norm + rest)
      bound.append(
        Errors(
          whole: (1 + fastest) * before.whole + delta, modes: zip(lambda, before.modes).map { (1 + $0) * $1 + delta }))
      let (last, one) = (typical[step], Self.rootMeanSquare * u * next.norm / Double(d).squareRoot())
      func add(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
      let modes = zip(lambda, last.modes).map { add((1 + $0) * $1, one) }
      let offSpan = add(
        max(0, last.whole * last.whole - last.modes.reduce(0) { $0 + $1 * $1 }).squareRoot(),
        one * Double(d - k).squareRoot())
      typical.append(Errors(whole: modes.reduce(offSpan, add), modes: modes))
    }
    (self.bound, self.typical) = (bound, typical)
  }
}
