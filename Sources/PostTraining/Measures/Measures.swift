/// What is measured of a model at every step of unlearning, and on how much.
public struct Measures: Equatable, Sendable {
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
  /// How many examples of every stage are read, of those learned and of those kept apart.
  public var stageExamples = 16
  /// The most tokens of a generated answer, the end of its turn among them; nil for ``usualAnswerTokens``, or as many as
  /// the longest reference answer of those asked for has, if that is more.
  public var answerTokens: Int?
  /// Whether ``Measure/memorisation`` and ``Measure/membership`` count the token that ends an answer. The field leaves it
  /// out, since models that were not trained on it do not predict it: OpenUnlearning's exact memorisation, extraction
  /// strength and Min-K do so.
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

/// Something that is measured of a model, by the name that plans use. Each makes one or more columns of a trajectory;
/// ``Measures/columns(stages:)`` lists them.
public enum Measure: String, CaseIterable, Hashable, Sendable {
  /// ``LabelLogLikelihood`` of the label alone: `label_log_likelihood`.
  case label
  /// The mean with its paraphrases (``LabelLogLikelihood/mean``), their variance and the ``ForgetScore``:
  /// `paraphrase_log_likelihood`, `paraphrase_variance`, `forget_score`, `forget_score_label`. It needs ``label`` beside
  /// it.
  case paraphrases
  /// The true answers of the utility stage: `utility_log_likelihood`, ``TOFUUtility`` in `utility`,
  /// ``AnswerProbability`` in `utility_probability`.
  case utility
  /// ``TruthRatio`` on the utility stage, by probabilities: `retained_truth`.
  case truthRatio = "truth_ratio"
  /// ``RougeL`` of greedy answers to the utility stage's questions: `rouge_l_recall`, and in `rouge_cut` the share of
  /// answers that were cut off.
  case rouge
  /// ``MathAccuracy`` on problems kept apart: `math_accuracy`, and in `math_cut` the share of answers that were cut off.
  case math
  /// What the model still knows of the forget stage's own answers: ``ExactMatch`` in `exact_match`,
  /// ``ExtractionStrength`` in `extraction_strength`, ``AnswerProbability`` in `forget_probability`.
  case memorisation
  /// ``MembershipInference`` by ``MinKProbability``: the forget stage's answers against those kept apart,
  /// `membership_auc`.
  case membership
  /// How every stage's answers are known: for stage `s`, `s_log_likelihood` (nats a token) and `s_log_probability`
  /// (nats an answer) of what was learned, and `s_held_out_log_likelihood` where something was kept apart.
  case stages
  /// The distance to the retrained model, exact over the vocabulary and by the true tokens (``ConditionalDivergence``,
  /// ``LogitDistance``), on answers of the forget stage (`forget_`) and of all others (`kept_`): `kl` (retrained model
  /// first), `reverse_kl`, `jeffreys`, `true_token_jeffreys`, `re_distance`.
  case retrained
}

extension Measures {
  /// Whether this measure is taken.
  func takes(_ measure: Measure) -> Bool { kinds.contains(measure) }

  /// The columns of a trajectory after its step, in their order.
  /// - Parameters:
  ///   - stages: The study's stages, in its order.
  ///   - heldOut: Those that keep something apart.
  public func columns(stages: [String], heldOut: Set<String>) -> [String] {
    Measure.allCases.filter(takes).flatMap { measure -> [String] in
      switch measure {
      case .label: ["label_log_likelihood"]
      case .paraphrases: ["paraphrase_log_likelihood", "paraphrase_variance", "forget_score", "forget_score_label"]
      case .utility: ["utility_log_likelihood", "utility", "utility_probability"]
      case .truthRatio: ["retained_truth"]
      case .rouge: ["rouge_l_recall", "rouge_cut"]
      case .math: ["math_accuracy", "math_cut"]
      case .memorisation: ["exact_match", "extraction_strength", "forget_probability"]
      case .membership: ["membership_auc"]
      case .stages:
        stages.flatMap { stage in
          ["\(stage)_log_likelihood", "\(stage)_log_probability"]
            + (heldOut.contains(stage) ? ["\(stage)_held_out_log_likelihood"] : [])
        }
      case .retrained:
        ["forget", "kept"].flatMap { part in
          ["kl", "reverse_kl", "jeffreys", "true_token_jeffreys", "re_distance"].map { "\(part)_\($0)" }
        }
      }
    }
  }
}
