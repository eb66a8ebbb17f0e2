import FileFormats
import PostTraining

extension Exhibit {
  /// What the experiment says of the paper's claims.
  ///
  /// A claim is a number with a side of a threshold (``Claim``; the numbers are in ``OrderClaims`` and ``DepthClaims``,
  /// the rules in ``Evidence``), fixed before an experiment is run. It is `seen` where a one-sided test at 2.5 %
  /// rejects the other side, `not seen` where one rejects the claimed side, else `undecided`; with one seed it always
  /// is. It is `not tested` where nothing was unlearned (``Claim/leastFall``) or a stage was not learned
  /// (``LearnedStages``).
  static let findings = Exhibit(
    name: "findings",
    title: "The paper's claims, and what this experiment says of them",
    description: """
      One row for each claim and what it is tested on. A claim is a number that should lie above or below a threshold, \
      fixed before any run. seen: a one-sided test at 2.5 % rejects the other side; not seen: one rejects the claimed \
      side; undecided: neither; not tested: on some path the forget stage's own answers fell by less than one nat, or \
      a \
      stage that the claim needs was not learned. The column holm has the verdicts that hold together, at 5 % for all \
      claims at once. The paper's own numbers are judged by the same rules, with models in the place of seeds; it does \
      not give its forget answers' likelihood, so that whether it unlearned is not asked of it. All seeds learn the \
      same \
      data: what is said is said of this one draw of them.
      """,
    results: { results in
      let order = try? StudyResults(results, role: .order)
      let phrasing = try? StudyResults(results, role: .phrasings)
      let seeds = results.plan.seeds
      func learned(_ study: StudyResults) -> LearnedStages { LearnedStages(study.study, results.qualities) }
      let claims =
        (try order.map { try OrderClaims($0, seeds: seeds, learned: learned($0)).claims } ?? [])
        + (try phrasing.map { try DepthClaims($0, seeds: seeds, learned: learned($0)).claims } ?? [])
      guard !claims.isEmpty else { throw Unfilled("the plan has no study to test") }
      return try TidyTable(
        findingsColumns,
        rows: zip(claims, claims.holmVerdicts).map { claim, holm -> [Cell] in
          [.string(claim.topic), .string(claim.sentence), .string(claim.subject), .string(claim.statistic)]
            + claim.evidence.cells + [
              .string(claim.side.rawValue), .number(claim.threshold), Cell(claim.pValue),
              .string(claim.verdict.rawValue), .string(holm.rawValue), Cell(claim.fall?.value), Cell(claim.fall?.path),
            ] + (claim.paper?.cells ?? [.missing, .missing, .missing, .missing]) + [
              .string(claim.paperVerdict?.rawValue ?? "not given"), Cell(claim.obstacle), Cell(claim.note),
            ]
        })
    },
    plot: VegaLite.panels("The paper's claims, and what this experiment says of them", findingsPanels))

  private static let findingsColumns: [Column] = {
    func numbers(_ prefix: String, _ repetitions: String) -> [Column] {
      [
        Column("\(prefix)ci_low", .number, unit: "1", description: "lower end of the estimate's 95 % interval"),
        Column("\(prefix)ci_high", .number, unit: "1", description: "upper end of the estimate's 95 % interval"),
        Column("\(prefix)n", .integer, unit: "1", description: "how many \(repetitions) have a finite value"),
      ]
    }
    return [
      Column("topic", .string, description: "the claim in a few words"),
      Column("claim", .string, description: "the claim in a sentence"),
      Column("subject", .string, description: "the run, the order of stages, or all runs"),
      Column("statistic", .string, description: "what is computed"),
      Column("estimate", .number, unit: "1", description: "over seeds, in the statistic's unit"),
    ] + numbers("", "seeds") + [
      Column("claimed", .string, description: "above or below: the side of the threshold"),
      Column("threshold", .number, unit: "1", description: "beyond what, in the statistic's unit"),
      Column("p", .number, unit: "1", description: "two-sided p-value against the threshold; missing where not tested"),
      Column("verdict", .string, description: "seen, not seen, undecided or not tested"),
      Column("holm", .string, description: "the same where all claims are to hold at once, at 5 % (Holm)"),
      Column(
        "least_fall", .number, unit: "nat",
        description: "how much less likely the forget stage's own answers became where they fell least; mean over seeds"
      ),
      Column("least_fall_path", .string, description: "where that is"),
      Column(
        "paper_estimate", .number, unit: "1",
        description: "the same statistic of the paper's own numbers, over models (widening: seeds); missing: not given"),
    ] + numbers("paper_", "of the paper's models (widening: seeds)") + [
      Column("paper_verdict", .string, description: "what the same rule says of the paper's numbers, or not given"),
      Column("obstacle", .string, description: "why the claim was not tested; missing where it was"),
      Column("note", .string, description: "what else there is to know; missing where nothing"),
    ]
  }()

  private static let findingsPanels: [(String, JSON)] = {
    let text = """
      datum.verdict + ': ' + (!isValid(datum.estimate) ? 'no value' : format(datum.estimate, '.3~g') + \
      (isValid(datum.ci_high) ? ' [' + format(datum.ci_low, '.3~g') + ', ' + format(datum.ci_high, '.3~g') + ']' : \
      '')) \
      + ', claimed ' + datum.claimed + ' ' + format(datum.threshold, '.3~g') \
      + (datum.holm == datum.verdict ? '' : ' (Holm: ' + datum.holm + ')') + '; paper: ' + datum.paper_verdict \
      + (isValid(datum.paper_estimate) ? ' ' + format(datum.paper_estimate, '.3~g') : '') \
      + (isValid(datum.obstacle) ? '; ' + datum.obstacle \
      : isValid(datum.least_fall) ? '; fell by ' + format(datum.least_fall, '.3~g') + ' nats or more' : '')
      """
    // One claim can be tested in several ways, which the topic tells apart after its comma.
    let panel = """
      indexof(datum.topic, ', ') < 0 ? datum.claim \
      : slice(datum.claim, 0, -1) + ' (' + slice(datum.topic, indexof(datum.topic, ', ') + 2) + ').'
      """
    func x(_ field: String) -> JSON {
      ["field": .string(field), "type": "quantitative", "title": .null, "axis": ["tickCount": 5]]
    }
    let colors: JSON = [
      "field": "verdict", "type": "nominal", "title": "verdict",
      "scale": [
        "domain": ["seen", "undecided", "not seen", "not tested"],
        "range": ["#009E73", "#E69F00", "#D55E00", "#999999"],
      ],
      "legend": ["symbolType": "circle", "symbolSize": 110],
    ]
    let header: JSON = [
      "labelOrient": "top", "labelAnchor": "start", "labelAngle": 0, "labelFontSize": 12, "labelLimit": 700,
      "labelFontWeight": 500, "labelPadding": 2,
    ]
    return [
      (
        "transform",
        [
          CurvePanels.numbered, ["calculate": .string(text), "as": "text"],
          ["calculate": .string(panel), "as": "panel"],
        ]
      ),
      ("facet", ["row": CurvePanels.facet("panel", header: header)]),
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
