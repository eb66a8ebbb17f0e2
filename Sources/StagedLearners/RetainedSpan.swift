import Core
import Glibc
import LinearAlgebra

/// The forget rows and the retain rows in one orthonormal basis Q (d x r) of their joint row space, r being at most
/// `k + n_R`: all that an algorithm which may also look at retain rows can do happens there.
public struct RetainedSpan: Sendable {
  /// The models and their forget set.
  public let divergence: PathDivergence
  /// (X_R, y_R).
  public let retain: Examples
  /// `||X_U (I - P_R)||`, P_R being the projection to row(X_R): 0 where the retain rows cover the forget rows.
  public let uncovered: Double
  /// The norm of `X_U (I - P_R)` below which it is rounding.
  public let roundingLevel: Double

  private let basis: Matrix
  private let forgetRows: Matrix
  private let retainRows: Matrix
  private let retainAxes: Matrix
  private let retainValues: [Double]
  /// `X_U'X_U` and `X_R'X_R` in the basis.
  private let forgetMoments: Matrix
  private let retainMoments: Matrix
  /// `Q' Delta_0`, and the part of Delta_0 off the span.
  private let coordinates: Vector
  private let offSpan: Vector
  /// `X_test Q`.
  private let predictions: Matrix

  /// Factors the two sets of rows; O(d (k + n_R)^2).
  ///
  /// - Throws: `StagedLearnersError.dimension(_:_:_:_:)` for rows of another dimension,
  ///   `StagedLearnersError.invalidInstance(_:)` for no retain row, and `LinearAlgebraError`.
  public init(_ divergence: PathDivergence, retain: Examples, workers: Workers = .one) throws {
    let forget = divergence.instance.forget
    guard retain.dimension == forget.dimension else {
      throw StagedLearnersError.dimension("the forget set", forget.dimension, "the retain set", retain.dimension)
    }
    guard retain.features.elements.contains(where: { $0 != 0 }) else {
      throw StagedLearnersError.invalidInstance("the retain set has no row other than 0; there is nothing to retain")
    }
    (self.divergence, self.retain) = (divergence, retain)
    basis = try Self.basis(forget.features, retain.features, workers)
    forgetRows = basis.transposeTimes(forget.features, workers: workers)
    retainRows = basis.transposeTimes(retain.features, workers: workers)
    forgetMoments = forgetRows.times(forgetRows.transposed, workers: workers)
    retainMoments = retainRows.times(retainRows.transposed, workers: workers)
    predictions = divergence.instance.test.transposeTimes(basis, workers: workers)
    coordinates = basis.transposeTimes(divergence.difference, workers: workers)
    var offSpan = divergence.difference
    // Twice, so that what is left is orthogonal to the span to rounding.
    for _ in 0..<2 { offSpan.add(-1, basis.times(basis.transposeTimes(offSpan, workers: workers), workers: workers)) }
    // Delta_0 in the span to within the rounding of the projection is Delta_0 in the span.
    let inSpan = offSpan.norm <= 64 * Double.ulpOfOne * divergence.difference.norm
    self.offSpan = inSpan ? Vector(zeros: offSpan.count) : offSpan
    let svd = try SingularValues(retainRows)
    let size = max(retain.dimension, retain.count)
    let rank = SingularValues.numericalRank(values: svd.values, rows: retain.dimension, columns: retain.count)
    retainValues = Array(svd.values[..<rank])
    retainAxes = svd.left.selectingColumns(Array(0..<rank))
    var rest = forgetRows
    for _ in 0..<2 { rest = rest.minus(retainAxes.times(retainAxes.transposeTimes(rest))) }
    uncovered = try SingularValues.values(of: rest).first ?? 0
    // A perturbation of X_R by size eps turns row(X_R) by its condition times as much (Wedin).
    let condition = (retainValues.first ?? 1) / (retainValues.last ?? 1)
    roundingLevel = 8 * Double(size) * Double.ulpOfOne * condition * (divergence.span.singularValues.first ?? 0)
  }

