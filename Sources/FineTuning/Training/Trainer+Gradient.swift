import Transformer
import Unlearning

extension Trainer {
  /// What the examples of one step, or of its retain term, add up to.
  struct Sum {
    var loss = 0.0
    /// Of how many examples the weights are known, and the sum of their logs.
    var (examples, logWeights) = (0, 0.0)
    var tokens = 0
  }

  /// Adds the gradient of a step's batches.
  /// - Parameters:
  ///   - coefficient: The factor on the objective.
  ///   - references: The log-likelihoods of every example's answer tokens under the start model, where there are any.
  ///   - firstBatch: The number of the first batch among all of the step; batch 0 replaces the gradient of the step
  ///     before.
  func accumulate(
    _ objective: ChosenObjective, _ coefficient: Double, _ step: BatchPlan.Step, of examples: [EncodedExample],
    _ references: [[Double]]? = nil, firstBatch: Int
  ) throws(TrainingError) -> Sum {
    let size = ObjectiveWeights.StepSize(answerTokens: step.examples.lazy.map { examples[$0].answerTokens })
    var sum = Sum()
    for (number, indices) in step.batches.enumerated() {
      let batch = Batch(examples: indices.map { examples[$0].sequences })
      let (accumulating, seed) = (firstBatch + number > 0, dropoutSeed(batch: firstBatch + number))
      do throws(EngineError) {
        let ofRows = try rows?.gradient(
          engine, batch, objective, coefficient / Double(size.answerTokens), weights, adapterWeights, into: gradients,
          accumulating: accumulating, dropoutSeed: seed)
        if let ofRows {
          sum.loss += ofRows
        } else {
          try engine.gradient(
            of: batch, weights: weights, adapterWeights: adapterWeights, into: gradients, accumulating: accumulating,
            dropoutSeed: seed
          ) { position, sequences throws(EngineError) in
            do {
              let compared = references.map { sequences.compared(with: $0[indices[position]]) } ?? sequences
              let share = try ObjectiveWeights(objective, [compared], coefficient: coefficient, step: size)
              sum.loss += share.loss
              sum.logWeights += share.meanLogWeight
              sum.examples += 1
              return share.weights
            } catch {
              throw .loss(example: position, reason: "\(error)")
            }
          }
        }
      } catch {
        throw fault(error, in: batch) { examples[indices[$0]].line }
      }
      sum.tokens += batch.tokenCount
    }
    return sum
  }

  /// What the engine finds wrong in the next step, with the line of the example.
  func fault(_ error: EngineError, in batch: Batch, line: (_ example: Int) -> Int) -> TrainingError {
    switch error {
    case .notFinite(let sequence, let value):
      let example = batch.examples.firstIndex { $0.contains(sequence) } ?? 0
      return .notFinite(
        step: completedSteps + 1, "the log-likelihood of the example of line \(line(example)) is \(value)")
    case .loss(let example, let reason):
      return .noLoss(step: completedSteps + 1, line: line(example), reason)
    default: return .engine(step: completedSteps + 1, error)
    }
  }

  private func dropoutSeed(batch: Int) -> UInt64 {
    guard let adapter = configuration.adapter, adapter.dropout > 0 else { return 0 }
    var random = RandomStream.dropout.generator(seed: configuration.seed)
      .child(UInt64(completedSteps)).child(UInt64(batch))
    return random.next()
  }
}
