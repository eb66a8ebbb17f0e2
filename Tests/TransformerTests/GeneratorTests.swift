import Core
import FileFormats
import Testing

@testable import Transformer

@Suite("Generator")
struct GeneratorTests {
  @Test(
    arguments: Reference.full + Reference.adapted,
    [1, 4])
  func `greedy continuations are those of transformers' generate`(name: String, slots: Int) throws {
    let reference = try Reference(name)
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let json = try JSON(parsing: try InputFile.bytes(of: "/\(folder)/References/\(name).generated.json"))
    func rows(_ key: String) throws -> [[Int32]]? {
      try json[key]?.elements?.map { row in
        try #require(row.elements).map { Int32(try #require($0.integerValue)) }
      }
    }
    // Logits agree to about 1e-6; no other token came that near.
    #expect(try #require(json["margin"]?.doubleValue) > 1e-4)
    let prompts = try #require(try rows("prompts"))
    let expected = try #require(try rows("tokens"))
    let generator = try Generator(reference.model, adapter: reference.adapter, slots: slots, workers: Workers(count: 2))
    let settings = GenerationSettings(maximumNewTokens: expected[0].count)
    let weights = try reference.weights()
    let found = try generator.generate(
      prompts, weights: weights, adapterWeights: try reference.adapterWeights(), settings: settings)
    #expect(found.map(\.tokens) == expected)
    #expect(found.allSatisfy { $0.ending == .length })
    if let base = try rows("base") {
      #expect(try generator.generate(prompts, weights: weights, settings: settings).map(\.tokens) == base)
      #expect(base != expected)
    }
  }

  /// Twelve prompts, and settings that end some early.
  func many(_ model: RandomModel, sampler: Sampler) -> ([[Int32]], GenerationSettings) {
    let prompts = (0..<12).map { model.prompt(1 + 5 * $0 % 31, seed: UInt64(50 + $0)) }
    return (
      prompts,
      GenerationSettings(
        maximumNewTokens: 25, sampler: sampler, seed: 9, stopTokens: Set(stride(from: 0, to: 4099, by: 20)))
    )
  }

  @Test func `the same for any slots, workers and division into calls`() throws {
    let model = try RandomModel.large()
    for sampler in [try Sampler(temperature: 1.2), try Sampler(temperature: 0.9, topK: 200, topP: 0.95)] {
      let (prompts, settings) = many(model, sampler: sampler)
      func run(_ prompts: [[Int32]], _ settings: GenerationSettings, slots: Int, workers: Int) throws -> [Generation] {
        try Generator(model.model, adapter: model.adapter, slots: slots, workers: Workers(count: workers)).generate(
          prompts, weights: model.weights, adapterWeights: model.adapterWeights, settings: settings)
      }
      let expected = try run(prompts, settings, slots: 12, workers: 1)
      #expect(Set(expected.map(\.tokens.count)).count > 3, "sequences end at different times")
      #expect(expected.contains { $0.ending == .length } && expected.contains { $0.ending != .length })
      #expect(try run(prompts, settings, slots: 1, workers: 1) == expected)
      #expect(try run(prompts, settings, slots: 5, workers: 2) == expected)
      #expect(try run(prompts, settings, slots: 16, workers: 4) == expected)
      var rest = settings
      rest.firstStream = 7
      let first = try run(Array(prompts[..<7]), settings, slots: 3, workers: 4)
      #expect(try first + run(Array(prompts[7...]), rest, slots: 3, workers: 4) == expected)
      // Equal prompts are continued differently, and another seed differently again.
      let equal = try run([prompts[3], prompts[3]], settings, slots: 2, workers: 1)
      #expect(equal[0] != equal[1])
      var other = settings
      other.seed = 10
      #expect(try run(prompts, other, slots: 12, workers: 1) != expected)
    }
  }

