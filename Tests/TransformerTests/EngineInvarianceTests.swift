import Core
import Testing

@testable import Transformer

/// What must not change a result.
@Suite("Engine's invariances")
struct EngineInvarianceTests {
  static func model(tied: Bool = true) throws -> ModelConfiguration {
    try ModelConfiguration(
      vocabularySize: 1500, hiddenSize: 48, intermediateSize: 72, layerCount: 2, headCount: 6, keyValueHeadCount: 2,
      contextLength: 400, tiesEmbeddings: tied, hasQKVBias: true)
  }

  static func random(_ layout: ParameterLayout, seed: UInt64) -> Parameters {
    let parameters = Parameters(layout: layout)
    for (index, tensor) in layout.tensors.enumerated() {
      let values = normals(tensor.count, seed: seed + UInt64(index), scale: 0.1)
      for (index, value) in values.enumerated() {
        parameters.elements(of: tensor)[index] = Float(tensor.shape.count == 1 ? 1 + value : value)
      }
    }
    return parameters
  }

  static func sequences(_ lengths: [Int], seed: UInt64) -> [Batch.Sequence] {
    var generator = RandomGenerator(seed: seed)
    return lengths.map { length in
      Batch.Sequence(
        tokens: (0..<length).map { _ in Int32.random(in: 0..<1500, using: &generator) },
        isAnswer: (0..<length).map { _ in Bool.random(using: &generator) })
    }
  }

  /// Few rows (114) and many (1045) are cut into tiles; from 2048 rows on, blocks go through several operations.
  static let few = [70, 3, 41], many = [300, 290, 310, 145], fused = [300, 290, 310, 145, 305, 298, 287, 260]

  /// Several groups at the head; with an adapter, dropout.
  @Test(arguments: [few, many, fused], [false, true])
  func `the same bits for 1, 2 and 4 workers`(lengths: [Int], adapted: Bool) throws {
    let model = try Self.model()
    let adapter =
      try adapted
      ? LoRAConfiguration(rank: 4, alpha: 8, dropout: 0.1, targets: Set(LoRAConfiguration.Target.allCases)) : nil
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let batch = Batch(Self.sequences(lengths, seed: 2))
    var first: ([Float], [SequenceScore])?
    for count in [1, 2, 4] {
      let engine = Engine(
        model, adapter: adapter, capacity: EngineCapacity(sequences: 8, longestSequence: 310),
        workers: Workers(count: count))
      let adapterWeights = adapted ? Self.random(engine.trainedLayout, seed: 3) : nil
      let gradients = Parameters(layout: engine.trainedLayout)
      let optimizer = AdamW(layout: engine.trainedLayout)
      for step in 0..<2 {
        try engine.gradient(
          of: batch, weights: weights, adapterWeights: adapterWeights, into: gradients, dropoutSeed: UInt64(step)
        ) { index, _ in Double(index) - 0.5 }
        let trained = adapterWeights ?? Parameters(copying: weights)
        let norm = GradientNorm(of: gradients, workers: Workers(count: count))
        optimizer.step(
          trained, gradients: gradients, learningRate: 1e-3, scale: norm.scale(clippingTo: 1),
          workers: Workers(count: count))
        if !adapted { #expect(trained.elements.allSatisfy { $0.isFinite }) }
      }
      let result = (Array(gradients.elements) + Array(optimizer.secondMoment.elements), engine.scores)
      guard let first else {
        first = result
        continue
      }
      #expect(result.0.map(\.bitPattern) == first.0.map(\.bitPattern) && result.1 == first.1)
    }
  }

  @Test func `padding on either side changes no bit`() throws {
    let model = try Self.model()
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let sequences = Self.sequences([17, 9, 30], seed: 4)
    let engine = Engine(model, capacity: EngineCapacity(sequences: 3, longestSequence: 40, training: false))
    let scores = try engine.score(Batch(sequences), weights: weights)
    for left in [true, false] {
      var (tokens, answers, starts, ends) = ([Int32](), [Bool](), [Int](), [Int]())
      for sequence in sequences {
        let gap = 36 - sequence.tokens.count
        let (before, after) = left ? (gap, 0) : (0, gap)
        tokens += Array(repeating: 7, count: before) + sequence.tokens + Array(repeating: 7, count: after)
        answers += Array(repeating: true, count: before) + sequence.isAnswer + Array(repeating: true, count: after)
        starts.append(before)
        ends.append(36 - after)
      }
      let batch = Batch(padded: tokens, length: 36, starts: starts, ends: ends, answers: answers)
      #expect(try engine.score(batch, weights: weights) == scores)
    }
  }

  @Test(arguments: [few, many, fused])
  func `a sequence has the same score, to the bit, alone and in any batch`(lengths: [Int]) throws {
    let model = try Self.model()
    let adapter = try LoRAConfiguration(rank: 4, alpha: 8, targets: Set(LoRAConfiguration.Target.allCases))
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let engine = Engine(
      model, adapter: adapter, capacity: EngineCapacity(sequences: 8, longestSequence: 310, training: false))
    let adapterWeights = Self.random(ParameterLayout(model, adapter), seed: 3)
    let sequences = Self.sequences(lengths, seed: 6)
    for adapterWeights in [nil, adapterWeights] {
      let scores = try engine.score(Batch(sequences), weights: weights, adapterWeights: adapterWeights)
      let reversed = try engine.score(Batch(sequences.reversed()), weights: weights, adapterWeights: adapterWeights)
      #expect(reversed == scores.reversed())
      for (sequence, score) in zip(sequences, scores) {
        #expect(try engine.score(Batch([sequence]), weights: weights, adapterWeights: adapterWeights) == [score])
      }
    }
  }

  @Test(arguments: [1, 20, 70, 262])
  func `a sequence has the same score, to the bit, whole and with a prefix`(length: Int) throws {
    let model = try Self.model()
    let adapter = try LoRAConfiguration(rank: 4, alpha: 8, targets: Set(LoRAConfiguration.Target.allCases))
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let adapterWeights = Self.random(ParameterLayout(model, adapter), seed: 3)
    let prefix = Self.sequences([length], seed: 7)[0]
    // Shorter and longer than a block of queries, and another sequence between them.
    let rests = Self.sequences([3, 1, 80, 40], seed: 8)
    let (other, alone) = (rests[1], Self.sequences([50], seed: 9)[0])
    var sequences = [alone, prefix, other]
    for rest in [rests[0], rests[2], rests[3]] {
      sequences.append(Batch.Sequence(tokens: rest.tokens, isAnswer: rest.isAnswer, prefix: 1))
    }
    let whole = sequences.map { sequence in
      guard sequence.prefix != nil else { return sequence }
      return Batch.Sequence(
        tokens: prefix.tokens + sequence.tokens,
        isAnswer: prefix.tokens.map { _ in false } + [false] + sequence.isAnswer.dropFirst())
    }
    let batch = Batch(sequences)
    #expect(batch.longestSequence == length + 80)
    for (count, adapterWeights) in [(1, nil), (3, adapterWeights)] {
      let engine = Engine(
        model, adapter: adapter,
        capacity: EngineCapacity(sequences: 8, longestSequence: length + 80, training: false),
        workers: Workers(count: count))
      let scores = try engine.score(Batch(whole), weights: weights, adapterWeights: adapterWeights)
      #expect(try engine.score(batch, weights: weights, adapterWeights: adapterWeights) == scores)
      #expect(engine.tokensRead == 2 * batch.tokenCount + 3 * length)
    }
    let small = Engine(
      model, capacity: EngineCapacity(sequences: 8, longestSequence: length + 79, tokens: 999, training: false))
    #expect(throws: EngineError.capacity("tokens in a sequence", found: length + 80, limit: length + 79)) {
      try small.score(batch, weights: weights)
    }
  }

