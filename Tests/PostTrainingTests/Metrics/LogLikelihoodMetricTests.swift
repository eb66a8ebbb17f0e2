import PostTraining
import PropertyTesting
import Testing
import Transformer

private typealias Reference = MetricReference
private let good = SequenceScore(logLikelihood: -2, answerTokens: 2)

@Suite("Metrics of answers' log-likelihoods")
struct LogLikelihoodMetricTests {
  private static func label(_ pairs: [[(Double, Int)]]) throws -> LabelLogLikelihood {
    try LabelLogLikelihood(label: scores(pairs[0]), paraphrases: pairs.dropFirst().map(scores))
  }

  /// Sums of at most 5 numbers of 3 roundings each, on both sides; the variances subtract numbers of up to 10 times.
  static let roundings = 40

  @Test func `The label's log-likelihood and the paraphrases', as NumPy has them`() throws {
    for (pairs, expected) in zip([Reference.labelBefore, Reference.labelAfter], Reference.labels) {
      let found = try Self.label(pairs)
      let variance = try #require(found.paraphraseVariance)
      #expect(agrees([found.label] + found.paraphrases + [variance], expected, roundings: Self.roundings))
      #expect(found.questions == 5)
      #expect(agrees(found.mean, expected.dropLast().reduce(0, +) / 4, roundings: Self.roundings))
    }
    #expect(try LabelLogLikelihood(label: [good]).paraphraseVariance == nil)
    #expect(try LabelLogLikelihood(label: [good]).mean == -1)
  }

  @Test func `Tokens are averaged first and questions then`() throws {
    let scores = scores([(-1, 1), (-30, 10)])
    #expect(try LabelLogLikelihood(label: scores).label == -2)
    #expect(try TOFUUtility(before: scores, after: scores).before == -2)
  }

  @Test func `The forget score is the fall over all phrasings alike, and the label's alone`() throws {
    let (before, after) = (try Self.label(Reference.labelBefore), try Self.label(Reference.labelAfter))
    let score = try ForgetScore(before: before, after: after)
    // The difference of numbers of up to 10.
    #expect(agrees([score.value, score.label], Reference.forgetScore, roundings: Self.roundings, scale: 10))
    let back = try ForgetScore(before: after, after: before)
    #expect(back.value == -score.value && back.label == -score.label)
    #expect(try ForgetScore(before: before, after: before).value == 0)
  }

  @Test func `TOFU utility falls with any change`() throws {
    let (before, after) = (scores(Reference.labelBefore[1]), scores(Reference.labelAfter[1]))
    let utility = try TOFUUtility(before: before, after: after)
    #expect(agrees(utility.value, Reference.utility, roundings: Self.roundings, scale: 20))
    #expect(try TOFUUtility(before: after, after: before).value == utility.value)
    #expect(try TOFUUtility(before: after, after: after).value == 1)
    #expect(utility.before - utility.after > 1)
  }

  @Test func `Probabilities are those of a token`() throws {
    let found = try AnswerProbability(scores(Reference.labelBefore[2]))
    // An exponential takes the roundings of its argument times that argument, at most 10.
    #expect(agrees(found.values, Reference.probabilities, roundings: 20))
    #expect(agrees(found.mean, Reference.probabilities.reduce(0, +) / 5, roundings: Self.roundings))
    #expect(try AnswerProbability(scores([(0, 3)])).mean == 1)
  }

  @Test func `Truth ratios by the paper's equation and by the code's mean of losses`() throws {
    let (truths, falsehoods) = (scores(Reference.truths), Reference.falsehoods.map(scores))
    let paper = try TruthRatio(truths: truths, falsehoods: falsehoods, averaging: .probabilities)
    #expect(agrees(paper.ratios, Reference.paperRatios, roundings: 80))
    #expect(agrees([paper.indifference, paper.retainedTruth], Reference.paperSummaries, roundings: 80))
    let code = try TruthRatio(truths: truths, falsehoods: falsehoods, averaging: .logLikelihoods)
    #expect(agrees(code.ratios, Reference.codeRatios, roundings: 80))
    #expect(agrees([code.indifference, code.retainedTruth], Reference.codeSummaries, roundings: 80))
  }

  @Test func `A truth ratio beyond the range of floating point still has a logarithm and summaries`() throws {
    for averaging in TruthRatio.Averaging.allCases {
      let wrong = try TruthRatio(
        truths: scores([(-2000, 1)]), falsehoods: [scores([(-1000, 1), (-1000, 1)])], averaging: averaging)
      #expect(wrong.logRatios == [1000] && wrong.indifference == 0 && wrong.retainedTruth == 0)
      let right = try TruthRatio(
        truths: scores([(-1, 1)]), falsehoods: [scores([(-3000, 1)])], averaging: averaging)
      #expect(right.logRatios == [-2999] && right.indifference == 0 && right.retainedTruth == 1)
    }
  }

