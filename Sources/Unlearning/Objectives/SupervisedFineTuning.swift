extension Objective {
  /// Supervised fine-tuning: the mean negative log probability of an answer token, `-sum l / sum |y|`.
  public static let sft = Objective(
    "sft", label: "SFT", "supervised fine-tuning", source: "maximum likelihood", purpose: .learning,
    average: .answerTokens
  ) { example, _ in ExampleLoss(value: -example[0].logLikelihood, weight: -1, of: example[0]) }
}
