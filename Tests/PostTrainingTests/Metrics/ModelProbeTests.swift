import Core
import FineTuning
import Glibc
import PostTraining
import Testing
import Transformer

/// A small model with random weights and an adapter, and examples of several lengths.
private struct Fixture {
  static let model = try? ModelConfiguration(
    vocabularySize: 23, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 2, contextLength: 40)
  let model: ModelConfiguration
  let adapter: LoRAConfiguration
  let weights: Parameters
  let adapterWeights: Parameters
  let examples: [EncodedExample]

  /// - Parameter spread: The standard deviation of a weight.
  init(spread: Double = 0.3) throws {
    model = try #require(Self.model)
    adapter = try LoRAConfiguration(rank: 2, alpha: 4, targets: [.q, .v, .head])
    var random = RandomGenerator(seed: 7)
    func parameters(_ layout: ParameterLayout) -> Parameters {
      let parameters = Parameters(layout: layout)
      for tensor in layout.tensors {
        for index in tensor.range {
          parameters.elements[index] = Float((tensor.name.contains("norm") ? 1 : 0) + spread * random.normal())
        }
      }
      return parameters
    }
    weights = parameters(ParameterLayout(model))
    adapterWeights = parameters(ParameterLayout(model, adapter))
    examples = (0..<7).map { index in
      let (prompt, answer) = (1 + index % 3, 1 + index * 5 % 8)
      let tokens = (0..<prompt + answer).map { _ in Int32.random(in: 0..<23, using: &random) }
      return EncodedExample(
        line: index + 1, tokens: tokens,
        isAnswer: Array(repeating: false, count: prompt) + Array(repeating: true, count: answer))
    }
  }

  /// - Parameter adapted: Whether the adapter is on.
  func probe(tokens: Int = 200, sequences: Int = 20, longest: Int = 20, adapted: Bool = false) -> ModelProbe {
    let capacity = EngineCapacity(
      sequences: sequences, longestSequence: longest, tokens: tokens, training: false)
    return ModelProbe(
      Engine(model, adapter: adapter, capacity: capacity, workers: Workers(count: 2)), weights: weights,
      adapterWeights: adapted ? adapterWeights : nil)
  }

  /// The tokens of an example's answer.
  static func answer(_ example: EncodedExample) -> [Int32] {
    zip(example.tokens, example.isAnswer).filter(\.1).map(\.0)
  }

  /// The logits before each token of each example's answer, from the engine's logits of all rows of all examples.
  func logits(adapted: Bool = false) throws -> [[[Float]]] {
    let all = try probe().engine.logits(
      Batch(examples.map(\.sequence)), weights: weights, adapterWeights: adapted ? adapterWeights : nil)
    var start = 0
    return examples.map { example in
      defer { start += example.tokens.count }
      let places = example.tokens.indices.dropFirst().filter { example.isAnswer[$0] }
      return places.map { Array(all[(start + $0 - 1) * 23..<(start + $0) * 23]) }
    }
  }
}

/// Log probabilities, straight from the definition.
private func logSoftmax(_ logits: [Float]) -> [Double] {
  let normaliser = log(logits.reduce(0) { $0 + exp(Double($1)) })
  return logits.map { Double($0) - normaliser }
}

@Suite("Probing a model")
struct ModelProbeTests {
  /// The batches that capacities lead to: all at once, a few at a time by tokens and by sequences, one by one.
  private static let capacities = [(200, 20), (20, 20), (200, 3), (20, 1)]

