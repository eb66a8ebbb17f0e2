import Transformer

extension Collection where Element == SequenceScore {
  /// Each answer's mean log-likelihood of a token, `l / |y|`, in nats.
  /// - Throws: `MetricError` where there are no answers, or for the first one without tokens or whose log-likelihood is
  ///   not that of a probability.
  func checkedMeans() throws(MetricError) -> [Double] {
    try MetricError.requireSome(count, "answers")
    var means: [Double] = []
    means.reserveCapacity(count)
    for (index, score) in enumerated() {
      guard score.answerTokens > 0 else { throw .noTokens(index: index) }
      guard score.logLikelihood.isFinite else {
        throw .notFinite("log-likelihood", index: index, score.logLikelihood)
      }
      guard score.logLikelihood <= 0 else { throw .positive(index: index, score.logLikelihood) }
      means.append(score.meanLogLikelihood)
    }
    return means
  }
}

extension Collection where Element == Double {
  /// The arithmetic mean; NaN for no numbers.
  var mean: Double { reduce(0, +) / Double(count) }
}
