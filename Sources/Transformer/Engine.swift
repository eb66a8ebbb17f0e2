import Core
import Unlearning

/// Runs batches through a model: log-likelihoods, and gradients of any loss that is a function of them or of the
/// logits.
///
/// All memory is allocated when the engine is made; weights are the caller's. A loss enters through its derivative with
/// respect to each answer token's log-likelihood, so that fine-tuning and every unlearning objective are one call:
///
///     // Fine-tuning: the mean negative log-likelihood of an answer token.
///     let tokens = Double(batch.answerTokenCount)
///     try engine.gradient(of: batch, weights: weights, into: gradients) { _, _ in -1 / tokens }
///     // Ascent on each token with its probability as a weight.
///     try engine.gradient(of: batch, weights: weights, into: gradients) { _, example in
///       example.map { sequence in sequence.tokens.map { exp($0) / tokens } }
///     }
///
/// Results have the same bits for any number of workers, and a sequence's score has the same bits alone and in any
/// batch, whether it comes whole or with a prefix; gradients, which are sums over the batch, depend on its order by
/// rounding. An engine serves one call at a time.
public final class Engine {
  /// The model's shape.
  public let model: ModelConfiguration
  /// The adapter that is trained instead of the weights, if any.
  public let adapter: LoRAConfiguration?
  /// What the engine has room for.
  public let capacity: EngineCapacity
  let pass: Pass
  /// How many tokens have gone forward so far.
  public private(set) var tokensRead = 0

  /// An engine with all its memory.
  /// - Parameter workers: How many threads work; it decides speed only.
  public init(
    _ model: ModelConfiguration, adapter: LoRAConfiguration? = nil, capacity: EngineCapacity, workers: Workers = .all
  ) {
    self.model = model
    self.adapter = adapter
    self.capacity = capacity
    pass = Pass(model, adapter: adapter, capacity: capacity, workers: workers)
  }

  /// The bytes of all activations.
  public var activationByteCount: Int { pass.arena.byteCount }

  /// The layout of what is trained: the adapter's matrices, or without one all weights.
  public var trainedLayout: ParameterLayout { adapter.map { ParameterLayout(model, $0) } ?? ParameterLayout(model) }

  /// The scores of the last call, one for each sequence.
  public var scores: [SequenceScore] { pass.scores }

