/// What rigorous arithmetic says of an inequality.
public enum Decision: Equatable, Sendable, CustomStringConvertible {
  /// It holds for the numbers given.
  case proved
  /// It is false for the numbers given.
  case refuted
  /// The enclosures of its two sides overlap at this precision, as they do at every precision where the sides are
  /// equal.
  case undecided(bits: Int)

  /// Whether it is one or the other.
  public var isDecided: Bool { self == .proved || self == .refuted }

  /// In words.
  public var description: String {
    switch self {
    case .proved: "proved"
    case .refuted: "refuted"
    case .undecided(let bits): "undecided at \(bits) bits"
    }
  }
}

/// An inequality between two numbers known by enclosures, and what they decide.
public struct CertifiedClaim: Sendable {
  /// What is claimed; the raw value names it in files.
  public enum Name: String, Sendable, CaseIterable {
    /// The rows of X_U are independent: the least pivot of `X_U X_U'` is greater than 0.
    case forgetRank = "forget_rank"
    /// Lemma C.1, `||Delta_0||^2 > 0`.
    case lemmaC1 = "lemma_c1"
    /// Lemma C.2, `||P_U Delta_0||^2 > 0`.
    case lemmaC2 = "lemma_c2"
    /// Lemma C.4, `rank(X_test P_U) = k`: the least pivot of `(X_test X_U')' (X_test X_U')` is greater than 0.
    case lemmaC4 = "lemma_c4"
    /// t_0 is not greater than this step: `(1 + rho*)^(2t) sigma_U^2 ||P_U Delta_0||^2 >= 4 C_0^2`.
    case t0Reached = "t0_reached"
    /// t_0 is greater than this step: the opposite.
    case t0NotBefore = "t0_not_before"
    /// Theorem 3.1, `d(t) >= sigma_U^2 ||P_U Delta_0||^2 (1 + rho*)^(2t) / (4m)`.
    case theorem31 = "theorem_3_1"
    /// Its proof: `||X_test Delta_t|| >= ||X_test P_U Delta_t|| - ||X_test (I - P_U) Delta_0||`, decided in the form
    /// `||a|| ||b|| >= -<a, b>` that it takes when it is squared, with `a = X_test P_U Delta_t` and
    /// `b = X_test (I - P_U) Delta_0`.
    case triangle
    /// Its proof: `C_0^2 >= ||X_test (I - P_U) Delta_0||^2`.
    case operatorNorm = "operator_norm"
    /// Its proof: `||X_test P_U Delta_t||^2 >= sigma_U^2 ||P_U Delta_t||^2`.
    case sigma
    /// Its proof: `||P_U Delta_t||^2 >= (1 + rho*)^(2t) ||P_U Delta_0||^2`.
    case jensen
    /// t_1 of Corollary 1 is not greater than this step: `(1 + rho*)^(2t) sigma_U^2 ||P_U Delta_0||^2 >= 16 m eps`.
    case t1Reached = "t1_reached"
    /// t_1 is greater than this step: the opposite.
    case t1NotBefore = "t1_not_before"
    /// Corollary 1, from max(t_0, t_1) on: `d(t) >= 4 eps`.
    case corollary1 = "corollary_1"
    /// The floor of every local algorithm is greater than 0 on the path AB.
    case floorPositiveAB = "b2_floor_positive_ab"
    /// The same on the path BA.
    case floorPositiveBA = "b2_floor_positive_ba"
    /// No ascent from theta_AB comes nearer to its retrained model than the floor: `d(theta_t, theta_r) >= floor`.
    case floorAB = "b2_floor_ab"
    /// The same on the path BA.
    case floorBA = "b2_floor_ba"
    /// Last in, first out: one step of `eta* = k / (2 mu)` takes theta_AB to its retrained model, to within `2^-64` of
    /// its distance: `2^-128 ||theta_0 - theta_r||^2 >= ||theta_1 - theta_r||^2`.
    case returnAB = "b3_return_ab"
    /// The same on the path BA.
    case returnBA = "b3_return_ba"
  }

  /// How the left-hand side relates to the right-hand side.
  public enum Relation: String, Sendable {
    /// `left >= right`.
    case atLeast = ">="
    /// `left > right`.
    case greater = ">"
  }

  /// What is claimed.
  public let name: Name
  /// t; nil where no step is involved.
  public let step: Int?
  /// The left-hand side.
  public let left: Ball
  /// How it relates to the right-hand side.
  public let relation: Relation
  /// The right-hand side.
  public let right: Ball
  /// Whether both sides are the same number by algebra, such as Jensen's for a single eigenvalue: enclosures can never
  /// tell, and nothing is left to decide.
  public let isIdentity: Bool

  /// A claim.
  public init(
    _ name: Name, at step: Int? = nil, _ left: Ball, _ relation: Relation, _ right: Ball, isIdentity: Bool = false
  ) {
    (self.name, self.step, self.left, self.relation) = (name, step, left, relation)
    (self.right, self.isIdentity) = (right, isIdentity)
  }

  /// N, the bits of the enclosures.
  public var bits: Int { max(left.bits, right.bits) }

  /// What the enclosures decide.
  public var decision: Decision {
    if isIdentity { return relation == .atLeast ? .proved : .refuted }
    let gap = left - right
    switch relation {
    case .atLeast: return gap.isNonnegative ? .proved : gap.isNegative ? .refuted : .undecided(bits: bits)
    case .greater: return gap.isPositive ? .proved : (-gap).isNonnegative ? .refuted : .undecided(bits: bits)
    }
  }
}
