import Checkpoints
import Core
import FileFormats
import LinearAlgebra
import Testing
import Tokenizers
import Transformer

/// A small random model with a tokenizer of its own, in the folder `model`.
enum TextModel {
  static let special = [
    "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
  ]
  /// A few more than the tokenizer has, as in padded vocabularies.
  static let vocabularySize = 300

  static func configuration(context: Int = 256) throws -> ModelConfiguration {
    try ModelConfiguration(
      vocabularySize: vocabularySize, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 4,
      keyValueHeadCount: 2, contextLength: context)
  }

  static func tokenizer() throws -> Tokenizer {
    try BytePairTrainer(vocabularySize: 290, specialTokens: special, beginning: "<s>")
      .train(on: ["Who are you? I am a model. What is it? It is what it is, and that is that."])
  }

  /// Numbers that depend on the seed alone; norms around 1.
  static func parameters(_ layout: ParameterLayout, seed: UInt64 = 1) -> Parameters {
    var random = RandomGenerator(seed: seed)
    let parameters = Parameters(layout: layout)
    for tensor in layout.tensors {
      for index in tensor.range {
        parameters.elements[index] = Float((tensor.shape.count == 1 ? 1 : 0) + 0.3 * random.normal())
      }
    }
    return parameters
  }

  static func write(to directory: TemporaryDirectory, context: Int = 256, hasTokenizer: Bool = true) throws {
    let model = try configuration(context: context)
    try ModelFolder.save(
      model, parameters(ParameterLayout(model)), to: directory.file("model"), specialTokens: SpecialTokens(end: [1]))
    if hasTokenizer { try tokenizer().write(to: directory.file("model/tokenizer.json")) }
  }
}
