extension Measure {
  /// The true answers of the utility stage: their likelihood, ``TOFUUtility`` and ``AnswerProbability``.
  public static let utility = Measure(
    "utility", "how likely the utility stage's true answers still are", needs: [.utilityStage],
    columns: { _ in
      [
        logLikelihood("utility_log_likelihood", "the utility stage's answers"),
        share("utility", "1 - |change of utility_log_likelihood since before unlearning|"),
        share("utility_probability", "mean over answers of the geometric mean of their tokens' probabilities"),
      ]
    },
    readings: { measures, _ in measures.utilityQuestions },
    values: { model in
      let scores = model.scores(model.examples.utility)
      let now = try scores.checkedMeans().mean
      let utility = TOFUUtility(before: model.before("utility_log_likelihood", now: now), after: now)
      return [utility.after, utility.value, try AnswerProbability(scores).mean]
    })

  /// ``TruthRatio`` on the utility stage, by probabilities.
  public static let truthRatio = Measure(
    "truth_ratio", "whether true answers are still likelier than false ones", needs: [.utilityStage, .falseAnswers],
    columns: { _ in [share("retained_truth", "mean of max(0, 1 - false / true) over answers in other words")] },
    readings: { measures, _ in 6 * measures.utilityQuestions },
    values: { model in
      let ratio = try TruthRatio(
        truths: model.scores(model.examples.truths), falsehoods: model.examples.falsehoods.map(model.scores),
        averaging: .probabilities)
      return [ratio.retainedTruth]
    })

  /// ``RougeL`` of greedy answers to the utility stage's questions.
  public static let rouge = Measure(
    "rouge", "how much of the utility stage's answers the model still says", needs: [.utilityStage, .utilityAnswers],
    columns: { _ in
      [
        share("rouge_l_recall", "mean ROUGE-L recall of greedy answers"),
        share("rouge_cut", "share of these answers that were cut off"),
      ]
    },
    readings: { measures, _ in measures.utilityQuestions },
    values: { model in
      let asked = model.examples.rouge
      let answers = try model.reader.answers(to: asked.prompts, like: asked.answerTokens, model.probe, for: "rouge")
      let scores = try zip(asked.answers, answers).map { try RougeL(reference: $0, candidate: $1[0].text) }
      return [try RougeL(meanOf: scores).recall, answers.cutShare]
    })
}