  @Test func `a stop token ends a sequence and is left out; each token is streamed; the caller can end a sequence`()
    throws
  {
    let model = try RandomModel.large()
    let prompts = [model.prompt(4, seed: 1), model.prompt(9, seed: 2), model.prompt(2, seed: 3)]
    let generator = try Generator(model.model, slots: 2, workers: .one)
    var settings = GenerationSettings(maximumNewTokens: 12, sampler: try Sampler(temperature: 2), seed: 3)
    func run(_ onToken: (Int, Int32) -> Bool = { _, _ in true }) throws -> [Generation] {
      try generator.generate(prompts, weights: model.weights, settings: settings, onToken: onToken)
    }
    var streamed = [[Int32]](repeating: [], count: 3)
    let free = try run { index, token in
      streamed[index].append(token)
      return true
    }
    #expect(free.map(\.tokens) == streamed && free.allSatisfy { $0.tokens.count == 12 && $0.ending == .length })
    for position in [0, 5] {
      let stop = free[1].tokens[position]
      settings.stopTokens = [stop]
      let stopped = try run { _, token in token != stop }
      #expect(stopped[1] == Generation(tokens: Array(free[1].tokens[..<position]), ending: .stopToken(stop)))
      #expect(stopped[0] == free[0] && stopped[2] == free[2])
      settings.stopTokens = []
      let ended = try run { index, token in index != 1 || token != stop }
      #expect(ended[1] == Generation(tokens: Array(free[1].tokens[...position]), ending: .caller))
      #expect(ended[0] == free[0] && ended[2] == free[2])
    }
    settings.maximumNewTokens = 0
    #expect(try run() == prompts.map { _ in Generation(tokens: [], ending: .length) })
    settings.maximumNewTokens = 1
    #expect(try run().map(\.tokens) == free.map { Array($0.tokens.prefix(1)) })
    #expect(try generator.generate([], weights: model.weights, settings: settings).isEmpty)
  }

  @Test func `left padding is dropped and changes nothing`() {
    let padded: [Int32] = [0, 0, 5, 1, 2, 3, 0, 8, 9]
    let prompts = Generator.prompts(padded: padded, length: 3, starts: [2, 0, 1])
    #expect(prompts == [[5], [1, 2, 3], [8, 9]])
  }

  @Test func `bad prompts are errors before anything is generated; logits that are no numbers are errors`() throws {
    let model = try RandomModel.large()
    let generator = try Generator(model.model, slots: 2, contextLength: 10, workers: .one)
    func run(_ prompts: [[Int32]], new: Int = 4, weights: Parameters? = nil) throws -> [Generation] {
      try generator.generate(
        prompts, weights: weights ?? model.weights, settings: GenerationSettings(maximumNewTokens: new)
      ) { _, _ in
        if weights == nil { Issue.record("a token was generated") }
        return true
      }
    }
    #expect(throws: GenerationError.emptyPrompt(sequence: 2)) { try run([[1], [2], []]) }
    #expect(throws: GenerationError.token(4099, sequence: 1, position: 2, vocabularySize: 4099)) {
      try run([[1], [2, 3, 4099]])
    }
    #expect(
      throws: GenerationError.contextOverflow(sequence: 1, promptTokens: 7, newTokens: 4, contextLength: 10)
    ) { try run([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7]]) }
    #expect(
      throws: GenerationError.contextOverflow(sequence: 0, promptTokens: 1, newTokens: .max, contextLength: 10)
    ) { try run([[1]], new: .max) }
    #expect(throws: GenerationError.setting("maximum number of new tokens", -1)) { try run([[1]], new: -1) }
    let broken = Parameters(copying: model.weights)
    broken["model.layers.1.input_layernorm.weight"]?[3] = .nan
    #expect(throws: GenerationError.notFinite(sequence: 0, position: 2)) { try run([[1, 2, 3]], weights: broken) }
    // A whole context can be filled.
    let full = try generator.generate(
      [[1, 2, 3, 4, 5, 6]], weights: model.weights, settings: GenerationSettings(maximumNewTokens: 4))
    #expect(full[0].tokens.count == 4)
  }

  @Test func `each text may end with the context, where its own prompt leaves no more`() throws {
    let model = try RandomModel.large()
    let generator = try Generator(model.model, slots: 2, contextLength: 10, workers: .one)
    let prompts: [[Int32]] = [[1, 2, 3, 4, 5, 6], [1], [2, 3], [7, 8, 9]]
    var settings = GenerationSettings(maximumNewTokens: 8)
    settings.endsWithContext = true
    let found = try generator.generate(prompts, weights: model.weights, settings: settings)
    #expect(found.map(\.tokens.count) == [4, 8, 8, 7] && found.allSatisfy { $0.ending == .length })
    for (prompt, text) in zip(prompts, found) {
      let alone = try generator.generate([prompt], weights: model.weights, settings: settings)
      #expect(alone == [text])
    }
    settings.maximumNewTokens = .max
    #expect(try generator.generate(prompts, weights: model.weights, settings: settings)[0] == found[0])
    #expect(
      throws: GenerationError.contextOverflow(sequence: 0, promptTokens: 10, newTokens: 1, contextLength: 10)
    ) { try generator.generate([Array(0..<10)], weights: model.weights, settings: settings) }
  }
}
