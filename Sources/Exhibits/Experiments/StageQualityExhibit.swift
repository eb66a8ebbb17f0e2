import FileFormats
import PostTraining
import Unlearning

extension Exhibit {
  /// What was learned before anything was unlearned.
  static let stageQuality = Exhibit(
    name: "stage-quality",
    title: "How well each stage is known before unlearning",
    description: """
      For every study, trained path and stage, at the end of the path: the mean log-likelihood of an answer token and \
      the share of greedy answers that are right, and that were cut off, of what was learned and of what was held \
      out. \
      Mean and 95 % confidence interval over seeds. Paths without the forget stage are those of the retrained models. \
      A \
      stage is learned where just after it a token of its answers has a probability of at least one half (geometric \
      mean), and of problems a fifth is solved: what is said of claims that need a stage which is not is "not tested".
      """,
    results: { results in
      var rows: [[Cell]] = []
      for study in results.plan.studies {
        let learned = LearnedStages(study, results.qualities)
        let own = results.qualities.filter { $0.study == study.name }
        let paths = own.map(\.path).enumerated().filter { place, path in
          own.firstIndex { $0.path == path } == place
        }.map(\.element)
        for stage in study.stages.map(\.name) {
          for path in paths {
            let qualities = own.filter { $0.stage == stage && $0.path == path }
            let isLast = path.stages.last == stage
            let shortfall = isLast ? learned.shortfall(of: stage, after: path) : nil
            for (measure, part, value) in qualityReadings {
              let values = qualities.compactMap(value)
              guard !values.isEmpty else { continue }
              rows.append(
                [
                  .string(study.name), .string("\(path)"), Cell(study.position(in: path)), .string(stage),
                  .boolean(path.stages.contains(stage)), isLast ? .boolean(shortfall == nil) : .missing, .string(part),
                  .string(measure),
                ] + (try SeedMean(values, within: SeedMean.range(of: measure)).cells))
            }
          }
        }
      }
      guard !rows.isEmpty else { throw Unfilled("no stage's quality was measured") }
      return try TidyTable(
        [
          Column("study", .string, description: "the plan's name of the study"),
          Column("path", .string, description: "the order of the stages, first learned first"),
          Column(
            "position", .integer, unit: "1",
            description: "p, the position of the forget stage, 1 is first; missing where it was not learned"),
          Column("stage", .string, description: "the stage that is asked about"),
          Column("on_path", .boolean, description: "whether the stage was learned on this path"),
          Column(
            "learned", .boolean,
            description: "whether the stage, the path's last, was learned; missing where others followed or it was not"),
          Column("part", .string, description: "learned: what was learned; held out: what was not"),
          Column(
            "measure", .string,
            description: "log_likelihood: mean of an answer token, nats; right: share of right greedy answers; "
              + "cut: share of greedy answers that were cut off"),
        ] + SeedMean.columns(unit: "1", of: "the measure"), rows: rows)
    },
    plot: VegaLite.panels(
      "How well each stage is known before unlearning",
      [
        (
          "transform",
          [CurvePanels.numbered, ["calculate": "datum.study + ': ' + datum.stage", "as": "panel"]]
        ),
        (
          "hconcat",
          [
            qualityPanel("log_likelihood", "log-likelihood, nats a token"),
            qualityPanel("right", "share of right answers", scale: ["domain": [0, 1]]),
          ]
        ),
      ]))

  private static let qualityReadings: [(String, String, @Sendable (StageQuality) -> Double?)] = [
    ("log_likelihood", "learned", { $0.learnedLogLikelihood }),
    ("log_likelihood", "held out", { $0.heldOutLogLikelihood }),
    ("right", "learned", { $0.learnedRight }),
    ("right", "held out", { $0.heldOutRight }),
    ("cut", "learned", { $0.learnedCut }),
    ("cut", "held out", { $0.heldOutCut }),
  ]

  private static func qualityPanel(_ measure: String, _ title: String, scale: JSON? = nil) -> JSON {
    let x = VegaLite.number("ci_low", title, scale: scale)
    let y: JSON = ["field": "path", "type": "nominal", "title": .null, "sort": .null]
    let color = VegaLite.color("part", "answers", ["learned", "held out"])
    return [
      "transform": [["filter": .string("datum.measure == '\(measure)'")]],
      "facet": ["row": CurvePanels.facet("panel")],
      "spec": [
        "width": 250, "height": ["step": 15],
        "layer": [
          [
            "mark": ["type": "rule", "strokeWidth": 1.5, "clip": true],
            "encoding": ["y": y, "x": x, "x2": ["field": "ci_high"], "color": color],
          ],
          [
            "mark": ["type": "point", "filled": true, "size": 50, "opacity": 1],
            "encoding": ["y": y, "x": VegaLite.number("mean", title, scale: scale), "color": color],
          ],
          [
            "transform": [["filter": "datum.learned === false && datum.part == 'learned'"]],
            "mark": ["type": "text", "align": "left", "fontSize": 10, "color": "#D55E00", "text": "not learned"],
            "encoding": ["y": y, "x": ["value": 256]],
          ],
        ],
      ],
      "resolve": ["scale": ["y": "independent"]],
    ]
  }
}
