import FineTuning
import PostTraining
import Unlearning

/// The paper's claims about the order of stages, tested on a study of the role `order`.
struct OrderClaims {
  /// By how much math accuracy should change more on one path than on another.
  static let mathThreshold = 0.2

  let order: StudyResults
  private let seeds: [UInt64]
  private let learned: LearnedStages
  let positions: [Int]
  /// The runs that do as the study's runs share.
  let shared: [UnlearningRecipe]

  /// The claims for an experiment's study.
  init(_ order: StudyResults, seeds: [UInt64], learned: LearnedStages) {
    self.order = order
    self.seeds = seeds
    self.learned = learned
    positions = order.paths.map(order.position)
    shared = order.runs(.unlearning)
  }

  /// All claims, in the order of the exhibit.
  var claims: [Claim] {
    get throws {
      try shared.map(earlySpread) + Lag.allCases.flatMap { lag in try shared.map { try recency($0, lag) } }
        + [recencyShare] + shared.map(utility)
        + order.runs(.unlearning, [.none, .learningRate, .schedule, .both]).map(persistence)
        + shared.map(widening) + shared.map(math) + shared.map(ownSteps) + shared.map(approach)
    }
  }

  /// (a) How much farther the two paths that are extremes after a quarter of the run are apart then than before.
  private func earlySpread(_ run: UnlearningRecipe) throws -> Claim {
    let readings = label(run)
    return claim(
      "early spread", "The paths spread apart within the first steps.", run,
      "difference of the label's log-likelihood between the paths that are extreme after step \(share(4, of: readings)), "
        + "minus that before unlearning, nats a token",
      .above, 0, try spread(readings, after: 4), paper: try spread(PaperEvidence(algorithm: run.label).label, after: 4),
      needs: "label")
  }

  /// (e) The same at the last step, for every run: at every learning rate and schedule.
  private func persistence(_ run: UnlearningRecipe) throws -> Claim {
    let (paper, shared) = (PaperEvidence(algorithm: run.label), order.study.unlearning)
    let curves: [ClaimStatistics.Reading] =
      switch order.study.deviation(of: run) {
      case .none: paper.label
      case .schedule: paper.label(schedule: run.configuration.schedule.shape.rawValue, learningRate: nil)
      case .learningRate:
        paper.label(
          schedule: nil, learningRate: run.configuration.optimizer.learningRate / shared.optimizer.learningRate)
      case .both: []
      }
    return claim(
      "persistence", "Paths still differ at other learning rates and schedules.", run,
      "difference of the label's log-likelihood between the paths that are extreme after the last step, minus that "
        + "before unlearning, nats a token",
      .above, 0, try spread(label(run), after: 1), paper: try spread(curves, after: 1), needs: "label")
  }

  private func spread(_ readings: [ClaimStatistics.Reading], after share: Int) throws -> Evidence {
    let step = self.share(share, of: readings)
    return try .widestPair(
      of: readings.map { ClaimStatistics.changes($0, at: step) }, byMeansOf: readings.map { $0.map { $0[step] } },
      against: 0)
  }

  /// (c) Spearman's rank correlation over paths between forget score and utility at the last step, negative.
  private func utility(_ run: UnlearningRecipe) -> Claim {
    let pairs = readings(run, ["label_log_likelihood", "utility"]).map { reading in
      (falls(reading[0]), reading[1].map { $0.last ?? .nan })
    }
    let paper = PaperEvidence(algorithm: run.label)
    return claim(
      "utility", "Slower forgetting comes with better kept utility.", run,
      "rank correlation over paths of forget score and utility after unlearning; the data are one draw, the same for all "
        + "seeds", .below, 0, .association(pairs),
      paper: .association(Array(zip(paper.table("forget_score"), paper.table("tofu_utility")))),
      needs: "label and utility", other: "fewer than three paths, or all alike",
      stages: [order.study.measures.utilityStage])
  }

  /// (f) The log ratio of the widths of the label's interval at the last step and at a tenth of the run, above 0.
  private func widening(_ run: UnlearningRecipe) throws -> Claim {
    let all = label(run)
    let (early, late) = (share(10, of: all), share(1, of: all))
    let readings = all.filter { $0.allSatisfy { $0[early].isFinite && $0[late].isFinite } }
    return claim(
      "widening", "Intervals over seeds are narrow at first and widen later.", run,
      "log of the ratio of the interval's widths after the last step and after step \(early), mean over paths", .above,
      0,
      try .scatterRatio(
        ClaimStatistics.logScatterRatio(readings, early: early, late: late), count: readings.count),
      // The paper's Figure 5 is over four seeds.
      paper: try .scatterRatio(PaperEvidence(algorithm: run.label).logWidthRatio(share: 10), count: 4),
      needs: "label", other: "fewer than two seeds, or seeds that agree")
  }

