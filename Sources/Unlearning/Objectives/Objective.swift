/// What training minimises on its examples: supervised fine-tuning, or a way to unlearn.
///
/// An objective is one value in the list ``all``; that value is all there is to write for a new one. From it come the
/// keys of configurations and plans, `unlearn --objective`, the documentation of both, the labels of figures, and the
/// theory's iterated objectives. `WGA.swift` is a short one to start from.
///
/// It says what one example adds to the loss, and how that changes with what the model says: of most, with the
/// log-likelihood of each answer token, so that the gradient is `sum_t w_t grad log p(y_t)` with the weights `w_t` as
/// constants; of others, with the logits or hidden states that predict each answer token (``Loss``). The average over a
/// step's examples is taken by ``average``.
public struct Objective: Sendable {
  /// The name in configurations and plans, such as `npo`.
  public let name: String
  /// The name in figures and tables, such as `NPO`.
  public let label: String
  /// What it does, in a few words that can follow a colon.
  public let summary: String
  /// Where it was published.
  public let source: String
  /// What it is for.
  public let purpose: Purpose
  /// Its parameters, in the order in which they are written.
  public let parameters: [Parameter]
  /// What it needs beside the examples' own log-likelihoods.
  public let needs: Set<Need>
  /// Over what the loss of a step is averaged.
  public let average: Average
  /// The loss before the average.
  public let loss: Loss

  /// What an objective is for.
  public enum Purpose: Hashable, Sendable {
    /// Learning examples; also keeping them while others are unlearned.
    case learning
    /// Unlearning examples.
    case unlearning
    /// Keeping retain examples as the start model has them: for the retain term alone.
    case retaining
  }

  /// What the loss of an example is a function of.
  public enum Loss: Sendable {
    /// Of the log-likelihoods of its answer tokens.
    case tokens(TokenLoss)
    /// Of the logits that predict its answer tokens, a sum over these.
    case logits(RowLoss)
    /// Of the hidden states that predict its answer tokens, as they leave the layer that the parameter `layer` names
    /// (counted from 0): a sum over these.
    case hiddenStates(RowLoss)
  }

  /// The loss of one example from what the model says of it and the values of ``parameters``.
  ///
  /// The sequences of an example are one, or with ``Need/pairs`` two: the answer to prefer and the one to avoid. Where
  /// ``Need/reference`` is not among the needs, they have no references. Called for finite log-likelihoods by training;
  /// the theory also asks at `-infinity`, where a function that has a limit should give it.
  public typealias TokenLoss = @Sendable (_ example: [ScoredSequence], _ values: [Double]) -> ExampleLoss

  /// The loss of one row, whose values it overwrites by its derivative, from the values of ``parameters``.
  public typealias RowLoss = @Sendable (_ row: LossRow, _ values: [Double]) -> Double

  /// What an objective may need.
  public enum Need: Hashable, Sendable {
    /// What the start model, the frozen reference, says of the same: log-likelihoods, logits or hidden states.
    case reference
    /// A random unit vector as long as a row, the same throughout a run.
    case direction
    /// Pairs: an answer to prefer, and one to avoid.
    case pairs
  }

  /// Over what the loss of a step is averaged.
  public enum Average: Hashable, Sendable {
    /// The answer tokens of all the step's examples.
    case answerTokens
    /// The step's examples.
    case examples
  }

  /// A constant of an objective.
  public struct Parameter: Sendable {
    /// The name in configurations: the key is `objective.` and this.
    public let name: String
    /// The value where none is given.
    public let standard: Double
    /// What it may be.
    public let range: Range
    /// What it does, in a few words.
    public let summary: String

    /// ``standard`` as one would write it, a whole number without a point.
    public var standardText: String {
      Int(exactly: standard).map { "\($0)" } ?? "\(standard)"
    }

    /// What a parameter may be.
    public enum Range: Hashable, Sendable {
      /// A normal number over 0: of a smaller one, the reciprocal could overflow.
      case positive
      /// 0 or more, and finite.
      case nonNegative
      /// Any finite number.
      case finite
      /// A whole number, 0 or more.
      case whole

      /// The numbers of ``whole``.
      public static let wholeNumbers = 0...999_999

      /// Whether a value is among these.
      public func contains(_ value: Double) -> Bool {
        switch self {
        case .positive: value > 0 && value.isNormal
        case .nonNegative: value >= 0 && value.isFinite
        case .finite: value.isFinite
        case .whole: Int(exactly: value).map(Self.wholeNumbers.contains) ?? false
        }
      }
    }

    /// A parameter.
    public init(_ name: String, default standard: Double, _ range: Range, _ summary: String) {
      (self.name, self.standard, self.range, self.summary) = (name, standard, range, summary)
    }
  }

  /// An objective of the log-likelihoods of answer tokens, for the list ``all``.
  public init(
    _ name: String, label: String, _ summary: String, source: String, purpose: Purpose = .unlearning,
    parameters: [Parameter] = [], needs: Set<Need> = [], average: Average, loss: @escaping TokenLoss
  ) {
    self.init(
      name, label: label, summary, source: source, purpose: purpose, parameters: parameters, needs: needs,
      average: average, .tokens(loss))
  }

  /// An objective of logits or hidden states, averaged over answer tokens, for the list ``all``.
  public init(
    _ name: String, label: String, _ summary: String, source: String, purpose: Purpose,
    parameters: [Parameter] = [], needs: Set<Need> = [], rows loss: Loss
  ) {
    self.init(
      name, label: label, summary, source: source, purpose: purpose, parameters: parameters, needs: needs,
      average: .answerTokens, loss)
  }

  private init(
    _ name: String, label: String, _ summary: String, source: String, purpose: Purpose, parameters: [Parameter],
    needs: Set<Need>, average: Average, _ loss: Loss
  ) {
    (self.name, self.label, self.summary, self.source, self.purpose) = (name, label, summary, source, purpose)
    (self.parameters, self.needs, self.average, self.loss) = (parameters, needs, average, loss)
  }

  /// All objectives, the one that learns first.
  public static let all: [Objective] = [.sft, .ga, .npo, .simnpo, .simnpoOriginal, .wga, .rmu, .kl, .hiddenStates]

  /// Those that unlearn.
  public static let unlearning = all.filter { $0.purpose == .unlearning }
  /// Those that a run can have for its examples.
  public static let main = all.filter { $0.purpose != .retaining }
  /// Those that a retain term can have.
  public static let retaining = all.filter { $0.purpose != .unlearning }

  /// Whether learners whose examples are one label each, with a log-likelihood and neither logits nor hidden states,
  /// can have it: those of the linear theory.
  public var isOfLikelihoods: Bool { if case .tokens = loss { !needs.contains(.pairs) } else { false } }

  /// The names of all parameters there are, in the order in which objectives have them.
  public static let parameterNames = all.flatMap(\.parameters).reduce(into: [String]()) { names, parameter in
    if !names.contains(parameter.name) { names.append(parameter.name) }
  }

  /// The objectives that have a parameter of this name, each with its own.
  public static func parameters(named name: String) -> [(objective: Objective, parameter: Parameter)] {
    all.flatMap { objective in objective.parameters.filter { $0.name == name }.map { (objective, $0) } }
  }

  /// The objective of this name.
  public static func named(_ name: String) -> Objective? { all.first { $0.name == name } }
}

extension Objective: Hashable {
  /// Objectives are told apart by their names.
  public static func == (one: Objective, other: Objective) -> Bool { one.name == other.name }
  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
