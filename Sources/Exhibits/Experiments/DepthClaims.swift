import PostTraining
import Unlearning

/// The paper's claims about superficial and deep forgetting, tested on the study `phrasing`, (d).
///
/// Its definition is that forgetting is superficial where only U falls, and deep where U and C both end below R. Taken
/// literally, all six of the paper's own curves are deep: C ends below R in each of them. What sets theta_3 and theta_4
/// apart is that C ends nearer to U than to R. Both statistics are reported, with what they are of the paper's curves.
struct DepthClaims {
  private let study: StudyResults
  private let seeds: [UInt64]

  /// The claims for an experiment's study.
  init(_ study: StudyResults, seeds: [UInt64]) {
    self.study = study
    self.seeds = seeds
  }

  /// Two claims for each of the paper's orders that the study has.
  var claims: [Claim] {
    PaperOrder.all.flatMap { order -> [Claim] in
      guard let path = study.paths.first(where: { "\($0)" == order.path }) else { return [] }
      let word = order.isDeep ? "deep" : "superficial"
      return [
        claim(
          "depth, as defined", "Forgetting is as deep or superficial as in the paper, by its definition.", order, path,
          "R minus the larger of U and C after unlearning, nats an answer: above 0 is deep (paper: \(word))",
          side: order.isDeep ? .above : .below
        ) { c, u, r in r - max(u, c) },
        claim(
          "depth, midpoint", "C ends nearer to U where the paper has deep forgetting, else nearer to R.", order, path,
          "C minus the middle of U and R after unlearning, nats an answer: below 0 is deep (paper: \(word))",
          side: order.isDeep ? .below : .above
        ) { c, u, r in c - (u + r) / 2 },
      ]
    }
  }

  private func claim(
    _ topic: String, _ sentence: String, _ order: PaperOrder, _ path: Path, _ statistic: String, side: Claim.Side,
    of value: (_ c: Double, _ u: Double, _ r: Double) -> Double
  ) -> Claim {
    let trajectories = study.runs([.ga]).first.map { study.trajectories($0, path) } ?? []
    let values = trajectories.compactMap { trajectory -> Double? in
      let ends = ["C", "U", "R"].compactMap { trajectory["\($0)_log_probability"]?.last }
      return ends.count == 3 ? value(ends[0], ends[1], ends[2]) : nil
    }
    let readings = ["C", "U", "R"].compactMap(order.last)
    let paper = readings.count == 3 ? "the paper's curve has \(Int(value(readings[0], readings[1], readings[2])))" : nil
    let finite = values.count(where: \.isFinite)
    let missing = finite == seeds.count ? nil : "\(seeds.count - finite) of \(seeds.count) seeds have no value"
    return Claim(
      topic: topic, sentence: sentence, subject: order.path, statistic: statistic, side: side, threshold: 0,
      values: values, note: [paper, missing].compactMap { $0 }.joined(separator: "; "))
  }
}
