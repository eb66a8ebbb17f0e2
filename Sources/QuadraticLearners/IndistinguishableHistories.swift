import LinearAlgebra
import StagedLearners

/// Two histories that end in the same model with the same forget loss and have different retrained models: no local,
/// path-oblivious rule serves both.
///
/// When H_U is nonsingular its gradients span everything and ``QuadraticFloor`` is 0: for each single history some local
/// rule reaches theta_r. But a rule that is given theta_0 and the forget loss and nothing else gives the same answer
/// theta_u (the same law of answers, if it is random) in both of these histories:
///
///     0 -- R --> theta_R -- U --> theta_0        retrained: theta_R = R(0)
///     0 -- U --> theta_U -- R' --> theta_0       retrained: R'(0)
///
/// R' has the Hessian and the trainer of R, and the one centre that makes the ends meet, `theta_U + S_R^-1 (theta_0 -
/// theta_U)`; it exists when `S_R = I - g(H_R)` is nonsingular, for instance for every proximal stage with nonsingular
/// H_R. By the parallelogram law, for every theta_u
///
///     max(d(theta_u, R(0)), d(theta_u, R'(0)))  >=  d(R(0), R'(0)) / 4,
///
/// with equality halfway between them; for a random rule the same holds of its mean distances. With `S = I - G` the two
/// differ by
///
///     R(0) - R'(0) = S_U theta_R - S_R S_U c_U
///
/// (put `theta_0 = G_U theta_R + S_U c_U` into `R'(0) = theta_0 - G_R S_U c_U`). That is linear in the centres and, where
/// U moves anything, `S_U != 0`, not 0 for almost all of them: with `c_U = 0` take any theta_R outside the kernel of S_U.
///
/// So retrain equivalence is out of reach of such rules for *every* forget Hessian that moves the model, singular or
/// not; what B3's inverse adds is a rule that is told that U came last.
///
/// Theorem: proofs/quadratic-learners.md
public struct IndistinguishableHistories: Sendable {
  /// theta_0, where both histories end.
  public let model: Vector
  /// The retrained models: of the history that learned U last, and of the one that learned it first.
  public let retrained: (last: Vector, first: Vector)
  /// R'.
  public let twin: QuadraticStage

  /// The history R, U from 0 and its twin U, R'.
  ///
  /// - Throws: ``QuadraticLearnersError`` when a stage cannot be trained, or R leaves a direction as it is.
  public init(retain: QuadraticStage, forget: QuadraticStage) throws {
    let (r, u) = (try QuadraticStageMap(retain), try QuadraticStageMap(forget))
    model = u.apply(to: r.offset)
    twin = QuadraticStage(
      retain.name,
      try Quadratic(hessian: retain.quadratic.hessian, centre: r.centre(taking: u.offset, to: model)),
      trainer: retain.trainer)
    retrained = (last: r.offset, first: try QuadraticStageMap(twin).offset)
  }

  /// `d(R(0), R'(0)) / 4`: at least one history is left this far from its retrained model by any rule that cannot tell
  /// them apart. X_test' is d x m.
  public func floor(test: Matrix) -> Double {
    let e = test.transposeTimes(retrained.last - retrained.first)
    return e.dot(e) / (4 * Double(test.columns))
  }
}
