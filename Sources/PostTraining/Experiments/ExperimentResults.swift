import Unlearning

/// All that exhibits need of a finished experiment.
public struct ExperimentResults: Equatable, Sendable {
  /// What was asked for.
  public let plan: ExperimentPlan
  /// One for each study, seed, path and unlearning run.
  public let trajectories: [Trajectory]
  /// One for each study, seed, trained path and stage of the study.
  public let qualities: [StageQuality]
  /// What it cost.
  public let cost: ExperimentCost

  /// The results of a plan.
  public init(
    plan: ExperimentPlan, trajectories: [Trajectory], qualities: [StageQuality], cost: ExperimentCost
  ) {
    self.plan = plan
    self.trajectories = trajectories
    self.qualities = qualities
    self.cost = cost
  }

  /// The trajectories of a study's run, of all seeds, by path.
  public func trajectories(study: String, run: String, path: Path) -> [Trajectory] {
    trajectories.filter { $0.study == study && $0.run == run && $0.path == path }
  }
}
