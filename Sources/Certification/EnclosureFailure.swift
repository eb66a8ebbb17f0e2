import LinearAlgebra
import StagedLearners

/// Why the quantities of Theorem 3.1 could not be enclosed.
public enum EnclosureFailure: Error, Sendable {
  /// A hypothesis of the theorem was not proved: refuted, or undecided at this precision.
  case hypothesis(CertifiedClaim)
  /// Rounding was too coarse for a step that more bits make possible; the text names it.
  case precision(String)
}

/// Why an instance cannot be certified at all.
public enum CertificationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A stage is not trained by ridge: name and trainer.
  case notRidge(String, SpectralFilter)
  /// The theorem says nothing of the instance: the hypothesis that was refuted.
  case hypothesisRefuted(CertifiedClaim.Name)

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .notRidge(let stage, let trainer):
      "stage \(stage) is trained by \(trainer); only ridge stages can be certified, whose models are rational"
    case .hypothesisRefuted(let name): "Theorem 3.1 does not apply: it is proved that \(Self.refutation(name))"
    }
  }

  private static func refutation(_ name: CertifiedClaim.Name) -> String {
    switch name {
    case .forgetRank: "the rows of X_U are linearly dependent; they must be independent"
    case .lemmaC1: "Delta_0 = theta_AB - theta_BA is 0; the two orders must train different models"
    case .lemmaC2: "P_U Delta_0 is 0; the models must differ within the span of the forget rows"
    default: "X_test P_U has a rank below k; the test rows must see every direction of the forget span"
    }
  }
}