  /// The log-likelihood of each row's target in the last call, 0 where a row has none, [N]; in nats. It is valid until
  /// the next call.
  public var tokenLogLikelihoods: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: pass.arena.logLikelihoods.base, count: pass.tokenCount)
  }

  /// The log-likelihood of each sequence's answer.
  /// - Parameters:
  ///   - weights: The model's weights.
  ///   - adapterWeights: The adapter's, or nil to switch it off.
  /// - Throws: `EngineError` where the batch does not fit the engine or holds unknown tokens.
  @discardableResult
  public func score(
    _ batch: Batch, weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(EngineError) -> [SequenceScore] {
    try prepare(batch, weights, adapterWeights)
    pass.dropout = nil
    pass.forward()
    try pass.head(batch, weigh: nil)
    return pass.scores
  }

  /// The logits of all rows, [N, V] row-major.
  ///
  /// Scoring and training never hold them all; this is for looking at a model.
  /// - Throws: `EngineError`, as ``score(_:weights:adapterWeights:)`` does.
  public func logits(
    _ batch: Batch, weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(EngineError) -> [Float] {
    try prepare(batch, weights, adapterWeights)
    pass.dropout = nil
    pass.forward()
    return pass.allLogits()
  }

  /// The final hidden states of all rows, [N, C] row-major: the last layer's output after the final norm, which the
  /// head multiplies.
  /// - Throws: `EngineError`, as ``score(_:weights:adapterWeights:)`` does.
  public func features(
    _ batch: Batch, weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(EngineError) -> [Float] {
    try prepare(batch, weights, adapterWeights)
    pass.dropout = nil
    pass.forward()
    return Array(UnsafeBufferPointer(start: pass.arena.finalNormed.base, count: pass.tokenCount * model.hiddenSize))
  }

  /// The gradient of a loss with respect to the weights, or to the adapter where `adapterWeights` are given.
  ///
  /// - Parameters:
  ///   - gradients: Where the gradient goes; laid out by ``trainedLayout``.
  ///   - accumulating: Whether it is added to what is there, instead of replacing it.
  ///   - dropoutSeed: What chooses the adapter's dropout mask; another for each step.
  ///   - weigh: dLoss/d log-likelihood of each answer token, for each sequence of an example, given the example's index
  ///     and what the model says of it. It is called once for each example with an answer, in order, for finite
  ///     log-likelihoods only. What it throws, such as ``EngineError/loss(example:reason:)``, ends the call.
  /// - Returns: The scores before any update, with the dropout mask applied.
  /// - Throws: `EngineError` where the batch does not fit, holds unknown tokens or no answer, or where a log-likelihood
  ///   is not finite or `weigh` throws; in these two cases `gradients` is left with meaningless numbers.
  @discardableResult
  public func gradient(
    of batch: Batch, weights: Parameters, adapterWeights: Parameters? = nil, into gradients: Parameters,
    accumulating: Bool = false, dropoutSeed: UInt64 = 0, weigh: Weigh
  ) throws(EngineError) -> [SequenceScore] {
    try prepare(batch, weights, adapterWeights, gradients, accumulating, dropoutSeed)
    guard batch.targets.contains(where: { $0 >= 0 }) else { throw .noAnswer }
    pass.forward()
    try withoutActuallyEscaping(weigh) { weigh throws(EngineError) in try pass.head(batch, weigh: weigh) }
    pass.backward()
    return pass.scores
  }

  /// From the index of an example in its batch and what the model says of its sequences to dLoss/d log-likelihood of
  /// each of their answer tokens.
  public typealias Weigh = (_ example: Int, _ sequences: [ScoredSequence]) throws(EngineError) -> [[Double]]

  /// The gradient of a loss of whole sequences, each an example of its own and all its tokens with the same weight.
  /// - Parameter weight: dLoss/d log-likelihood of a sequence, given its index and score. It is called once for each
  ///   sequence with an answer, in order.
  /// - Returns: As the general form does, and it throws the same.
  @discardableResult
  public func gradient(
    of batch: Batch, weights: Parameters, adapterWeights: Parameters? = nil, into gradients: Parameters,
    accumulating: Bool = false, dropoutSeed: UInt64 = 0, weight: (Int, SequenceScore) -> Double
  ) throws(EngineError) -> [SequenceScore] {
    precondition(batch.examples.allSatisfy { $0.count == 1 }, "every sequence is an example of its own")
    return try gradient(
      of: batch, weights: weights, adapterWeights: adapterWeights, into: gradients, accumulating: accumulating,
      dropoutSeed: dropoutSeed
    ) { index, example throws(EngineError) in
      example.map { sequence in
        let score = SequenceScore(logLikelihood: sequence.logLikelihood, answerTokens: sequence.answerTokens)
        return Array(repeating: weight(index, score), count: sequence.answerTokens)
      }
    }
  }

  /// Makes ready for a gradient.
  func prepare(
    _ batch: Batch, _ weights: Parameters, _ adapterWeights: Parameters?, _ gradients: Parameters,
    _ accumulating: Bool, _ dropoutSeed: UInt64
  ) throws(EngineError) {
    precondition(capacity.training, "the engine was made for scoring only")
    precondition((adapter == nil) == (adapterWeights == nil), "an engine with an adapter trains the adapter")
    precondition(gradients.layout.count == pass.trainedCount, "the gradients have another layout")
    precondition(batch.prefixes.allSatisfy { $0 == nil }, "sequences with a prefix are for scoring only")
    try prepare(batch, weights, adapterWeights)
    guard let base = gradients.elements.baseAddress else { return }
    pass.gradients = base
    pass.accumulating = accumulating
    pass.dropout = DropoutMask(probability: adapter?.dropout ?? 0, seed: dropoutSeed)
  }

  /// Checks the batch and copies it into the arena.
  func prepare(_ batch: Batch, _ weights: Parameters, _ adapterWeights: Parameters?) throws(EngineError) {
    precondition(weights.layout.count == pass.weightCount, "the weights have another layout")
    precondition(
      adapterWeights == nil || adapterWeights?.layout.count == pass.adapterCount, "the adapter has another layout")
    let n = batch.tokenCount
    guard batch.sequenceCount > 0 else { throw .emptyBatch }
    let sizes = [
      ("tokens", n, capacity.tokens), ("sequences", batch.sequenceCount, capacity.sequences),
      ("tokens in a sequence", batch.longestSequence, capacity.longestSequence),
      ("tokens in an example", batch.longestExample, max(capacity.longestExample, capacity.longestSequence)),
    ]
    for (what, found, limit) in sizes where found > limit { throw .capacity(what, found: found, limit: limit) }
    for (row, token) in batch.tokens.enumerated() where token < 0 || token >= model.vocabularySize {
      let sequence = (0..<batch.sequenceCount).first { batch.rows(of: $0).contains(row) } ?? 0
      throw .token(
        token, sequence: sequence, position: Int(batch.positions[row]), vocabularySize: model.vocabularySize)
    }
    guard let base = weights.elements.baseAddress else { return }
    pass.weights = base
    pass.adapter = adapterWeights?.elements.baseAddress
    pass.tokenCount = n
    tokensRead += n
    pass.starts.removeAll(keepingCapacity: true)
    pass.starts.append(contentsOf: batch.starts)
    pass.prefixes.removeAll(keepingCapacity: true)
    pass.prefixes.append(contentsOf: batch.prefixes)
    batch.tokens.withUnsafeBufferPointer { tokens in
      batch.positions.withUnsafeBufferPointer { positions in
        guard let tokens = tokens.baseAddress, let positions = positions.baseAddress else { return }
        pass.arena.tokens.update(from: tokens, count: n)
        pass.arena.positions.update(from: positions, count: n)
      }
    }
  }
}
