import Core
import FileFormats
import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite("Losses of the logits")
struct LogitLossTests {
  /// What PyTorch makes of the loss `sum_r (1/2) ||Z_r - T_r||^2 + (1/3) sum_j c_j Z_rj^3`
  /// (ReferenceValues/logit_losses.py).
  struct Loss {
    let file: SafetensorsFile
    let rows: [Int]
    let targets: [Double]
    let cubic: [Double]

    init(_ name: String) throws {
      let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
      file = try SafetensorsFile(path: "/\(folder)/References/\(name).logits.safetensors")
      rows = try file.readInteger("rows").values.map { Int($0) }
      targets = try file.readFloat64("targets").values
      cubic = try file.readFloat64("cubic").values
    }

    func value(_ index: Int, _ z: ArraySlice<Double>) -> Double {
      zip(z, cubic.indices).reduce(0) { sum, pair in
        let (z, j) = pair
        let miss = z - targets[index * cubic.count + j]
        return sum + miss * miss / 2 + cubic[j] * z * z * z / 3
      }
    }

    func slope(_ index: Int, _ logits: UnsafeMutableBufferPointer<Float>, _: UnsafeBufferPointer<Float>) {
      for j in logits.indices {
        let z = Double(logits[j])
        logits[j] = Float(z - targets[index * cubic.count + j] + cubic[j] * z * z)
      }
    }
  }

  func engine(_ reference: Reference) -> Engine {
    Engine(
      reference.model, adapter: reference.adapter, capacity: EngineCapacity(sequences: 3, longestSequence: 20),
      workers: Workers(count: 2))
  }

  @Test(arguments: Reference.full + Reference.adapted)
  func `every parameter's gradient is PyTorch's`(name: String) throws {
    let (reference, loss) = (try Reference(name), try Loss(name))
    let engine = engine(reference)
    let gradients = Parameters(layout: engine.trainedLayout)
    gradients.elements.update(repeating: .nan)
    for count in 1...2 {
      try engine.gradient(
        of: reference.batch, in: loss.rows, weights: reference.weights(),
        adapterWeights: reference.adapterWeights(), into: gradients, accumulating: count == 2, loss: loss.slope)
      #expect(engine.scores.isEmpty && engine.tokenLogLikelihoods.allSatisfy { $0 == 0 })
      for tensor in engine.trainedLayout.tensors {
        let expected = try loss.file.readFloat64("gradient." + tensor.name).values.map { Double(count) * $0 }
        let distance = relativeDistance(gradients.elements(of: tensor), expected)
        #expect(distance < EngineReferenceTests.tolerance, "\(tensor.name)")
      }
    }
  }

  @Test(arguments: Reference.full + Reference.adapted)
  func `the final hidden states are PyTorch's`(name: String) throws {
    let (reference, loss) = (try Reference(name), try Loss(name))
    let found = try engine(reference).features(
      reference.batch, weights: reference.weights(), adapterWeights: reference.adapterWeights())
    #expect(found.count == reference.batch.tokenCount * reference.model.hiddenSize)
    #expect(
      relativeDistance(found, try loss.file.readFloat64("features").values) < EngineReferenceTests.tolerance)
  }

  /// The engine in FP32 against differences of a second implementation in Double.
  @Test(arguments: ["llama_head_dim", "qwen2"])
  func `single parameters' gradients, by finite differences in Double`(name: String) throws {
    let (reference, loss) = (try Reference(name), try Loss(name))
    let engine = engine(reference)
    let (weights, batch) = (try reference.weights(), reference.batch)
    let gradients = Parameters(layout: engine.trainedLayout)
    try engine.gradient(of: batch, in: loss.rows, weights: weights, into: gradients, loss: loss.slope)
    let plain = PlainForward(reference.model, weights)
    func allLogits(_ model: PlainForward) -> [Double] {
      (0..<batch.sequenceCount).flatMap { model.logits(batch.tokens[batch.rows(of: $0)].map(Int.init)).flatMap(\.self) }
    }
    func value(_ model: PlainForward) -> Double {
      let (v, logits) = (model.model.vocabularySize, allLogits(model))
      return loss.rows.enumerated().reduce(0) { $0 + loss.value($1.0, logits[$1.1 * v..<($1.1 + 1) * v]) }
    }
    // The second implementation gives the engine's logits.
    #expect(
      relativeDistance(try engine.logits(batch, weights: weights), allLogits(plain)) < EngineReferenceTests.tolerance)
    for (index, tensor) in engine.trainedLayout.tensors.enumerated() {
      var random = RandomGenerator(seed: UInt64(index))
      let places = (0..<4).map { _ in Int.random(in: tensor.range, using: &random) }
      let expected = places.map { place in
        differences([0]) { step in value(plain.moved(tensor.name, place - tensor.offset, by: step[0])) }[0]
      }
      // An element is wrong by as much as the whole tensor is, by rounding of sums that cancel.
      let scale = gradients.elements(of: tensor).reduce(0) { max($0, abs(Double($1))) }
      for (place, expected) in zip(places, expected) {
        #expect(abs(Double(gradients.elements[place]) - expected) < 1e-5 * scale, "\(tensor.name)")
      }
    }
  }

  /// 1045 rows make three groups at the head; the derivative of the log-likelihood written out is one more loss.
  @Test(arguments: [1, 3])
  func `cross-entropy written as a loss of the logits has the gradient of the log-likelihoods`(workers: Int) throws {
    let model = try EngineInvarianceTests.model(tied: false)
    let weights = EngineInvarianceTests.random(ParameterLayout(model), seed: 1)
    let batch = Batch(EngineInvarianceTests.sequences(EngineInvarianceTests.many, seed: 2))
    let engine = Engine(
      model, capacity: EngineCapacity(sequences: 4, longestSequence: 310), workers: Workers(count: workers))
    let rows = batch.targets.indices.filter { batch.targets[$0] >= 0 }
    let all = batch.targets.indices.filter { batch.targets[$0] < 0 } + rows.reversed()
    #expect(rows.count > 500 && all.count == 1045)
    let (expected, found) = (Parameters(layout: engine.trainedLayout), Parameters(layout: engine.trainedLayout))
    try engine.gradient(of: batch, weights: weights, into: expected) { _, _ in 1 }
    try engine.gradient(of: batch, in: all, weights: weights, into: found) { index, logits, _ in
      let target = Int(batch.targets[all[index]])
      let top = logits.max() ?? 0
      let exponentials = logits.map { exp($0 - top) }
      let total = exponentials.reduce(0, +)
      for j in logits.indices { logits[j] = target < 0 ? 0 : (j == target ? 1 : 0) - exponentials[j] / total }
    }
    #expect(relativeDistance(found.elements, expected.elements.map(Double.init)) < EngineReferenceTests.tolerance)
    // A call leaves nothing behind: neither for one of the log-likelihoods nor for one of fewer rows.
    let again = Parameters(layout: engine.trainedLayout)
    try engine.gradient(of: batch, weights: weights, into: again) { _, _ in 1 }
    #expect(Array(again.elements) == Array(expected.elements))
    let (few, alone) = (Array(rows.prefix(3)), Parameters(layout: engine.trainedLayout))
    let other = Engine(model, capacity: EngineCapacity(sequences: 4, longestSequence: 310))
    for (engine, gradients) in [(engine, again), (other, alone)] {
      try engine.gradient(of: batch, in: few, weights: weights, into: gradients) { index, logits, _ in
        logits[0] = Float(index)
      }
    }
    let isSame = Array(again.elements) == Array(alone.elements)
    #expect(isSame)
  }
}