  @Test(arguments: [false, true])
  func `Readings are the answers' tokens and their log probabilities`(adapted: Bool) throws {
    let fixture = try Fixture()
    let readings = try fixture.probe(adapted: adapted).readings(of: fixture.examples)
    let all = try fixture.logits(adapted: adapted)
    for ((example, reading), logits) in zip(zip(fixture.examples, readings), all) {
      #expect(reading.tokens == Fixture.answer(example))
      for (index, token) in reading.tokens.enumerated() {
        // The engine's exponentials are good to 2^-22, which the logarithm of their sum takes over; log-likelihoods up
        // to 8 are rounded to FP32, and logits are up to 8 as well.
        let expected = logSoftmax(logits[index])[Int(token)]
        #expect(abs(reading.logLikelihoods[index] - expected) < 0x1p-19)
      }
      #expect(reading.score.answerTokens == reading.tokens.count)
      #expect(reading.score.logLikelihood == reading.logLikelihoods.reduce(0, +))
    }
    #expect(readings.count == fixture.examples.count)
  }

  @Test(arguments: capacities)
  func `However examples share batches, nothing changes`(tokens: Int, sequences: Int) throws {
    let fixture = try Fixture()
    let (whole, cut) = (fixture.probe(), fixture.probe(tokens: tokens, sequences: sequences))
    #expect(try cut.readings(of: fixture.examples) == whole.readings(of: fixture.examples))
    #expect(try cut.predictions(for: fixture.examples) == whole.predictions(for: fixture.examples))

    let adapted = fixture.probe(adapted: true)
    let found = try cut.comparison(with: adapted, on: fixture.examples)
    let expected = try whole.comparison(with: adapted, on: fixture.examples)
    #expect(found.divergence == expected.divergence && found.distance == expected.distance)
  }

  @Test(arguments: capacities)
  func `A prompt that neighbours have in common is read once, and changes nothing`(tokens: Int, sequences: Int) throws {
    let fixture = try Fixture()
    let prompts: [[Int32]] = [[1, 2, 3, 4], [1, 2, 3, 4], [5], [5], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]
    let examples = zip(prompts, fixture.examples).map { prompt, example in
      let answer = Fixture.answer(example)
      return EncodedExample(
        line: 1, tokens: prompt + answer, isAnswer: prompt.map { _ in false } + answer.map { _ in true })
    }
    let alone = try examples.map { try fixture.probe().readings(of: [$0])[0] }
    let probe = fixture.probe(tokens: tokens, sequences: sequences)
    #expect(try probe.readings(of: examples) == alone)
    // Three tokens are spared for each example that follows another of the same long prompt in its batch.
    let all = examples.reduce(0) { $0 + $1.tokens.count }
    let spared = (tokens, sequences) == (200, 20) ? 3 * 3 : nil
    #expect(spared.map { probe.engine.tokensRead == all - $0 } ?? (probe.engine.tokensRead <= all))
    let adapted = fixture.probe(tokens: tokens, sequences: sequences, adapted: true)
    #expect(
      try adapted.readings(of: examples) == examples.map { try fixture.probe(adapted: true).readings(of: [$0])[0] })

