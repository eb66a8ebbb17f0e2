extension Objective {
  /// Gradient ascent on the loss: `sum l / sum |y|`, the log-likelihood itself, with weight 1 throughout.
  public static let ga = Objective(
    "ga", label: "GA", "gradient ascent on the forget loss", source: "Maini et al., arXiv 2401.06121",
    average: .answerTokens
  ) { example, _ in ExampleLoss(value: example[0].logLikelihood, weight: 1, of: example[0]) }
}
