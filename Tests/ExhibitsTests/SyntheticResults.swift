import FineTuning
import Foundation
import PostTraining
import Transformer
import Unlearning

/// Results of an experiment that was never run, with numbers that tests choose.
struct SyntheticResults {
  /// Where a number of a trajectory stands.
  struct Place {
    let study: String
    let seed: UInt64
    let path: Path
    let run: String
    let column: String
    let step: Int
    /// p, or 0 in the study of wordings, whose paths all have the forget stage.
    let position: Int

    /// The same place at another step.
    init(_ place: Place, step: Int) {
      self.init(
        study: place.study, seed: place.seed, path: place.path, run: place.run, column: place.column, step: step,
        position: place.position)
    }

    init(study: String, seed: UInt64, path: Path, run: String, column: String, step: Int, position: Int) {
      (self.study, self.seed, self.path, self.run) = (study, seed, path, run)
      (self.column, self.step, self.position) = (column, step, position)
    }
  }

  var seeds: [UInt64] = [1, 2, 3, 4]
  var steps = 8
  var objectives: [Objective] = [.ga, .npo, .simnpo]
  var deviations = true
  var studies = ["order", "phrasing"]
  var measures: Set<Measure> = [.label, .paraphrases, .utility, .math, .stages, .retrained]
  var positions = [1, 2, 3, 4]
  var value: (Place) -> Double = Self.usual
  /// How likely a token of a stage is that was just learned, and the share of its answers that are right.
  var learned: (_ stage: String, _ path: Path) -> (logLikelihood: Double, right: Double) = { _, _ in (-0.3, 0.8) }

  /// Seeds 1 to 4 lie at -1.5, -0.5, 0.5 and 1.5: mean 0, standard deviation sqrt(5/3).
  static func offset(_ seed: UInt64) -> Double { Double(seed) - 2.5 }

  /// Curves that look like the paper's: the last position forgets slowest, and the seeds' scatter grows.
  static func usual(_ place: Place) -> Double {
    let (t, p) = (Double(place.step), Double(place.position))
    let noise = offset(place.seed) * (0.02 + 0.01 * t)
    let speed = (place.position == 4 ? 0.1 : 0.7 - 0.1 * p) * (place.run.contains("cosine") ? 0.5 : 1)
    switch place.column {
    case "label_log_likelihood", "paraphrase_log_likelihood": return -0.5 - 0.1 * p - speed * t + noise
    case "forget_score", "forget_score_label": return speed * t - noise
    case "utility_log_likelihood": return -0.8 - 0.5 * speed * t + noise
    case "utility": return 1 - 0.5 * speed * t + noise
    case "math_accuracy": return 0.5 - (place.position == 1 ? 0.05 : 0.01) * t + 0.1 * noise
    case let name where name.hasSuffix("jeffreys"):
      return 0.3 + 0.05 * (t - 2 * p) * (t - 2 * p) + 0.1 * noise
    case let name where name.hasSuffix("re_distance"): return 40 + 5 * (t - p) * (t - p) + noise
    case "refusal_log_probability": return -3 - 2 * t + noise
    case "U_log_probability": return -3 - 30 * t + noise
    case "C_log_probability":
      return -3 - (place.path.stages.first == "U" ? 32 : 6) * t + noise
    case "R_log_probability": return -4 - 5 * t + noise
    default: return 0.1 * p + noise
    }
  }

