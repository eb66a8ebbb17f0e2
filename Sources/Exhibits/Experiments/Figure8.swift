import FileFormats

extension Exhibit {
  /// The paper's Figure 8.
  static let figure8 = Exhibit(
    name: "figure-8",
    title: "Other schedules of the learning rate",
    description: """
      The log-likelihood of the forget set's label while it is unlearned with the schedule that the plan's runs share \
      and with others, by algorithm and position p of the forget stage: this experiment (mean and 95 % confidence \
      interval over seeds) beside the paper's Figure 8. The paths should differ under every schedule. In the paper, \
      the \
      panel of NPO with WSD repeats that of SimNPO with WSD. The paper's points are very probably two \
      steps each, so both are drawn by the share of the unlearning epoch. Each panel has its own scale.
      """,
    results: { results in
      try CurveTable.make(
        results,
        runs: { order in
          let own = order.runs(.unlearning, [.none, .schedule])
          return Set(own.map(\.configuration.schedule.label)).count > 1 ? own : []
        }, named: "more than one schedule", measures: [.label], paper: "fig8")
    },
    plot: VegaLite.panels(
      "Other schedules of the learning rate",
      [
        (
          "transform",
          [CurvePanels.numbered, ["calculate": "datum.algorithm + ', ' + datum.schedule", "as": "shown"]]
        )
      ]
        + CurvePanels.grid(
          ["row": CurvePanels.facet("shown"), "column": CurvePanels.facet("source")],
          CurvePanels.positionCurves(title: "label, nats a token", x: .epoch, width: 320))))
}
