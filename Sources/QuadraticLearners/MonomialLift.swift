import LinearAlgebra
import StagedLearners

/// A model of degree two, `f(x) = (1/2) x'Wx + b'x + c` with W symmetric.
public struct QuadraticModel: Sendable, Equatable {
  /// W, p x p.
  public let curvature: Matrix
  /// b, p entries.
  public let slope: Vector
  /// c.
  public let constant: Double

  /// A model; traps unless W is p x p and b has p entries.
  public init(curvature: Matrix, slope: Vector, constant: Double) {
    precondition(curvature.rows == slope.count && curvature.columns == slope.count, "shapes of a quadratic model")
    (self.curvature, self.slope, self.constant) = (curvature, slope, constant)
  }

  /// f(x).
  public func prediction(_ x: Vector) -> Double { x.dot(curvature.times(x)) / 2 + slope.dot(x) + constant }
}

/// The monomials of a point of p features up to degree two, in which quadratic models are linear:
/// `f(x) = phi(x)' theta` with
///
///     phi(x)  = (x_1^2/sqrt2, ..., x_p^2/sqrt2,   x_1 x_2, x_1 x_3, ..., x_(p-1) x_p,   x_1, ..., x_p,   1)
///     theta   = (W_11/sqrt2, ..., W_pp/sqrt2,     W_12, W_13, ..., W_(p-1)p,            b_1, ..., b_p,   c),
///
/// (p + 1)(p + 2)/2 numbers each. The factors sqrt 2 make the lift an isometry, `phi(x)'phi(z) = 1 + x'z + (x'z)^2/2`
/// and `||theta||^2 = ||W||_F^2/2 + ||b||^2 + c^2`, so that ridge towards the last iterate does not depend on the axes
/// in which x is written.
///
/// Every statement about linear learners holds word for word on the lifted rows. Those that hold *almost surely* need
/// one more line, because a lifted row lies on a p-dimensional surface and has no density: what must not vanish is a
/// real analytic function of the features and labels (entries of Delta_0 and of X_U Delta_0 after ridge, a determinant
/// of lifted rows), and an analytic function on R^N that is not 0 everywhere is 0 only on a set of measure 0 (Mityagin,
/// arXiv 1512.07276). So one witness is enough:
///
/// - `Delta_0 != 0` and `P_U Delta_0 != 0` (Lemmas C.1, C.2): let all rows be the same point x, y_A = 0 and y_B = (1,
///   ..., 1). Then `Delta_0 = S_A b_B` is a positive multiple of phi(x), and `X_U Delta_0` of `||phi(x)||^2 >= 1` in
///   every row, also where the rows of U are rows of a stage; and `P_U Delta_0 = 0` just when `X_U Delta_0 = 0`.
/// - independent rows of X_U, and `rank(X_test P_U) = k` (Lemma C.4), for k <= (p+1)(p+2)/2 and m >= k: monomials are
///   linearly independent functions, so there are k points whose lifts are independent. Take them for U and for the
///   first k test points.
public struct MonomialLift: Sendable {
  /// p, the number of features of a point.
  public let features: Int

  /// The lift of points with this many features, at least 1.
  public init(features: Int) {
    precondition(features >= 1, "a lift of \(features) features")
    self.features = features
  }

  /// `(p + 1)(p + 2)/2`, the number of monomials.
  public var dimension: Int { (features + 1) * (features + 2) / 2 }

  /// phi of each column: from p x n to (p+1)(p+2)/2 x n.
  public func lift(_ points: Matrix) -> Matrix {
    precondition(points.rows == features, "points of \(points.rows) features, not \(features)")
    return Matrix(
      rows: dimension, columns: points.columns,
      elements: (0..<points.columns).flatMap { monomials(points.column($0).elements) })
  }

  private func monomials(_ x: [Double]) -> [Double] {
    let squares = x.map { $0 * $0 * 0.5.squareRoot() }
    let products = pairs.map { x[$0] * x[$1] }
    return squares + products + x + [1]
  }

  /// The examples with lifted features and the same labels.
  public func lift(_ examples: Examples) -> Examples {
    Examples(features: lift(examples.features), labels: examples.labels)
  }

  /// The stage with lifted examples and the same trainer.
  public func lift(_ stage: LinearStage) -> LinearStage {
    LinearStage(stage.name, lift(stage.examples), trainer: stage.trainer)
  }

  /// The instance with every data set lifted: Theorem 3.1 for quadratic models.
  public func lift(_ instance: TwoPathInstance) throws -> TwoPathInstance {
    try TwoPathInstance(
      stageA: lift(instance.stageA), stageB: lift(instance.stageB), forget: lift(instance.forget),
      forgetStage: instance.forgetStage, test: lift(instance.test), stepSize: instance.stepSize)
  }

  /// The quadratic model with these parameters.
  public func model(_ theta: Vector) -> QuadraticModel {
    precondition(theta.count == dimension, "\(theta.count) parameters, not \(dimension)")
    var w = Matrix(zeros: features, features)
    for i in 0..<features { w[i, i] = theta[i] * 2.0.squareRoot() }
    for (place, (i, j)) in pairs.enumerated() {
      (w[i, j], w[j, i]) = (theta[features + place], theta[features + place])
    }
    let rest = theta.elements[(features + pairs.count)...]
    return QuadraticModel(curvature: w, slope: Vector(Array(rest.dropLast())), constant: theta[dimension - 1])
  }

  /// The parameters of a quadratic model.
  public func parameters(_ model: QuadraticModel) -> Vector {
    let w = model.curvature
    let squares = (0..<features).map { w[$0, $0] * 0.5.squareRoot() }
    let products = pairs.map { w[$0, $1] }
    return Vector(squares + products + model.slope.elements + [model.constant])
  }

  /// (0, 1), (0, 2), ..., (p-2, p-1).
  private var pairs: [(Int, Int)] {
    (0..<features).flatMap { i in ((i + 1)..<max(i + 1, features)).map { (i, $0) } }
  }
}
