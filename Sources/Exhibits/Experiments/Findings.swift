import FileFormats
import PostTraining

extension Exhibit {
  /// What the experiment says of the paper's claims.
  ///
  /// A claim is a number of each seed with a side of a threshold (``Claim``; the numbers are in ``OrderClaims`` and
  /// ``DepthClaims``), fixed before an experiment is run. It is `seen` where the 95 % Student interval of the mean over
  /// seeds lies wholly on the claimed side, `not seen` where wholly on the other, and else `undecided`; with one seed it
  /// always is. Nothing corrects for how many claims there are: of those that are false at their threshold, one in forty
  /// is seen by chance.
  static let findings = Exhibit(
    name: "findings",
    title: "The paper's claims, and what this experiment says of them",
    description: """
      One row for each claim and what it is tested on. A claim is a number of each seed that should lie above or below \
      a threshold, fixed before any run. seen: the 95 % Student interval of its mean over seeds lies wholly on the \
      claimed side; not seen: wholly on the other; undecided: neither, or fewer than two seeds have it. Nothing corrects \
      for the number of claims.
      """,
    results: { results in
      let order = try? StudyResults(results, study: "order")
      let phrasing = try? StudyResults(results, study: "phrasing")
      let seeds = results.plan.seeds
      let claims =
        (order.map { OrderClaims($0, seeds: seeds).claims } ?? [])
        + (phrasing.map { DepthClaims($0, seeds: seeds).claims } ?? [])
      guard !claims.isEmpty else { throw Unfilled("the plan has neither a study \"order\" nor \"phrasing\" to test") }
      return try TidyTable(
        [
          Column("topic", .string, description: "the claim in a few words"),
          Column("claim", .string, description: "the claim in a sentence"),
          Column("subject", .string, description: "the run, the order of stages, or all runs"),
          Column("statistic", .string, description: "what is computed of each seed"),
          Column("estimate", .number, unit: "1", description: "mean over seeds, in the statistic's unit"),
          Column("ci_low", .number, unit: "1", description: "lower end of the mean's 95 % confidence interval"),
          Column("ci_high", .number, unit: "1", description: "upper end of the mean's 95 % confidence interval"),
          Column("n", .integer, unit: "1", description: "how many seeds have a finite value"),
          Column("claimed", .string, description: "above or below: the side of the threshold"),
          Column("threshold", .number, unit: "1", description: "beyond what, in the statistic's unit"),
          Column("verdict", .string, description: "seen, not seen or undecided"),
          Column("note", .string, description: "what else there is to know; missing where nothing"),
        ],
        rows: try claims.map { claim in
          [.string(claim.topic), .string(claim.sentence), .string(claim.subject), .string(claim.statistic)]
            + (try claim.estimate.cells) + [
              .string(claim.side.rawValue), .number(claim.threshold), .string(try claim.verdict.rawValue),
              Cell(claim.note),
            ]
        })
    },
    plot: VegaLite.panels("The paper's claims, and what this experiment says of them", findingsPanels))

  private static let findingsPanels: [(String, JSON)] = {
    let text = """
      datum.verdict + ': ' + (!isValid(datum.estimate) ? 'no value' : format(datum.estimate, '.3~g') + \
      (isValid(datum.ci_high) ? ' [' + format(datum.ci_low, '.3~g') + ', ' + format(datum.ci_high, '.3~g') + ']' : '')) \
      + ', claimed ' + datum.claimed + ' ' + format(datum.threshold, '.3~g')
      """
    func x(_ field: String) -> JSON {
      ["field": .string(field), "type": "quantitative", "title": .null, "axis": ["tickCount": 5]]
    }
    let colors: JSON = [
      "field": "verdict", "type": "nominal", "title": "verdict",
      "scale": ["domain": ["seen", "undecided", "not seen"], "range": ["#009E73", "#E69F00", "#D55E00"]],
      "legend": ["symbolType": "circle", "symbolSize": 110],
    ]
    let header: JSON = [
      "labelOrient": "top", "labelAnchor": "start", "labelAngle": 0, "labelFontSize": 12, "labelLimit": 700,
      "labelFontWeight": 500, "labelPadding": 2,
    ]
    return [
      ("transform", [CurvePanels.numbered, ["calculate": .string(text), "as": "text"]]),
      ("facet", ["row": CurvePanels.facet("claim", header: header)]),
      (
        "spec",
        [
          "width": 240, "height": ["step": 17],
          "encoding": ["y": ["field": "subject", "type": "nominal", "title": .null, "sort": .null]],
          "layer": [
            ["mark": ["type": "tick", "color": "#555555", "thickness": 2], "encoding": ["x": x("threshold")]],
            [
              "mark": ["type": "rule", "strokeWidth": 2],
              "encoding": ["x": x("ci_low"), "x2": ["field": "ci_high"], "color": colors],
            ],
            [
              "mark": ["type": "point", "filled": true, "size": 60, "opacity": 1],
              "encoding": ["x": x("estimate"), "color": colors],
            ],
            [
              "mark": ["type": "text", "align": "left", "fontSize": 11],
              "encoding": ["x": ["value": 256], "text": ["field": "text", "type": "nominal"]],
            ],
          ],
        ]
      ), ("resolve", ["scale": ["x": "independent", "y": "independent"]]), ("spacing", 12),
    ]
  }()
}
