import Core
import FineTuning
import Transformer
import Unlearning

/// What metrics are made from: how a model reads given answers, and what it answers itself.
///
/// Examples go through the engine in batches as large as it has room for, all phrasings of all questions in one call,
/// and come back in their order. What neighbours have in common before their answers is read once. Two probes may share
/// an engine, such as those of a model with and without its adapter.
///
///     let probe = ModelProbe(engine, weights: weights, adapterWeights: adapter)
///     let readings = try probe.readings(of: examples)
///     print(try AnswerProbability(readings.map(\.score)).mean)
///     print(try MinKProbability.scores(readings.map(\.logLikelihoods)))
public struct ModelProbe {
  /// What runs the model.
  public let engine: Engine
  /// The model's weights.
  public let weights: Parameters
  /// The adapter's, or nil to switch it off.
  public let adapterWeights: Parameters?

  /// A probe of the model with these weights.
  public init(_ engine: Engine, weights: Parameters, adapterWeights: Parameters? = nil) {
    (self.engine, self.weights, self.adapterWeights) = (engine, weights, adapterWeights)
  }

  /// How the model reads each example's answer.
  /// - Throws: `ProbeError` where an example does not fit the engine.
  public func readings(of examples: [EncodedExample]) throws(ProbeError) -> [AnswerReading] {
    var readings: [AnswerReading] = []
    readings.reserveCapacity(examples.count)
    for range in Self.batches(of: examples, [engine.capacity], sharingPrompts: true) {
      let shared = SharedPrompts(examples[range])
      let batch = Batch(shared.sequences)
      do throws(EngineError) {
        try engine.score(batch, weights: weights, adapterWeights: adapterWeights)
      } catch {
        throw .engine(shared.unshared(error), examples: range)
      }
      let logLikelihoods = engine.tokenLogLikelihoods
      for sequence in shared.places {
        let rows = batch.answerRows(of: sequence)
        readings.append(
          AnswerReading(
            tokens: rows.map { batch.targets[$0] }, logLikelihoods: rows.map { Double(logLikelihoods[$0]) }))
      }
    }
    return readings
  }

  /// The token that the model finds most likely at each place of each example's answer, given the true tokens before
  /// it; of several, that with the smallest id.
  /// - Throws: `ProbeError` where an example does not fit the engine, or a logit is not finite.
  public func predictions(for examples: [EncodedExample]) throws(ProbeError) -> [[Int32]] {
    let v = engine.model.vocabularySize
    var predictions: [[Int32]] = []
    predictions.reserveCapacity(examples.count)
    for range in Self.batches(of: examples, [engine.capacity], vocabularySize: v) {
      let batch = Batch(examples[range].map(\.sequence))
      let logits = try logits(of: batch, examples: range)
      for index in range {
        var tokens: [Int32] = []
        for row in batch.answerRows(of: index - range.lowerBound) {
          guard let token = Self.mostLikely(logits[row * v..<(row + 1) * v]) else { throw .notFinite(index: index) }
          tokens.append(token)
        }
        predictions.append(tokens)
      }
    }
    return predictions
  }

  /// What the model answers to prompts, several times each.
  /// - Parameters:
  ///   - prompts: Token ids.
  ///   - count: How many answers to each, at least 1.
  ///   - generator: What generates, for the same model.
  ///   - settings: How tokens are chosen. Answer j to prompt i draws from the stream `firstStream + count * i + j`.
  /// - Returns: Each prompt's answers.
  /// - Throws: `GenerationError`, which counts sequence `count * i + j`.
  public func samples(
    from prompts: [[Int32]], count: Int = MathAccuracy.usualSamples, generator: Generator, settings: GenerationSettings
  ) throws(GenerationError) -> [[Generation]] {
    precondition(count > 0, "an answer is sampled at least once")
    let all = try generator.generate(
      prompts.flatMap { Array(repeating: $0, count: count) }, weights: weights, adapterWeights: adapterWeights,
      settings: settings)
    return prompts.indices.map { Array(all[$0 * count..<($0 + 1) * count]) }
  }

