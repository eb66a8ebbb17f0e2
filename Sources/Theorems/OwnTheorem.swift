import Core
import LinearAlgebra
import StagedLearners

/// A theorem beyond the paper's that speaks of a two-path instance, one value in the list ``all``, which stands beside
/// what it computes.
public struct OwnTheorem: Sendable {
  /// Its number, such as `b2`.
  public let name: String
  /// What the theorem says of an instance.
  private let makePage: @Sendable (PathDivergence, TrainedPair, _ steps: Int, Workers) throws -> StatementPage

  /// A theorem for the list ``all``.
  init(
    _ name: String,
    page: @escaping @Sendable (PathDivergence, TrainedPair, _ steps: Int, Workers) throws -> StatementPage
  ) {
    (self.name, makePage) = (name, page)
  }

  /// All of them, by their numbers.
  public static let all: [OwnTheorem] = [.b1, .b2, .b3, .b4, .b5, .b6, .b7, .b8]

  /// The theorem of this name.
  public static func named(_ name: String) -> OwnTheorem? { all.first { $0.name == name } }

  /// What the theorem says of an instance.
  ///
  /// - Parameters:
  ///   - models: the instance's trained models.
  ///   - steps: the last step at which a claim on every step is checked.
  public func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    try makePage(divergence, models, steps, workers)
  }
}

extension OwnTheorem: Hashable {
  /// Theorems are told apart by their names.
  public static func == (one: OwnTheorem, other: OwnTheorem) -> Bool { one.name == other.name }
  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