  @Test(
    arguments: [true, false],
    [[17, 9, 30, 12, 5, 40, 22, 31], fused])
  func `order, other sequences and accumulation change gradients by rounding only`(tied: Bool, lengths: [Int]) throws {
    let model = try Self.model(tied: tied)
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let sequences = Self.sequences(lengths, seed: 5)
    let engine = Engine(model, capacity: EngineCapacity(sequences: 8, longestSequence: 310))
    let (whole, parts) = (Parameters(layout: engine.trainedLayout), Parameters(layout: engine.trainedLayout))
    try engine.gradient(of: Batch(sequences), weights: weights, into: whole) { _, score in score.logLikelihood / 100 }
    let scores = engine.scores
    for part in 0..<4 {
      let pair = [sequences[7 - 2 * part], sequences[6 - 2 * part]]
      try engine.gradient(of: Batch(pair), weights: weights, into: parts, accumulating: part > 0) { _, score in
        score.logLikelihood / 100
      }
      for (index, score) in engine.scores.enumerated() {
        let expected = scores[7 - 2 * part - index]
        #expect(abs(score.logLikelihood - expected.logLikelihood) < 1e-5 * abs(expected.logLikelihood))
      }
    }
    #expect(relativeDistance(parts.elements, whole.elements.map(Double.init)) < 1e-5)
  }