  @Test func `Truth ratio: 1 for equal answers, arithmetic over geometric mean, inverse when roles swap`() {
    checkProperty("truth ratio", zip(score, score.array(count: 1...5))) { truth, falsehoods in
      let same = try TruthRatio(truths: [truth], falsehoods: [[truth, truth]], averaging: .probabilities)
      try ensure(same.ratios == [1] && same.indifference == 1 && same.retainedTruth == 0, "not 1")
      let paper = try TruthRatio(truths: [truth], falsehoods: [falsehoods], averaging: .probabilities)
      let code = try TruthRatio(truths: [truth], falsehoods: [falsehoods], averaging: .logLikelihoods)
      // Logarithms of up to 40, of up to 5 numbers.
      try ensure(paper.logRatios[0] >= code.logRatios[0] - 400 * .ulpOfOne, "means out of order")
      let swapped = try TruthRatio(truths: [falsehoods[0]], falsehoods: [[truth]], averaging: .probabilities)
      let plain = try TruthRatio(truths: [truth], falsehoods: [[falsehoods[0]]], averaging: .probabilities)
      try ensure(swapped.logRatios[0] == -plain.logRatios[0], "not the inverse")
      try ensure(swapped.indifference == plain.indifference, "another quality")
      try ensure((0...1).contains(paper.indifference) && (0...1).contains(paper.retainedTruth), "out of range")
    }
  }

  @Test func `The order of questions and of false answers does not matter`() {
    let questions = zip(score, score, score.array(count: 1...4)).array(count: 1...8).flatMap { questions in
      Gen.shuffled(questions).map { (questions, $0) }
    }
    checkProperty("order", questions) { questions, shuffled in
      func metrics(_ questions: [(SequenceScore, SequenceScore, [SequenceScore])]) throws -> [Double] {
        let label = try LabelLogLikelihood(label: questions.map(\.0), paraphrases: [questions.map(\.1)])
        let ratio = try TruthRatio(
          truths: questions.map(\.0), falsehoods: questions.map { $0.2.reversed() }, averaging: .probabilities)
        return [
          label.label, label.paraphrases[0], try AnswerProbability(questions.map(\.1)).mean,
          try TOFUUtility(before: questions.map(\.0), after: questions.map(\.1)).value, ratio.indifference,
          ratio.retainedTruth,
        ]
      }
      // Sums of up to 8 numbers of up to 40.
      return agrees(try metrics(questions), try metrics(shuffled), roundings: 16, scale: 40)
    }
  }

  @Test func `No answers, and scores that no answer has, are refused by name`() {
    #expect(throws: MetricError.empty("answers")) { try LabelLogLikelihood(label: []) }
    #expect(throws: MetricError.empty("answers")) { try AnswerProbability([]) }
    #expect(throws: MetricError.empty("answers")) { try TOFUUtility(before: [], after: []) }
    #expect(throws: MetricError.empty("answers")) {
      try TruthRatio(truths: [], falsehoods: [], averaging: .probabilities)
    }
    #expect(throws: MetricError.empty("answers")) {
      try TruthRatio(truths: [good], falsehoods: [[]], averaging: .logLikelihoods)
    }
    for (bad, error) in PostTrainingTests.badScores {
      let scores = [good, bad]
      #expect(throws: error) { try LabelLogLikelihood(label: scores) }
      #expect(throws: error) { try LabelLogLikelihood(label: [good, good], paraphrases: [scores]) }
      #expect(throws: error) { try AnswerProbability(scores) }
      #expect(throws: error) { try TOFUUtility(before: scores, after: [good, good]) }
      #expect(throws: error) { try TOFUUtility(before: [good, good], after: scores) }
      #expect(throws: error) {
        try TruthRatio(truths: scores, falsehoods: [[good], [good]], averaging: .probabilities)
      }
      #expect(throws: error) { try TruthRatio(truths: [good], falsehoods: [scores], averaging: .probabilities) }
    }
    #expect(throws: MetricError.self) {
      try AnswerProbability([SequenceScore(logLikelihood: .nan, answerTokens: 1)])
    }
  }

  @Test func `Inputs of different sizes are refused by name`() throws {
    #expect(throws: MetricError.countsDiffer("questions for the label and for a paraphrase", 1, 2)) {
      try LabelLogLikelihood(label: [good], paraphrases: [[good, good]])
    }
    #expect(throws: MetricError.countsDiffer("answers before and after", 1, 2)) {
      try TOFUUtility(before: [good], after: [good, good])
    }
    #expect(throws: MetricError.countsDiffer("questions with true and with false answers", 1, 0)) {
      try TruthRatio(truths: [good], falsehoods: [], averaging: .probabilities)
    }
    let (one, two) = (try LabelLogLikelihood(label: [good]), try LabelLogLikelihood(label: [good, good]))
    #expect(throws: MetricError.countsDiffer("questions before and after", 1, 2)) {
      try ForgetScore(before: one, after: two)
    }
    let more = try LabelLogLikelihood(label: [good], paraphrases: [[good]])
    #expect(throws: MetricError.countsDiffer("paraphrases before and after", 1, 0)) {
      try ForgetScore(before: more, after: one)
    }
    #expect(
      "\(MetricError.countsDiffer("answers before and after", 1, 2))"
        == "the numbers of answers before and after differ: 1 and 2")
  }
}
