import Core
import FileFormats
import TestSupport
import Testing
import Transformer

@testable import Checkpoints

@Suite struct ArchitectureTests {
  /// From a `config.json` that says no more than it must, through weights on disk and back, to the logits.
  @Test(arguments: Architecture.all.map(\.name))
  func `a family is read, computed and written as itself`(name: String) throws {
    let architecture = try #require(Architecture.all.first { $0.name == name })
    let directory = try TemporaryDirectory()
    let text = """
      {"model_type": "\(name)", "vocab_size": 11, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "max_position_embeddings": 32,
       "tie_word_embeddings": false, "hidden_act": "silu", "rope_theta": 10000.0}
      """
    let source = try directory.file("config.json", text.utf8)
    let configuration = try ModelConfigurationFile(path: source)
    #expect(configuration.model.hasQKVBias == architecture.hasQKVBias)
    let weights = Parameters.random(ParameterLayout(configuration.model), seed: 3)
    try ModelFolder.save(configuration.model, weights, to: "\(directory.path)/m", source: directory.path)
    let folder = try ModelFolder(path: "\(directory.path)/m")
    let written = try JSON(parsing: InputFile.bytes(of: "\(directory.path)/m/config.json"))
    #expect(written["model_type"]?.stringValue == name)
    #expect(written["architectures"] == [.string(architecture.className)] && folder.model == configuration.model)
    let read = try folder.loadParameters()
    #expect(read.bits == weights.bits)
    let tokens = [3, 0, 10, 7, 7, 1]
    let engine = Engine(folder.model, capacity: EngineCapacity(sequences: 1, longestSequence: tokens.count))
    let batch = Batch([Batch.Sequence(prompt: tokens.dropLast().map(Int32.init), answer: [Int32(tokens[5])])])
    let found = try engine.logits(batch, weights: read)
    let expected = PlainForward(folder.model, weights).logits(Array(tokens.prefix(found.count / 11))).flatMap(\.self)
    #expect(found.count == expected.count)
    let distance = zip(found, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    #expect(distance.squareRoot() < 1e-5 * expected.reduce(0) { $0 + $1 * $1 }.squareRoot())
  }

  @Test func `of families with the same blocks, a model is written as the one it came as`() throws {
    let (plain, model) = (try smallModel(), try smallModel(hasBias: true))
    #expect(Architecture.of(model).name == "qwen2" && Architecture.of(plain).name == "llama")
    // A name whose blocks the model has not is not taken over.
    #expect(Architecture.of(model, from: ["model_type": "llama"]).name == "qwen2")
  }
}
