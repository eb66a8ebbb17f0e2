import LinearAlgebra
import StagedLearners

/// The theorems beyond the paper's that speak of a two-path instance, by their numbers.
public enum OwnTheorem: String, CaseIterable, Sendable {
  /// The exact law of the divergence.
  case b1
  /// A floor for every local algorithm.
  case b2
  /// Last in, first out.
  case b3
  /// Recency.
  case b4
  /// Weakly local algorithms.
  case b5
  /// Certified unlearning.
  case b6
  /// NPO and SimNPO.
  case b7
  /// The order as a commutator.
  case b8

  /// What the theorem says of an instance.
  ///
  /// - Parameters:
  ///   - models: the instance's trained models.
  ///   - steps: the last step at which a claim on every step is checked.
  public func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    switch self {
    case .b1: try ExactLaw.page(divergence, models: models, steps: steps, workers: workers)
    case .b2: try LocalFloor.page(divergence, models: models, steps: steps, workers: workers)
    case .b3: try LastInFirstOut.page(divergence, models: models, steps: steps, workers: workers)
    case .b4: try Recency.page(divergence, models: models, steps: steps, workers: workers)
    case .b5: try WeaklyLocal.page(divergence, models: models, steps: steps, workers: workers)
    case .b6: try CertifiedUnlearning.page(divergence, models: models, steps: steps, workers: workers)
    case .b7: try PreferenceUnlearning.page(divergence, models: models, steps: steps, workers: workers)
    case .b8: try OrderCommutator.page(divergence, models: models, steps: steps, workers: workers)
    }
  }
}