  /// The gradient is a sum over tokens, each of which can be had alone by a mask that leaves out the others.
  @Test func `each token's gradient is multiplied by its own weight`() throws {
    let model = try Self.model()
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let sequences = Self.sequences([9, 14], seed: 6)
    let engine = Engine(model, capacity: EngineCapacity(sequences: 2, longestSequence: 14))
    let (whole, parts) = (Parameters(layout: engine.trainedLayout), Parameters(layout: engine.trainedLayout))
    func weight(_ sequence: Int, _ token: Int) -> Double { Double(1 + sequence) - 0.3 * Double(token) }
    try engine.gradient(of: Batch(sequences), weights: weights, into: whole) { index, example in
      [example[0].tokens.indices.map { weight(index, $0) }]
    }
    var isFirst = true
    for (index, sequence) in sequences.enumerated() {
      let answers = sequence.isAnswer.indices.dropFirst().filter { sequence.isAnswer[$0] }
      for (token, place) in answers.enumerated() {
        var one = sequence
        one.isAnswer = sequence.isAnswer.indices.map { $0 == place }
        try engine.gradient(of: Batch([one]), weights: weights, into: parts, accumulating: !isFirst) { _, _ in
          weight(index, token)
        }
        isFirst = false
      }
    }
    #expect(relativeDistance(whole.elements, parts.elements.map(Double.init)) < 1e-5)
  }

  /// A loss of pairs, by weights that look at both of a pair; against the same weights, given sequence by sequence. The
  /// pairs are many enough for several groups of the head.
  @Test(arguments: [2, 40])
  func `an example of several sequences is weighed as a whole`(count: Int) throws {
    let model = try Self.model()
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let sequences = Self.sequences((0..<2 * count).map { 12 + 7 * ($0 % 5) }, seed: 7)
    let batch = Batch(examples: (0..<count).map { Array(sequences[2 * $0...2 * $0 + 1]) })
    let engine = Engine(
      model, capacity: EngineCapacity(sequences: 2 * count, longestSequence: 40, longestExample: batch.longestExample))
    let (found, expected) = (Parameters(layout: engine.trainedLayout), Parameters(layout: engine.trainedLayout))
    var seen: [Int] = []
    try engine.gradient(of: batch, weights: weights, into: found) { index, pair in
      seen.append(index)
      let difference = (pair[0].logLikelihood - pair[1].logLikelihood) / 100
      return [pair[0].tokens.map { _ in -difference }, pair[1].tokens.map { _ in difference }]
    }
    #expect(seen == Array(0..<count))
    let scores = engine.scores
    try engine.gradient(of: Batch(sequences), weights: weights, into: expected) { index, _ in
      let difference = (scores[index & ~1].logLikelihood - scores[index | 1].logLikelihood) / 100
      return index.isMultiple(of: 2) ? -difference : difference
    }
    // Other groups of rows round otherwise.
    #expect(relativeDistance(found.elements, expected.elements.map(Double.init)) < 1e-5)
  }

  @Test func `what a loss throws ends the call`() throws {
    let model = try Self.model()
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let engine = Engine(model, capacity: EngineCapacity(sequences: 2, longestSequence: 14))
    let gradients = Parameters(layout: engine.trainedLayout)
    #expect(throws: EngineError.loss(example: 1, reason: "no")) {
      try engine.gradient(of: Batch(Self.sequences([9, 14], seed: 6)), weights: weights, into: gradients) {
        index, example throws(EngineError) in
        guard index == 0 else { throw .loss(example: index, reason: "no") }
        return example.map { $0.tokens.map { _ in 1 } }
      }
    }
  }

  @Test func `a batch that does not fit or makes no sense is an error`() throws {
    let model = try Self.model()
    let weights = Self.random(ParameterLayout(model), seed: 1)
    let engine = Engine(model, capacity: EngineCapacity(sequences: 2, longestSequence: 8, tokens: 12))
    let gradients = Parameters(layout: engine.trainedLayout)
    func score(_ lengths: [Int]) throws { try engine.score(Batch(Self.sequences(lengths, seed: 1)), weights: weights) }
    #expect(throws: EngineError.emptyBatch) { try score([]) }
    #expect(throws: EngineError.capacity("sequences", found: 3, limit: 2)) { try score([1, 1, 1]) }
    #expect(throws: EngineError.capacity("tokens in a sequence", found: 9, limit: 8)) { try score([9]) }
    #expect(throws: EngineError.capacity("tokens", found: 14, limit: 12)) { try score([7, 7]) }
    #expect(throws: EngineError.capacity("tokens in an example", found: 12, limit: 8)) {
      try engine.score(Batch(examples: [Self.sequences([6, 6], seed: 1)]), weights: weights)
    }
    #expect(throws: EngineError.token(1500, sequence: 1, position: 2, vocabularySize: 1500)) {
      let bad = Batch([.init(prompt: [1], answer: [2, 3]), .init(prompt: [1], answer: [2, 1500])])
      try engine.score(bad, weights: weights)
    }
    #expect(throws: EngineError.noAnswer) {
      try engine.gradient(of: Batch([.init(prompt: [1, 2], answer: [])]), weights: weights, into: gradients) { _, _ in 1
      }
    }
    weights["model.norm.weight"]?[0] = .nan
    #expect(throws: EngineError.self) {
      try engine.gradient(of: Batch([.init(prompt: [1], answer: [2])]), weights: weights, into: gradients) { _, _ in 1 }
    }
  }
}
