import Unlearning

/// What training minimises on the examples: the loss of supervised fine-tuning, or an unlearning objective.
public enum TrainingObjective: Hashable, Sendable {
  /// Supervised fine-tuning: the mean negative log probability of an answer token.
  case sft
  /// An unlearning objective.
  case unlearning(UnlearningObjective)

  /// The names in configuration files.
  public enum Name: String, CaseIterable, Sendable {
    /// Supervised fine-tuning.
    case sft
    /// Gradient ascent.
    case ga
    /// Negative preference optimisation.
    case npo
    /// SimNPO as the paper on retrain equivalence writes it.
    case simnpo
    /// SimNPO as first published.
    case simnpoOriginal = "simnpo_original"

    /// Whether the objective has a parameter beta.
    public var hasBeta: Bool { self != .sft && self != .ga }
    /// Whether the objective has a margin.
    public var hasMargin: Bool { self == .simnpoOriginal }
  }

  /// The objective of a name; the parameters that it does not have are ignored.
  /// - Throws: `UnlearningObjectiveError` where beta or the margin is out of range.
  public init(_ name: Name, beta: Double, margin: Double) throws(UnlearningObjectiveError) {
    switch name {
    case .sft: self = .sft
    case .ga: self = .unlearning(.gradientAscent)
    case .npo: self = .unlearning(try .npo(beta: beta))
    case .simnpo: self = .unlearning(try .simNPO(beta: beta))
    case .simnpoOriginal: self = .unlearning(try .simNPOOriginal(beta: beta, gamma: margin))
    }
  }

  /// The name in configuration files.
  public var name: Name {
    guard case .unlearning(let objective) = self else { return .sft }
    return switch objective.form {
    case .gradientAscent: .ga
    case .npo: .npo
    case .simNPO: .simnpo
    case .simNPOOriginal: .simnpoOriginal
    }
  }

  /// The parameter beta, or nil where there is none.
  public var beta: Double? {
    guard case .unlearning(let objective) = self else { return nil }
    return switch objective.form {
    case .gradientAscent: nil
    case .npo(let beta), .simNPO(let beta), .simNPOOriginal(let beta, _): beta
    }
  }

  /// The margin added to `z = beta l / |y|`, the gamma of the published equation, or nil where there is none.
  public var margin: Double? {
    guard case .unlearning(let objective) = self, case .simNPOOriginal(_, let margin) = objective.form else {
      return nil
    }
    return margin
  }

  /// Whether the reference model's log-likelihoods are needed.
  public var usesReference: Bool {
    if case .unlearning(let objective) = self { objective.usesReference } else { false }
  }

  /// Over what the loss of a step is averaged.
  public enum Normalisation: Hashable, Sendable {
    /// The answer tokens of all the step's sequences.
    case answerTokens
    /// The step's sequences.
    case sequences
  }

  /// Over what the loss of a step is averaged: SFT and GA over answer tokens, NPO and both forms of SimNPO over
  /// sequences.
  public var normalisation: Normalisation {
    name == .sft || name == .ga ? .answerTokens : .sequences
  }
}
