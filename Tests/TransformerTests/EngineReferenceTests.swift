import Core
import FileFormats
import Testing
import Unlearning

@testable import Transformer

@Suite("Engine against PyTorch")
struct EngineReferenceTests {
  /// What the requirement allows for logits and gradients.
  static let tolerance = 1e-5

  func engine(_ reference: Reference, workers: Int = 2) -> Engine {
    Engine(
      reference.model, adapter: reference.adapter,
      capacity: EngineCapacity(sequences: 3, longestSequence: 20), workers: Workers(count: workers))
  }

  @Test(arguments: Reference.full + Reference.adapted)
  func `logits and log-likelihoods`(name: String) throws {
    let reference = try Reference(name)
    let engine = engine(reference)
    let (weights, adapter) = (try reference.weights(), try reference.adapterWeights())
    let logits = try engine.logits(reference.batch, weights: weights, adapterWeights: adapter)
    #expect(relativeDistance(logits, try reference.numbers("logits")) < Self.tolerance)
    let scores = try engine.score(reference.batch, weights: weights, adapterWeights: adapter)
    for (score, expected) in zip(scores, try reference.numbers("log_likelihoods")) {
      #expect(abs(score.logLikelihood - expected) < Self.tolerance * abs(expected))
    }
    let start = try engine.score(reference.batch, weights: weights)
    for (score, expected) in zip(start, try reference.numbers("reference")) {
      #expect(abs(score.logLikelihood - expected) < Self.tolerance * abs(expected))
    }
  }

  @Test(arguments: Reference.full + Reference.adapted)
  func `every parameter's gradient`(name: String) throws {
    let reference = try Reference(name)
    let engine = engine(reference)
    let factors = try reference.numbers("weights")
    let gradients = Parameters(layout: engine.trainedLayout)
    gradients.elements.update(repeating: .nan)
    for index in 0..<2 {
      // The second time the gradient is added to the first.
      try engine.gradient(
        of: reference.batch, weights: try reference.weights(), adapterWeights: try reference.adapterWeights(),
        into: gradients, accumulating: index == 1
      ) { sequence, _ in factors[sequence] }
      for tensor in engine.trainedLayout.tensors {
        let expected = try reference.numbers("gradient." + tensor.name).map { Double(index + 1) * $0 }
        let distance = relativeDistance(gradients.elements(of: tensor), expected)
        #expect(distance < Self.tolerance, "\(tensor.name)")
      }
    }
  }

  @Test(
    arguments: (Reference.full + Reference.adapted).flatMap { name in
      ["sft", "ga", "npo", "simnpo"].map { (name, $0) }
    })
  func `ten AdamW steps`(name: String, objective: String) throws {
    let reference = try Reference(name)
    let engine = engine(reference)
    let (weights, adapter) = (try reference.weights(), try reference.adapterWeights())
    let start = try reference.numbers("reference")
    let gradients = Parameters(layout: engine.trainedLayout)
    let trained = adapter ?? weights
    let optimizer = AdamW(layout: engine.trainedLayout, weightDecay: 0.01)
    let tokens = Double(reference.batch.answerTokenCount)
    let count = Double(reference.batch.sequenceCount)
    let unlearning: ChosenObjective? =
      switch objective {
      case "npo": try .npo(beta: 0.5)
      case "simnpo": try .simNPO(beta: 0.5)
      default: nil
      }
    for expected in try reference.numbers("losses." + objective) {
      var loss = 0.0
      try engine.gradient(
        of: reference.batch, weights: weights, adapterWeights: adapter, into: gradients
      ) { index, score in
        let l = score.logLikelihood
        guard let unlearning else {
          let sign = objective == "ga" ? 1.0 : -1.0
          loss += sign * l / tokens
          return sign / tokens
        }
        let share = unlearning.loss(ofRow: l, reference: start[index])
        loss += share.value / count
        return share.weights[0][0] / count
      }
      #expect(abs(loss - expected) < 1e-4 * abs(expected))
      optimizer.step(trained, gradients: gradients, learningRate: 1e-3)
    }
  }
}
