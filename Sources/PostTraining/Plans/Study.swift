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
  public var runs: [UnlearningRecipe]
  /// The configuration that the runs share, where they do not say otherwise; what is compared with it tells a run's
  /// deviation (see ``deviation(of:)``).
  public var unlearning: TrainingConfiguration
  /// What is measured before unlearning and after each of its steps.
  public var measures: MeasurementPlan
  /// What it asks, by which exhibits choose it.
  public var role: Role

  /// What a study asks.
  public enum Role: String, CaseIterable, Hashable, Sendable {
    /// Whether it matters when the forget stage was learned among the others: the paper's Figures 1, 3 and 5 to 8.
    case order
    /// Whether other answers to the same prompts are forgotten as well: the paper's Figure 4.
    case phrasings

    /// That of a study that does not say: `phrasings` where all stages are wordings of the same prompts, else `order`.
    public init(of stages: [Stage]) {
      self = stages.allSatisfy { $0.data.kind.traits.contains(.wordings) } ? .phrasings : .order
    }
  }

  /// Makes a study; its role is that of its stages where none is given.
  public init(
    name: String, stages: [Stage], forget: String, paths: [Path], unlearning: TrainingConfiguration,
    runs: [UnlearningRecipe], measures: MeasurementPlan, role: Role? = nil
  ) {
    self.role = role ?? Role(of: stages)
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
  public func deviation(of run: UnlearningRecipe) -> UnlearningRecipe.Deviation {
    let (own, shared) = (run.configuration, unlearning)
    let sameSchedule = own.schedule == shared.schedule
    let sameRate = own.optimizer.learningRate == shared.optimizer.learningRate
    if sameSchedule { return sameRate ? .none : .learningRate }
    return sameRate ? .schedule : .both
  }
}