  /// (g) The difference of the change of math accuracy between the two paths on which it is largest and smallest, above
  /// 20 points.
  private func math(_ run: UnlearningRecipe) throws -> Claim {
    func difference(_ changes: [[Double]]) throws -> Evidence {
      try .widestPair(of: changes, byMeansOf: changes, against: Self.mathThreshold, within: -2...2)
    }
    let changes = readings(run, ["math_accuracy"]).map { $0[0].map { ($0.last ?? .nan) - ($0.first ?? .nan) } }
    return claim(
      "math", "Math accuracy changes by over 20 points more on one path than on another.", run,
      "difference of the change of math accuracy between the paths on which it is largest and smallest", .above,
      Self.mathThreshold, try difference(changes),
      paper: try difference(PaperEvidence(algorithm: run.label).table("math_utility")), needs: "math",
      stages: [order.study.measures.mathStage])
  }

  /// (h) What one number of steps for all paths costs against one for each, in Jeffreys divergence to the retrained
  /// model (mean of forget and kept answers), above 0; both numbers are the best on the other seeds.
  private func ownSteps(_ run: UnlearningRecipe) throws -> Claim {
    claim(
      "own step count", "No one number of steps brings all paths as near to their retrained models as it could.", run,
      "excess divergence at the common best step over that at each path's own, both best on the other seeds, nats a token",
      .above, 0, try .mean(of: ClaimStatistics.costsOfCommonSteps(divergences(run)), against: 0), paper: nil,
      needs: "retrained", other: "fewer than two seeds")
  }

  /// (h) The smallest share of its Jeffreys divergence to the retrained model that any path comes down to at any step,
  /// above a tenth.
  private func approach(_ run: UnlearningRecipe) throws -> Claim {
    claim(
      "closest approach", "No path comes near retrain equivalence at any step.", run,
      "smallest share, over paths and steps, of the divergence to the retrained model before unlearning; the data are "
        + "one draw, the same for all seeds", .above, 0.1,
      try .mean(of: divergences(run).map(ClaimStatistics.closestApproach), against: 0.1, within: 0...1),
      paper: nil, needs: "retrained")
  }
}

extension OrderClaims {
  /// A claim about one run.
  /// - Parameters:
  ///   - measures: What must have been measured.
  ///   - reason: Why else a seed may have no value.
  ///   - stages: Which stages must have been learned besides the one to forget.
  func claim(
    _ topic: String, _ sentence: String, _ run: UnlearningRecipe, _ statistic: String, _ side: Claim.Side,
    _ threshold: Double, _ evidence: Evidence, paper: Evidence?, needs measures: String,
    other reason: String = "values that are not finite", stages: [String?] = []
  ) -> Claim {
    let missing = seeds.count - evidence.count
    let note =
      missing == 0
      ? nil : "\(missing) of \(seeds.count) seeds have no value: \(measures) not measured, or \(reason)"
    let obstacle = obstacle(run, stages.compactMap { $0 }) ?? (evidence.count == 0 ? note : nil)
    return Claim(
      topic: topic, sentence: sentence, subject: run.name, statistic: statistic, side: side, threshold: threshold,
      evidence: evidence, paper: paper.flatMap { $0.count == 0 ? nil : $0 }, fall: leastFall(run), obstacle: obstacle,
      note: obstacle == note ? nil : note)
  }

  /// Why nothing about a run can be tested; nil where it can.
  func obstacle(_ run: UnlearningRecipe, _ stages: [String]) -> String? {
    let needed = [order.study.forget] + stages.filter { $0 != order.study.forget }
    if let shortfall = learned.shortfall(of: needed, on: order.paths) { return shortfall }
    return Claim.obstacle(leastFall(run), of: order.study.forget)
  }

  func leastFall(_ run: UnlearningRecipe) -> Claim.Fall? { order.leastFall(run, on: order.paths) }

  func label(_ run: UnlearningRecipe) -> [ClaimStatistics.Reading] {
    readings(run, ["label_log_likelihood"]).map { $0[0] }
  }

  /// Columns by seed, column, path and step, of the seeds in which every path has all of them at all steps.
  func readings(_ run: UnlearningRecipe, _ columns: [String]) -> [[ClaimStatistics.Reading]] {
    let all = seeds.map { seed in
      columns.map { column in
        order.paths.compactMap { path in order.trajectories(run, path).first { $0.seed == seed }?[column] }
      }
    }
    let steps = all.joined().joined().map(\.count).max() ?? 0
    return all.filter { reading in
      steps > 0 && reading.allSatisfy { $0.count == order.paths.count && $0.allSatisfy { $0.count == steps } }
    }
  }

  /// The step after this share of the run, rounded up.
  func share(_ share: Int, of readings: [ClaimStatistics.Reading]) -> Int {
    let last = max(0, (readings.first?.first?.count ?? 1) - 1)
    return (last + share - 1) / share
  }

  private func divergences(_ run: UnlearningRecipe) -> [ClaimStatistics.Reading] {
    readings(run, ["forget_jeffreys", "kept_jeffreys"]).map { reading in
      zip(reading[0], reading[1]).map { zip($0, $1).map { ($0 + $1) / 2 } }
    }
  }
}

extension UnlearningRecipe {
  /// The algorithm as the paper's figures call it.
  var label: String { objective.label }
}
