import Unlearning

/// The loss of one optimizer step, or of a batch's share in it, and how it changes with the log-likelihood of each
/// answer token: an objective averaged over the step.
///
/// | objective | loss |
/// |---|---|
/// | `Objective.Average.answerTokens` | sum of the examples' losses / answer tokens of the step |
/// | `Objective.Average.examples` | sum of the examples' losses / examples of the step |
/// | all but SFT | times a coefficient, 1 unless it is said otherwise |
/// | retain term | coefficient times its objective's loss of the step's retain examples |
///
/// The denominators are those of the whole step: see ``StepSize``. So the shares of a step's batches add up to the loss
/// of the step, and their gradients to its gradient, however the examples are shared out: 4 x 2 equals 1 x 8.
public struct ObjectiveWeights: Hashable, Sendable {
  /// What one step is averaged over.
  public struct StepSize: Hashable, Sendable {
    /// The number of examples.
    public let examples: Int
    /// The number of answer tokens of all examples.
    public let answerTokens: Int

    /// The size of a step whose examples have these numbers of answer tokens.
    public init(answerTokens: some Swift.Sequence<Int>) {
      var (examples, tokens) = (0, 0)
      for count in answerTokens { (examples, tokens) = (examples + 1, tokens + count) }
      self.examples = examples
      self.answerTokens = tokens
    }
  }

  /// These examples' share of the step's loss.
  public let loss: Double
  /// The derivative of the step's loss by each token's log-likelihood, for each sequence of the examples in order.
  public let weights: [[Double]]
  /// The mean over these examples of `ExampleLoss.logWeight`, 0 for SFT and GA: how much of gradient ascent's step is
  /// still taken. It tells when SimNPO has extinguished itself.
  public let meanLogWeight: Double

  /// The share of these examples in the loss of a step.
  /// - Parameters:
  ///   - examples: What the model says of each.
  ///   - coefficient: The factor on the objective.
  ///   - step: The size of the whole step, of which these examples may be a part.
  /// - Throws: `ObjectiveError`, as `ChosenObjective.loss(of:)` does.
  public init(
    _ objective: ChosenObjective, _ examples: [[ScoredSequence]], coefficient: Double = 1, step: StepSize
  ) throws(ObjectiveError) {
    var (loss, logWeight) = (0.0, 0.0)
    var weights: [[Double]] = []
    weights.reserveCapacity(examples.count)
    let size = Double(objective.objective.average == .answerTokens ? step.answerTokens : step.examples)
    for example in examples {
      let share = try objective.loss(of: example)
      loss += share.value
      logWeight += share.logWeight
      for sequence in share.weights { weights.append(sequence.map { coefficient * ($0 / size) }) }
    }
    self.loss = examples.isEmpty ? 0 : coefficient * (loss / size)
    self.weights = weights
    meanLogWeight = examples.isEmpty ? 0 : logWeight / Double(examples.count)
  }
}
