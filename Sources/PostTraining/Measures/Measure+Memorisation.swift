extension Measure {
  /// What the model still knows of the forget stage's own answers: ``ExactMatch``, ``ExtractionStrength``,
  /// ``AnswerProbability``.
  public static let memorisation = Measure(
    "memorisation", "what the model still knows of the forget stage's own answers",
    columns: { _ in
      [
        share("exact_match", "share of answer tokens that are the likeliest after the true ones before them"),
        share("extraction_strength", "share of the answer that follows by itself from the rest"),
        share("forget_probability", "mean over answers of the geometric mean of their tokens' probabilities"),
      ]
    },
    readings: { measures, _ in measures.forgetQuestions },
    values: { model in
      let predictions = try model.probe.predictions(for: model.examples[model.examples.forget])
      let answers = model.content(model.examples.forget).map(\.tokens)
      let predicted = zip(predictions, answers).map { Array($0.prefix($1.count)) }
      return [
        try ExactMatch(predictions: predicted, answers: answers).mean,
        try ExtractionStrength(predictions: predicted, answers: answers).mean,
        try AnswerProbability(model.scores(model.examples.forget)).mean,
      ]
    })
}
