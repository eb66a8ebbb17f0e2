import Core
import PropertyTesting
import Testing

@testable import Transformer

@Suite("Decoder")
struct DecoderTests {
  /// A model's shape, the lengths of the prompts, and how many tokens follow one by one.
  struct Case {
    var heads: Int
    var shared: Int
    var headDimension: Int
    var isTied: Bool
    var hasBias: Bool
    var hasAdapter: Bool
    var prompts: [Int]
    var steps: Int
    var seed: Int

    func model() throws -> RandomModel {
      RandomModel(
        try ModelConfiguration(
          vocabularySize: 37, hiddenSize: 20, intermediateSize: 27, layerCount: 2, headCount: heads * shared,
          keyValueHeadCount: heads, headDimension: headDimension, contextLength: 128, tiesEmbeddings: isTied,
          hasQKVBias: hasBias),
        adapter: hasAdapter
          ? try LoRAConfiguration(rank: 3, alpha: 6, targets: [.q, .v, .o, .gate, .down, .head]) : nil,
        seed: UInt64(seed))
    }
  }

  static let cases = zip(
    Gen<Int>.int(in: 1...3), Gen<Int>.int(in: 1...4), Gen<Int>.int(in: 1...35).map { 2 * $0 },
    zip(Gen<Bool>.bool, Gen<Bool>.bool, Gen<Bool>.bool),
    Gen<Int>.int(in: 1...75).array(count: 1...5), Gen<Int>.int(in: 0...20), Gen<Int>.int(in: 1...1000)
  ).map {
    Case(
      heads: $0, shared: $1, headDimension: $2, isTied: $3.0, hasBias: $3.1, hasAdapter: $3.2, prompts: $4, steps: $5,
      seed: $6)
  }

  @Test func `logits are those of the full forward pass, for any lengths, batch and heads`() {
    checkProperty("cached = full", count: 60, Self.cases) { value in
      let model = try value.model()
      let decoder = try model.decoder(slots: value.prompts.count)
      let sequences = value.prompts.enumerated().map {
        model.prompt($1 + value.steps, seed: UInt64(value.seed * 7 + $0))
      }
      let expected = try sequences.map { try model.fullLogits($0) }
      func compare(_ position: (Int) -> Int) throws {
        for (slot, logits) in expected.enumerated() {
          let start = position(slot) * model.model.vocabularySize
          let row = logits[start..<start + model.model.vocabularySize].map { Double($0) }
          let distance = relativeDistance(decoder.logits(slot: slot), row)
          try ensure(distance < 1e-5, "slot \(slot), position \(position(slot)): \(distance)")
        }
      }
      try decoder.prefill(
        zip(sequences, value.prompts).enumerated().map { ($0, Array($1.0.prefix($1.1))) }, weights: model.weights,
        adapterWeights: model.adapterWeights)
      try compare { value.prompts[$0] - 1 }
      for step in 0..<value.steps {
        try decoder.step(
          sequences.enumerated().map { ($0, $1[value.prompts[$0] + step]) }, weights: model.weights,
          adapterWeights: model.adapterWeights)
        try compare { value.prompts[$0] + step }
      }
    }
  }

  @Test func `the same bits alone or in a batch, at once or token by token, in any slot, new or used`() {
    checkProperty("same bits", count: 40, Self.cases) { value in
      let model = try value.model()
      let together = try model.decoder(slots: value.prompts.count + 1)
      let alone = try model.decoder(slots: 1)
      let sequences = value.prompts.enumerated().map { model.prompt($1, seed: UInt64(value.seed * 11 + $0)) }
      let (weights, adapter) = (model.weights, model.adapterWeights)
      // What the slots held before must not matter.
      try together.prefill(
        sequences.indices.map { ($0, model.prompt(80, seed: UInt64($0))) }, weights: weights, adapterWeights: adapter)
      try together.prefill(sequences.enumerated().map { ($0 + 1, $1) }, weights: weights, adapterWeights: adapter)
      for (slot, sequence) in sequences.enumerated() {
        try alone.prefill([(0, [sequence[0]])], weights: weights, adapterWeights: adapter)
        for token in sequence.dropFirst() {
          try alone.step([(0, token)], weights: weights, adapterWeights: adapter)
        }
        try ensure(
          bits(alone.logits(slot: 0)) == bits(together.logits(slot: slot + 1)), "sequence \(slot) of \(sequence.count)")
      }
    }
  }

