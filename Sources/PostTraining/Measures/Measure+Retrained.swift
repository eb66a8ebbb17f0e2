import FileFormats

extension Measure {
  /// The distance to the retrained model, exact over the vocabulary and by the true tokens (``ConditionalDivergence``,
  /// ``LogitDistance``), on answers of the forget stage (`forget_`) and of all others (`kept_`).
  public static let retrained = Measure(
    "retrained", "how far the model is from the one that never learned the forget stage", needs: [.retrainedModel],
    columns: { _ in
      func divergence(_ name: String, _ what: String) -> Column {
        Column(name, .number, unit: "nat/token", description: what)
      }
      return [("forget", "answers of the forget stage"), ("kept", "answers of all other stages")].flatMap { part, on in
        [
          divergence("\(part)_kl", "KL divergence, the retrained model first, on \(on)"),
          divergence("\(part)_reverse_kl", "KL divergence, the retrained model second, on \(on)"),
          divergence("\(part)_jeffreys", "mean of both KL divergences, on \(on)"),
          divergence("\(part)_true_token_jeffreys", "the same estimated from the true tokens alone, on \(on)"),
          Column("\(part)_re_distance", .number, unit: "1", description: "mean squared distance of logits, on \(on)"),
        ]
      }
    },
    readings: { measures, stages in
      measures.forgetQuestions + measures.utilityQuestions + measures.stageExamples * stages.names.count
    },
    values: { model in
      let examples = model.examples
      let trueTokens = [examples.forget, examples.kept].map { $0.map { model.readings[$0].logLikelihoods } }
      return try model.retrained?.distances(of: model.probe, trueTokens, model.reader, model.workers) ?? []
    })
}
