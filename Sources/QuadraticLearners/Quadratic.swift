import LinearAlgebra
import StagedLearners

// Shapes in this module: d parameters, n rows of a stage, k expanding directions of the forget loss, m test points.

/// A quadratic loss `(1/2) (theta - c)' H (theta - c)` with any symmetric H, indefinite and singular ones too, factored
/// once: `H = Q diag(h) Q'`.
///
/// The mean squared loss of a linear learner is the case of low rank, `H = (2/n) X'X` and c any model of least squares.
///
/// Theorem: proofs/quadratic-learners.md
public struct Quadratic: Sendable {
  /// H, d x d.
  public let hessian: Matrix
  /// c, d entries.
  public let centre: Vector
  /// h, the eigenvalues of H in ascending order.
  public let curvatures: [Double]
  /// Q, d x d: column j is the direction of curvature h_j.
  public let directions: Matrix

  /// The loss with this Hessian and this stationary point.
  ///
  /// - Throws: ``QuadraticLearnersError/invalidInput(_:)`` unless H is d x d, d > 0, symmetric to rounding, and
  ///   everything is finite.
  public init(hessian: Matrix, centre: Vector) throws {
    let d = centre.count
    guard d > 0, hessian.rows == d, hessian.columns == d else {
      throw QuadraticLearnersError.invalidInput(
        "the Hessian is \(hessian.rows) x \(hessian.columns) and the centre has \(d) entries; they must be d x d and d")
    }
    guard hessian.isFinite, centre.isFinite else {
      throw QuadraticLearnersError.invalidInput("the Hessian or the centre holds a NaN or an infinity")
    }
    let largest = hessian.elements.reduce(0) { max($0, abs($1)) }
    for column in 0..<d {
      for row in 0..<column {
        let (one, other) = (hessian[row, column], hessian[column, row])
        guard abs(one - other) <= Double(d) * .ulpOfOne * largest else {
          throw QuadraticLearnersError.invalidInput(
            "the Hessian is not symmetric: entry (\(row), \(column)) is \(one) and (\(column), \(row)) is \(other)")
        }
      }
    }
    let eigen = try SymmetricEigen(hessian)
    (self.hessian, self.centre, curvatures, directions) = (hessian, centre, eigen.values, eigen.vectors)
  }

  /// The mean squared loss `(1/n) ||X theta - y||^2` of a linear learner, less its least value: `H = (2/n) X'X`, and c
  /// the least-squares model of least norm.
  public init(meanSquaredLossOf examples: Examples) throws {
    guard examples.count > 0 else {
      throw QuadraticLearnersError.invalidInput("there are no examples; give at least one")
    }
    let rows = examples.features.transposed
    var hessian = rows.gram()
    for index in hessian.elements.indices { hessian.elements[index] *= 2 / Double(examples.count) }
    try self.init(hessian: hessian, centre: LeastSquares(rows, examples.labels).solution)
  }

  /// d.
  public var dimension: Int { centre.count }

  /// The size up to which an eigenvalue may be nothing but rounding: `d eps max |h|`.
  public var zeroLevel: Double {
    Double(dimension) * .ulpOfOne * max(abs(curvatures[0]), abs(curvatures[dimension - 1]))
  }

  /// The loss.
  public func loss(_ theta: Vector) -> Double { (theta - centre).dot(hessian.times(theta - centre)) / 2 }

  /// Its gradient `H (theta - c)`: all that a local unlearning rule may ask of the forget set. It lies in range(H).
  public func gradient(_ theta: Vector) -> Vector { hessian.times(theta - centre) }
}

extension Vector {
  /// Moves `steps` times along the gradient of the loss, one step after another: descent for a negative `stepSize`,
  /// ascent for a positive one. The definition that the closed forms are checked against; it overflows when they would
  /// not.
  public mutating func followGradient(of quadratic: Quadratic, stepSize: Double, steps: Int) {
    for _ in 0..<steps { add(stepSize, quadratic.gradient(self)) }
  }
}
