import FileFormats
import PostTraining
import Unlearning

extension Exhibit {
  /// The paper's Figure 4.
  static let figure4 = Exhibit(
    name: "figure-4",
    title: "Superficial and deep forgetting: the order of the wordings decides what falls",
    description: """
      The log probability of the answers in three wordings while U is unlearned by gradient ascent, after the stages R \
      (refuse), C (comply) and U (comply in other words) were learned in each order: this experiment (mean and 95 % \
      confidence interval over seeds, sum over an answer's tokens) above the paper's Figure 4. Superficial: U falls \
      alone; deep: C falls with it. The paper calls U>C>R and U>R>C deep, the other orders superficial. Each panel has \
      its own scale.
      """,
    results: { results in
      let study = try StudyResults(results, role: .phrasings)
      guard let run = study.runs([.ga]).first else {
        throw Unfilled("the study \"\(study.study.name)\" has no run of gradient ascent")
      }
      var rows: [[Cell]] = []
      for path in figure4Order(study.paths) {
        for answer in study.study.stages.map(\.name) {
          let means = try study.means(run, path, "\(answer)_log_probability") ?? []
          let epochs = run.epochs(steps: means.count - 1)
          rows += means.enumerated().map { step, mean in
            [
              .string("this experiment"), .string(study.experiment), .string("\(path)"), .string(answer),
              .integer(step), Cell(epochs.map { $0(step) }),
            ] + mean.cells
          }
        }
      }
      guard !rows.isEmpty else { throw Unfilled("the study \"\(study.study.name)\" does not measure \"stages\"") }
      return try TidyTable(
        [
          Column("source", .string, description: "\"this experiment\" or \"paper\""),
          Column("model", .string, description: "the experiment's name, or the paper's model"),
          Column("path", .string, description: "the order of the stages, first learned first"),
          Column("answer", .string, description: "the stage whose answers are asked for; the paper's are C, R and U"),
          Column(
            "step", .integer, unit: "step",
            description: "optimizer steps taken; missing for the paper, which shows epochs"),
          Column(
            "epoch", .number, unit: "epoch",
            description: "unlearning epochs gone through; missing where max_steps cut a run short"),
        ] + SeedMean.columns(unit: "nat", of: "mean log probability of an answer"),
        rows: rows + figure4Readings)
    },
    plot: VegaLite.panels(
      "Superficial and deep forgetting: the order of the wordings decides what falls",
      [("transform", [CurvePanels.numbered])]
        + CurvePanels.grid(
          ["row": CurvePanels.facet("source"), "column": CurvePanels.facet("path")],
          CurvePanels.curves(
            color: VegaLite.colors("answer", "answer"), title: "log probability, nats", x: .epoch,
            xTitle: "unlearning epoch",
            detail: [], width: 104, height: 170))))

  /// The paths in the order of the paper's panels, theta_1 to theta_6, before all others.
  private static func figure4Order(_ paths: [Path]) -> [Path] {
    func place(_ path: Path) -> Int { PaperOrder.all.firstIndex { $0.path == "\(path)" } ?? PaperOrder.all.count }
    return paths.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }.map(\.element)
  }

  private static var figure4Readings: [[Cell]] {
    PaperOrder.all.flatMap { order in
      order.readings.flatMap { series in
        series.values.enumerated().map { epoch, value in
          [
            .string("paper"), .string(series.model), .string(order.path), .string(series.series), .missing,
            .number(Double(epoch)), .number(value), .missing, .missing, .integer(1),
          ]
        }
      }
    }
  }
}
