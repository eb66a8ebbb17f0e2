import Core
import LinearAlgebra
import Transformer

/// The model sizes of peers/torch_engine.py.
struct ModelSize {
  let name: String
  let model: ModelConfiguration
  /// Sequences of a batch, and tokens of each.
  let batch: Int
  let length: Int

  static func all() throws -> [ModelSize] {
    func size(
      _ name: String, _ width: Int, _ layers: Int, _ heads: Int, _ shared: Int, _ inner: Int, _ vocabulary: Int,
      _ length: Int, _ batch: Int
    ) throws -> ModelSize {
      let model = try ModelConfiguration(
        vocabularySize: vocabulary, hiddenSize: width, intermediateSize: inner, layerCount: layers, headCount: heads,
        keyValueHeadCount: shared, contextLength: length, tiesEmbeddings: true)
      return ModelSize(name: name, model: model, batch: batch, length: length)
    }
    return [
      try size("tiny", 128, 4, 4, 2, 352, 2048, 128, 16), try size("small", 256, 6, 8, 4, 704, 4096, 256, 8),
      try size("medium", 512, 8, 8, 4, 1408, 8192, 256, 4), try size("gpt2s", 768, 12, 12, 12, 2048, 32000, 256, 2),
    ]
  }

  var tokens: Int { batch * length }

  /// Random weights, reproducible by the seed.
  func randomWeights(_ generator: inout RandomGenerator) -> Parameters {
    let weights = Parameters(layout: ParameterLayout(model))
    for tensor in weights.layout.tensors {
      let elements = weights.elements(of: tensor)
      for index in elements.indices {
        elements[index] = tensor.shape.count == 1 ? 1 : Float(0.02 * generator.normal())
      }
    }
    return weights
  }

  /// Random token ids.
  func randomTokens(_ count: Int, _ generator: inout RandomGenerator) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: 0..<Int32(model.vocabularySize), using: &generator) }
  }
}
