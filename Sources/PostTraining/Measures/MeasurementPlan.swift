import FileFormats

/// What is measured of a model at every step of unlearning, and on how much.
public struct MeasurementPlan: Equatable, Sendable {
  /// Which measures are taken.
  public var kinds: Set<Measure>
  /// The answer whose likelihood tells how much is forgotten; nil where no measure asks for it.
  public var label: String?
  /// Other words for the label.
  public var paraphrases: [String]
  /// The stage whose answers unlearning should leave alone, TOFU in the paper; nil where no measure asks for it.
  public var utilityStage: String?
  /// The stage of problems that end in a number; nil where no measure asks for it.
  public var mathStage: String?
  /// How many questions of the forget stage are asked.
  public var forgetQuestions = 24
  /// How many questions of the utility stage are asked.
  public var utilityQuestions = 48
  /// How many held-out problems are solved, each `mathSamples` times.
  public var mathProblems = 16
  /// How many answers are sampled to each problem.
  public var mathSamples = MathAccuracy.usualSamples
  /// How many examples of every stage are read, of those learned and of those held out.
  public var stageExamples = 16
  /// The most tokens of a generated answer, the end of its turn among them; nil for ``usualAnswerTokens``, or as many
  /// as the longest reference answer of those asked for has, if that is more.
  public var answerTokens: Int?
  /// Whether ``Measure/memorisation`` and ``Measure/membership`` count the token that ends an answer. The field leaves
  /// it out, since models that were not trained on it do not predict it: OpenUnlearning's exact memorisation,
  /// extraction strength and Min-K do so.
  public var countsEndOfTurn = false

  /// How many tokens a generated answer may have where nothing is said and no reference answer is longer.
  public static let usualAnswerTokens = 64

  /// Makes a choice of measures.
  public init(
    _ kinds: Set<Measure>, label: String? = nil, paraphrases: [String] = [], utilityStage: String? = nil,
    mathStage: String? = nil
  ) {
    self.kinds = kinds
    self.label = label
    self.paraphrases = paraphrases
    self.utilityStage = utilityStage
    self.mathStage = mathStage
  }
}

extension MeasurementPlan {
  /// Whether some measure that is taken needs this.
  func needs(_ need: Measure.Need) -> Bool { kinds.contains { $0.needs.contains(need) } }

  /// What is measured, in the order of ``Measure/all``.
  var taken: [Measure] { Measure.all.filter(kinds.contains) }

  /// The columns of a trajectory after its step, in their order.
  public func columns(of stages: Measure.Stages) -> [Column] { taken.flatMap { $0.columns(stages) } }

  /// Finds what measures need and is not there: the first, in words, with the measure.
  func lacking(hasRetrained: Bool) -> (what: String, measure: Measure)? {
    for measure in taken {
      for need in measure.needs {
        let lack: String? =
          switch need {
          case .label: label == nil ? "a label" : nil
          case .paraphrases: paraphrases.isEmpty ? "paraphrases of the label" : nil
          case .utilityStage: utilityStage == nil ? "a utility stage" : nil
          case .mathStage:
            mathStage == nil ? "a math stage" : mathSamples > 0 ? nil : "at least one answer to each problem"
          case .retrainedModel: hasRetrained ? nil : "the retrained model's weights"
          case .measure(let name): kinds.contains { $0.name == name } ? nil : "the measure \(name) beside it"
          case .utilityAnswers, .falseAnswers, .forgetHeldOut, .everyStage: nil
          }
        if let lack { return (lack, measure) }
      }
    }
    return nil
  }
}
