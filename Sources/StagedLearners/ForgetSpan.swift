import Core
import Glibc
import LinearAlgebra

/// The forget set factored: `X_U' = V diag(s) Z'`, V an orthonormal basis (d x k) of the row space of X_U.
///
/// V is kept as the product Q W of a QR factorisation's Q (d x k) and a small rotation W (k x k), so the only large
/// matrix is Q. Singular values come from X_U itself and not from `X_U X_U'`, whose condition is the square.
public struct ForgetSpan: Sendable {
  /// (X_U, y_U).
  public let examples: Examples
  /// The k singular values s of X_U, descending.
  public let singularValues: [Double]

  /// By how many units of rounding the span can have been turned while it was computed.
  public let turning: Double

  private let basis: Matrix
  private let rotation: Matrix
  private let rightTransposed: Matrix

  /// Factors the forget set.
  ///
  /// - Throws: `LinearAlgebraError.rankDeficient(rank:required:)` when the rows of X_U are not independent, which
  ///   Theorem 3.1 assumes, and `LinearAlgebraError.nonFinite(_:)`.
  public init(_ examples: Examples, workers: Workers = .one) throws {
    self = try Self.factor(examples, workers: workers) { _ in }.span
  }

  /// Factors the forget set and, while the triangle R is decomposed, runs `body` on Q (d x k).
  static func factor<Other: Sendable>(
    _ examples: Examples, workers: Workers, whileDecomposing body: @Sendable (Matrix) throws -> Other
  ) throws -> (span: ForgetSpan, other: Other) {
    let (d, k) = (examples.dimension, examples.count)
    guard k <= d else { throw LinearAlgebraError.rankDeficient(rank: d, required: k) }
    guard k > 0 else { throw LinearAlgebraError.rankDeficient(rank: 0, required: 1) }
    let qr = try QR(examples.features, workers: workers)
    let (svd, other) = try workers.join({ try SingularValues(qr.triangular) }, { try body(qr.orthonormal) })
    guard let first = svd.values.first, let last = svd.values.last, last > 0, first <= largestCondition * last else {
      let span = try ForgetSpan(precisely: examples)
      return (span, try body(span.basis))
    }
    return (ForgetSpan(examples, qr, svd, turning: first / last), other)
  }

  /// The condition of X_U from which on it is factored with twice the digits.
  private static let largestCondition = 0x1p24

  private init(_ examples: Examples, _ qr: QR, _ svd: SingularValues, turning: Double) {
    (self.examples, self.turning) = (examples, turning)
    (singularValues, basis) = (svd.values, qr.orthonormal)
    (rotation, rightTransposed) = (svd.left, svd.rightTransposed)
  }

  /// Factors rows that are nearly dependent or of very different lengths.
  private init(precisely examples: Examples) throws {
    let size = examples.features.elements.reduce(0) { max($0, abs($1)) }
    // Squares need room, and the span does not depend on the scale.
    let power = size > 0 ? Int(-size.exponent) : 0
    let qr = PreciseQR(examples.features.scaled(byPowerOfTwo: power))
    let k = examples.count
    let diagonal = (0..<k).map { qr.triangular[$0, $0] }
    // Twice the digits tell rows that are independent by a share of 2^-75.
    guard qr.leastShare > 0x1p-75 else {
      let rank = SingularValues.numericalRank(values: diagonal, rows: examples.dimension, columns: k)
      throw LinearAlgebraError.rankDeficient(rank: min(rank, k - 1), required: k)
    }
    guard let last = diagonal.last, last > 1e-70 else {
      throw LinearAlgebraError.invalidParameter(
        "the rows of X_U differ by more than 70 powers of ten in length; scale them to be told apart from rounding")
    }
    // R' = Z S W', whose columns are graded.
    let svd = try SingularValues(qr.triangular.transposed, isGraded: true)
    self.examples = examples
    singularValues = svd.values.map { scalbn($0, Int32(-power)) }
    (basis, rotation) = (qr.orthonormal, svd.rightTransposed.transposed)
    var right = Matrix(zeros: k, k)
    for (place, row) in qr.order.enumerated() {
      for value in 0..<k { right[value, row] = svd.left[place, value] }
    }
    rightTransposed = right
    turning = max(1, 0x1p-48 / qr.leastShare)
  }

  /// k, the dimension of the span.
  public var count: Int { singularValues.count }

  /// The condition number of X_U.
  public var condition: Double { (singularValues.first ?? 1) / (singularValues.last ?? 1) }

  /// The nonzero eigenvalues of `M_U = (2 eta/k) X_U'X_U`, descending: V's columns are their eigenvectors.
  public func growth(stepSize eta: Double) -> [Double] {
    singularValues.map { 2 * eta / Double(count) * $0 * $0 }
  }

  /// V itself, d x k.
  public func directions(workers: Workers = .one) -> Matrix { basis.times(rotation, workers: workers) }

  /// `V' v`, the coordinates of `P_U v`.
  public func coordinates(_ vector: Vector, workers: Workers = .one) -> Vector {
    rotation.transposeTimes(basis.transposeTimes(vector, workers: workers))
  }

  /// `V c`.
  public func combination(_ coordinates: Vector, workers: Workers = .one) -> Vector {
    basis.times(rotation.times(coordinates), workers: workers)
  }

  /// `(I - P_U) v`, projected twice so that what is left is orthogonal to the span to rounding.
  public func offSpan(_ vector: Vector, workers: Workers = .one) -> Vector {
    // In a square X_U every vector lies in the span: say so exactly.
    guard count < vector.count else { return Vector(zeros: vector.count) }
    var rest = vector
    for _ in 0..<2 { rest.add(-1, basis.times(basis.transposeTimes(rest, workers: workers), workers: workers)) }
    return rest
  }

  /// `X_test Q`, m x k: the predictions of the basis, from X_test' (d x m). Its singular values are those of
  /// `X_test P_U` other than the m - k that are always 0.
  func predictionsOfBasis(_ test: Matrix, workers: Workers = .one) -> Matrix {
    test.transposeTimes(basis, workers: workers)
  }

  /// `X_test V` from `X_test Q`.
  func rotate(_ predictionsOfBasis: Matrix, workers: Workers = .one) -> Matrix {
    predictionsOfBasis.times(rotation, workers: workers)
  }

  /// The amplitudes of gradient ascent from theta: after t steps
  /// `theta_t = theta + V ((1 + lambda_j)^t - 1) a_j` with `a = diag(1/s) Z' (X_U theta - y_U)`.
  public func ascentAmplitudes(_ theta: Vector, workers: Workers = .one) -> Vector {
    var amplitudes = rightTransposed.times(-1 * examples.residual(theta, workers: workers))
    for index in singularValues.indices { amplitudes[index] /= singularValues[index] }
    return amplitudes
  }

  /// The model after t steps of gradient ascent with step eta, by the closed form; not finite once it is out of
  /// Double's range.
  public func ascend(_ theta: Vector, stepSize eta: Double, steps: Int) -> Vector {
    theta + growth(of: ascentAmplitudes(theta), stepSize: eta, steps: steps)
  }

  /// `V ((1 + lambda_j)^t - 1) a_j`: what t steps of ascent add, from its amplitudes a.
  package func growth(of amplitudes: Vector, stepSize eta: Double, steps: Int) -> Vector {
    var change = amplitudes
    for (index, lambda) in growth(stepSize: eta).enumerated() {
      // As one product of logarithms: an amplitude of 0 stays 0 whatever it is multiplied by.
      change[index] = (LogNumber(change[index]) * LogNumber.growth(rate: lambda, steps: steps)).value
    }
    return combination(change)
  }
}
