import FineTuning

/// Data to learn, and how it is learned.
public struct Stage: Equatable, Sendable {
  /// What paths call it.
  public var name: String
  /// Where the data come from.
  public var data: DataSource
  /// How they are learned; its seed is replaced by the experiment's.
  public var training: TrainingConfiguration

  /// Makes a stage.
  public init(_ name: String, data: DataSource, training: TrainingConfiguration) {
    self.name = name
    self.data = data
    self.training = training
  }
}
