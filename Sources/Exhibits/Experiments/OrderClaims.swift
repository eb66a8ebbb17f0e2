import FineTuning
import PostTraining

/// The paper's claims about the order of stages, tested on the study `order`.
struct OrderClaims {
  private let order: StudyResults
  private let seeds: [UInt64]
  private let paths: [Int]
  /// The runs that do as the study's runs share.
  private let shared: [UnlearningRun]

  /// The claims for an experiment's study.
  init(_ order: StudyResults, seeds: [UInt64]) {
    self.order = order
    self.seeds = seeds
    paths = order.paths.map(order.position)
    shared = order.runs(.unlearning)
  }

  /// All claims, in the order of the exhibit.
  var claims: [Claim] {
    shared.map(earlySpread) + shared.map(recency) + [recencyShare] + shared.map(utility)
      + order.runs(.unlearning, [.none, .learningRate, .schedule, .both]).map(persistence)
      + shared.map(widening) + shared.map(math) + shared.map(ownSteps) + shared.map(approach)
  }

  /// (a) `s(q) - s(0) > 0`, with `s(t)` the largest minus the smallest label log-likelihood over paths after t steps and
  /// q a quarter of the run, rounded up.
  private func earlySpread(_ run: UnlearningRun) -> Claim {
    let readings = readings(run, "label_log_likelihood")
    let step = share(4, of: readings)
    return claim(
      "early spread", "The paths spread apart within the first steps.", run,
      "spread of the label's log-likelihood over paths after step \(step) minus that before unlearning, nats a token",
      .above, 0, readings.map { ClaimStatistics.spreadGrowth($0, at: step) }, needs: "label")
  }

  /// (b) `F(last) - min over p < last of F(p) < 0`, with `F(p)` the fall of the label's log-likelihood from the first to
  /// the last step.
  private func recency(_ run: UnlearningRun) -> Claim {
    claim(
      "recency", "What was learned last is forgotten slowest.", run,
      "forget score at the last position minus the smallest at the others, nats a token", .below, 0, lags(run),
      needs: "label")
  }

  /// (b) The share of the runs in which the last position is slowest, more than half. The paper's own Table 1 has 13 of
  /// its 15 cells.
  private var recencyShare: Claim {
    let lags = shared.map(lags)
    let shares = (0..<(lags.map(\.count).max() ?? 0)).map { seed -> Double in
      let known = lags.compactMap { seed < $0.count && $0[seed].isFinite ? $0[seed] : nil }
      return Double(known.count { $0 < 0 }) / Double(known.count)
    }
    return Claim(
      topic: "recency share", sentence: "What was learned last is forgotten slowest with most algorithms.",
      subject: "all runs", statistic: "share of the runs in which the last position has the smallest forget score",
      side: .above, threshold: 0.5, values: shares, note: "the paper's Table 1 has 13 of 15 cells")
  }

  /// (c) Spearman's rank correlation over paths between forget score and utility at the last step, negative.
  private func utility(_ run: UnlearningRun) -> Claim {
    let (label, kept) = (readings(run, "label_log_likelihood"), readings(run, "utility"))
    let values = zip(label, kept).map { label, kept in
      ClaimStatistics.rankCorrelation(falls(label), kept.map { $0.last ?? .nan })
    }
    return claim(
      "utility", "Slower forgetting comes with better kept utility.", run,
      "rank correlation over paths of forget score and utility after unlearning", .below, 0, values,
      needs: "label and utility", other: "fewer than three paths, or all alike")
  }

  /// (e) `s(last) - s(0) > 0`, for every run: at every learning rate and schedule.
  private func persistence(_ run: UnlearningRun) -> Claim {
    let readings = readings(run, "label_log_likelihood")
    let last = share(1, of: readings)
    return claim(
      "persistence", "Paths still differ at other learning rates and schedules.", run,
      "spread of the label's log-likelihood over paths after the last step minus that before, nats a token", .above, 0,
      readings.map { ClaimStatistics.spreadGrowth($0, at: last) }, needs: "label")
  }

