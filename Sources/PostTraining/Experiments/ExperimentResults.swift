import Unlearning

/// All that exhibits need of a finished experiment.
public struct ExperimentResults: Equatable, Sendable {
  /// What was asked for.
  public let plan: ExperimentPlan
  /// One for each study, seed, path and unlearning run.
  public let trajectories: [Trajectory]
  /// One for each study, seed, trained path and stage of the study.
  public let qualities: [StageQuality]
  /// How far the models of every two paths are apart before unlearning and after its last step: for each study that
  /// measures `retrained` (``Measure/retrained``) on more than one path, seed, run and part of the answers.
  public let divergences: [PathDivergence]
  /// What it cost.
  public let cost: ExperimentCost

  /// The results of a plan.
  public init(
    plan: ExperimentPlan, trajectories: [Trajectory], qualities: [StageQuality],
    divergences: [PathDivergence] = [], cost: ExperimentCost
  ) {
    self.plan = plan
    self.trajectories = trajectories
    self.qualities = qualities
    self.divergences = divergences
    self.cost = cost
  }

  /// What users should know of the results: which studies figures pass over, and where `answer_tokens` is too few for
  /// the true answers.
  public var notices: [String] {
    passedOver + tooFewTokens
  }

  /// The first study of a role in which something was unlearned: the one that figures show.
  public func shown(_ role: Study.Role) -> Study? {
    plan.studies.first { study in study.role == role && trajectories.contains { $0.study == study.name } }
  }

  private var passedOver: [String] {
    Study.Role.allCases.flatMap { role -> [String] in
      guard let shown = shown(role) else { return [] }
      return plan.studies.filter { $0.role == role && $0.name != shown.name }.map {
        "the figures of the role \(role.rawValue) show the study \(shown.name); \($0.name) is in trajectories.csv alone"
      }
    }
  }

  private var tooFewTokens: [String] {
    plan.studies.flatMap { study -> [String] in
      guard let limit = study.measures.answerTokens else { return [] }
      return study.stages.compactMap { stage in
        let own = qualities.filter { $0.study == study.name && $0.stage == stage.name }
        guard let worst = own.max(by: { $0.longestReference < $1.longestReference }), worst.referenceCut > 0 else {
          return nil
        }
        let share = min(99, max(1, Int((100 * worst.referenceCut).rounded())))
        return "studies.\(study.name).measures.answer_tokens is \(limit), too few for "
          + (worst.referenceCut == 1 ? "all" : "\(share) %") + " of the true answers of \(stage.name), which cannot be "
          + "given: the longest has \(worst.longestReference) tokens; give as many, or leave the key out"
      }
    }
  }

  /// The trajectories of a study's run, of all seeds, by path.
  public func trajectories(study: String, run: String, path: Path) -> [Trajectory] {
    trajectories.filter { $0.study == study && $0.run == run && $0.path == path }
  }
}