  /// Whether row(X_U) lies in row(X_R), to rounding.
  public var covers: Bool { uncovered <= roundingLevel }

  /// Whether rounding can tell if row(X_U) is covered: not where the retain rows are nearly dependent.
  public var canBeTold: Bool {
    uncovered > roundingLevel || roundingLevel <= 0x1p-20 * (divergence.span.singularValues.first ?? 0)
  }

  /// `(2 eta/k) ||X_U (I - P_R)||^2`, which lambda_max(M) never falls below, whatever gamma is; 0 where the retain rows
  /// cover the forget rows.
  public var growthFloor: Double {
    covers ? 0 : 2 * divergence.instance.stepSize / Double(divergence.instance.forgetCount) * uncovered * uncovered
  }

  /// gamma*, the least gamma for which no eigenvalue of M is positive; infinite unless the retain rows cover the
  /// forget rows.
  ///
  /// It is the largest eigenvalue of `X_U'X_U/k` relative to `X_R'X_R/n_R` on row(X_R): with `X_R' = V S W'`, it is
  /// `(n_R/k) ||X_U V S^-1||^2`.
  public func threshold() throws -> Double {
    guard covers else { return .infinity }
    var seen = retainAxes.transposeTimes(forgetRows)
    for column in 0..<seen.columns {
      for row in 0..<seen.rows { seen[row, column] /= retainValues[row] }
    }
    let largest = try SingularValues.values(of: seen).first ?? 0
    return Double(retain.count) / Double(divergence.instance.forgetCount) * largest * largest
  }

  /// The gamma beyond which M has an eigenvalue below -2, so that the descent on the retain loss itself overshoots: the
  /// inverse of the largest eigenvalue of `X_R'X_R/n_R` relative to `X_U'X_U/k + I/eta`.
  public func unstableBeyond() throws -> Double {
    let eigen = try SymmetricEigen(forgetMoments)
    let (k, zeros) = (Double(divergence.instance.forgetCount), eigen.values.count - divergence.instance.forgetCount)
    var relative = eigen.vectors.transposeTimes(retainRows)
    for (row, value) in eigen.values.enumerated() {
      // All but k eigenvalues are 0, whatever rounding makes of them: beside a huge eta that would count.
      let weight = ((row < zeros ? 0 : value / k) + 1 / divergence.instance.stepSize).squareRoot()
      for column in 0..<relative.columns { relative[row, column] /= weight }
    }
    let largest = try SingularValues.values(of: relative).first ?? 0
    return Double(retain.count) / largest / largest
  }

  /// The run at this gamma, in the eigenvectors of its M.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` unless gamma is finite and not negative.
  public func ascent(gamma: Double, workers: Workers = .one) throws -> RegularisedAscent {
    guard gamma >= 0, gamma.isFinite else {
      throw LinearAlgebraError.invalidParameter("gamma is \(gamma); it must be finite and at least 0")
    }
    let instance = divergence.instance
    let (up, down) = (
      2 * instance.stepSize / Double(instance.forgetCount), 2 * instance.stepSize * gamma / Double(retain.count)
    )
    let update = Matrix(
      rows: coordinates.count, columns: coordinates.count,
      elements: zip(forgetMoments.elements, retainMoments.elements).map { up * $0 - down * $1 })
    let eigen = try SymmetricEigen(update)
    let eigenvalues = try refined(eigen.values, up, down)
    return RegularisedAscent(
      gamma: gamma, eigenvalues, eigen.vectors, amplitudes: eigen.vectors.transposeTimes(coordinates),
      directions: predictions.times(eigen.vectors, workers: workers),
      offSpanPredictions: instance.test.transposeTimes(offSpan, workers: workers), offSpanNorm: offSpan.norm)
  }

