/// The factorisation `A = L D L'` of a symmetric matrix in balls whose pivots are all certainly positive: a proof that
/// A is positive definite, and the means to solve with it.
///
/// The exact matrix lies in the balls, so do its exact L and D, and a matrix whose pivots D are positive is positive
/// definite.
struct PositiveFactor: Sendable {
  /// What the attempt says of the matrix.
  enum Outcome {
    /// It is positive definite.
    case positive(PositiveFactor)
    /// A pivot is not certainly positive: the matrix is certainly not positive definite if the pivot is certainly not.
    case stopped(pivot: Ball)
  }

  /// The rows of L without its unit diagonal.
  private let lower: [[Ball]]
  /// The diagonal of D.
  let pivots: [Ball]
  private let bits: Int

  /// Factors a symmetric matrix, of which it reads the lower triangle.
  static func factor(_ matrix: BallMatrix, bits: Int) -> Outcome {
    var (lower, pivots): ([[Ball]], [Ball]) = ([], [])
    for row in 0..<matrix.rows {
      // The row of L and, beside it, of L D.
      var (unit, scaled): ([Ball], [Ball]) = ([], [])
      for column in 0..<row {
        let rest = matrix[row, column] - Ball.dot(scaled, lower[column], bits: bits)
        scaled.append(rest)
        unit.append(rest / pivots[column])
      }
      let pivot = matrix[row, row] - Ball.dot(scaled, unit, bits: bits)
      guard pivot.isPositive else { return .stopped(pivot: pivot) }
      lower.append(unit)
      pivots.append(pivot)
    }
    return .positive(PositiveFactor(lower: lower, pivots: pivots, bits: bits))
  }

  /// The factorisation; nil unless the matrix was proved positive definite.
  init?(_ matrix: BallMatrix, bits: Int) {
    guard case .positive(let factor) = Self.factor(matrix, bits: bits) else { return nil }
    self = factor
  }

  private init(lower: [[Ball]], pivots: [Ball], bits: Int) {
    (self.lower, self.pivots, self.bits) = (lower, pivots, bits)
  }

  /// `A^-1 b`. The zero vector gives the zero vector, exactly.
  func solve(_ vector: [Ball]) -> [Ball] {
    var solution: [Ball] = []
    for (row, value) in vector.enumerated() {
      solution.append(value - Ball.dot(lower[row], solution, bits: bits))
    }
    for index in solution.indices { solution[index] = solution[index] / pivots[index] }
    for row in solution.indices.reversed() {
      for below in (row + 1)..<max(row + 1, solution.count) {
        solution[row] = solution[row] - lower[below][row] * solution[below]
      }
    }
    return solution
  }
}
