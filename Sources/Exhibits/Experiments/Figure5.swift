import FileFormats

extension Exhibit {
  /// The paper's Figure 5.
  static let figure5 = Exhibit(
    name: "figure-5",
    title: "Label and utility over seeds: mean and 95 % confidence interval",
    description: """
      The log-likelihoods of the forget set's label and of the utility stage's true answers while the label is \
      unlearned, by algorithm and position p of the forget stage: mean and 95 % confidence interval (Student's t) over \
      this experiment's seeds, beside those over four seeds of the paper's Figure 5. The intervals should be narrow at \
      first and widen later. The paper's points are very probably two \
      steps each, so both are drawn by the share of the unlearning epoch. Each panel has its own scale.
      """,
    results: { results in
      try CurveTable.make(
        results, runs: { $0.runs(.unlearning) }, named: "an unlearning algorithm", measures: [.label, .utility],
        paper: "fig5")
    },
    plot: VegaLite.panels(
      "Label and utility over seeds: mean and 95 % confidence interval",
      [
        (
          "transform",
          [CurvePanels.numbered, ["calculate": "datum.algorithm + ', ' + datum.measure", "as": "shown"]]
        )
      ]
        + CurvePanels.grid(
          ["row": CurvePanels.facet("shown"), "column": CurvePanels.facet("source")],
          CurvePanels.positionCurves(title: "nats a token", x: .epoch, width: 320))))
}