  /// The eigenvalues of `M = Y Y' - N`, with `Y = sqrt(up) X_U'` and `N = down X_R'X_R`, the positive ones right to the
  /// rounding of their own size and not of `||M||`, where the eigensolver's are too small beside it for that.
  ///
  /// By Sylvester's law `lambda > 0` is the j-th largest eigenvalue of M where the j-th of `Y' (N + lambda)^-1 Y` is 1.
  /// That falls with lambda and is a sum of positive terms, one part on row(X_R) and one off it.
  private func refined(_ computed: [Double], _ up: Double, _ down: Double) throws -> [Double] {
    let norm = computed.reduce(0) { max($0, abs($1)) }
    let k = forgetRows.columns
    guard let largest = computed.last, largest < 0x1p-26 * norm, k <= 64 else { return computed }
    let seen = retainAxes.transposeTimes(forgetRows)
    let off = covers ? Matrix(zeros: 1, k) : forgetRows.minus(retainAxes.times(seen))
    // All of it divided by `up`, so that the smallest eta takes nothing below Double's range.
    func ratios(_ logLambda: Double) throws -> [Double] {
      let lambda = exp(logLambda)
      var scaled = Matrix(zeros: seen.rows + off.rows, k)
      for column in 0..<k {
        for row in 0..<seen.rows {
          let weight = down / up * retainValues[row] * retainValues[row] + lambda
          scaled[row, column] = (1 / weight).squareRoot() * seen[row, column]
        }
        for row in 0..<off.rows { scaled[seen.rows + row, column] = (1 / lambda).squareRoot() * off[row, column] }
      }
      return try SingularValues.values(of: scaled)
    }
    let top = 2 * log(Vector(forgetRows.elements).norm) + 1
    let bottom = top - 200
    var positive: [Double] = []
    for index in 0..<k {
      guard try ratios(bottom).count > index, try ratios(bottom)[index] > 1 else { break }
      var (low, high) = (bottom, top)
      for _ in 0..<64 where high - low > 1e-15 * abs(low) {
        let middle = (low + high) / 2
        if try ratios(middle)[index] > 1 { low = middle } else { high = middle }
      }
      positive.append(up * exp((low + high) / 2))
    }
    // The others are not positive, whatever rounding makes of them.
    return computed.dropLast(positive.count).map { min($0, 0) } + positive.reversed()
  }

  /// Delta_t of a run of this span; not finite once it is out of Double's range.
  public func difference(_ run: RegularisedAscent, at step: Int) -> Vector {
    offSpan + basis.times(run.eigenvectors.times(run.amplitudes(at: step)))
  }

  /// An orthonormal basis of the span of the columns of both matrices.
  private static func basis(_ one: Matrix, _ other: Matrix, _ workers: Workers) throws -> Matrix {
    // Each set to norm 1: the span is the same, and the smaller set is not taken for rounding of the larger.
    let parts = [one, other].flatMap { matrix in
      let size = Vector(matrix.elements).norm
      return matrix.elements.map { $0 / size }
    }
    let all = Matrix(rows: one.rows, columns: one.columns + other.columns, elements: parts)
    return try RowSpace(all, workers: workers).basis
  }
}

extension Matrix {
  fileprivate func minus(_ other: Matrix) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: zip(elements, other.elements).map { $0 - $1 })
  }
}

extension Vector {
  /// Ascends on the forget set and descends on the retain set, gamma times as fast, one simultaneous step after
  /// another. The definition that `RegularisedAscent` is checked against.
  public mutating func ascend(
    _ forget: Examples, retaining retain: Examples, gamma: Double, stepSize: Double, steps: Int,
    workers: Workers = .one
  ) {
    for _ in 0..<steps {
      let (up, down) = (forget.gradient(self, workers: workers), retain.gradient(self, workers: workers))
      add(stepSize, up)
      add(-stepSize * gamma, down)
    }
  }
}
