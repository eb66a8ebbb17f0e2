/// What can go wrong in a factorisation, a filter or a draw. Mismatched shapes are programmer errors and trap instead.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
  /// The named input holds a NaN or an infinity.
  case nonFinite(String)
  /// A symmetric matrix that had to be positive definite is not: its leading minor of this order is not positive.
  case notPositiveDefinite(order: Int)
  /// A matrix that had to have full rank has only this numerical rank.
  case rankDeficient(rank: Int, required: Int)
  /// LAPACK's iteration did not converge in the named routine.
  case noConvergence(String)
  /// A parameter lies outside its range; the text names it, its value and the range.
  case invalidParameter(String)

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .nonFinite(let what): "\(what) holds a NaN or an infinity; every entry must be finite"
    case .notPositiveDefinite(let order):
      "the matrix is not positive definite: its leading minor of order \(order) is not positive"
    case .rankDeficient(let rank, let required):
      "the matrix has numerical rank \(rank); full rank \(required) is required"
    case .noConvergence(let routine): "LAPACK's \(routine) did not converge"
    case .invalidParameter(let text): text
    }
  }
}
