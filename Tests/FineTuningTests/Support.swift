import FileFormats
import FineTuning
import Glibc
import TestSupport
import Testing
import Unlearning

func content(_ path: String) throws -> [UInt8] { try InputFile.bytes(of: path) }

/// A row of the table of schedules by transformers.
struct ReferenceSchedule: Sendable {
  var shape: LearningRateSchedule.Shape
  var warmup: Int
  var decay: Int
  var factors: [Double]

  init(_ shape: LearningRateSchedule.Shape, _ warmup: Int, _ decay: Int, _ factors: [Double]) {
    (self.shape, self.warmup, self.decay, self.factors) = (shape, warmup, decay, factors)
  }
}

/// A row of the table of objectives by PyTorch.
struct ReferenceObjective: Sendable {
  var objective: ChosenObjective
  var sequences: [ScoredSequence]
  var loss: Double
  var weights: [Double]

  init(
    _ name: Objective, _ beta: Double, _ margin: Double, _ likelihoods: [Double], _ references: [Double],
    _ lengths: [Int], _ loss: Double, _ weights: [Double]
  ) {
    objective = (try? ChosenObjective(name, having: ["beta": beta, "margin": margin])) ?? .sft
    sequences = likelihoods.indices.map {
      ScoredSequence(logLikelihood: likelihoods[$0], answerTokens: lengths[$0], reference: references[$0])
    }
    (self.loss, self.weights) = (loss, weights)
  }
}

extension ScoredSequence {
  /// A sequence of this log-likelihood, all in its first token.
  init(logLikelihood: Double, answerTokens: Int, reference: Double? = nil) {
    func tokens(_ sum: Double) -> [Double] { [sum] + Array(repeating: 0, count: answerTokens - 1) }
    self.init(tokens: tokens(logLikelihood), reference: reference.map(tokens) ?? [])
  }
}

/// Whether two numbers agree to a relative error, with an absolute floor for those that have left the normal range.
func agrees(_ found: Double, _ expected: Double, _ tolerance: Double) -> Bool {
  found == expected || (found - expected).magnitude <= tolerance * max(expected.magnitude, 1e-290)
}
