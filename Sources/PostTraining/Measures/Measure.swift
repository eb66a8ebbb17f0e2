import FileFormats

/// Something that is measured of a model before unlearning and after each of its steps.
///
/// A measure is one value in the list ``all``; that value is all there is to write for a new one. From it come the word
/// in plans (`measures: {take: [...]}`), what a plan must give for it, the columns of trajectories with their units,
/// and the estimate of what it costs. `Measure+Membership.swift` is a short one to start from.
public struct Measure: Sendable {
  /// The name in plans, such as `label`.
  public let name: String
  /// What it tells, in a few words.
  public let summary: String
  /// What it needs beside the forget stage's own answers.
  public let needs: [Need]
  /// Its columns of a trajectory, in the order of the values.
  let columns: @Sendable (Stages) -> [Column]
  /// How many answers it reads, each some hundred characters, for the estimate of a run's time.
  let readings: @Sendable (MeasurementPlan, Stages) -> Int
  /// Its values for a model, as many as columns.
  let values: @Sendable (MeasuredModel) throws -> [Double]

  /// What columns depend on.
  public struct Stages: Sendable {
    /// The names of the study's stages, in its order.
    public let names: [String]
    /// Those of which something is held out.
    public let heldOut: Set<String>

    /// Stages of these names.
    public init(_ names: [String], heldOut: Set<String>) { (self.names, self.heldOut) = (names, heldOut) }
  }

  /// What a measure may need. A plan that takes the measure and has not what it needs is refused.
  public enum Need: Hashable, Sendable {
    /// The label, the answer whose likelihood tells how much is forgotten (`label` in plans).
    case label
    /// The label in other words (`paraphrases`).
    case paraphrases
    /// A stage whose answers should be left alone (`utility`).
    case utilityStage
    /// Greedy answers to the utility stage's questions.
    case utilityAnswers
    /// Answers of the utility stage in other words and false ones.
    case falseAnswers
    /// A stage of problems that end in a number, some of them held out, and sampled answers to these (`math`).
    case mathStage
    /// Answers of the forget stage that are held out.
    case forgetHeldOut
    /// Learned and held-out examples of every stage.
    case everyStage
    /// The model that never learned the forget stage.
    case retrainedModel
    /// Another measure, by its name.
    case measure(String)

    /// The key of plans that gives it; nil where none does.
    var key: String? {
      switch self {
      case .label: "label"
      case .paraphrases: "paraphrases"
      case .utilityStage: "utility"
      case .mathStage: "math"
      default: nil
      }
    }
  }

  /// A measure for the list ``all``.
  init(
    _ name: String, _ summary: String, needs: [Need] = [], columns: @escaping @Sendable (Stages) -> [Column],
    readings: @escaping @Sendable (MeasurementPlan, Stages) -> Int,
    values: @escaping @Sendable (MeasuredModel) throws -> [Double]
  ) {
    (self.name, self.summary, self.needs) = (name, summary, needs)
    (self.columns, self.readings, self.values) = (columns, readings, values)
  }

  /// All measures, in the order of their columns.
  public static let all: [Measure] = [
    .label, .paraphrases, .utility, .truthRatio, .rouge, .math, .memorisation, .membership, .stages, .retrained,
  ]

  /// The measure of this name.
  public static func named(_ name: String) -> Measure? { all.first { $0.name == name } }

  /// A column of likelihoods, in nats a token.
  static func logLikelihood(_ name: String, _ what: String) -> Column {
    Column(name, .number, unit: "nat/token", description: "mean log-likelihood of a token of \(what)")
  }

  /// A column of shares and probabilities.
  static func share(_ name: String, _ what: String) -> Column {
    Column(name, .number, unit: "1", description: what)
  }
}

extension Measure: Hashable {
  /// Measures are told apart by their names.
  public static func == (one: Measure, other: Measure) -> Bool { one.name == other.name }
  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
