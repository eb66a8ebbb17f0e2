/// An inequality checked at many steps.
public struct StepwiseCheck: Sendable, Equatable {
  /// How many steps were checked, each by itself or all later ones at once by a bound.
  public private(set) var stepsChecked = 0
  /// How many steps at which the inequality is claimed were too many to check, so that nothing is said of them.
  public private(set) var stepsLeftOut = 0
  /// The first step at which it failed.
  public private(set) var firstViolation: Int?
  /// The smallest margin seen, `log10(left / right)`; infinite before any step.
  public private(set) var smallestMargin = Double.infinity
  /// The step of the smallest margin.
  public private(set) var tightestStep: Int?

  /// No step checked yet.
  public init() {}

  /// Adds a step; a NaN margin counts as a violation.
  public mutating func record(_ step: Int, margin: Double) {
    stepsChecked += 1
    if !(margin >= 0), firstViolation == nil { firstViolation = step }
    if margin < smallestMargin { (smallestMargin, tightestStep) = (margin, step) }
  }

  /// Adds so many later steps, of which a bound says that they hold and that none has a smaller margin.
  mutating func recordLater(_ count: Int) { stepsChecked += count }

  /// Adds so many steps that are claimed and not checked.
  mutating func leaveOut(_ count: Int) { stepsLeftOut += count }

  /// Adds a step; below a margin of 0, what the rounding of the two sides can explain is no violation.
  public mutating func record(_ step: Int, _ inequality: Inequality) {
    record(step, margin: inequality.holds ? max(0, inequality.margin) : inequality.margin)
  }

  /// What the check says.
  public var verdict: Verdict {
    firstViolation != nil ? .violated : stepsChecked == 0 ? .notReached : .holds
  }
}
