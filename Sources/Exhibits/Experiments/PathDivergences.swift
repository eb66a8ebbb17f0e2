import FileFormats
import FineTuning
import PostTraining

extension Exhibit {
  /// How far the models of different paths are from each other.
  static let pathDivergence = Exhibit(
    name: "path-divergence",
    title: "Models of different histories diverge while they unlearn the same data",
    description: """
      How far the models of two paths are apart after the same number of unlearning steps, mean over all pairs of \
      paths, by \
      algorithm. jeffreys (points): nats a token; the Jeffreys divergence (mean of KL in both directions), exact over \
      the \
      whole vocabulary, which needs both models and is taken before unlearning and after the last step; between them \
      no models are kept, and it is missing. The curves are from the true tokens' log-likelihoods alone. \
      jeffreys_at_least: nats a token; the exact Jeffreys divergence of whether the next token is the true one, which \
      that over the whole vocabulary is never less than. \
      cosh_of_difference: what the paper's authors compute, the mean of cosh(d) - 1 with d the difference of the \
      log-likelihoods, a number without a unit that is no divergence of the two models and grows beyond all bounds. \
      Mean and 95 % confidence interval over seeds. The theory's counterpart is divergence. The scale is \
      logarithmic; where an interval reaches 0, its band ends at a tenth of the mean.
      """,
    results: { results in
      let order = try StudyResults(results, role: .order)
      let columns = [
        Column("algorithm", .string, description: "GA, NPO, SimNPO or SimNPO (original)"),
        Column("run", .string, description: "the plan's name of the unlearning run"),
        Column(
          "measure", .string,
          description:
            "jeffreys, exact, at the first and last step, and jeffreys_at_least, nats a token; cosh_of_difference, "
            + "without a unit"),
        Column("step", .integer, unit: "step", description: "unlearning steps taken"),
        Column("pairs", .integer, unit: "1", description: "how many pairs of paths there are"),
      ]
      let count = order.paths.count
      guard count > 1 else { throw Unfilled("the study \"\(order.study.name)\" has one path, and no two to compare") }
      var rows: [[Cell]] = []
      for (measure, divergence) in measures {
        for run in order.runs(.unlearning) {
          let seeds = results.plan.seeds.compactMap { meanDivergences(order, run, seed: $0, divergence) }
          for step in 0..<(seeds.map(\.count).max() ?? 0) {
            let values = seeds.compactMap { step < $0.count ? $0[step] : nil }
            rows.append(
              [
                .string(run.objective.label), .string(run.name), .string(measure), .integer(step),
                .integer(count * (count - 1) / 2),
              ] + (try SeedMean(values, within: 0 ... .infinity).cells))
          }
        }
      }
      for run in order.runs(.unlearning) {
        let exact = exactDivergences(results.divergences.filter { $0.study == order.study.name && $0.run == run.name })
        for (step, values) in exact {
          rows.append(
            [
              .string(run.objective.label), .string(run.name), .string("jeffreys"), .integer(step),
              .integer(count * (count - 1) / 2),
            ] + (try SeedMean(values, within: 0 ... .infinity).cells))
        }
      }
      guard !rows.isEmpty else {
        throw Unfilled("the study \"\(order.study.name)\" keeps no log-likelihoods of true tokens")
      }
      return try TidyTable(
        columns + SeedMean.columns(unit: "1", of: "the measure, mean over pairs of paths"), rows: rows)
    },
    plot: VegaLite.panels(
      "Models of different histories diverge while they unlearn the same data",
      [
        (
          "transform",
          [
            CurvePanels.numbered,
            [
              "calculate":
                "datum.measure == 'cosh_of_difference' ? datum.measure : 'jeffreys (points), jeffreys_at_least (curves)'",
              "as": "shown",
            ],
            [
              "calculate": "isValid(datum.ci_low) && datum.ci_low <= 0 ? datum.mean / 10 : datum.ci_low",
              "as": "drawn_low",
            ],
          ]
        )
      ]
        + CurvePanels.grid(
          ["column": CurvePanels.facet("shown")],
          CurvePanels.curves(
            color: VegaLite.colors("algorithm", "algorithm"), title: "mean over pairs", detail: ["run"], width: 360,
            height: 300, scale: ["type": "log"], low: "drawn_low", points: "datum.measure == 'jeffreys'"))))

  private static let measures: [(String, @Sendable ([[Double]], [[Double]]) throws -> Double)] = [
    ("jeffreys_at_least", { try ConditionalDivergence.jeffreysLowerBound(trueTokens: $0, $1) }),
    ("cosh_of_difference", { try ConditionalDivergence(trueTokens: $0, $1).jeffreys }),
  ]

  /// By step, each seed's mean over all pairs of paths; a pair's is over the answer tokens of all parts, as that of the
  /// true tokens is.
  private static func exactDivergences(_ divergences: [PathDivergence]) -> [(step: Int, values: [Double])] {
    Dictionary(grouping: divergences, by: \.step).sorted { $0.key < $1.key }.map { step, ofStep in
      let seeds = Dictionary(grouping: ofStep, by: \.seed).sorted { $0.key < $1.key }.map { _, ofSeed in
        // All pairs have the same answers.
        ofSeed.reduce(0) { $0 + Double($1.tokens) * $1.jeffreys } / Double(ofSeed.reduce(0) { $0 + $1.tokens })
      }
      return (step, seeds)
    }
  }

  /// By step, the mean over all pairs of paths; NaN where a pair has none. Nil where a path's tokens are missing.
  private static func meanDivergences(
    _ order: StudyResults, _ run: UnlearningRecipe, seed: UInt64,
    _ divergence: ([[Double]], [[Double]]) throws -> Double
  ) -> [Double]? {
    let tokens = order.paths.compactMap { path in
      order.trajectories(run, path).first { $0.seed == seed }?.trueTokens
    }
    guard tokens.count == order.paths.count, let steps = tokens.map(\.count).min(), steps > 0 else { return nil }
    return (0..<steps).map { step in
      let pairs = tokens.indices.flatMap { one in
        tokens[..<one].map { (try? divergence(tokens[one][step], $0[step])) ?? .nan }
      }
      return pairs.reduce(0, +) / Double(pairs.count)
    }
  }
}
