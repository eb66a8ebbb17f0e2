import FileFormats

extension Exhibit {
  /// The paper's Figure 6.
  static let figure6 = Exhibit(
    name: "figure-6",
    title: "NPO at several learning rates",
    description: """
      The log-likelihood of the forget set's label while it is unlearned by NPO at each learning rate, by the position \
      p of the forget stage: this experiment (mean and 95 % confidence interval over seeds) above the two models of \
      the paper's Figure 6. The paths should differ at every rate. The paper's points are very probably two \
      steps each, so both are drawn by the share of the unlearning epoch. Each panel has its own scale.
      """,
    results: { results in
      try CurveTable.make(
        results,
        runs: { order in
          let own = order.runs([.npo], [.none, .learningRate])
          return Set(own.map(\.configuration.optimizer.learningRate)).count > 1 ? own : []
        }, named: "NPO at more than one learning rate", measures: [.label], paper: "fig6")
    },
    plot: VegaLite.panels(
      "NPO at several learning rates",
      [
        (
          "transform",
          [["calculate": "'learning rate ' + format(datum.learning_rate, '.2~e')", "as": "rate"]]
        ),
        (
          "vconcat",
          [
            rates("datum.source != 'paper'", title: "this experiment"),
            rates("datum.model == 'Llama3.2-1B'", title: "paper: Llama3.2-1B"),
            rates("datum.model == 'Qwen2.5-1.5B'", title: "paper: Qwen2.5-1.5B"),
          ]
        ),
      ]))

  private static func rates(_ filter: String, title: String) -> JSON {
    let members: [(String, JSON)] =
      [("title", ["text": .string(title), "fontSize": 12]), ("transform", [["filter": .string(filter)]])]
      + CurvePanels.grid(
        [
          "column": [
            "field": "rate", "type": "nominal", "title": .null,
            "sort": ["field": "learning_rate", "op": "min", "order": "ascending"], "header": ["labelFontSize": 11],
          ]
        ], CurvePanels.positionCurves(title: "label, nats a token", x: .epoch, width: 175, height: 140))
    return .object(members.map { JSON.Member($0.0, $0.1) })
  }
}
