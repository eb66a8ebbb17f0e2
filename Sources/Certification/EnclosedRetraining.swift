import StagedLearners

/// A model of a path beside its retrained model, in balls: what B2 and B3 speak of.
public struct EnclosedRetraining: Sendable {
  /// One of the two paths of an instance.
  public enum Order: Sendable, CaseIterable {
    /// A before B.
    case ab
    /// B before A.
    case ba
  }

  /// The path.
  public let order: Order
  /// `floor(theta_0) = (1/m) min_w ||X_test (I - P_U) (theta_0 - theta_r) + X_test P_U w||^2`.
  ///
  /// `X_test P_U w` runs through the range of `H = X_test X_U'`, so with `e = X_test (theta_0 - theta_r)` the minimum
  /// is `||e||^2 - e'H (H'H)^-1 H'e`.
  public let floor: Ball
  /// mu of the last stage where that is the forget set itself: then the floor is 0 and one step returns (B3).
  public let lastIn: Double?

  private let divergence: EnclosedDivergence
  /// e.
  private let start: [Ball]
  /// `X_U theta_0 - y_U`.
  private let residual: [Ball]
  /// The coefficients of theta_0 - theta_r on the training rows.
  private let difference: [Ball]

  /// Retrains; nil where the instance does not say what that is.
  public init?(_ divergence: EnclosedDivergence, _ order: Order) throws(EnclosureFailure) {
    let (rows, bits) = (divergence.rows, divergence.bits)
    guard let retained = try rows.retainedPaths(bits: bits) else { return nil }
    let gram = rows.gram.balls(rows.training, rows.training, bits: bits)
    let training = DualTraining(gram, bits: bits)
    let model = training.train(order == .ab ? divergence.paths.ab : divergence.paths.ba)
    difference =
      order == .ab
      ? training.difference(divergence.paths.ab, retained: retained.ab)
      : training.difference(divergence.paths.ba, retained: retained.ba)
    start = rows.gram.balls(rows.test, rows.training, bits: bits).times(difference, bits: bits)
    let labels = rows.instance.forget.labels.elements.map { Ball($0, bits: bits) }
    residual = rows.gram.balls(rows.forget, rows.training, bits: bits).times(model, bits: bits) - labels
    let seen = divergence.cross.transposed.times(start, bits: bits)
    let nearest = Ball.dot(seen, divergence.crossFactor.solve(seen), bits: bits)
    floor = (start.squaredNorm(bits: bits) - nearest) / Ball(rows.instance.testCount, bits: bits)
    (self.divergence, self.order, lastIn) = (divergence, order, rows.lastIn(path: order))
  }

  /// `d(theta_t, theta_r)` after t steps of ascent: `theta_t - theta_0 = X_U' (X_U X_U')^-1 (r_t - r_0)` with the
  /// forget residuals `r_t = (I + (2 eta/k) X_U X_U')^t r_0`.
  public func distance(at step: Int) -> Ball {
    let bits = divergence.bits
    let moved = divergence.forgetFactor.solve(divergence.powers.apply(step, to: residual) - residual)
    return (start + divergence.cross.times(moved, bits: bits)).squaredNorm(bits: bits)
      / Ball(divergence.instance.testCount, bits: bits)
  }

  /// Whether the floor, which is never negative, is certainly 0. By arithmetic, as after labels of 0 learned first,
  /// where theta_0 is theta_r: B2 speaks of almost all instances. Or by algebra: with as many directions as test points
  /// every prediction can be reached, with as many as parameters every model, and what was learned last lies in the
  /// forget span.
  public var floorIsZero: Bool {
    let instance = divergence.instance
    return (-floor).isNonnegative || lastIn != nil
      || [instance.testCount, instance.dimension].contains(instance.forgetCount)
  }

  /// `floor > 0`, which holds almost surely: proved or undecided, and nil where the floor is certainly 0.
  public var floorIsPositive: CertifiedClaim? {
    guard !floorIsZero else { return nil }
    let name: CertifiedClaim.Name = order == .ab ? .floorPositiveAB : .floorPositiveBA
    return CertifiedClaim(name, floor, .greater, .zero(bits: divergence.bits))
  }

  /// `d(theta_t, theta_r) >= floor` at a step; nil where the floor is certainly 0, which no distance is below.
  public func staysAboveFloor(at step: Int) -> CertifiedClaim? {
    guard !floorIsZero else { return nil }
    return CertifiedClaim(order == .ab ? .floorAB : .floorBA, at: step, distance(at: step), .atLeast, floor)
  }

  /// What one step of `eta* = k / (2 mu)` leaves of the distance to theta_r; nil unless the forget set was learned
  /// last.
  ///
  /// It is exactly 0 by algebra, and what is left is the width of the enclosures.
  public var returned: CertifiedClaim? {
    guard let lastIn else { return nil }
    let (rows, bits) = (divergence.rows, divergence.bits)
    // theta_1 - theta_r = theta_0 - theta_r + X_U' (X_U theta_0 - y_U) / mu, entry by entry, for the two parts to
    // cancel before anything is squared.
    let step = residual.map { $0 / Ball(lastIn, bits: bits) }
    let undone = difference.enumerated().map { index, value in
      let place = index - (rows.a.count + rows.b.count)
      return place >= 0 ? value + step[place] : value
    }
    let instance = rows.instance
    let features = [instance.stageA.examples, instance.stageB.examples, instance.forget].map(\.features)
    func squaredNorm(_ coefficients: [Ball]) -> Ball {
      let entries = (0..<instance.dimension).map { entry in
        let column = features.flatMap { matrix in
          (0..<matrix.columns).map { Ball(matrix[entry, $0], bits: bits) }
        }
        return Ball.dot(coefficients, column, bits: bits)
      }
      return entries.squaredNorm(bits: bits)
    }
    let share = Ball(Dyadic(1, exponent: -128), bits: bits)
    return CertifiedClaim(
      order == .ab ? .returnAB : .returnBA, share * squaredNorm(difference), .atLeast, squaredNorm(undone))
  }
}
