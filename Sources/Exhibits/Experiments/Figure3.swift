import FileFormats

extension Exhibit {
  /// The paper's Figure 3.
  static let figure3 = Exhibit(
    name: "figure-3",
    title: "NPO and SimNPO: how the label is forgotten, and the utility with it",
    description: """
      The log-likelihoods of the forget set's label and of the utility stage's true answers while the label is \
      unlearned by NPO and SimNPO, by the position p of the forget stage: this experiment (mean and 95 % confidence \
      interval over seeds) beside the two models of the paper's Figure 3, read off its graphics to 0.05. Where the \
      label falls slower, the utility mostly should, too. The paper's points are very probably two \
      steps each, so both are drawn by the share of the unlearning epoch. Each panel has its own scale.
      """,
    results: { results in
      try CurveTable.make(
        results, runs: { $0.runs([.npo, .simnpo]) }, named: "NPO or SimNPO", measures: [.label, .utility],
        paper: "fig3")
    },
    plot: VegaLite.panels(
      "NPO and SimNPO: how the label is forgotten, and the utility with it",
      [
        (
          "transform",
          [
            CurvePanels.numbered, CurvePanels.panel,
            ["calculate": "datum.algorithm + ', ' + datum.measure", "as": "shown"],
          ]
        )
      ]
        + CurvePanels.grid(
          ["row": CurvePanels.facet("shown"), "column": CurvePanels.facet("panel")],
          CurvePanels.positionCurves(title: "nats a token", x: .epoch, width: 230))))
}
