import FineTuning
import Unlearning

/// One way to unlearn the forget stage.
public struct UnlearningRecipe: Equatable, Sendable {
  /// In what a run differs from what the runs of its study share.
  public enum Deviation: Hashable, Sendable {
    /// In neither learning rate nor schedule.
    case none
    /// In the learning rate only.
    case learningRate
    /// In the schedule only: its shape, its warm-up or its decay.
    case schedule
    /// In both.
    case both
  }

  /// What exhibits and runs call it, such as `npo`.
  public var name: String
  /// How it is done; its seed is replaced by the experiment's.
  public var configuration: TrainingConfiguration

  /// Makes a run.
  public init(_ name: String, configuration: TrainingConfiguration) {
    self.name = name
    self.configuration = configuration
  }

  /// What is minimised.
  public var objective: Objective { configuration.objective.main.objective }
}