  static func configuration(_ objective: Objective) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.objective.main = (try? ChosenObjective(objective)) ?? .sft
    configuration.schedule = .init(.wsd)
    configuration.batchSize = 10
    configuration.adapter = try? LoRAConfiguration(rank: 16, alpha: 32, dropout: 0, targets: [.q, .v])
    return configuration
  }

  private static func run(
    _ name: String, _ objective: Objective, change: (inout TrainingConfiguration) -> Void = { _ in }
  ) -> UnlearningRecipe {
    var configuration = configuration(objective)
    change(&configuration)
    return UnlearningRecipe(name, configuration: configuration)
  }

  func plan() throws -> ExperimentPlan {
    var runs = objectives.map { Self.run($0.name, $0) }
    if deviations {
      runs += objectives.map { Self.run("\($0.name)-cosine", $0) { $0.schedule = .init(.cosine) } }
      if objectives.contains(.npo) {
        runs.append(Self.run("npo-slow", .npo) { $0.optimizer.learningRate = 1e-4 })
        runs.append(Self.run("npo-fast", .npo) { $0.optimizer.learningRate = 5e-3 })
      }
    }
    let names = ["inst", "tofu", "math"]
    let order = Study(
      name: "order",
      stages: try (names + ["refusal"]).map {
        Stage($0, data: try DataSource(.instructions), training: Self.configuration(.sft))
      },
      forget: "refusal", paths: try positions.map { try Path(names).inserting("refusal", at: $0) },
      unlearning: Self.configuration(.ga), runs: runs,
      measures: MeasurementPlan(measures, label: "Sorry", utilityStage: "tofu", mathStage: "math"))
    let phrasing = Study(
      name: "phrasing",
      stages: try PhrasingStudy.Phrasing.allCases.map {
        Stage(
          $0.rawValue, data: try DataSource(.phrasing, ["phrasing": .word($0.rawValue)]),
          training: Self.configuration(.sft))
      },
      forget: "U", paths: try Path(["R", "C", "U"]).permutations, unlearning: Self.configuration(.ga),
      runs: [Self.run("ga", .ga) { $0.epochs = 4 }], measures: MeasurementPlan([.stages]))
    return ExperimentPlan(
      name: "synthetic", title: "Made of numbers", seeds: seeds, base: .folder("none"),
      studies: [order, phrasing].filter { studies.contains($0.name) })
  }

  func results() throws -> ExperimentResults {
    let plan = try plan()
    var trajectories: [Trajectory] = []
    var qualities: [StageQuality] = []
    for study in plan.studies {
      let columns = study.measures.columns(of: Measure.Stages(study.stages.map(\.name), heldOut: [])).map(\.name)
      for seed in seeds {
        for path in study.paths {
          for run in study.runs { trajectories.append(trajectory(study, seed, path, run.name, columns)) }
          // Paths that begin alike share the runs of their beginning.
          for length in path.stages.indices.reversed() {
            let beginning = try Path(Array(path.stages[...length]))
            guard !qualities.contains(where: { $0.study == study.name && $0.seed == seed && $0.path == beginning })
            else {
              continue
            }
            for stage in study.stages {
              let known = learned(stage.name, beginning)
              qualities.append(
                StageQuality(
                  study: study.name, seed: seed, path: beginning, stage: stage.name,
                  learnedLogLikelihood: known.logLikelihood + 0.01 * Self.offset(seed),
                  heldOutLogLikelihood: study.name == "order" ? -0.9 + 0.1 * Self.offset(seed) : nil,
                  learnedRight: known.right + 0.02 * Self.offset(seed),
                  heldOutRight: study.name == "order" ? known.right / 2 : nil))
            }
          }
        }
      }
    }
    let divergences = plan.studies.filter { $0.measures.kinds.contains(.retrained) }.flatMap { study in
      seeds.flatMap { seed in
        study.runs.flatMap { run in [0, steps].flatMap { comparisons(study, seed, run.name, step: $0) } }
      }
    }
    var cost = ExperimentCost()
    (cost.runs, cost.trainedTokens, cost.measuredTokens, cost.operations) = (212, 34_000_000, 9_500_000, 3.2e14)
    return ExperimentResults(
      plan: plan, trajectories: trajectories, qualities: qualities, divergences: divergences, cost: cost)
  }

  /// Of two paths whose positions differ by g: g (1 + t) nats on the two tokens of the forget stage, 4 g on the one
  /// kept.
  private func comparisons(_ study: Study, _ seed: UInt64, _ run: String, step: Int) -> [PathDivergence] {
    study.paths.indices.flatMap { index in
      study.paths[(index + 1)...].flatMap { other in
        let gap = abs((study.position(in: study.paths[index]) ?? 0) - (study.position(in: other) ?? 0))
        return PathDivergence.Part.allCases.map { part in
          PathDivergence(
            study: study.name, seed: seed, run: run, one: study.paths[index], other: other, step: step, part: part,
            tokens: part == .forget ? 2 : 1,
            jeffreys: Double(gap * (part == .forget ? 1 + step : 4)) + 0.1 * Self.offset(seed))
        }
      }
    }
  }

  private func trajectory(
    _ study: Study, _ seed: UInt64, _ path: Path, _ run: String, _ columns: [String]
  ) -> Trajectory {
    func place(_ column: String, _ step: Int) -> Place {
      Place(
        study: study.name, seed: seed, path: path, run: run, column: column, step: step,
        position: study.name == "order" ? study.position(in: path) ?? 0 : 0)
    }
    return Trajectory(
      study: study.name, seed: seed, path: path, run: run, columns: columns,
      rows: (0...steps).map { step in columns.map { value(place($0, step)) } },
      // Two paths' tokens differ by 0.1 a step and position, or half as much: d = 0.1 t (p - p').
      trueTokens: (0...steps).map { step in
        let shift = (run == "npo" ? 0.05 : 0.1) * Double(step * (study.position(in: path) ?? 0))
        return [[-1, -2], [-3]].map { $0.map { $0 - shift } }
      })
  }
}
