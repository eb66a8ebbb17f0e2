import Transformer
import Unlearning

extension Trainer {
  /// Whether the objective compares with the start model and its log-likelihoods are yet to be computed.
  public var needsReferences: Bool { configuration.objective.main.usesReference && references == nil }

  /// Scores all examples by the start model, once, where the objective needs it; the first step does so unless it has
  /// been done before.
  /// - Parameter onProgress: Told how many examples have been scored.
  /// - Throws: `TrainingError` where the engine refuses a batch or a log-likelihood is not finite.
  public func scoreReferences(onProgress: (Int) -> Void = { _ in }) throws(TrainingError) {
    guard needsReferences else { return }
    precondition(completedSteps == 0, "the reference is the start model")
    var found: [[Double]] = []
    for start in stride(from: 0, to: examples.count, by: configuration.batchSize) {
      let part = examples[start..<min(start + configuration.batchSize, examples.count)]
      let batch = Batch(examples: part.map(\.sequences))
      do throws(EngineError) {
        let scores = try engine.score(
          batch, weights: weights, adapterWeights: startsFromAdapter ? adapterWeights : nil)
        for (sequence, score) in scores.enumerated() where !score.logLikelihood.isFinite {
          throw .notFinite(sequence: sequence, logLikelihood: score.logLikelihood)
        }
      } catch {
        throw fault(error, in: batch) { examples[start + $0].line }
      }
      found += batch.examples.map { example in
        example.flatMap { batch.rows(of: $0) }.filter { batch.targets[$0] >= 0 }
          .map { Double(engine.tokenLogLikelihoods[$0]) }
      }
      onProgress(found.count)
    }
    references = found
  }
}

extension [ScoredSequence] {
  /// The sequences of an example with the log-likelihoods of their tokens under the reference model, one after the
  /// other.
  func compared(with references: [Double]) -> [ScoredSequence] {
    var rest = references[...]
    return map { sequence in
      defer { rest = rest.dropFirst(sequence.answerTokens) }
      return ScoredSequence(tokens: sequence.tokens, reference: [Double](rest.prefix(sequence.answerTokens)))
    }
  }
}
