/// `(I + (2 eta/k) X_U X_U')^t` times a vector, for any t up to a largest one, from the powers at powers of two.
///
/// Ascent in the dual: `Delta_t = (I - P_U) Delta_0 + X_U' w_t` with `w_t` this power times `w_0`, since
/// `(I + M_U) X_U' w = X_U' (I + (2 eta/k) X_U X_U') w`.
struct AscentPowers: Sendable {
  private let squares: [BallMatrix]
  private let bits: Int

  /// The powers up to `lastStep`, from `X_U X_U'`.
  init(_ forgetGram: BallMatrix, stepSize: Double, through lastStep: Int, bits: Int) {
    let factor = Ball(2, bits: bits) * Ball(stepSize, bits: bits) / Ball(forgetGram.rows, bits: bits)
    var power = BallMatrix(symmetric: forgetGram.rows) { row, column in
      let product = factor * forgetGram[row, column]
      return row == column ? .one(bits: bits) + product : product
    }
    var squares: [BallMatrix] = []
    var rest = lastStep
    while rest > 0 {
      squares.append(power)
      rest >>= 1
      if rest > 0 { power = power.squared(bits: bits) }
    }
    (self.squares, self.bits) = (squares, bits)
  }

  /// The vector after so many steps; traps beyond the largest.
  func apply(_ steps: Int, to vector: [Ball]) -> [Ball] {
    precondition(steps >> squares.count == 0, "step \(steps) is beyond the powers prepared")
    return squares.indices.reduce(vector) { result, bit in
      steps >> bit & 1 == 1 ? squares[bit].times(result, bits: bits) : result
    }
  }
}
