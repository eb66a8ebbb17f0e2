extension Objective {
  /// The inverse temperature of NPO and its kin.
  fileprivate static func beta(_ standard: Double) -> Parameter {
    Parameter("beta", default: standard, .positive, "inverse temperature")
  }

  /// Negative preference optimisation: `-(2/beta) log sigmoid(-beta (l - l_ref))`, averaged over sequences; its weight
  /// `2 sigmoid(beta (l - l_ref))` is 1 at the reference.
  public static let npo = Objective(
    "npo", label: "NPO", "negative preference optimisation", source: "Zhang, Lin, Bai and Mei, arXiv 2404.05868",
    parameters: [beta(0.5)], needs: [.reference], average: .examples
  ) { example, values in
    SoftMargin(beta: values[0], example[0].logLikelihood, reference: example[0].reference).loss(of: example[0])
  }

  /// SimNPO as the paper on retrain equivalence writes it: NPO with the reference likelihood 1, not normalised,
  /// `-(2/beta) log sigmoid(-beta l)`.
  ///
  /// It extinguishes itself: at `beta = 1` and `l = -20` its weight is 4e-9.
  public static let simnpo = Objective(
    "simnpo", label: "SimNPO", "NPO without a reference model",
    source: "Yu, He, Goyal and Arora, arXiv 2510.16629, Section 4", parameters: [beta(1)], average: .examples
  ) { example, values in
    SoftMargin(beta: values[0], example[0].logLikelihood).loss(of: example[0])
  }

  /// SimNPO as first published: normalised by the answer's length in tokens, with a margin,
  /// `-(2/beta) log sigmoid(-(beta/|y|) l - margin)`.
  public static let simnpoOriginal = Objective(
    "simnpo_original", label: "SimNPO (original)", "SimNPO as first published, by the mean of an answer's tokens",
    source: "Fan et al., arXiv 2410.07163",
    parameters: [
      beta(2.5),
      Parameter("margin", default: 0, .finite, "added to z = beta log pi / |y|, not multiplied by beta"),
    ], average: .examples
  ) { example, values in
    SoftMargin(
      beta: values[0], example[0].logLikelihood, length: example[0].answerTokens, margin: values[1]
    ).loss(of: example[0])
  }
}
