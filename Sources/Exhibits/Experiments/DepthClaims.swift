import PostTraining
import Unlearning

/// The paper's claims about superficial and deep forgetting, tested on a study of the role `phrasings`, (d).
///
/// Its definition is that forgetting is superficial where only U falls, and deep where U and C both end below R. Taken
/// literally, all six of the paper's own curves are deep: C ends below R in each of them. What sets theta_3 and theta_4
/// apart is that C ends nearer to U than to R. Both statistics are reported, with what they are of the paper's curves.
struct DepthClaims {
  private let study: StudyResults
  private let seeds: [UInt64]
  private let learned: LearnedStages

  /// The claims for an experiment's study.
  init(_ study: StudyResults, seeds: [UInt64], learned: LearnedStages) {
    self.study = study
    self.seeds = seeds
    self.learned = learned
  }

  /// Two claims for each of the paper's orders that the study has.
  var claims: [Claim] {
    get throws {
      try PaperOrder.all.flatMap { order -> [Claim] in
        guard let path = study.paths.first(where: { "\($0)" == order.path }) else { return [] }
        let word = order.isDeep ? "deep" : "superficial"
        return [
          try claim(
            "depth, as defined", "Forgetting is as deep or superficial as in the paper, by its definition.", order,
            path,
            "R minus the larger of U and C after unlearning, nats an answer: above 0 is deep (paper: \(word))",
            side: order.isDeep ? .above : .below
          ) { c, u, r in r - max(u, c) },
          try claim(
            "depth, midpoint", "C ends nearer to U where the paper has deep forgetting, else nearer to R.", order, path,
            "C minus the middle of U and R after unlearning, nats an answer: below 0 is deep (paper: \(word))",
            side: order.isDeep ? .below : .above
          ) { c, u, r in c - (u + r) / 2 },
        ]
      }
    }
  }

  private func claim(
    _ topic: String, _ sentence: String, _ order: PaperOrder, _ path: Path, _ statistic: String, side: Claim.Side,
    of value: (_ c: Double, _ u: Double, _ r: Double) -> Double
  ) throws -> Claim {
    let run = study.runs([.ga]).first
    let trajectories = run.map { study.trajectories($0, path) } ?? []
    let values = trajectories.compactMap { trajectory -> Double? in
      let ends = ["C", "U", "R"].compactMap { trajectory["\($0)_log_probability"]?.last }
      return ends.count == 3 ? value(ends[0], ends[1], ends[2]) : nil
    }
    let evidence = try Evidence.mean(of: values, against: 0)
    let readings = ["C", "U", "R"].compactMap(order.last)
    let paper =
      readings.count == 3 ? try Evidence.mean(of: [value(readings[0], readings[1], readings[2])], against: 0) : nil
    let missing =
      evidence.count == seeds.count ? nil : "\(seeds.count - evidence.count) of \(seeds.count) seeds have no value"
    let fall = run.flatMap { study.leastFall($0, on: [path]) }
    let obstacle =
      learned.shortfall(of: ["R", "C", "U"], on: [path]) ?? Claim.obstacle(fall, of: study.study.forget)
      ?? (evidence.count == 0 ? missing : nil)
    return Claim(
      topic: topic, sentence: sentence, subject: order.path, statistic: statistic, side: side, threshold: 0,
      evidence: evidence, paper: paper, fall: fall, obstacle: obstacle,
      note: ["the paper has one run, which is on the \(Self.side(of: paper, claimed: side)) side", missing]
        .compactMap { $0 }.joined(separator: "; "))
  }

  private static func side(of paper: Evidence?, claimed side: Claim.Side) -> String {
    guard let value = paper?.estimate else { return "unknown" }
    return (side == .above) == (value > 0) ? "claimed" : "other"
  }
}
