import FileFormats
import FineTuning
import PostTraining

extension Exhibit {
  /// How far the models of different paths are from each other.
  static let pathDivergence = Exhibit(
    name: "path-divergence",
    title: "Models of different histories diverge while they unlearn the same data",
    description: """
      The mean over all pairs of paths of the Jeffreys divergence between their models after the same number of \
      unlearning steps, estimated from the true tokens' log-likelihoods as the paper's authors do (with a control \
      variate: the mean of cosh(difference) - 1), by algorithm. Mean and 95 % confidence interval over seeds. The \
      theory's counterpart is divergence. The scale is logarithmic; where an interval reaches 0, its band ends at a tenth \
      of the mean.
      """,
    results: { results in
      let order = try StudyResults(results, study: "order")
      let columns = [
        Column("algorithm", .string, description: "GA, NPO, SimNPO or SimNPO (original)"),
        Column("run", .string, description: "the plan's name of the unlearning run"),
        Column("step", .integer, unit: "step", description: "unlearning steps taken"),
        Column("pairs", .integer, unit: "1", description: "how many pairs of paths there are"),
      ]
      let count = order.paths.count
      guard count > 1 else { throw Unfilled("the study \"order\" has one path, and no two to compare") }
      var rows: [[Cell]] = []
      for run in order.runs(.unlearning) {
        let seeds = results.plan.seeds.compactMap { meanDivergences(order, run, seed: $0) }
        for step in 0..<(seeds.map(\.count).max() ?? 0) {
          let values = seeds.compactMap { step < $0.count ? $0[step] : nil }
          rows.append(
            [
              .string(run.objective.label), .string(run.name), .integer(step), .integer(count * (count - 1) / 2),
            ] + (try SeedMean(values).cells))
        }
      }
      guard !rows.isEmpty else { throw Unfilled("the study \"order\" keeps no log-likelihoods of true tokens") }
      return try TidyTable(
        columns + SeedMean.columns(unit: "nat/token", of: "mean divergence over pairs of paths"), rows: rows)
    },
    plot: VegaLite.panels(
      "Models of different histories diverge while they unlearn the same data",
      [
        (
          "transform",
          [
            [
              "calculate": "isValid(datum.ci_low) && datum.ci_low <= 0 ? datum.mean / 10 : datum.ci_low",
              "as": "drawn_low",
            ]
          ]
        )
      ]
        + (CurvePanels.curves(
          color: VegaLite.colors("algorithm", "algorithm"), title: "Jeffreys divergence, nats a token",
          detail: ["run"], width: 520, height: 300, scale: ["type": "log"], low: "drawn_low"
        ).members ?? []).map { ($0.name, $0.value) }))

  /// By step, the mean over all pairs of paths; NaN where a pair has none. Nil where a path's tokens are missing.
  private static func meanDivergences(_ order: StudyResults, _ run: UnlearningRun, seed: UInt64) -> [Double]? {
    let tokens = order.paths.compactMap { path in
      order.trajectories(run, path).first { $0.seed == seed }?.trueTokens
    }
    guard tokens.count == order.paths.count, let steps = tokens.map(\.count).min(), steps > 0 else { return nil }
    return (0..<steps).map { step in
      let pairs = tokens.indices.flatMap { one in
        tokens[..<one].map { (try? ConditionalDivergence(trueTokens: tokens[one][step], $0[step]))?.jeffreys ?? .nan }
      }
      return pairs.reduce(0, +) / Double(pairs.count)
    }
  }
}
