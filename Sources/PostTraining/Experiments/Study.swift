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
    let sameSchedule = own.schedule == shared.schedule
    let sameRate = own.optimizer.learningRate == shared.optimizer.learningRate
    if sameSchedule { return sameRate ? .none : .learningRate }
    return sameRate ? .schedule : .both
  }
}
