import PostTraining
import PropertyTesting
import Transformer

/// Whether two numbers agree but for this many roundings of numbers as large as `scale`, which is the expected one
/// where nothing larger is added up.
func agrees(_ found: Double, _ expected: Double, roundings: Int, scale: Double = 0) -> Bool {
  abs(found - expected) <= Double(roundings) * .ulpOfOne * max(abs(expected), scale)
}

func agrees(_ found: [Double], _ expected: [Double], roundings: Int, scale: Double = 0) -> Bool {
  found.count == expected.count
    && zip(found, expected).allSatisfy { agrees($0, $1, roundings: roundings, scale: scale) }
}

func scores(_ pairs: [(Double, Int)]) -> [SequenceScore] {
  pairs.map { SequenceScore(logLikelihood: $0.0, answerTokens: $0.1) }
}

/// Scores of answers, as an engine might give them.
let score = zip(Gen.double(in: -40...0), .int(in: 1...12)).map { SequenceScore(logLikelihood: $0, answerTokens: $1) }

/// Scores that no answer has, each with its error where it is the one at index 1.
let badScores: [(SequenceScore, MetricError)] = [
  (SequenceScore(logLikelihood: -1, answerTokens: 0), .noTokens(index: 1)),
  (SequenceScore(logLikelihood: 0.5, answerTokens: 2), .positive(index: 1, 0.5)),
  (
    SequenceScore(logLikelihood: -.infinity, answerTokens: 2),
    .notFinite("log-likelihood", index: 1, -.infinity)
  ),
]