  @Test func `the same bits for 1, 2 and 4 workers`() throws {
    let model = try RandomModel.large()
    var expected: [[[UInt32]]] = []
    for workers in [1, 2, 4] {
      let decoder = try model.decoder(slots: 5, workers: workers)
      let prompts = [130, 1, 17, 64, 5].enumerated().map { (slot: $0, tokens: model.prompt($1, seed: UInt64($0))) }
      var found: [[[UInt32]]] = []
      try decoder.prefill(prompts, weights: model.weights, adapterWeights: model.adapterWeights)
      found.append((0..<5).map { bits(decoder.logits(slot: $0)) })
      for step in 0..<3 {
        try decoder.step(
          (0..<5).map { ($0, Int32(100 * step + $0)) }, weights: model.weights, adapterWeights: model.adapterWeights)
        found.append((0..<5).map { bits(decoder.logits(slot: $0)) })
      }
      // One row takes another kernel.
      try decoder.step([(0, 7)], weights: model.weights, adapterWeights: model.adapterWeights)
      found.append([bits(decoder.logits(slot: 0))])
      if expected.isEmpty { expected = found }
      #expect(found == expected, "\(workers) workers")
    }
  }

  @Test func `an adapter that is off or all zero changes nothing; another does`() throws {
    let model = try RandomModel.large()
    let prompt = model.prompt(9, seed: 3)
    let adapter = try #require(model.adapterWeights)
    let decoder = try model.decoder(slots: 1)
    let plain = try Decoder(model.model, slots: 1, workers: .one)
    func logits(_ decoder: Decoder, _ adapter: Parameters?) throws -> [UInt32] {
      try decoder.prefill([(0, prompt)], weights: model.weights, adapterWeights: adapter)
      return bits(decoder.logits(slot: 0))
    }
    let expected = try logits(plain, nil)
    #expect(try logits(decoder, nil) == expected)
    #expect(try logits(decoder, adapter) != expected)
    #expect(try logits(decoder, Parameters(layout: adapter.layout)) == expected)
  }

  @Test func `bad input is an error that names it, and leaves the sequences alone`() throws {
    let model = try Case(
      heads: 1, shared: 2, headDimension: 4, isTied: true, hasBias: false, hasAdapter: false, prompts: [], steps: 0,
      seed: 1
    ).model()
    let decoder = try Decoder(model.model, slots: 2, contextLength: 4, workers: .one)
    let weights = model.weights
    #expect(throws: GenerationError.emptyPrompt(sequence: 1)) {
      try decoder.prefill([(0, [1]), (1, [])], weights: weights)
    }
    #expect(throws: GenerationError.slot(2, limit: 2)) { try decoder.prefill([(2, [1])], weights: weights) }
    #expect(throws: GenerationError.slot(0, limit: 2)) { try decoder.prefill([(0, [1]), (0, [1])], weights: weights) }
    #expect(throws: GenerationError.token(37, sequence: 0, position: 1, vocabularySize: 37)) {
      try decoder.prefill([(0, [36, 37])], weights: weights)
    }
    #expect(
      throws: GenerationError.contextOverflow(sequence: 0, promptTokens: 5, newTokens: 0, contextLength: 4)
    ) { try decoder.prefill([(0, [1, 2, 3, 4, 5])], weights: weights) }
    #expect(throws: GenerationError.emptyPrompt(sequence: 0)) { try decoder.step([(0, 1)], weights: weights) }
    try decoder.prefill([(0, [1, 2, 3])], weights: weights)
    #expect(throws: GenerationError.token(-1, sequence: 0, position: 3, vocabularySize: 37)) {
      try decoder.step([(0, -1)], weights: weights)
    }
    #expect(throws: GenerationError.slot(0, limit: 2)) { try decoder.step([(0, 1), (0, 1)], weights: weights) }
    #expect(decoder.length(slot: 0) == 3)
    try decoder.step([(0, 4)], weights: weights)
    #expect(decoder.logits(slot: 0).count == 37 && decoder.logits(slot: 1).isEmpty)
    #expect(
      throws: GenerationError.contextOverflow(sequence: 0, promptTokens: 4, newTokens: 1, contextLength: 4)
    ) { try decoder.step([(0, 5)], weights: weights) }
    #expect(throws: GenerationError.contextLength(129, limit: 128)) {
      try Decoder(model.model, slots: 1, contextLength: 129)
    }
    #expect(throws: GenerationError.noSequences(0)) { try Decoder(model.model, slots: 0) }
  }
}
