import FileFormats

extension Exhibit {
  /// The paper's Figure 1.
  static let figure1 = Exhibit(
    name: "figure-1",
    title: "Gradient ascent forgets at a speed that depends on when the forget set was learned",
    description: """
      The log-likelihood of the forget set's label while it is unlearned by gradient ascent, by the position p of the \
      forget stage: this experiment (mean and 95 % confidence interval over seeds) beside the four models of the \
      paper's Figure 1, whose curves were read off its vector graphics. The curves of different p should spread apart \
      within the first steps, and the last p should fall slowest. The paper's points are very probably two \
      steps each, so both are drawn by the share of the unlearning epoch. Each panel has its own scale.
      """,
    results: { results in
      try CurveTable.make(
        results, runs: { $0.runs([.ga]) }, named: "gradient ascent", measures: [.label], paper: "fig1")
    },
    plot: VegaLite.panels(
      "Gradient ascent forgets at a speed that depends on when the forget set was learned",
      [("transform", [CurvePanels.numbered, CurvePanels.panel])]
        + CurvePanels.grid(
          ["column": CurvePanels.facet("panel")],
          CurvePanels.positionCurves(title: "label, nats a token", x: .epoch, width: 150, height: 190))))
}
