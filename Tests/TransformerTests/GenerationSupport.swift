import Core
import Testing

@testable import Transformer

/// A small model with random weights, and maybe an adapter.
struct RandomModel {
  let model: ModelConfiguration
  let adapter: LoRAConfiguration?
  let weights: Parameters
  let adapterWeights: Parameters?

  /// - Parameter spread: The standard deviation of a weight.
  init(_ model: ModelConfiguration, adapter: LoRAConfiguration? = nil, seed: UInt64 = 1, spread: Double = 0.2) {
    var random = RandomGenerator(seed: seed)
    func parameters(_ layout: ParameterLayout) -> Parameters {
      let parameters = Parameters(layout: layout)
      for tensor in layout.tensors {
        for index in tensor.range {
          parameters.elements[index] = Float(
            (tensor.name.contains("norm") ? 1 : 0) + spread * random.normal())
        }
      }
      return parameters
    }
    self.model = model
    self.adapter = adapter
    weights = parameters(ParameterLayout(model))
    adapterWeights = adapter.map { parameters(ParameterLayout(model, $0)) }
  }

  /// Large enough that products are shared out among threads.
  static func large() throws -> RandomModel {
    RandomModel(
      try ModelConfiguration(
        vocabularySize: 4099, hiddenSize: 136, intermediateSize: 1040, layerCount: 2, headCount: 4,
        keyValueHeadCount: 2, headDimension: 40, contextLength: 160, tiesEmbeddings: true),
      adapter: try LoRAConfiguration(rank: 5, alpha: 10, targets: [.q, .v, .down, .head]), spread: 0.05)
  }

  func decoder(slots: Int, workers: Int = 1) throws -> Decoder {
    try Decoder(model, adapter: adapter, slots: slots, workers: Workers(count: workers))
  }

  func prompt(_ length: Int, seed: UInt64) -> [Int32] {
    var random = RandomGenerator(seed: seed)
    return (0..<length).map { _ in Int32.random(in: 0..<Int32(model.vocabularySize), using: &random) }
  }

  /// The logits after each token of a sequence from the full forward pass, [T, V].
  func fullLogits(_ tokens: [Int32]) throws -> [Float] {
    let engine = Engine(
      model, adapter: adapter, capacity: EngineCapacity(sequences: 1, longestSequence: tokens.count, training: false),
      workers: .one)
    return try engine.logits(
      Batch([Batch.Sequence(prompt: tokens, answer: [])]), weights: weights, adapterWeights: adapterWeights)
  }
}

/// The bits of numbers, so that equality is that of bits.
func bits(_ numbers: some Sequence<Float>) -> [UInt32] { numbers.map(\.bitPattern) }
