import Core
import LinearAlgebra
import Transformer

/// One step of supervised fine-tuning on a random model and batch, of all weights or of adapters on every projection.
struct TrainingStep {
  private let engine: Engine
  private let weights: Parameters
  private let adapter: Parameters?
  private let gradients: Parameters
  private let optimizer: AdamW
  private let batch: Batch
  private let workers: Workers
  private let answers: Double

  /// - Parameter rank: That of the adapters, or nil to train all weights.
  init(_ size: ModelSize, rank: Int?, workers: Workers) throws {
    let configuration = try rank.map {
      try LoRAConfiguration(rank: $0, alpha: 32, targets: [.q, .k, .v, .o, .gate, .up, .down])
    }
    engine = Engine(
      size.model, adapter: configuration,
      capacity: EngineCapacity(sequences: size.batch, longestSequence: size.length), workers: workers)
    var generator = RandomGenerator(seed: 1)
    weights = size.randomWeights(&generator)
    adapter = configuration.map { Parameters(layout: ParameterLayout(size.model, $0)) }
    for tensor in adapter?.layout.tensors ?? [] where tensor.name.contains("lora_A") {
      guard let elements = adapter?.elements(of: tensor) else { continue }
      for index in elements.indices { elements[index] = Float(0.05 * generator.normal()) }
    }
    gradients = Parameters(layout: engine.trainedLayout)
    optimizer = AdamW(layout: engine.trainedLayout)
    batch = Batch(
      (0..<size.batch).map { _ in
        Batch.Sequence(
          tokens: size.randomTokens(size.length, &generator), isAnswer: Array(repeating: true, count: size.length))
      })
    answers = Double(batch.answerTokenCount)
    self.workers = workers
  }

  /// The bytes of weights, gradients and moments, below which no step can do.
  var stateBytes: Int { 4 * (weights.elements.count + (adapter?.elements.count ?? 0) + 3 * gradients.elements.count) }

  func run() throws {
    let factor = -1 / answers
    try engine.gradient(of: batch, weights: weights, adapterWeights: adapter, into: gradients) { _, _ in factor }
    optimizer.step(adapter ?? weights, gradients: gradients, learningRate: 1e-4, workers: workers)
  }
}
