import LinearAlgebra
import StagedLearners

/// Lemma C.1: `Delta_0 != 0` almost surely, and
///
///     Delta_0 = (I - mu_A A) B X_B' y_B + (mu_B B - I) A X_A' y_A,      A = (X_A'X_A + mu_A I)^-1, B alike.
///
/// The identity is checked against the plain difference of the two trained models.
///
/// Theorem: proofs/lemma-c.1.md
public struct LemmaC1: Sendable {
  /// `||Delta_0||`.
  public let differenceNorm: Double
  /// `||(theta_AB - theta_BA) - Delta_0||`, the exact expression's distance from the plain difference.
  public let identityError: Double
  /// What rounding may make of it: the models are of this size and each solve amplifies by its condition.
  public let roundingLevel: Double

  /// Checks the lemma against the two trained models.
  public init(_ divergence: PathDivergence, _ models: TrainedPair) throws {
    let training = divergence.training
    differenceNorm = divergence.difference.norm
    identityError = (models.ab - models.ba - divergence.difference).norm
    let stages = divergence.instance.stages
    let maps = try stages.map { try training.map($0.name) }
    let size = max(models.ab.norm, models.ba.norm) + maps.reduce(0) { $0 + $1.offset.norm }
    // Backward error of a Cholesky solve of order n is about n eps, amplified by the condition of K + mu I.
    let amplification = maps.reduce(0.0) { $0 + Double($1.stage.examples.count) * Self.condition($1) }
    roundingLevel = 8 * Double.ulpOfOne * amplification * size
  }

  /// The two parts of the lemma.
  public var holds: Bool { differenceNorm > 0 && identityError <= roundingLevel }

  static func isNonzero(_ divergence: PathDivergence) -> Bool { divergence.differenceSignificance.isKnown }

  static func nonzero(_ divergence: PathDivergence) -> Precondition {
    Precondition(
      assumption: "Delta_0 = theta_AB - theta_BA is not 0 (Lemma C.1)", holds: isNonzero(divergence),
      evidence: divergence.differenceSignificance.evidence(
        "||Delta_0||", divergence.difference.norm, rounding: divergence.differenceRounding))
  }

  /// An upper bound on the condition of the stage's dual system.
  private static func condition(_ map: StageMap) -> Double {
    guard case .ridge(let mu) = map.stage.trainer else { return 1 / Double.ulpOfOne.squareRoot() }
    return (map.gramTrace + mu) / mu
  }
}

extension Significance {
  /// What was found of a quantity that a statement assumes not to be 0, in words.
  func evidence(_ name: String, _ value: Double, rounding: Double) -> String {
    switch self {
    case .digits: "\(name) = \(value)"
    case .zero: "\(name) is exactly 0, by exact arithmetic"
    case .lost:
      "of \(name), which exact arithmetic proves not to be 0, no digit stands clear of rounding (\(rounding)); "
        + "use --certified"
    case .undecided:
      "\(name) = \(value) is within rounding (\(rounding)), and too large to be decided exactly; use --certified"
    }
  }
}
