import Transformer

/// How likely a model still is to give a fixed text, the label, as its answer to each forget question:
/// `(1/n) sum_i l_i / |y|`.
///
/// `l_i` is the log probability of the label as the answer to question i and `|y|` how many tokens the label has. It is
/// averaged over tokens first and over questions then, in nats per token, at most 0: lower is more forgotten. The same
/// is told of paraphrases of the label, which unlearning may have spared.
///
/// Yu, He, Goyal and Arora (arXiv 2510.16629), Section 4, with the label "Sorry, I can not assist you"; their trainer
/// counts the label's own tokens only, not the token that ends an answer.
public struct LabelLogLikelihood: Hashable, Sendable {
  /// The mean log-likelihood of a token of the label.
  public let label: Double
  /// The same for each paraphrase.
  public let paraphrases: [Double]
  /// How much paraphrases differ: the mean over questions of the variance (divided by their number) among paraphrases,
  /// in nats squared; nil where there are none.
  public let paraphraseVariance: Double?
  /// The number of questions.
  public let questions: Int

  /// The log-likelihood of a label and of its paraphrases.
  /// - Parameters:
  ///   - label: The label's score as the answer to each question.
  ///   - paraphrases: For each paraphrase its scores, for the same questions in the same order.
  /// - Throws: `MetricError` where there are no questions, their numbers differ, or a score is not that of an answer.
  public init(label: [SequenceScore], paraphrases: [[SequenceScore]] = []) throws(MetricError) {
    self.label = try label.checkedMeans().mean
    questions = label.count
    var byParaphrase: [[Double]] = []
    for scores in paraphrases {
      try MetricError.requireEqual(label.count, scores.count, "questions for the label and for a paraphrase")
      byParaphrase.append(try scores.checkedMeans())
    }
    self.paraphrases = byParaphrase.map(\.mean)
    paraphraseVariance =
      byParaphrase.isEmpty
      ? nil
      : label.indices.map { question in
        let values = byParaphrase.map { $0[question] }
        let mean = values.mean
        return values.map { ($0 - mean) * ($0 - mean) }.mean
      }.mean
  }

  /// The mean of the label and all paraphrases, each weighing the same, in nats per token.
  public var mean: Double { ([label] + paraphrases).mean }
}
