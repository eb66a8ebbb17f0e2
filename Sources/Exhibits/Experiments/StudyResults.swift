import FineTuning
import PostTraining
import Unlearning

/// One study of an experiment with what was measured in it.
struct StudyResults {
  /// The experiment's name, which stands for its model.
  let experiment: String
  /// The study.
  let study: Study
  /// Its trajectories.
  let trajectories: [Trajectory]

  /// The first study of this role in which something was unlearned.
  /// - Throws: ``Unfilled`` where the plan has none.
  init(_ results: ExperimentResults, role: Study.Role) throws {
    guard let first = results.plan.studies.first(where: { $0.role == role }) else {
      throw Unfilled("the plan has no study of the role \(role.rawValue)")
    }
    guard let study = results.shown(role) else {
      throw Unfilled("nothing was unlearned in the study \"\(first.name)\"")
    }
    experiment = results.plan.name
    self.study = study
    trajectories = results.trajectories.filter { $0.study == study.name }
  }

  /// The column of the forget set's label, or of its whole answers where the study names no label.
  var labelColumn: String {
    let label = "label_log_likelihood"
    return trajectories.contains { $0.columns.contains(label) } ? label : "\(study.forget)_log_likelihood"
  }

  /// The paths, those in which the forget stage comes first at first.
  var paths: [Path] {
    study.paths.enumerated().sorted { one, other in
      (position(one.element), one.offset) < (position(other.element), other.offset)
    }.map(\.element)
  }

  /// The runs that unlearn by one of these objectives and deviate from what the runs share in one of these ways.
  func runs(
    _ objectives: Set<Objective>, _ deviations: Set<UnlearningRecipe.Deviation> = [.none]
  ) -> [UnlearningRecipe] {
    study.runs.filter { objectives.contains($0.objective) && deviations.contains(study.deviation(of: $0)) }
  }

  /// The trajectories of a run along a path, one a seed.
  func trajectories(_ run: UnlearningRecipe, _ path: Path) -> [Trajectory] {
    trajectories.filter { $0.run == run.name && $0.path == path }
  }

  /// A column's mean over seeds by step; nil where it was not measured.
  func means(_ run: UnlearningRecipe, _ path: Path, _ column: String) throws -> [SeedMean]? {
    let values = trajectories(run, path).compactMap { $0[column] }
    guard let steps = values.map(\.count).max() else { return nil }
    return try (0..<steps).map { step in
      try SeedMean(values.compactMap { step < $0.count ? $0[step] : nil }, within: SeedMean.range(of: column))
    }
  }

  /// The path's p; paths that lack the forget stage have 0, and no trajectories.
  func position(_ path: Path) -> Int { study.position(in: path) ?? 0 }
}

extension UnlearningRecipe {
  /// The epochs gone through after a step of a run of so many steps; nil where `max_steps` ended it within an epoch, or
  /// there are no steps. Every epoch has as many steps.
  func epochs(steps: Int) -> ((_ step: Int) -> Double)? {
    guard steps > 0, steps != configuration.maxSteps else { return nil }
    return { Double($0 * configuration.epochs) / Double(steps) }
  }
}

extension TrainingConfiguration.Schedule {
  /// The shape, with warm-up and decay where they are not those that it has by default.
  var label: String {
    var parts = [shape.rawValue]
    if warmup != Self.defaultWarmup(for: shape) { parts.append("warm-up \(warmup)") }
    if let decay, decay != Self.defaultDecay(for: shape) { parts.append("decay \(decay)") }
    return parts.joined(separator: ", ")
  }
}

extension Set<Objective> {
  /// The objectives that unlearn.
  static var unlearning: Self { Set(Objective.unlearning) }
}

extension StudyResults {
  /// How far the forget stage's own answers fell in a run on the path where they fell least: the mean over seeds of
  /// their mean log-likelihood (of whole answers, in nats) before the first step minus that after the last.
  /// - Returns: Nil where it was not measured on one of the paths (measure `stages`), or no seed has a finite value.
  func leastFall(_ run: UnlearningRecipe, on paths: [Path]) -> Claim.Fall? {
    var falls: [Claim.Fall] = []
    for path in paths {
      let values = trajectories(run, path).compactMap { trajectory -> Double? in
        guard let values = trajectory["\(study.forget)_log_probability"], let first = values.first,
          let last = values.last
        else { return nil }
        return first - last
      }.filter(\.isFinite)
      guard !values.isEmpty else { return nil }
      falls.append(Claim.Fall(value: values.reduce(0, +) / Double(values.count), path: "\(path)"))
    }
    return falls.min { $0.value < $1.value }
  }
}

extension Claim {
  /// Why nothing can be said after so small a fall; nil where it is large enough.
  static func obstacle(_ fall: Fall?, of stage: String) -> String? {
    guard let fall else { return "how much less likely the answers of \(stage) became was not measured" }
    guard fall.value < leastFall else { return nil }
    let value = (fall.value * 1e4).rounded() / 1e4
    return "\(stage) was not unlearned: its answers fell by \(value) nats on \(fall.path), not \(leastFall) or more"
  }
}
