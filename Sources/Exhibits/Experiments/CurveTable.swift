import FileFormats
import PostTraining

/// The table behind the paper's curves over one unlearning epoch: this experiment's means over seeds, and the paper's
/// readings.
struct CurveTable {
  /// What a curve shows.
  enum Measure: String, CaseIterable {
    /// How likely the label of the forget set is.
    case label
    /// How likely the true answers of the utility stage are.
    case utility

    /// The trajectories' column.
    func column(of study: StudyResults) -> String { self == .label ? study.labelColumn : "\(rawValue)_log_likelihood" }
    /// The paper's word.
    var paperMetric: String { self == .label ? "unlearn_label" : "tofu" }
  }

  /// The columns.
  static let columns: [Column] =
    [
      Column("source", .string, description: "\"this experiment\" or \"paper\""),
      Column("model", .string, description: "the experiment's name, or the paper's model"),
      Column("algorithm", .string, description: "GA, NPO, SimNPO or SimNPO (original)"),
      Column("run", .string, description: "the plan's name of the unlearning run; missing for the paper"),
      Column("learning_rate", .number, unit: "1", description: "of unlearning; missing where the figure names none"),
      Column(
        "schedule", .string,
        description: """
          of the learning rate, with warm-up and decay where they are not the defaults; missing where the figure \
          names none
          """),
      Column(
        "measure", .string,
        description: "label: the forget set's label; utility: true answers of the utility stage (TOFU)"),
      Column("path", .string, description: "the order of the stages, first learned first; missing for the paper"),
      Column("position", .integer, unit: "1", description: "p, the position of the forget stage, 1 is first"),
      Column("step", .integer, unit: "step", description: "optimizer steps taken; missing for the paper"),
      Column(
        "point", .integer, unit: "1",
        description:
          "the paper's points, 0 is before unlearning, very probably two steps each; missing for this experiment"),
      Column(
        "epoch", .number, unit: "epoch",
        description: """
          share of the unlearning epoch gone through (over 1 where a run has several); the paper's points as shares \
          of 18; \
          missing where max_steps cut a run short
          """),
    ] + SeedMean.columns(unit: "nat/token", of: "mean log-likelihood of a token")

  /// A table of these runs of the study `order`, and of a figure's readings.
  /// - Throws: ``Unfilled`` where there is no such run, or none of the measures was taken.
  static func make(
    _ results: ExperimentResults, runs: (StudyResults) -> [UnlearningRecipe], named runName: String,
    measures: [Measure], paper figure: String
  ) throws -> TidyTable {
    let order = try StudyResults(results, role: .order)
    let runs = runs(order)
    guard !runs.isEmpty else { throw Unfilled("the study \"\(order.study.name)\" has no run of \(runName)") }
    var rows: [[Cell]] = []
    for measure in measures {
      for run in runs {
        for path in order.paths {
          let means = try order.means(run, path, measure.column(of: order)) ?? []
          let epochs = run.epochs(steps: means.count - 1)
          rows += means.enumerated().map { step, mean in
            [
              .string("this experiment"), .string(order.experiment), .string(run.objective.label), .string(run.name),
              .number(run.configuration.optimizer.learningRate),
              .string(run.configuration.schedule.label), .string(measure.rawValue), .string("\(path)"),
              .integer(order.position(path)), .integer(step), .missing, Cell(epochs.map { $0(step) }),
            ] + mean.cells
          }
        }
      }
    }
    guard !rows.isEmpty else {
      throw Unfilled(
        "the study \"\(order.study.name)\" does not measure \(measures.map(\.rawValue).joined(separator: " or "))")
    }
    return try TidyTable(columns, rows: rows + paperRows(figure, measures))
  }

  /// A figure's readings as rows.
  static func paperRows(_ figure: String, _ measures: [Measure]) -> [[Cell]] {
    PaperCurves.all[figure].flatMap { series -> [[Cell]] in
      guard let measure = measures.first(where: { $0.paperMetric == series.metric }) else { return [] }
      let interval = PaperCurves.all.interval(of: series)
      return series.values.enumerated().map { point, value in
        [
          .string("paper"), .string(series.model), .string(series.algorithm), .missing, Cell(series.learningRate),
          Cell(series.schedule), .string(measure.rawValue), .missing, Cell(series.position), .missing,
          .integer(point), .number(PaperCurves.Series.epoch(ofPoint: point)),
          .number(value), Cell(interval?.low[point]), Cell(interval?.high[point]),
          // The paper repeats Figure 5 with four seeds, and shows one run elsewhere.
          .integer(interval == nil ? 1 : 4),
        ]
      }
    }
  }
}
