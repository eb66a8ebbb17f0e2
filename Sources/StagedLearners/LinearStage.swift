import LinearAlgebra

/// One training stage of a linear learner: its name, its data and how it is trained.
public struct LinearStage: Sendable {
  /// The name by which a path refers to the stage.
  public let name: String
  /// (X, y).
  public let examples: Examples
  /// The trainer, for example `.ridge(mu: 1)`, the paper's.
  public let trainer: SpectralFilter

  /// A stage.
  public init(_ name: String, _ examples: Examples, trainer: SpectralFilter) {
    self.name = name
    self.examples = examples
    self.trainer = trainer
  }
}
