extension Measure {
  /// ``MembershipInference`` by ``MinKProbability``: the forget stage's answers against those that are held out.
  public static let membership = Measure(
    "membership", "whether it shows that the forget stage was trained on", needs: [.forgetHeldOut],
    columns: { _ in [share("membership_auc", "area under the curve of Min-K; 0.5 is no signal")] },
    readings: { measures, _ in 2 * measures.forgetQuestions },
    values: { model in
      let inference = try MembershipInference(
        members: MinKProbability.scores(model.content(model.examples.forget).map(\.logLikelihoods)),
        others: MinKProbability.scores(model.content(model.examples.forgetHeldOut).map(\.logLikelihoods)))
      return [inference.auc]
    })
}
