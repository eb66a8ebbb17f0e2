import Core
import LinearAlgebra
import StagedLearners

/// A set of named quadratic stages and the models that any order of them trains, with retraining and the difference of
/// two orders: `StagedLearners.AffineTraining`.
///
/// **Order as a commutator (theory B8).** With `S = I - g(H)` a stage is `theta -> theta - S (theta - c)`. Two stages
/// trained from theta_0 in both orders differ by
///
///     Delta_0 = S_A S_B (c_B - theta_0) - S_B S_A (c_A - theta_0).
///
/// 1. The stages commute from **every** theta_0 if and only if `S_A S_B = S_B S_A` and `S_A S_B (c_B - c_A) = 0`:
///    Delta_0 is affine in theta_0 with linear part `S_B S_A - S_A S_B`. Where that part is 0, the rest is
///    `S_A S_B (c_B - c_A)`.
/// 2. They commute for **all** centres if and only if `S_A S_B = 0` (take c_A = theta_0, then c_B arbitrary;
/// transposed,
///    `S_B S_A = 0`). Where g(h) = 1 for h = 0 only, as for proximal stages, flows and convergence, that says
///    `range(H_A)` orthogonal to `range(H_B)`.
/// 3. Where g is one-to-one on the curvatures (proximal, flows), `S_A S_B = S_B S_A` is `H_A H_B = H_B H_A`: two
///    quadratics commute from everywhere just when they share their axes and, along each axis on which both are curved,
///    their centre.
public typealias QuadraticTraining = AffineTraining<QuadraticStageMap>

extension AffineTraining where Map == QuadraticStageMap {
  /// Prepares the stages.
  ///
  /// - Throws: `StagedLearnersError` for no stage, repeated names or differing dimensions, and what
  ///   ``QuadraticStageMap`` throws.
  public init(_ stages: [QuadraticStage], workers: Workers = .one) throws {
    try self.init(maps: workers.map(stages.count) { try QuadraticStageMap(stages[$0]) }, workers: workers)
  }
}

/// A quadratic stage made ready to train: `theta -> theta - S (theta - c)` with `S = I - g(H)` in H's own axes.
public struct QuadraticStageMap: AffineStageMap {
  /// The stage.
  public let stage: QuadraticStage
  /// `b = S c`: what the stage makes of theta = 0.
  public let offset: Vector

  /// `1 - g(h_j)`.
  private let weights: [Double]

  /// Prepares the stage; O(d^2).
  ///
  /// - Throws: ``QuadraticLearnersError`` for a parameter out of range, a Hessian that is not as definite as the
  ///   trainer needs, or a trainer that leaves Double's range on this Hessian.
  public init(_ stage: QuadraticStage) throws {
    let quadratic = stage.quadratic
    try stage.trainer.validate(stage: stage.name, quadratic)
    weights = quadratic.curvatures.map { -stage.trainer.change(at: $0, zeroBelow: quadratic.zeroLevel).value }
    guard weights.allSatisfy(\.isFinite) else {
      throw QuadraticLearnersError.leavesRange(stage: stage.name, step: nil)
    }
    self.stage = stage
    offset = Self.product(weights, quadratic, quadratic.centre)
  }

  /// The stage's name.
  public var name: String { stage.name }
  /// d.
  public var dimension: Int { stage.quadratic.dimension }

  /// `S v`.
  public func contraction(_ vector: Vector, workers: Workers) -> Vector {
    Self.product(weights, stage.quadratic, vector, workers)
  }

  /// `-S (theta - c)`.
  public func change(of theta: Vector, workers: Workers) -> Vector {
    Self.product(weights, stage.quadratic, stage.quadratic.centre - theta, workers)
  }

  /// The centre with which the same Hessian and trainer would take the model from `start` to `target`:
  /// `start + S^+ (target - start)`. Nil when the trainer leaves a direction of `target - start` as it is.
  public func centre(taking start: Vector, to target: Vector) -> Vector? {
    // S is at most of size max |1 - g|; below d eps of that a weight is rounding.
    let rounding = Double(dimension) * .ulpOfOne
    let level = rounding * weights.reduce(0) { max($0, abs($1)) }
    let move = stage.quadratic.directions.transposeTimes(target - start)
    let unmoved = weights.indices.filter { abs(weights[$0]) <= level }.map { move[$0] }
    // The move is right to the rounding of both models.
    guard Vector(unmoved).norm <= 8 * rounding * (start.norm + target.norm) else { return nil }
    return start + Self.product(weights.map { abs($0) > level ? 1 / $0 : 0 }, stage.quadratic, target - start)
  }

  /// `Q diag(weights) Q' v`.
  private static func product(
    _ weights: [Double], _ quadratic: Quadratic, _ vector: Vector, _ workers: Workers = .one
  ) -> Vector {
    var coordinates = quadratic.directions.transposeTimes(vector, workers: workers)
    for index in weights.indices { coordinates[index] *= weights[index] }
    return quadratic.directions.times(coordinates, workers: workers)
  }
}
