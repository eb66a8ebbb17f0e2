import FileFormats

extension Exhibit {
  /// The paper's Figure 7.
  static let figure7 = Exhibit(
    name: "figure-7",
    title: "NPO at its largest learning rate: label beside utility",
    description: """
      The log-likelihoods of the forget set's label and of the utility stage's true answers while the label is \
      unlearned by NPO at the plan's largest learning rate, by the position p of the forget stage: this experiment \
      (mean and 95 % confidence interval over seeds) beside the paper's Figure 7 (learning rate 5e-5). The path that \
      forgets slowest need not keep its utility best. The paper's points are very probably two \
      steps each, so both are drawn by the share of the unlearning epoch. Each panel has its own scale.
      """,
    results: { results in
      try CurveTable.make(
        results,
        runs: { order in
          let own = order.runs([.npo], [.none, .learningRate])
          let largest = own.map(\.configuration.optimizer.learningRate).max()
          return own.filter { $0.configuration.optimizer.learningRate == largest }
        }, named: "NPO", measures: [.label, .utility], paper: "fig7")
    },
    plot: VegaLite.panels(
      "NPO at its largest learning rate: label beside utility",
      [("transform", [CurvePanels.numbered, CurvePanels.panel])]
        + CurvePanels.grid(
          ["row": CurvePanels.facet("measure"), "column": CurvePanels.facet("panel")],
          CurvePanels.positionCurves(title: "nats a token", x: .epoch, width: 300, height: 170))))
}
