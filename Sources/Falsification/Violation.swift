import Unlearning

/// A corner of the impossibility triangle: what a rule may claim, and of which it cannot have all.
public enum Property: String, Sendable, CaseIterable {
  /// It needs the forget set's gradients only.
  case locality
  /// It is not told, and does not depend on, the order of the stages.
  case pathObliviousness = "path-obliviousness"
  /// It comes within epsilon of the retrained model, whatever the history.
  case retrainEquivalence = "retrain-equivalence"
}

/// What a rule was seen doing on one history of one instance.
public struct Violation: Sendable {
  /// What exactly.
  public enum Kind: Sendable, Equatable {
    /// Retrain Equivalence fails: `d(theta_u, theta_r) = distance > epsilon`. No rule that moves along forget gradients
    /// could come below `floor` on this history.
    case retrainEquivalence(distance: Double, floor: Double, epsilon: Double)
    /// The result changes by this much with the retained and test data, all that the rule may see being the same.
    case dependsOnOtherData(change: Double, asked: [String])
    /// The rule asked for what a local rule does not see, though the result did not change with it.
    case asksForOtherData([String])
    /// `theta_u - theta_0` is this far, and at this angle in degrees, from the span of the forget gradients asked for.
    case leavesGradientSpan(distance: Double, angle: Double, questions: Int)
    /// The result changes by this much when the rule is told another order, all else being the same.
    case dependsOnPath(other: Path, change: Double)
    /// The rule asked for the order of the stages, though the result did not change with it.
    case asksForPath
    /// An entry of the result is a NaN or an infinity.
    case notFinite(entry: Int, value: String)
    /// The result has the wrong number of entries.
    case wrongCount(Int, expected: Int)
    /// The rule threw an error.
    case threw(String)
    /// The rule asked about the forget set more often than this.
    case asksTooOften(limit: Int)
    /// The rule was not done after so many seconds.
    case neverFinishes(seconds: Double)
    /// Two runs on the same problem gave results that differ by this much.
    case notReproducible(change: Double)
  }

  /// What exactly.
  public let kind: Kind
  /// The order of the stages on which it was seen.
  public let path: Path
  /// The model that the rule returned, where there is one.
  public let model: [Double]?

  init(_ kind: Kind, _ path: Path, model: [Double]? = nil) {
    (self.kind, self.path, self.model) = (kind, path, model)
  }
}

extension Violation.Kind {
  /// A name for the kind, whatever its numbers.
  public var name: String {
    switch self {
    case .retrainEquivalence: "not-retrain-equivalent"
    case .dependsOnOtherData: "depends-on-other-data"
    case .asksForOtherData: "asks-for-other-data"
    case .leavesGradientSpan: "leaves-gradient-span"
    case .dependsOnPath: "depends-on-path"
    case .asksForPath: "asks-for-path"
    case .notFinite: "not-finite"
    case .wrongCount: "wrong-count"
    case .threw: "threw"
    case .asksTooOften: "asks-too-often"
    case .neverFinishes: "never-finishes"
    case .notReproducible: "not-reproducible"
    }
  }

  /// The property violated; nil for a rule that failed at being a rule.
  public var property: Property? {
    switch self {
    case .retrainEquivalence: .retrainEquivalence
    case .dependsOnOtherData, .asksForOtherData, .leavesGradientSpan: .locality
    case .dependsOnPath, .asksForPath: .pathObliviousness
    case .notFinite, .wrongCount, .threw, .asksTooOften, .neverFinishes, .notReproducible: nil
    }
  }

  /// What happened, in a sentence without a full stop.
  public var message: String {
    switch self {
    case .retrainEquivalence(let distance, let floor, let epsilon):
      "d(theta_u, theta_r) = \(distance) > epsilon = \(epsilon); "
        + (floor > epsilon
          ? "no rule that moves along forget gradients can succeed here: none comes below the floor \(floor)"
          : "another rule that moves along forget gradients could succeed here: the floor is \(floor)")
    case .dependsOnOtherData(let change, let asked):
      "with other retained and test data, but the same theta_0 and forget set, the result changes by \(change); "
        + (asked.isEmpty ? "it did not ask for any" : "it asked for \(asked.joined(separator: " and "))")
    case .asksForOtherData(let asked):
      "it asked for \(asked.joined(separator: " and ")), though its result did not change with other data"
    case .leavesGradientSpan(let distance, let angle, let questions):
      "theta_u - theta_0 is \(distance), at an angle of \(angle) degrees, outside the span of the forget gradients "
        + "that it asked for (\(questions) questions)"
    case .dependsOnPath(let other, let change):
      "told \(other) instead, with the same theta_0 and all data, its result changes by \(change)"
    case .asksForPath: "it asked for the order of the stages, though its result did not change with it"
    case .notFinite(let entry, let value): "it returns \(value) at entry \(entry)"
    case .wrongCount(let count, let expected): "it returns \(count) entries; models have \(expected)"
    case .threw(let text): "it throws: \(text)"
    case .asksTooOften(let limit): "it asks about the forget set more than \(limit) times"
    case .neverFinishes(let seconds): "it was not done after \(seconds) seconds"
    case .notReproducible(let change): "two runs on the same problem gave results that differ by \(change)"
    }
  }
}
