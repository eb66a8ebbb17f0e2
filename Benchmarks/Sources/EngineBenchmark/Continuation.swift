import Core
import LinearAlgebra
import Transformer

/// Greedy continuations of random prompts by a random model, side by side.
struct Continuation {
  /// Tokens of each prompt, and of its continuation.
  static let promptLength = 32
  static let newTokens = 96

  private let generator: Generator
  private let weights: Parameters
  private let prompts: [[Int32]]

  init(_ size: ModelSize, prompts count: Int, workers: Workers) throws {
    generator = try Generator(
      size.model, slots: count, contextLength: Self.promptLength + Self.newTokens, workers: workers)
    var random = RandomGenerator(seed: 1)
    weights = size.randomWeights(&random)
    prompts = (0..<count).map { _ in size.randomTokens(Self.promptLength, &random) }
  }

  func run() throws {
    let settings = GenerationSettings(maximumNewTokens: Self.newTokens)
    _ = try generator.generate(prompts, weights: weights, settings: settings)
  }
}
