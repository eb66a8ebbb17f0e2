import Unlearning

/// The loss of one optimizer step, or of a batch's share in it, and how it changes with each sequence's log-likelihood.
///
/// With `l` a sequence's log-likelihood and `|y|` its answer tokens, and sums over all sequences of the step:
///
/// | objective | loss |
/// |---|---|
/// | SFT | `-sum l / sum \|y\|` |
/// | GA | `sum l / sum \|y\|` |
/// | NPO, SimNPO, original SimNPO | `sum UnlearningObjective.value / number of sequences` |
/// | all but SFT | times a coefficient, 1 unless it is said otherwise |
/// | retain term | coefficient times the SFT loss of the step's retain sequences |
///
/// The denominators are those of the whole step: see ``StepSize``. So the shares of a step's batches add up to the loss
/// of the step, and their gradients to its gradient, however the sequences are shared out: 4 x 2 equals 1 x 8.
public struct ObjectiveWeights: Hashable, Sendable {
  /// What one step is averaged over.
  public struct StepSize: Hashable, Sendable {
    /// The number of sequences.
    public let sequences: Int
    /// The number of answer tokens of all sequences.
    public let answerTokens: Int

    /// The size of a step whose sequences have these numbers of answer tokens.
    public init(answerTokens: some Swift.Sequence<Int>) {
      var (sequences, tokens) = (0, 0)
      for count in answerTokens { (sequences, tokens) = (sequences + 1, tokens + count) }
      self.sequences = sequences
      self.answerTokens = tokens
    }
  }

  /// What a forward pass says of one sequence.
  public struct Sequence: Hashable, Sendable {
    /// The sum of the answer tokens' log probabilities, in nats.
    public var logLikelihood: Double
    /// How many answer tokens there are.
    public var answerTokens: Int
    /// The log-likelihood under the reference model; needed by NPO alone.
    public var reference: Double?

    /// Makes a sequence.
    public init(logLikelihood: Double, answerTokens: Int, reference: Double? = nil) {
      self.logLikelihood = logLikelihood
      self.answerTokens = answerTokens
      self.reference = reference
    }
  }

  /// These sequences' share of the step's loss.
  public let loss: Double
  /// The derivative of the step's loss by each sequence's log-likelihood: the factor on the gradient of each of its
  /// answer tokens' log probabilities.
  public let weights: [Double]
  /// The mean over these sequences of the log of `UnlearningObjective.weight`, 0 for SFT and GA: how much of gradient
  /// ascent's step is still taken. It tells when SimNPO has extinguished itself.
  public let meanLogWeight: Double

  /// The share of these sequences in the loss of a step.
  /// - Parameters:
  ///   - coefficient: The factor on the objective.
  ///   - step: The size of the whole step, of which these sequences may be a part.
  /// - Throws: `ObjectiveWeightsError` where a number is not finite, a reference is missing or an answer is empty.
  public init(
    _ objective: TrainingObjective, _ sequences: [Sequence], coefficient: Double = 1, step: StepSize
  ) throws(ObjectiveWeightsError) {
    var (loss, logWeight) = (0.0, 0.0)
    var weights: [Double] = []
    weights.reserveCapacity(sequences.count)
    let size = Double(objective.normalisation == .answerTokens ? step.answerTokens : step.sequences)
    for (index, sequence) in sequences.enumerated() {
      guard sequence.answerTokens >= 1 else { throw .noAnswer(index: index) }
      guard sequence.logLikelihood.isFinite else { throw .notFinite(index: index, sequence.logLikelihood) }
      switch objective {
      case .sft:
        loss -= sequence.logLikelihood
        weights.append(-1 / size)
      case .unlearning(let objective):
        if objective.usesReference {
          guard let reference = sequence.reference else { throw .noReference(index: index) }
          guard reference.isFinite else { throw .notFinite(index: index, reference) }
        }
        let (l, length) = (sequence.logLikelihood, sequence.answerTokens)
        let reference = sequence.reference ?? 0
        loss += objective.value(logLikelihood: l, reference: reference, answerLength: length)
        weights.append(objective.weight(logLikelihood: l, reference: reference, answerLength: length) / size)
        logWeight += objective.logWeight(logLikelihood: l, reference: reference, answerLength: length)
      }
    }
    self.loss = sequences.isEmpty ? 0 : coefficient * (loss / size)
    self.weights = weights.map { coefficient * $0 }
    meanLogWeight = sequences.isEmpty ? 0 : logWeight / Double(sequences.count)
  }

  /// The share of these retain sequences in the retain term of a step.
  /// - Parameter coefficient: The factor on the SFT loss of all retain sequences of the step.
  /// - Throws: `ObjectiveWeightsError`, as for the objective itself.
  public init(
    retain sequences: [Sequence], coefficient: Double, step: StepSize
  ) throws(ObjectiveWeightsError) {
    self = try ObjectiveWeights(.sft, sequences, coefficient: coefficient, step: step)
  }
}

/// Why a step has no loss.
public enum ObjectiveWeightsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A log-likelihood is infinite or not a number; `index` counts the batch's sequences from 0.
  case notFinite(index: Int, Double)
  /// The objective needs the reference model's log-likelihood and there is none.
  case noReference(index: Int)
  /// A sequence has no answer tokens.
  case noAnswer(index: Int)

  /// What is wrong with which sequence.
  public var description: String {
    switch self {
    case .notFinite(let index, let value): "the log-likelihood of sequence \(index) of the batch is \(value)"
    case .noReference(let index):
      "sequence \(index) of the batch has no log-likelihood under the reference model, which the objective needs"
    case .noAnswer(let index): "sequence \(index) of the batch has no answer tokens"
    }
  }
}
