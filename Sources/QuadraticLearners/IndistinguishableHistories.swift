import LinearAlgebra
import StagedLearners

/// Two histories that end in the same model with the same forget loss and have different retrained models: no rule that
/// is not told the history serves both, local or not.
///
/// When H_U is nonsingular its gradients span everything and ``QuadraticFloor`` is 0: for each single history some
/// local rule reaches theta_r. But a rule that is given theta_0 and the forget loss and not the history gives the same
/// answer theta_u (the same law of answers, if it is random) in both of these histories:
///
///     0 -- R --> theta_R -- U --> theta_0        retrained: theta_R = R(0)
///     0 -- U --> theta_U -- R' --> theta_0       retrained: R'(0)
///
/// R' has the Hessian and the trainer of R and the centre that makes the ends meet,
/// `theta_U + S_R^+ (theta_0 - theta_U)`, where `S_R = I - g(H_R)` moves the model that way: always if it is
/// nonsingular. Where it does not, as ridge with fewer rows than parameters, R' is a proximal stage on the one
/// direction `theta_0 - theta_U`. By the parallelogram law, for every theta_u
///
///     max(d(theta_u, R(0)), d(theta_u, R'(0)))  >=  d(R(0), R'(0)) / 4,
///
/// with equality halfway between them; for a random rule the same holds of its mean distances. With `S = I - G` the two
/// differ by
///
///     R(0) - R'(0) = S_U theta_R - S_R' S_U c_U
///
/// (put `theta_0 = G_U theta_R + S_U c_U` into `R'(0) = theta_0 - G_R' S_U c_U`). That is not 0 for almost all centres
/// unless `S_U S_R = 0`: with `c_U = 0` it is `S_U theta_R`.
///
/// So retrain equivalence is out of reach of such rules for *every* forget Hessian that moves the retrained model,
/// singular or not; what B3's inverse adds is a rule that is told that U came last.
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
  /// - Throws: ``QuadraticLearnersError`` when a stage cannot be trained.
  public init(retain: QuadraticStage, forget: QuadraticStage) throws {
    let (r, u) = (try QuadraticStageMap(retain), try QuadraticStageMap(forget))
    model = u.apply(to: r.offset)
    if let centre = r.centre(taking: u.offset, to: model) {
      let quadratic = try Quadratic(hessian: retain.quadratic.hessian, centre: centre)
      twin = QuadraticStage(retain.name, quadratic, trainer: retain.trainer)
    } else {
      twin = try Self.oneDirection(retain.name, from: u.offset, to: model)
    }
    retrained = (last: r.offset, first: try QuadraticStageMap(twin).offset)
  }

  /// A proximal stage of curvature 1 along `target - start`, which goes half the way to its centre.
  private static func oneDirection(_ name: String, from start: Vector, to target: Vector) throws -> QuadraticStage {
    let move = target - start
    let direction = (1 / move.norm) * move
    let hessian = Matrix(rows: 1, columns: direction.count, elements: direction.elements).gram()
    let quadratic = try Quadratic(hessian: hessian, centre: start + 2 * move)
    return QuadraticStage(name, quadratic, trainer: .proximal(mu: 1))
  }

  /// `d(R(0), R'(0)) / 4`: at least one history is left this far from its retrained model by any rule that cannot tell
  /// them apart. X_test' is d x m.
  public func floor(test: Matrix) -> Double {
    let e = test.transposeTimes(retrained.last - retrained.first)
    return e.dot(e) / (4 * Double(test.columns))
  }
}