  /// The logits before each answer token of examples, in order, [tokens, V].
  ///
  /// They take 4 V bytes a token; ``comparison(with:on:workers:)-(ModelProbe,_,_)`` holds those of a few examples only.
  /// - Throws: `ProbeError` where an example does not fit the engine.
  public func answerLogits(of examples: [EncodedExample]) throws(ProbeError) -> [Float] {
    var logits: [Float] = []
    logits.reserveCapacity(examples.reduce(0) { $0 + $1.answerTokens } * engine.model.vocabularySize)
    for range in Self.batches(of: examples, [engine.capacity], vocabularySize: engine.model.vocabularySize) {
      logits += try answerLogits(of: examples, in: range)
    }
    return logits
  }

  /// How far two models are apart on the answers of examples, exactly.
  ///
  /// The logits of a few sequences at a time are computed by the one model and by the other, and given up.
  /// - Parameters:
  ///   - other: A probe of a model with the same vocabulary.
  ///   - workers: How many threads compare logits; it decides speed only.
  /// - Returns: The divergence, of which `forward` is KL(this || other), and the RE distance of the logits.
  /// - Throws: `ProbeError` where an example does not fit either engine, there are no answer tokens, the vocabularies
  ///   differ, or a logit is not finite.
  public func comparison(
    with other: ModelProbe, on examples: [EncodedExample], workers: Workers = .all
  ) throws(ProbeError) -> (divergence: ConditionalDivergence, distance: Double) {
    let (v, otherV) = (engine.model.vocabularySize, other.engine.model.vocabularySize)
    guard v == otherV else { throw .metric(.countsDiffer("token ids of the two models", v, otherV)) }
    return try comparison(on: examples, [engine.capacity, other.engine.capacity], workers) {
      (range, _) throws(ProbeError) in try other.answerLogits(of: examples, in: range)[...]
    }
  }

  /// The same with a model whose logits are at hand.
  /// - Parameters:
  ///   - logits: What the other model's ``answerLogits(of:)`` gave for the same examples.
  ///   - workers: How many threads compare logits; it decides speed only.
  /// - Throws: `ProbeError`, as for two probes; also where there are not as many logits as this model has.
  public func comparison(
    with logits: [Float], on examples: [EncodedExample], workers: Workers = .all
  ) throws(ProbeError) -> (divergence: ConditionalDivergence, distance: Double) {
    let v = engine.model.vocabularySize
    let count = examples.reduce(0) { $0 + $1.answerTokens } * v
    guard logits.count == count else { throw .metric(.countsDiffer("logits of the two models", count, logits.count)) }
    return try comparison(on: examples, [engine.capacity], workers) { (_, tokens) throws(ProbeError) in
      logits[tokens.lowerBound * v..<tokens.upperBound * v]
    }
  }

  /// - Parameter other: The other model's logits for a range of the examples, whose answers have this range of tokens.
  private func comparison(
    on examples: [EncodedExample], _ capacities: [EngineCapacity], _ workers: Workers,
    _ other: (_ examples: Range<Int>, _ tokens: Range<Int>) throws(ProbeError) -> ArraySlice<Float>
  ) throws(ProbeError) -> (divergence: ConditionalDivergence, distance: Double) {
    let v = engine.model.vocabularySize
    var (divergence, distance) = (VocabularyDivergence(), LogitDistance())
    for range in Self.batches(of: examples, capacities, vocabularySize: v) {
      let one = try answerLogits(of: examples, in: range)
      let tokens = divergence.tokens..<divergence.tokens + one.count / v
      let two = try other(range, tokens)
      do throws(MetricError) {
        for found in Self.compared(one, two, vocabularySize: v, firstToken: tokens.lowerBound, workers) {
          let (tokenDivergence, tokenDistance) = try found.get()
          divergence.add(tokenDivergence)
          distance.add(tokenDistance)
        }
      } catch {
        throw .metric(error)
      }
    }
    do throws(MetricError) {
      return (try divergence.mean(), try distance.mean())
    } catch {
      throw .metric(error)
    }
  }

  private typealias TokenComparison = (ConditionalDivergence, REDistance)

