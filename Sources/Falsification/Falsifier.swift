import Core
import LinearAlgebra
import StagedLearners
import Synchronization
import Unlearning

/// Looks for the smallest instance on which an unlearning rule breaks a property.
///
/// Instances of all small shapes are drawn, smallest shape first, with small integers as entries; the first on which
/// the property fails is then made simpler, one number or row at a time, until no such step leaves it failing. All
/// instances meet the hypotheses of Theorem 3.1, so that `palimpsest theorem` accepts them. The outcome depends on the
/// rule and the options alone, and not on the number of threads, unless a rule's runs take about as long as the time
/// limit: then it depends on the machine and its load too.
public struct Falsifier: Sendable {
  /// The tolerance of Retrain Equivalence on the RE distance.
  public var epsilon = 0.01
  /// How the rule is run.
  public var settings = RunSettings()
  /// How many instances are drawn at most.
  public var instances = 2000
  /// Where the forget set may stand among the three stages.
  public var positions = [1, 2, 3]
  /// Whether a failure of Retrain Equivalence counts only where no rule that moves along forget gradients could
  /// succeed.
  public var impossibleOnly = false

  /// Tolerance 0.01 and 2000 instances at all positions.
  public init() {}

  /// What a search came to.
  public struct Outcome: Sendable {
    /// What was found; nil when the rule was not falsified.
    public let finding: Finding?
    /// How many instances were tried that count: those that meet the hypotheses of Theorem 3.1 and, with
    /// ``Falsifier/impossibleOnly``, have a history on which no rule along forget gradients can succeed.
    public let instances: Int
  }

  /// Searches.
  ///
  /// - Parameter progress: told, from any thread, that one more instance is done.
  /// - Throws: ``FalsifierError`` where an option is out of range; `LinearAlgebraError`.
  public func search(
    _ rule: UnlearningRule, for property: Property, workers: Workers = .all, progress: @Sendable () -> Void = {}
  ) throws -> Outcome {
    try checkOptions()
    let best = Mutex<(index: Int, result: Result<Found, any Error>)?>(nil)
    let tried = Mutex(Set<Int>())
    let sizes = SmallInstance.Size.ascending
    let generator = RandomGenerator(seed: settings.seed).child(1)
    workers.forEach(instances) { index in
      defer { progress() }
      // The first instance that fails is the one found, whichever thread is done first.
      if best.withLock({ $0.map { $0.index < index && $0.result.isConclusive } ?? false }) { return }
      let size = sizes[index / Self.drawsPerSize % sizes.count]
      let candidate = SmallInstance(size, positions: positions, from: generator.child(UInt64(index)))
      let result: Result<Found, any Error>
      do {
        guard let histories = try histories(candidate) else { return }
        if counts(histories, for: property) { tried.withLock { _ = $0.insert(index) } }
        guard let violation = try examination(of: rule).violation(of: property, on: histories) else { return }
        result = .success(Found(instance: candidate, violation: violation))
      } catch {
        result = .failure(error)
      }
      best.withLock { best in
        guard let other = best else { return best = (index, result) }
        let isStronger = result.isConclusive && !other.result.isConclusive
        if isStronger || index < other.index && result.isConclusive == other.result.isConclusive {
          best = (index, result)
        }
      }
    }
    guard let (index, result) = best.withLock({ $0 }) else {
      return Outcome(finding: nil, instances: tried.withLock { $0.count })
    }
    let found = try result.get()
    let count = tried.withLock { $0.count { !result.isConclusive || $0 <= index } }
    return Outcome(finding: try shrink(found, rule, property, instances: count), instances: count)
  }

  fileprivate struct Found {
    var instance: SmallInstance
    var violation: Violation
  }

  /// What a rule does on a given instance, for example one that was found before; nil when nothing is violated.
  ///
  /// - Throws: `StagedLearnersError.invalidInstance(_:)` unless the forget set was a stage, and all stages are trained
  ///   by ridge; ``FalsifierError`` where an option is out of range.
  public func replay(_ rule: UnlearningRule, on instance: TwoPathInstance, for property: Property) throws -> Finding? {
    try checkOptions()
    guard let numbers = SmallInstance(instance), let histories = try History.both(of: instance) else {
      throw StagedLearnersError.invalidInstance(
        "the forget set was no training stage of its own, so that no history has it; metadata mu_U would say so")
    }
    guard let violation = try examination(of: rule).violation(of: property, on: histories) else { return nil }
    return Finding(violation, histories, numbers, property, instances: 1)
  }

  private func checkOptions() throws(FalsifierError) {
    guard instances >= 0 else { throw .instances(instances) }
    guard settings.steps >= 0 else { throw .steps(settings.steps) }
    guard !positions.isEmpty, positions.allSatisfy((1...3).contains) else { throw .positions(positions) }
  }

  /// Few draws before the next shape: a rule that fails nearly everywhere is to be caught on the smallest.
  private static let drawsPerSize = 16

  /// The histories of an instance to which Theorem 3.1 applies; nil for another.
  private func histories(_ candidate: SmallInstance) throws -> [History]? {
    guard positions.contains(candidate.position), let instance = try? candidate.instance(), instance.meetsTheorem31
    else { return nil }
    return try History.both(of: instance)
  }

  private func examination(of rule: UnlearningRule) -> Examination {
    Examination(rule: rule, settings: settings, epsilon: epsilon, impossibleOnly: impossibleOnly)
  }

  private func counts(_ histories: [History], for property: Property) -> Bool {
    property != .retrainEquivalence || !impossibleOnly || histories.contains { $0.isImpossible(epsilon) }
  }

  /// The simplest instance on which the rule does the same kind of thing.
  private func shrink(
    _ found: Found, _ rule: UnlearningRule, _ property: Property, instances: Int
  ) throws -> Finding? {
    var best = found
    // Each trial of a rule that never finishes would cost the whole time limit, and a thread.
    if case .neverFinishes = found.violation.kind {
    } else {
      best.instance = try found.instance.shrunk { candidate in
        guard let histories = try histories(candidate),
          let violation = try examination(of: rule).violation(of: property, on: histories),
          violation.kind.name == found.violation.kind.name
        else { return false }
        best.violation = violation
        return true
      }
    }
    guard let histories = try histories(best.instance) else { return nil }
    return Finding(best.violation, histories, best.instance, property, instances: instances)
  }
}

/// Which option of a ``Falsifier`` is out of range.
public enum FalsifierError: Error, Equatable, CustomStringConvertible {
  /// The number of instances is negative.
  case instances(Int)
  /// The number of steps is negative.
  case steps(Int)
  /// There is no position, or one that is not 1, 2 or 3.
  case positions([Int])

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .instances(let count): "\(count) instances cannot be drawn; give 0 or more"
    case .steps(let count): "a rule cannot take \(count) steps; give 0 or more"
    case .positions(let positions): "the forget set cannot stand at positions \(positions); give some of 1, 2 and 3"
    }
  }
}

extension Result where Success == Falsifier.Found {
  /// Whether there is nothing better to look for: a rule that asked for what it must not see, without any effect on its
  /// result, may show an effect elsewhere.
  fileprivate var isConclusive: Bool {
    guard case .success(let found) = self else { return true }
    switch found.violation.kind {
    case .asksForPath, .asksForOtherData: return false
    default: return true
    }
  }
}

extension History {
  /// Whether no rule that moves along forget gradients comes within epsilon of the retrained model.
  func isImpossible(_ epsilon: Double) -> Bool { exceeds(floor, epsilon) }
}
