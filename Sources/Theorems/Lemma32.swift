import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// Lemma 3.2 (C.3): `Delta_t = (I + M_U)^t Delta_0`, because the labels y_U cancel in the difference of two runs.
///
/// The closed form is checked against two models that really unlearn, step by step.
///
/// Theorem: proofs/lemma-3.2.md
public struct Lemma32: Sendable {
  /// The number of steps run.
  public let steps: Int
  /// `||(theta_AB^t - theta_BA^t) - (I + M_U)^t Delta_0||` after the last step.
  public let identityError: Double
  /// What rounding may make of it: each step adds `(d + k) eps` of the models' size, and later steps amplify that.
  public let roundingLevel: Double

  /// Whether both runs and the closed form stayed within Double's range.
  public let inRange: Bool

  /// Runs both models for this many steps; O(steps k d).
  public init(_ divergence: PathDivergence, _ models: TrainedPair, steps: Int, workers: Workers = .one) throws {
    let (instance, span) = (divergence.instance, divergence.span)
    var (ab, ba) = (models.ab, models.ba)
    let amplification = 1 + (divergence.growth.first ?? 0)
    let perStep = Double(instance.dimension + instance.forgetCount) * Double.ulpOfOne
    let labels = instance.forget.labels.norm * span.singularValues[0] * 2 * instance.stepSize / Double(span.count)
    var level = try LemmaC1(divergence, models).roundingLevel
    for _ in 0..<steps {
      // X_U' X_U theta is rounded relative to ||X_U||^2 ||theta||, that is to lambda_max ||theta||.
      level = amplification * level + perStep * (amplification * (ab.norm + ba.norm) + 2 * labels)
      ab.followGradient(of: instance.forget, stepSize: instance.stepSize, steps: 1, workers: workers)
      ba.followGradient(of: instance.forget, stepSize: instance.stepSize, steps: 1, workers: workers)
    }
    let closed =
      divergence.difference + span.growth(of: divergence.coordinates, stepSize: instance.stepSize, steps: steps)
    self.steps = steps
    identityError = (ab - ba - closed).norm
    roundingLevel = level + Double(steps) * perStep * span.condition * closed.norm
    inRange = ab.isFinite && ba.isFinite && closed.isFinite
  }

  /// Whether both agree to rounding; vacuous where the runs left Double's range.
  public var holds: Bool { !inRange || identityError <= roundingLevel }
}
