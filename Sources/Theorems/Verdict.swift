import Glibc

/// A hypothesis of a statement, as found on an instance.
public struct Precondition: Sendable, Equatable {
  /// What is assumed, in the paper's symbols.
  public let assumption: String
  /// Whether it was found to hold.
  public let holds: Bool
  /// The number that decided it, in words.
  public let evidence: String

  /// A hypothesis as found.
  public init(assumption: String, holds: Bool, evidence: String) {
    (self.assumption, self.holds, self.evidence) = (assumption, holds, evidence)
  }
}

/// An inequality `left >= right` between quantities too large for Double, with its margin.
public struct Inequality: Sendable, Equatable {
  /// `log10` of the left-hand side.
  public let log10Left: Double
  /// `log10` of the right-hand side; minus infinity where it is 0 or negative, and the inequality empty.
  public let log10Right: Double

  /// `log10(left / right)`: by how many powers of ten the inequality holds, negative where it fails.
  public var margin: Double { log10Right == -.infinity ? .infinity : log10Left - log10Right }
  /// Whether `left >= right`, up to the rounding of the two logarithms: some steps of the proof are equalities at
  /// t = 0 or for k = 1.
  public var holds: Bool {
    // An infinite margin needs no tolerance, and would get an infinite one: 0 >= 1 is false.
    guard margin.isFinite else { return margin > 0 }
    return margin >= -64 * Double.ulpOfOne * (1 + abs(log10Left) + abs(log10Right))
  }

  /// From natural logarithms.
  public init(logLeft: Double, logRight: Double) {
    self.init(log10Left: logLeft / M_LN10, log10Right: logRight / M_LN10)
  }

  /// From `log10` of both sides.
  public init(log10Left: Double, log10Right: Double) {
    (self.log10Left, self.log10Right) = (log10Left, log10Right)
  }
}

/// What an instance says about a statement.
public enum Verdict: String, Sendable {
  /// It held at every step at which it was claimed and checked.
  case holds
  /// It failed at a step where it is claimed.
  case violated
  /// It is claimed only from a step that the check did not reach.
  case notReached = "not_reached"
}

/// An instance on which a statement says nothing, because a hypothesis fails.
public struct HypothesisFailure: Error, Equatable, CustomStringConvertible {
  /// The statement, for example "Theorem 3.1".
  public let statement: String
  /// The hypothesis that does not hold.
  public let precondition: Precondition

  /// A failed hypothesis of a statement.
  public init(statement: String, precondition: Precondition) {
    (self.statement, self.precondition) = (statement, precondition)
  }

  /// The hypothesis and what was found, in one line.
  public var description: String {
    "\(statement) does not apply: it assumes \(precondition.assumption), but \(precondition.evidence)"
  }
}