    var unknown = examples
    unknown[5] = EncodedExample(line: 1, tokens: [1, 2, 3, 4, 23], isAnswer: [false, false, false, false, true])
    let error = EngineError.token(23, sequence: 5, position: 4, vocabularySize: 23)
    #expect(throws: ProbeError.engine(error, examples: 0..<7)) { try fixture.probe().readings(of: unknown) }
    unknown[4] = EncodedExample(line: 1, tokens: [1, 99, 4, 2], isAnswer: [false, false, false, true])
    unknown[5] = unknown[4]
    let early = EngineError.token(99, sequence: 4, position: 1, vocabularySize: 23)
    #expect(throws: ProbeError.engine(early, examples: 0..<7)) { try fixture.probe().readings(of: unknown) }
  }

  @Test(arguments: [false, true])
  func `Predictions are what the largest logits say`(adapted: Bool) throws {
    let fixture = try Fixture()
    let predictions = try fixture.probe(adapted: adapted).predictions(for: fixture.examples)
    let expected = try fixture.logits(adapted: adapted).map { rows in
      rows.map { row in Int32(row.indices.filter { row[$0] == row.max() }[0]) }
    }
    #expect(predictions == expected)
  }

  @Test func `Of equally likely tokens the one with the smallest id is predicted`() throws {
    let fixture = try Fixture()
    fixture.weights.clear()
    let predictions = try fixture.probe().predictions(for: fixture.examples)
    #expect(predictions.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test(arguments: [1, 3])
  func `The comparison is that of all logits at once`(workers: Int) throws {
    let fixture = try Fixture()
    let (plain, adapted) = (fixture.probe(), fixture.probe(adapted: true))
    let found = try plain.comparison(with: adapted, on: fixture.examples, workers: Workers(count: workers))
    let one = try fixture.logits().flatMap { $0 }
    let other = try fixture.logits(adapted: true).flatMap { $0 }
    var (forward, backward, distance) = (0.0, 0.0, 0.0)
    for (a, b) in zip(one, other) {
      let (p, q) = (logSoftmax(a), logSoftmax(b))
      for (x, y) in zip(p, q) {
        forward += exp(x) * (x - y)
        backward += exp(y) * (y - x)
      }
      for (x, y) in zip(a, b) { distance += (Double(x) - Double(y)) * (Double(x) - Double(y)) }
    }
    let count = Double(one.count)
    // Sums of 23 numbers of up to 16 for each of 31 tokens, of the same logits.
    #expect(agrees(found.divergence.forward, forward / count, roundings: 1000, scale: 1))
    #expect(agrees(found.divergence.backward, backward / count, roundings: 1000, scale: 1))
    #expect(agrees(found.distance, distance / count, roundings: 1000))
    #expect(found.divergence.jeffreys > 0.01 && found.distance > 0.01)

    let held = try adapted.answerLogits(of: fixture.examples)
    let again = try plain.comparison(with: held, on: fixture.examples, workers: Workers(count: workers))
    #expect(again.divergence == found.divergence && again.distance == found.distance)
    let cut = try fixture.probe(tokens: 20, sequences: 3).comparison(with: held, on: fixture.examples)
    #expect(cut.divergence == found.divergence && cut.distance == found.distance)
    #expect(throws: ProbeError.metric(.countsDiffer("logits of the two models", 32 * 23, 23))) {
      try plain.comparison(with: Array(held.prefix(23)), on: fixture.examples)
    }

    let back = try adapted.comparison(with: plain, on: fixture.examples)
    #expect(back.divergence.forward == found.divergence.backward && back.distance == found.distance)
    let same = try plain.comparison(with: fixture.probe(tokens: 20), on: fixture.examples)
    #expect(same.divergence == ConditionalDivergence(forward: 0, backward: 0) && same.distance == 0)
  }

  @Test func `Extraction strength from predictions is that of greedy generation from every k`() throws {
    let fixture = try Fixture()
    let generator = try Generator(fixture.model, adapter: fixture.adapter, slots: 4, workers: .one)
    let prompts: [[Int32]] = [[3, 1], [7], [5, 5, 2], [11]]
    var answers = try generator.generate(
      prompts, weights: fixture.weights, settings: GenerationSettings(maximumNewTokens: 6)
    ).map(\.tokens)
    // Whole, changed within, changed at the start, and changed at the end.
    for (answer, place) in [(1, 3), (2, 0), (3, 5)] { answers[answer][place] = (answers[answer][place] + 1) % 23 }
    let examples = zip(prompts, answers).enumerated().map { index, pair in
      EncodedExample(
        line: index + 1, tokens: pair.0 + pair.1,
        isAnswer: pair.0.map { _ in false } + pair.1.map { _ in true })
    }
    let strengths = try zip(prompts, answers).map { prompt, answer in
      let k = try (0...6).first { k in
        guard k < 6 else { return true }
        let rest = try generator.generate(
          [prompt + answer.prefix(k)], weights: fixture.weights, settings: GenerationSettings(maximumNewTokens: 6 - k))
        return rest[0].tokens == Array(answer.dropFirst(k))
      }
      return Double(6 - (k ?? 6)) / 6
    }
    let found = try ExtractionStrength(
      predictions: fixture.probe().predictions(for: examples), answers: answers)
    #expect(found.values == strengths)
    #expect(strengths[0] == 1 && strengths[3] == 0)
  }

  @Test(arguments: [false, true])
  func `Each answer to a prompt has random numbers of its own`(adapted: Bool) throws {
    let fixture = try Fixture()
    let generator = try Generator(fixture.model, adapter: fixture.adapter, slots: 3, workers: .one)
    var settings = GenerationSettings(maximumNewTokens: 5, sampler: try Sampler(), seed: 3)
    let prompts: [[Int32]] = [[1, 2], [4]]
    let found = try fixture.probe(adapted: adapted).samples(
      from: prompts, count: 3, generator: generator, settings: settings)
    #expect(found.map(\.count) == [3, 3] && Set(found.flatMap { $0 }.map(\.tokens)).count > 3)
    for (i, answers) in found.enumerated() {
      for (j, answer) in answers.enumerated() {
        settings.firstStream = UInt64(3 * i + j)
        let alone = try generator.generate(
          [prompts[i]], weights: fixture.weights, adapterWeights: adapted ? fixture.adapterWeights : nil,
          settings: settings)
        #expect(alone == [answer])
      }
    }
    #expect(try fixture.probe().samples(from: prompts, generator: generator, settings: settings)[1].count == 5)
  }

  @Test func `Even a sure model gives no token more than probability 1`() throws {
    let fixture = try Fixture(spread: 4)
    let readings = try fixture.probe().readings(of: fixture.examples)
    _ = try MinKProbability.scores(readings.map(\.logLikelihoods))
    let predictions = try fixture.probe().predictions(for: fixture.examples)
    // The most likely tokens as answers, each where it was predicted from the example's own.
    let likely = zip(fixture.examples, predictions).map { example, prediction in
      EncodedExample(
        line: 1, tokens: example.tokens.prefix { _ in true }.dropLast(prediction.count) + prediction.prefix(1),
        isAnswer: Array(repeating: false, count: example.tokens.count - prediction.count) + [true])
    }
    let sure = try fixture.probe().readings(of: likely).map(\.logLikelihoods)
    _ = try MinKProbability.scores(sure)
    #expect(sure.contains { $0[0] > -1e-3 })
  }

  @Test func `What does not fit is refused with the examples' indices`() throws {
    let fixture = try Fixture()
    let small = fixture.probe(tokens: 20, longest: 5)
    let long = EngineError.capacity("tokens in a sequence", found: 8, limit: 5)
    let examples = [fixture.examples[0], fixture.examples[1], fixture.examples[6]]
    #expect(examples.map(\.tokens.count) == [2, 8, 8])
    let error = ProbeError.engine(long, examples: 0..<3)
    #expect(throws: error) { try small.readings(of: examples) }
    #expect(throws: error) { try small.predictions(for: examples) }
    #expect(throws: error) { try fixture.probe().comparison(with: small, on: examples) }
    #expect("\(error)".hasPrefix("in examples 0..<3: the batch has 8 tokens in a sequence"))
    let one = fixture.probe(sequences: 1, longest: 5)
    #expect(throws: ProbeError.engine(long, examples: 1..<2)) { try one.readings(of: examples) }

    #expect(throws: ProbeError.metric(.empty("tokens"))) { try small.comparison(with: small, on: []) }
    #expect(try small.readings(of: []).isEmpty)

    let smaller = try ModelConfiguration(
      vocabularySize: 22, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 2, contextLength: 40)
    let other = ModelProbe(
      Engine(smaller, capacity: EngineCapacity(sequences: 1, longestSequence: 20)),
      weights: Parameters(layout: ParameterLayout(smaller)))
    #expect(throws: ProbeError.metric(.countsDiffer("token ids of the two models", 23, 22))) {
      try small.comparison(with: other, on: examples)
    }

    let probe = fixture.probe()
    fixture.weights.elements.update(repeating: .nan)
    #expect(throws: ProbeError.notFinite(index: 0)) { try probe.predictions(for: examples) }
    #expect(throws: ProbeError.self) { try probe.comparison(with: probe, on: examples) }
  }
}
