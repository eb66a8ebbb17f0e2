import FileFormats
import PostTraining

extension Exhibit {
  /// The paper's Table 1.
  static let table1 = Exhibit(
    name: "table-1",
    title: "Forget score, utility and math after unlearning, by algorithm and position",
    description: """
      What unlearning did from its first to its last step, by algorithm and position p of the forget stage: this \
      experiment (mean over seeds and 95 % confidence interval) beside the five models of the paper's Table 1. The \
      forget score is the fall of the label's log-likelihood alone, as the paper's numbers are; with_paraphrases adds \
      20 similar refusals. The paper's forget score of Qwen2.5-1.5B, SimNPO, p = 4, is 2.000 below its own curve, \
      probably a misprint. Colour runs from the smallest to the largest number of a panel.
      """,
    results: { results in
      let order = try StudyResults(results, role: .order)
      let runs = order.runs(.unlearning)
      guard !runs.isEmpty else {
        throw Unfilled("the study \"\(order.study.name)\" has no run of an unlearning algorithm")
      }
      var rows: [[Cell]] = []
      for measure in Table1Measure.allCases {
        for run in runs {
          let byPosition = Dictionary(grouping: order.paths, by: order.position)
          for (position, paths) in byPosition.sorted(by: { $0.key < $1.key }) {
            let values = results.plan.seeds.compactMap { seed in
              let values = paths.flatMap { order.trajectories(run, $0) }.filter { $0.seed == seed }
                .compactMap(measure.value)
              return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
            }
            guard !values.isEmpty else { continue }
            rows.append(
              [
                .string("this experiment"), .string(order.experiment), .string(run.objective.label), .string(run.name),
                .string(measure.rawValue), .integer(position),
              ] + (try SeedMean(values).cells))
          }
        }
      }
      guard !rows.isEmpty else {
        throw Unfilled("the study \"\(order.study.name)\" measures neither label nor utility nor math")
      }
      let paper = PaperCurves.all["table1"].flatMap { series in
        series.values.enumerated().map { index, value -> [Cell] in
          [
            .string("paper"), .string(series.model), .string(series.algorithm), .missing,
            .string(Table1Measure(paper: series.metric).rawValue), .integer(index + 1), .number(value),
            .missing, .missing, .integer(1),
          ]
        }
      }
      return try TidyTable(
        [
          Column("source", .string, description: "\"this experiment\" or \"paper\""),
          Column("model", .string, description: "the experiment's name, or the paper's model"),
          Column("algorithm", .string, description: "GA, NPO, SimNPO or SimNPO (original)"),
          Column("run", .string, description: "the plan's name of the unlearning run; missing for the paper"),
          Column(
            "measure", .string,
            description: """
              forget_score: fall of the label's log-likelihood, nats a token; with_paraphrases: the same with similar \
              refusals; utility: 1 - |change of the utility answers' log-likelihood|; math: change of the share of \
              problems solved
              """),
          Column(
            "position", .integer, unit: "1",
            description: "p, the position of the forget stage, 1 is first; paths that share it are averaged"),
        ] + SeedMean.columns(unit: "1", of: "the measure after unlearning"), rows: rows + paper)
    },
    plot: VegaLite.panels("Forget score, utility and math after unlearning, by algorithm and position", table1Panels))

  private static let table1Panels: [(String, JSON)] = {
    let text = """
      format(datum.mean, '.2f') + (isValid(datum.ci_high) ? ' ± ' + format(datum.ci_high - datum.mean, '.2f') : '')
      """
    let color: JSON = [
      "field": "mean", "type": "quantitative", "legend": .null,
      "scale": ["scheme": "blues", "range": ["#f7fbff", "#9ecae1"]],
    ]
    return [
      // Only this experiment has numbers with paraphrases: they stay in the table.
      (
        "transform",
        [
          ["filter": "datum.measure != 'with_paraphrases'"], CurvePanels.numbered,
          // Runs of one algorithm need a line each.
          [
            "joinaggregate": [["op": "distinct", "field": "run", "as": "runs"]],
            "groupby": ["source", "algorithm", "measure"],
          ],
          [
            "calculate": .string(
              "datum.source == 'paper' ? 'paper: ' + datum.model : datum.source + (datum.runs > 1 ? ': ' + datum.run : '')"
            ),
            "as": "line",
          ],
          ["calculate": .string(text), "as": "text"],
        ]
      ),
      ("facet", ["row": CurvePanels.facet("measure"), "column": CurvePanels.facet("algorithm")]),
      (
        "spec",
        [
          "width": ["step": 68], "height": ["step": 19],
          "encoding": [
            "x": ["field": "position", "type": "ordinal", "title": "position p", "axis": ["labelAngle": 0]],
            "y": ["field": "line", "type": "nominal", "title": .null, "sort": .null],
          ],
          "layer": [
            ["mark": ["type": "rect"], "encoding": ["color": color]],
            [
              "mark": ["type": "text", "fontSize": 9.5],
              "encoding": ["text": ["field": "text", "type": "nominal"]],
            ],
          ],
        ]
      ),
      ("resolve", ["scale": ["color": "independent"]]),
    ]
  }()
}

/// What Table 1 says of a trajectory.
enum Table1Measure: String, CaseIterable {
  /// The fall of the label's log-likelihood.
  case forgetScore = "forget_score"
  /// ``ForgetScore`` with its paraphrases.
  case withParaphrases = "with_paraphrases"
  /// ``TOFUUtility``.
  case utility
  /// The change of ``MathAccuracy``.
  case math

  /// From the paper's name of a column.
  init(paper: String) { self = paper == "forget_score" ? .forgetScore : paper == "math_utility" ? .math : .utility }

  /// The number at the end of a trajectory; nil where it was not measured.
  func value(_ trajectory: Trajectory) -> Double? {
    switch self {
    case .forgetScore: trajectory["label_log_likelihood"].flatMap(Self.change).map { -$0 }
    case .withParaphrases: trajectory["forget_score"]?.last
    case .utility: trajectory["utility"]?.last
    case .math: trajectory["math_accuracy"].flatMap(Self.change)
    }
  }

  private static func change(_ values: [Double]) -> Double? {
    values.first.flatMap { first in values.last.map { $0 - first } }
  }
}
