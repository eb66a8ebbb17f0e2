/// What can be wrong with quadratic learners and their runs.
public enum QuadraticLearnersError: Error, Equatable, CustomStringConvertible {
  /// Shapes or entries of an input break a rule; the text names both.
  case invalidInput(String)
  /// The named stage's trainer needs a definite Hessian and got one with this smallest eigenvalue.
  case indefinite(stage: String, needs: String, smallest: Double)
  /// The named stage cannot be inverted or trained; the text says why.
  case noSuchTrainer(stage: String, reason: String)
  /// A run left Double's range during the named stage, at this step (counted from 1) where it takes steps.
  case leavesRange(stage: String, step: Int?)
  /// A differential equation could not be integrated beyond this time; the text says why.
  case integration(time: Double, reason: String)

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .invalidInput(let text): text
    case .indefinite(let stage, let needs, let smallest):
      "stage \(stage) needs \(needs), but the smallest eigenvalue of H is \(smallest)"
    case .noSuchTrainer(let stage, let reason): "stage \(stage): \(reason)"
    case .leavesRange(let stage, let step):
      "stage \(stage) leaves Double's range\(step.map { " at step \($0)" } ?? ""); take fewer or smaller steps"
    case .integration(let time, let reason): "the flow cannot be followed beyond time \(time): \(reason)"
    }
  }
}
