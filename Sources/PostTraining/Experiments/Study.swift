import FineTuning
import Unlearning

/// Stages learned in several orders, and one of them unlearned in several ways after each order.
public struct Study: Equatable, Sendable {
  /// What exhibits and runs call it, such as `order`.
  public var name: String
  /// All stages, the one to forget among them.
  public var stages: [Stage]
  /// The stage to forget.
  public var forget: String
  /// The orders in which the stages are learned.
  public var paths: [Path]
  /// How the forget stage is unlearned; each run starts from the end of each path.
  public var runs: [UnlearningRun]
  /// The configuration that the runs share, where they do not say otherwise; what is compared with it tells a run's
  /// deviation (see ``deviation(of:)``).
  public var unlearning: TrainingConfiguration
  /// What is measured before unlearning and after each of its steps.
  public var measures: Measures

  /// Makes a study.
  public init(
    name: String, stages: [Stage], forget: String, paths: [Path], unlearning: TrainingConfiguration,
    runs: [UnlearningRun], measures: Measures
  ) {
    self.name = name
    self.stages = stages
    self.forget = forget
    self.paths = paths
    self.unlearning = unlearning
    self.runs = runs
    self.measures = measures
  }

  /// The stage of this name, or nil where there is none.
  public subscript(stage name: String) -> Stage? { stages.first { $0.name == name } }

  /// The p of a path: where the forget stage stands, counted from 1; nil where it does not.
  public func position(in path: Path) -> Int? { path.position(of: forget) }

  /// How a run's learning rate and schedule differ from those that the runs share.
  public func deviation(of run: UnlearningRun) -> UnlearningRun.Deviation {
    let (own, shared) = (run.configuration, unlearning)
    let sameShape = own.schedule.shape == shared.schedule.shape
    let sameRate = own.optimizer.learningRate == shared.optimizer.learningRate
    if sameShape { return sameRate ? .none : .learningRate }
    return sameRate ? .schedule : .both
  }
}

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

/// One way to unlearn the forget stage.
public struct UnlearningRun: Equatable, Sendable {
  /// In what a run differs from what the runs of its study share.
  public enum Deviation: Hashable, Sendable {
    /// In neither learning rate nor the schedule's shape.
    case none
    /// In the learning rate only.
    case learningRate
    /// In the schedule's shape only.
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
  public var objective: TrainingObjective.Name { configuration.objective.main.name }
}
