import FileFormats
import FineTuning
import PostTraining

extension Exhibit {
  /// Whether unlearning leads to the retrained model.
  static let distanceToRetrained = Exhibit(
    name: "distance-to-retrained",
    title: "Distance to the retrained model while unlearning, by when the forget set was learned",
    description: """
      How far the model is from the one that learned the same stages in the same order without the forget set, on \
      answers of the forget stage and on all others: the RE distance (Definition 2.1, of logits) and the Jeffreys \
      divergence (mean of KL in both directions), by step, algorithm and position p. Mean and 95 % confidence interval \
      over seeds. A path-oblivious algorithm has one number of steps for all paths; look at whether one step is best \
      for all curves. The theory's counterpart is retrain-distance. Scales are of square roots.
      """,
    results: { results in
      let order = try StudyResults(results, role: .order)
      var rows: [[Cell]] = []
      for part in ["forget", "kept"] {
        for measure in ["re_distance", "jeffreys"] {
          for run in order.runs(.unlearning) {
            for path in order.paths {
              let means = try order.means(run, path, "\(part)_\(measure)") ?? []
              rows += means.enumerated().map { step, mean in
                [
                  .string(run.objective.label), .string(run.name), .string(part), .string(measure),
                  .string("\(path)"), .integer(order.position(path)), .integer(step),
                ] + mean.cells
              }
            }
          }
        }
      }
      guard !rows.isEmpty else { throw Unfilled("the study \"\(order.study.name)\" does not measure \"retrained\"") }
      return try TidyTable(
        [
          Column("algorithm", .string, description: "GA, NPO, SimNPO or SimNPO (original)"),
          Column("run", .string, description: "the plan's name of the unlearning run"),
          Column("part", .string, description: "forget: answers of the forget stage; kept: of all others"),
          Column(
            "measure", .string,
            description: "re_distance: squared distance of logits; jeffreys: nats a token"),
          Column("path", .string, description: "the order of the stages, first learned first"),
          Column("position", .integer, unit: "1", description: "p, the position of the forget stage, 1 is first"),
          Column("step", .integer, unit: "step", description: "unlearning steps taken"),
        ] + SeedMean.columns(unit: "1", of: "the distance"), rows: rows)
    },
    plot: VegaLite.panels(
      "Distance to the retrained model while unlearning, by when the forget set was learned",
      [
        (
          "transform",
          [CurvePanels.numbered, ["calculate": "datum.measure + ', ' + datum.part", "as": "shown"]]
        )
      ]
        + CurvePanels.grid(
          ["row": CurvePanels.facet("shown"), "column": CurvePanels.facet("algorithm")],
          CurvePanels.positionCurves(title: "distance", width: 230, scale: CurvePanels.ofDistances))))
}
