extension Measure {
  /// ``LabelLogLikelihood`` of the label alone.
  public static let label = Measure(
    "label", "how likely the label is as an answer to the forget questions", needs: [.label],
    columns: { _ in [logLikelihood("label_log_likelihood", "the label")] },
    readings: { measures, _ in measures.forgetQuestions },
    values: { [try $0.labelLogLikelihood().label] })

  /// The mean with the label's paraphrases (``LabelLogLikelihood/mean``), their variance and the ``ForgetScore``.
  public static let paraphrases = Measure(
    "paraphrases", "the label in other words, and how far both have fallen",
    needs: [.measure("label"), .paraphrases, .label],
    columns: { _ in
      [
        logLikelihood("paraphrase_log_likelihood", "the label and its paraphrases"),
        share("paraphrase_variance", "variance of the log-likelihood over the paraphrases, squared nats a token"),
        share("forget_score", "fall of the label and its paraphrases since before unlearning, nats a token"),
        share("forget_score_label", "fall of the label since before unlearning, nats a token"),
      ]
    },
    readings: { measures, _ in measures.forgetQuestions * (1 + measures.paraphrases.count) },
    values: { model in
      let label = try model.labelLogLikelihood()
      guard let variance = label.paraphraseVariance else { return [] }
      let score = ForgetScore(
        before: (
          model.before("label_log_likelihood", now: label.label),
          model.before("paraphrase_log_likelihood", now: label.mean)
        ), after: (label.label, label.mean))
      return [label.mean, variance, score.value, score.label]
    })
}

extension MeasuredModel {
  fileprivate func labelLogLikelihood() throws(MetricError) -> LabelLogLikelihood {
    try LabelLogLikelihood(label: scores(examples.label), paraphrases: examples.paraphrases.map(scores))
  }
}
