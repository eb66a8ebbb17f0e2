import Core
import LinearAlgebra
import Transformer

/// The law of the small Llama model of the ladder and of the sequences that it reads.
///
/// The model is large enough to have everything that a large one has (attention, rotary embedding, RMSNorm, SwiGLU, a
/// head of its own) and small enough that thousands of its gradients take a second.
public struct SmallTransformer: Sendable {
  /// The model's shape.
  public let model: ModelConfiguration
  /// The tokens of each sequence.
  public let length: Int

  /// A law of this shape.
  /// - Throws: `ModelConfigurationError` for a shape that makes no model.
  public init(vocabulary: Int = 64, hidden: Int = 32, layers: Int = 1, length: Int = 8, normEpsilon: Double = 0.1)
    throws
  {
    model = try ModelConfiguration(
      vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: 2 * hidden, layerCount: layers, headCount: 2,
      contextLength: length, normEpsilon: normEpsilon)
    self.length = length
  }

  /// Random weights: norms 1, embeddings N(0, 1), linear layers N(0, 1 / inputs), so that each keeps the scale of its
  /// input.
  ///
  /// Models before training are usually drawn smaller. Then RMSNorm divides by small numbers and is far from linear
  /// within the distances that training moves weights, and a proximal term has to be strong to make a stage solvable.
  public func weights(_ random: RandomGenerator) -> Parameters {
    let parameters = Parameters(layout: ParameterLayout(model))
    for (index, tensor) in parameters.layout.tensors.enumerated() {
      let (elements, shape) = (parameters.elements(of: tensor), tensor.shape)
      guard shape.count > 1 else {
        elements.update(repeating: 1)
        continue
      }
      var stream = random.child(UInt64(index))
      let deviation = tensor.name.hasSuffix("embed_tokens.weight") ? 1 : 1 / Double(shape[1]).squareRoot()
      for place in elements.indices { elements[place] = Float(deviation * stream.normal()) }
    }
    return parameters
  }

  /// Sequences of uniformly random tokens, of which all but the first count.
  public func sequences(_ count: Int, _ random: RandomGenerator) -> [Batch.Sequence] {
    (0..<count).map { index in
      var stream = random.child(UInt64(index))
      let tokens = (0..<length).map { _ in Int32.random(in: 0..<Int32(model.vocabularySize), using: &stream) }
      return Batch.Sequence(tokens: tokens, isAnswer: tokens.map { _ in true })
    }
  }

  /// An engine for up to `sequences` of its sequences. It works on the calling thread: at these sizes a hand-off takes
  /// as long as the work, so threads are given whole histories instead.
  public func engine(sequences: Int) -> Engine {
    Engine(model, capacity: EngineCapacity(sequences: sequences, longestSequence: length), workers: .one)
  }
}
