import LinearAlgebra

/// The least eigenvalue of a symmetric pencil `N w = s G w` with G positive definite, enclosed.
///
/// Above, it is at most the Rayleigh quotient `w'Nw / w'Gw` of any w and every s for which `N - s G` has a pivot that
/// is certainly negative. Below, it exceeds every s for which `N - s G` has a ``PositiveFactor``. The w comes from
/// Double's eigensolver and is then improved by inverse iteration with the factor that proved the lower bound. From a
/// good w that squares the relative error; from a poor one, as of a G that is singular to Double, bisection goes on
/// until it is good.
enum LeastEigenvalue {
  /// The enclosure; nil where no lower bound could be proved at this precision. G is the identity unless given.
  ///
  /// The width aimed at is `2^(24 - bits)` of the pencil's scale.
  static func enclose(_ n: BallMatrix, relativeTo g: BallMatrix? = nil, bits: Int) -> Ball? {
    // A pencil of order 1 is a quotient, exact where its division is.
    if n.rows == 1 {
      let quotient = n[0, 0] / (g?[0, 0] ?? .one(bits: bits))
      return quotient.isBounded ? quotient : nil
    }
    let g = g ?? BallMatrix(rows: n.rows, columns: n.rows) { Ball($0 == $1 ? 1 : 0, bits: bits) }
    // |s| is at most of this size, up to a factor of the order: in units of it the search below is free of scales.
    let sizes = (0..<n.rows).map { (n[$0, $0] / g[$0, $0]).magnitudeAbove }
    guard let scale = sizes.filter({ !$0.isZero && !$0.isInfinite }).map(\.top).max() else { return nil }

    var vector = guess(n, g).map { Ball($0, bits: bits) }
    guard var upper = quotient(n, g, vector, bits: bits).upper else { return nil }
    var lower: (bound: Dyadic, factor: PositiveFactor)?
    // Binary places below the scale: how far under the upper bound positive definiteness is tried.
    let finest = bits - 24
    var places = min(44, finest)
    while true {
      let shift = upper - Dyadic(1, exponent: scale - places)
      let shifted = BallMatrix(symmetric: n.rows) { n[$0, $1] - Ball(shift, bits: bits) * g[$0, $1] }
      var (isProved, isTooCoarse) = (false, false)
      switch PositiveFactor.factor(shifted, bits: bits) {
      case .positive(let factor): (lower, isProved) = ((shift, factor), true)
      case .stopped(let pivot) where pivot.isNegative: upper = shift
      case .stopped: isTooCoarse = true
      }
      guard let (bound, factor) = lower else {
        // Coarser, down to a shift far below the whole spectrum.
        guard places > -8 else { return nil }
        places = places > 8 ? places / 2 : places - 4
        continue
      }
      // As long as that takes a quarter off the width: parts of the vector along eigenvalues that are farther from the
      // least one than the shift is lose at least so much.
      var fall = Dyadic.zero
      repeat {
        vector = normalised(factor.solve(g.times(vector, bits: bits)).map(\.centre))
        guard let better = quotient(n, g, vector, bits: bits).upper, better < upper else { break }
        (fall, upper) = (upper - better, better)
      } while (upper - bound).scaled(by: -2) < fall
      // 2^(scale - last) is at most the width and more than half of it.
      let last = scale - (upper - bound).top + 1
      guard last < finest, !(isTooCoarse && places <= last + 1) else {
        return Ball(from: bound, to: upper, bits: bits)
      }
      places = isProved ? min(max(2 * last - 4, last + 8), finest) : max(last + 1, (last + places) / 2)
    }
  }

  private static func quotient(_ n: BallMatrix, _ g: BallMatrix, _ vector: [Ball], bits: Int) -> Ball {
    n.form(vector, bits: bits) / g.form(vector, bits: bits)
  }

  /// The vector scaled to about unit size, so that no iteration leaves the range of exponents.
  private static func normalised(_ vector: [Ball]) -> [Ball] {
    let top = vector.filter { !$0.midpoint.isZero }.map(\.midpoint.top).max() ?? 0
    return vector.map { Ball($0.midpoint.scaled(by: -top), bits: $0.bits) }
  }

  /// An eigenvector by Double's arithmetic, or any vector where that fails: it only has to be a good start.
  private static func guess(_ n: BallMatrix, _ g: BallMatrix) -> [Double] {
    // With G = Q Lambda Q' and S = Q Lambda^(-1/2), the pencil becomes S'N S v = s v, w = S v.
    if let whole = try? SymmetricEigen(approximation(g)), whole.values.allSatisfy({ $0 > 0 }) {
      let root = Matrix(rows: g.rows, columns: g.rows) { target in
        for column in 0..<g.rows {
          for row in 0..<g.rows {
            target[row + column * g.rows] = whole.vectors[row, column] / whole.values[column].squareRoot()
          }
        }
      }
      let reduced = root.transposeTimes(approximation(n)).times(root)
      if reduced.isFinite, let eigen = try? SymmetricEigen(reduced) {
        let vector = root.times(eigen.vectors.column(0))
        if vector.isFinite, vector.norm > 0 { return vector.elements }
      }
    }
    return (0..<n.rows).map { 1 + Double($0) / Double(n.rows) }
  }

  /// The midpoints as Doubles, all scaled by one power of two into Double's range.
  private static func approximation(_ matrix: BallMatrix) -> Matrix {
    let top = matrix.elements.filter { !$0.midpoint.isZero }.map(\.midpoint.top).max() ?? 0
    return Matrix(rows: matrix.rows, columns: matrix.columns) { target in
      for row in 0..<matrix.rows {
        for column in 0..<matrix.columns {
          target[row + column * matrix.rows] = matrix[row, column].midpoint.scaled(by: -top).approximation
        }
      }
    }
  }
}
