import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

/// One rule on one instance.
///
/// Every rule is run twice first: one that returns no model, or not always the same one, is a finding of its own. Then
///
/// - **Retrain Equivalence**: on each of the instance's two histories, `d(theta_u, theta_r) <= epsilon`.
/// - **Path-obliviousness**: the rule is told each other order of the stages, everything else being the same, and must
///   return the same bits; and it must not ask for the order.
/// - **Locality**, in two ways that need not trust one another. *Behaviour*: with other retained and test data,
///   everything else being the same, the same bits; and, for a rule that claims to move along gradients,
///   `theta_u - theta_0` in the span of the gradients given out. *Record*: no question beyond the forget set.
///
/// What they can see: the record sees every question put to the problem, useful or not. The twins see whether an answer
/// mattered. Neither sees a closure that brings data with it: that closure gives the same bits whatever the problem
/// holds. The span sees it, as soon as the data make the model leave the span. What no check sees is captured data used
/// to choose a point *within* the span, but there the floor of theory B2 holds, and captured data serve one instance
/// only: a search over many finds where they do not. A rule that moves anywhere has no span to be held to, and captured
/// data show in it only as a failure of Retrain Equivalence on other instances.
struct Examination: Sendable {
  let rule: UnlearningRule
  let settings: RunSettings
  let epsilon: Double
  /// Whether a failure of Retrain Equivalence counts only where no rule along forget gradients could succeed.
  let impossibleOnly: Bool

  /// The property's violation on these histories, or the rule's failure; nil when there is none. Where Retrain
  /// Equivalence fails on several, the worst counts, else the first.
  func violation(of property: Property, on histories: [History]) throws -> Violation? {
    var worst: (distance: Double, violation: Violation)?
    for history in histories {
      // All runs on a history share one thread: handing one over costs more than most runs.
      let result = Deadline.run(seconds: settings.timeLimit) { try violation(of: property, on: history) }
      guard let result else { return Violation(.neverFinishes(seconds: settings.timeLimit), history.path) }
      guard let violation = try result.get() else { continue }
      guard case .retrainEquivalence(let distance, _, _) = violation.kind else { return violation }
      if distance > worst?.distance ?? 0 { worst = (distance, violation) }
    }
    return worst?.violation
  }

  private func violation(of property: Property, on history: History) throws -> Violation? {
    do {
      let (first, second) = (try run(history.problem(settings)), try run(history.problem(settings)))
      let kind: Violation.Kind?
      if first.bits != second.bits {
        kind = .notReproducible(change: (first.model - second.model).norm)
      } else {
        switch property {
        case .locality: kind = try nonlocality(first, history)
        case .pathObliviousness: kind = try pathAwareness(first, history)
        case .retrainEquivalence: kind = inequivalence(first, history)
        }
      }
      return kind.map { Violation($0, history.path, model: first.model.elements) }
    } catch let failure as Failure {
      return Violation(failure.kind, history.path)
    }
  }

  private func inequivalence(_ run: Run, _ history: History) -> Violation.Kind? {
    let distance = history.distance(run.model)
    guard history.exceeds(distance, epsilon), !impossibleOnly || history.isImpossible(epsilon) else { return nil }
    return .retrainEquivalence(distance: distance, floor: history.floor, epsilon: epsilon)
  }

  private func nonlocality(_ run: Run, _ history: History) throws -> Violation.Kind? {
    let asked = UnlearningProblem.OtherData.allCases.filter(run.record.otherData.contains).map(\.rawValue)
    let twin = try self.run(history.problem(settings, otherData: true))
    if twin.bits != run.bits { return .dependsOnOtherData(change: (twin.model - run.model).norm, asked: asked) }
    if rule.moves == .alongGradients, let kind = try departure(run, history) { return kind }
    return asked.isEmpty ? nil : .asksForOtherData(asked)
  }

  /// How far the move leaves the span of the gradients given out, if rounding cannot explain it.
  ///
  /// A gradient `(2/k) X_U' r` is a sum of k rows, wrong by `(k + 2) eps` of `(2/k) ||X_U|| ||r||`, which is at most
  /// cond(X_U) times its own length, wherever it was asked for: only the models at both ends of the move count, so that
  /// no question raises the level. N gradients and the few operations on d entries that each enters make the first part
  /// of the level below. The second is for rules that learn curvature from differences of gradients, where directions
  /// are good to half of the digits, and for detours through larger models.
  private func departure(_ run: Run, _ history: History) throws -> Violation.Kind? {
    let (instance, move) = (history.instance, run.model - history.trained)
    let size = max(run.model.norm, history.trained.norm)
    let condition = try ForgetSpan(instance.forget).condition
    let terms = Double((instance.forgetCount + instance.dimension) * (run.record.calls + 1))
    let lengths = 8 * Double.ulpOfOne * terms * condition * size
    let directions = 8 * Double(instance.forgetCount + instance.dimension) * Double.ulpOfOne.squareRoot() * move.norm
    let distance = try run.record.span.distance(of: move)
    guard distance > lengths + directions else { return nil }
    let angle = asin(min(1, distance / move.norm)) * 180 / .pi
    return .leavesGradientSpan(distance: distance, angle: angle, questions: run.record.calls)
  }

  private func pathAwareness(_ run: Run, _ history: History) throws -> Violation.Kind? {
    for other in try history.path.permutations where other != history.path {
      let twin = try self.run(history.problem(settings, told: other))
      if twin.bits != run.bits { return .dependsOnPath(other: other, change: (twin.model - run.model).norm) }
    }
    return run.record.readPath ? .asksForPath : nil
  }

  /// What a rule returned, and what it asked for.
  private struct Run {
    let model: Vector
    let record: UnlearningProblem.Record

    var bits: [UInt64] { model.elements.map(\.bitPattern) }
  }

  private struct Failure: Error {
    let kind: Violation.Kind
  }

  private func run(_ problem: UnlearningProblem) throws -> Run {
    let result = Result { try rule.unlearn(problem) }
    let record = problem.record
    // Even where the rule swallowed the error and went on.
    guard record.calls <= problem.callLimit else { throw Failure(kind: .asksTooOften(limit: problem.callLimit)) }
    switch result {
    case .failure(let error): throw Failure(kind: .threw("\(error)"))
    case .success(let model):
      guard model.count == problem.start.count else {
        throw Failure(kind: .wrongCount(model.count, expected: problem.start.count))
      }
      if let entry = model.elements.firstIndex(where: { !$0.isFinite }) {
        throw Failure(kind: .notFinite(entry: entry, value: "\(model[entry])"))
      }
      return Run(model: model, record: record)
    }
  }
}
