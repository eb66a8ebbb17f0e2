import LinearAlgebra
import StagedLearners
import Unlearning

/// A rule caught on an instance.
public struct Finding: Sendable {
  /// What it did, and on which history.
  public let violation: Violation
  /// The property that was tested; a rule that fails at being one (``Violation/Kind/property`` is nil) has no property.
  public let tested: Property
  /// The instance; its forget set is the stage U.
  public let instance: TwoPathInstance
  /// How simple the instance is.
  public let simplicity: Simplicity
  /// How many instances were tried before this one was found, it included.
  public let instancesTried: Int
  /// theta_0 on the history.
  public let trained: Vector
  /// theta_r on the history.
  public let retrained: Vector
  /// mu_U.
  public let forgetMu: Double

  /// Nil when the violation's path is none of the histories.
  init?(
    _ violation: Violation, _ histories: [History], _ numbers: SmallInstance, _ property: Property, instances: Int
  ) {
    guard let history = histories.first(where: { $0.path == violation.path }) else { return nil }
    (self.violation, tested, instancesTried) = (violation, property, instances)
    (instance, simplicity) = (history.instance, Simplicity(numbers))
    (trained, retrained, forgetMu) = (history.trained, history.retrained, history.forgetMu)
  }

  /// What the rule violates, in words.
  public var subject: String { violation.kind.property.map(\.rawValue) ?? "what every rule must do" }
}
