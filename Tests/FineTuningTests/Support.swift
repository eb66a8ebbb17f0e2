import FileFormats
import FineTuning
import Glibc
import Testing
import TestSupport

func content(_ path: String) throws -> [UInt8] { try InputFile.bytes(of: path) }

/// Changes that an unlucky disk or a hostile author might make.
func mutated(_ original: [UInt8], _ fragments: [String], with random: inout SplitMix64) -> [UInt8] {
  var bytes = original
  for _ in 0..<Int.random(in: 1...3, using: &random) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<7, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(place...)
    case 3:
      let count = Int.random(in: 1...16, using: &random)
      bytes.insert(contentsOf: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, at: place)
    case 4: bytes.insert(contentsOf: Array((fragments.randomElement(using: &random) ?? "").utf8), at: place)
    case 5:
      // A stretch twice, which also doubles keys and lines.
      let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
      bytes.insert(contentsOf: Array(bytes[place..<end]), at: end)
    default:
      let digits = bytes.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
      if let digit = digits.randomElement(using: &random) {
        bytes[digit] = UInt8.random(in: UInt8(ascii: "0")...UInt8(ascii: "9"), using: &random)
      }
    }
  }
  return bytes
}

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
  var objective: TrainingObjective
  var sequences: [ObjectiveWeights.Sequence]
  var loss: Double
  var weights: [Double]

  init(
    _ name: TrainingObjective.Name, _ beta: Double, _ gamma: Double, _ likelihoods: [Double], _ references: [Double],
    _ lengths: [Int], _ loss: Double, _ weights: [Double]
  ) {
    objective = (try? TrainingObjective(name, beta: beta, gamma: gamma)) ?? .sft
    sequences = likelihoods.indices.map {
      .init(logLikelihood: likelihoods[$0], answerTokens: lengths[$0], reference: references[$0])
    }
    (self.loss, self.weights) = (loss, weights)
  }
}

/// Whether two numbers agree to a relative error, with an absolute floor for those that have left the normal range.
func agrees(_ found: Double, _ expected: Double, _ tolerance: Double) -> Bool {
  found == expected || (found - expected).magnitude <= tolerance * max(expected.magnitude, 1e-290)
}