  /// Compares rows of logits, each by itself: the results, in order, have the same bits for any number of workers.
  private static func compared(
    _ one: [Float], _ two: ArraySlice<Float>, vocabularySize v: Int, firstToken: Int, _ workers: Workers
  ) -> [Result<TokenComparison, MetricError>] {
    Array(unsafeUninitializedCapacity: one.count / v) { buffer, count in
      count = one.count / v
      nonisolated(unsafe) let results = buffer.baseAddress
      workers.forEach(count) { token in
        let (own, start) = (token * v..<(token + 1) * v, two.startIndex + token * v)
        let result = Result { () throws(MetricError) in
          (
            try VocabularyDivergence.divergence(one[own], two[start..<start + v], token: firstToken + token),
            try LogitDistance.distance(one[own], two[start..<start + v], token: firstToken + token)
          )
        }
        if let results { (results + token).initialize(to: result) }
      }
    }
  }

  /// The logits before each answer token of some of the examples, [tokens, V].
  private func answerLogits(of examples: [EncodedExample], in range: Range<Int>) throws(ProbeError) -> [Float] {
    let v = engine.model.vocabularySize
    let batch = Batch(examples[range].map(\.sequence))
    let all = try logits(of: batch, examples: range)
    var answers: [Float] = []
    answers.reserveCapacity(batch.answerTokenCount * v)
    for row in batch.targets.indices where batch.targets[row] >= 0 { answers += all[row * v..<(row + 1) * v] }
    return answers
  }

  private func logits(of batch: Batch, examples: Range<Int>) throws(ProbeError) -> [Float] {
    do throws(EngineError) {
      return try engine.logits(batch, weights: weights, adapterWeights: adapterWeights)
    } catch {
      throw .engine(error, examples: examples)
    }
  }

  /// The id of the largest logit, the smallest of several; nil where a logit is not finite.
  private static func mostLikely(_ logits: ArraySlice<Float>) -> Int32? {
    guard var best = logits.indices.first else { return nil }
    for index in logits.indices {
      guard logits[index].isFinite else { return nil }
      if logits[index] > logits[best] { best = index }
    }
    return Int32(best - logits.startIndex)
  }

  /// The logits held at a time, 128 MiB for each model, unless those of one sequence are more.
  private static let logitCount = 1 << 25

  /// Ranges of examples, in order, of as many as there is room for. An example that alone has none is one of its own:
  /// the engine tells what is wrong with it.
  /// - Parameters:
  ///   - vocabularySize: Given where all logits of a batch are held.
  ///   - sharingPrompts: Whether they will be ``SharedPrompts``.
  private static func batches(
    of examples: [EncodedExample], _ capacities: [EngineCapacity], vocabularySize: Int? = nil,
    sharingPrompts: Bool = false
  ) -> [Range<Int>] {
    var tokenLimit = vocabularySize.map { logitCount / $0 } ?? .max
    var sequenceLimit = Int.max
    for capacity in capacities {
      tokenLimit = min(tokenLimit, capacity.tokens)
      sequenceLimit = min(sequenceLimit, capacity.sequences)
    }
    var ranges: [Range<Int>] = []
    var (start, tokens, sequences) = (0, 0, 0)
    // How many examples of the batch have the last one's prompt.
    var neighbours = 0
    for (index, example) in examples.enumerated() {
      let shared = sharingPrompts && index > start ? SharedPrompts.prefixCount(examples[index - 1], example) : 0
      neighbours = shared > 0 ? neighbours + 1 : 1
      let (newTokens, newSequences) = (example.tokens.count - shared, neighbours == 2 ? 2 : 1)
      if index > start, sequences + newSequences > sequenceLimit || tokens + newTokens > tokenLimit {
        ranges.append(start..<index)
        (start, tokens, sequences, neighbours) = (index, example.tokens.count, 1, 1)
      } else {
        tokens += newTokens
        sequences += newSequences
      }
    }
    if start < examples.count { ranges.append(start..<examples.count) }
    return ranges
  }
}

extension Batch {
  /// The rows that predict the answer of a sequence.
  fileprivate func answerRows(of sequence: Int) -> [Int] { rows(of: sequence).filter { targets[$0] >= 0 } }
}