  /// (f) The log ratio of the widths of the label's interval at the last step and at a tenth of the run, above 0; the
  /// values are the jackknife's.
  private func widening(_ run: UnlearningRun) -> Claim {
    let all = readings(run, "label_log_likelihood")
    let (early, late) = (share(10, of: all), share(1, of: all))
    let readings = all.filter { $0.allSatisfy { $0[early].isFinite && $0[late].isFinite } }
    return claim(
      "widening", "Intervals over seeds are narrow at first and widen later.", run,
      "log of the ratio of the interval's widths after the last step and after step \(early), mean over paths, jackknife",
      .above, 0, ClaimStatistics.wideningPseudoValues(readings, early: early, late: late), needs: "label",
      other: "fewer than three seeds, or seeds that agree exactly")
  }

  /// (g) The difference of the change of math accuracy between two paths, above 20 points. The two are the extremes of
  /// the other seeds, so that sampling alone makes no difference.
  private func math(_ run: UnlearningRun) -> Claim {
    let changes = readings(run, "math_accuracy").map { $0.map { ($0.last ?? .nan) - ($0.first ?? .nan) } }
    return claim(
      "math", "Math accuracy changes by over 20 points more on one path than on another.", run,
      "difference of the change of math accuracy between the paths that are extreme on the other seeds", .above, 0.2,
      ClaimStatistics.crossedSpreads(changes), needs: "math", other: "fewer than two seeds")
  }

  /// (h) What one number of steps for all paths costs against one for each, in Jeffreys divergence to the retrained model
  /// (mean of forget and kept answers), above 0; both numbers are the best on the other seeds.
  private func ownSteps(_ run: UnlearningRun) -> Claim {
    claim(
      "own step count", "No one number of steps brings all paths as near to their retrained models as it could.", run,
      "excess divergence at the common best step over that at each path's own, both best on the other seeds, nats a token",
      .above, 0, ClaimStatistics.costsOfCommonSteps(divergences(run)), needs: "retrained",
      other: "fewer than two seeds")
  }

  /// (h) The smallest share of its Jeffreys divergence to the retrained model that any path comes down to at any step,
  /// above a tenth.
  private func approach(_ run: UnlearningRun) -> Claim {
    claim(
      "closest approach", "No path comes near retrain equivalence at any step.", run,
      "smallest share, over paths and steps, of the divergence to the retrained model before unlearning", .above, 0.1,
      divergences(run).map(ClaimStatistics.closestApproach), needs: "retrained")
  }

  private func claim(
    _ topic: String, _ sentence: String, _ run: UnlearningRun, _ statistic: String, _ side: Claim.Side,
    _ threshold: Double, _ values: [Double], needs measures: String, other reason: String = "values that are not finite"
  ) -> Claim {
    let finite = values.count(where: \.isFinite)
    let note =
      finite == seeds.count
      ? nil : "\(seeds.count - finite) of \(seeds.count) seeds have no value: \(measures) not measured, or \(reason)"
    return Claim(
      topic: topic, sentence: sentence, subject: run.name, statistic: statistic, side: side, threshold: threshold,
      values: values, note: note)
  }

  /// A column by seed, path and step, of the seeds in which every path has it at all steps.
  private func readings(_ run: UnlearningRun, _ column: String) -> [ClaimStatistics.Reading] {
    let all = seeds.map { seed in
      order.paths.compactMap { path in order.trajectories(run, path).first { $0.seed == seed }?[column] }
    }
    let steps = all.joined().map(\.count).max() ?? 0
    return all.filter { $0.count == paths.count && steps > 0 && $0.allSatisfy { $0.count == steps } }
  }

  /// The step after this share of the run, rounded up.
  private func share(_ share: Int, of readings: [ClaimStatistics.Reading]) -> Int {
    let last = max(0, (readings.first?.first?.count ?? 1) - 1)
    return (last + share - 1) / share
  }

  private func falls(_ reading: ClaimStatistics.Reading) -> [Double] {
    reading.map { ($0.first ?? .nan) - ($0.last ?? .nan) }
  }

  private func lags(_ run: UnlearningRun) -> [Double] {
    readings(run, "label_log_likelihood").map { reading in
      ClaimStatistics.lagOfLast(scores: falls(reading), positions: paths, last: order.study.stages.count)
    }
  }

  private func divergences(_ run: UnlearningRun) -> [ClaimStatistics.Reading] {
    zip(readings(run, "forget_jeffreys"), readings(run, "kept_jeffreys")).map { forget, kept in
      zip(forget, kept).map { zip($0, $1).map { ($0 + $1) / 2 } }
    }
  }
}
