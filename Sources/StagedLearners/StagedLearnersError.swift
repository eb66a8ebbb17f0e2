/// What can be wrong with stages and instances.
public enum StagedLearnersError: Error, Equatable, CustomStringConvertible {
  /// No stage was given.
  case noStage
  /// Two stages have this name.
  case repeatedStage(String)
  /// A path names a stage that does not exist.
  case unknownStage(String, known: [String])
  /// Two paths whose models were to be compared do not hold the same stages.
  case differentStages(String, String)
  /// Two data sets differ in the number of features: name, dimension, other name, its dimension.
  case dimension(String, Int, String, Int)
  /// A tensor or parameter of an instance breaks a rule; the text names both.
  case invalidInstance(String)
  /// An unlearning run, named by its objective, left Double's range at this step.
  case outOfRange(String, step: Int)

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .noStage: "there is no stage to train; give at least one"
    case .repeatedStage(let name): "two stages are called \(name); every stage needs a name of its own"
    case .unknownStage(let name, let known):
      "there is no stage \(name); the stages are \(known.joined(separator: ", "))"
    case .differentStages(let one, let other):
      "the paths \(one) and \(other) hold different stages; only orders of the same stages are compared"
    case .dimension(let one, let d, let other, let e):
      "\(one) has \(d) features and \(other) has \(e); all data must have the same number"
    case .invalidInstance(let text): text
    case .outOfRange(let run, let step): "\(run) leaves Double's range at step \(step); take fewer or smaller steps"
    }
  }
}
