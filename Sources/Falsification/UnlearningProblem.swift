import Core
import LinearAlgebra
import StagedLearners
import Synchronization
import Unlearning

/// What an unlearning rule is given: the trained model and an oracle for the forget set, as a local and path-oblivious
/// rule may use them, and beside them everything else, so that a rule can break its promise and be seen doing so. Every
/// use of the second kind is recorded.
///
/// Losses are squared errors of a linear learner: `log pi = -(x theta - y)^2 / (2 tau^2)` up to a constant.
public final class UnlearningProblem: Sendable {
  /// What a local rule may not ask for.
  public enum OtherData: String, Sendable, CaseIterable {
    /// The gradient of the loss on the retained data.
    case retainGradient = "the gradient on the retained data"
    /// The retained data themselves.
    case retainStages = "the retained data"
    /// The test set.
    case test = "the test set"
  }

  /// theta_0, the trained model, of d entries.
  public let start: Vector
  /// k, the number of forget examples.
  public let forgetCount: Int
  /// mu_U, with which the forget stage was trained: a fact about the forget set that does not tell its position.
  public let forgetMu: Double
  /// eta, a step size.
  public let stepSize: Double
  /// T, how many steps the rule should take at most. Advice: what is enforced is ``callLimit``.
  public let steps: Int
  /// How many questions about the forget set are answered.
  public let callLimit: Int
  /// A source of random numbers for rules that want one, the same whenever the rule is run. Copy it to draw.
  public let random: RandomGenerator

  private let forget: Examples
  private let hidden: Hidden
  private let state: Mutex<Record>

  /// What is there beside the forget set.
  struct Hidden: Sendable {
    var path: Path
    var retained: [LinearStage]
    var test: Matrix
  }

  /// What a run asked for.
  struct Record: Sendable {
    /// Questions about the forget set.
    var calls = 0
    /// The span of the forget gradients that were given out.
    var span = GradientSpan()
    /// What was asked beyond the forget set.
    var otherData: Set<OtherData> = []
    /// Whether the order of the stages was asked for.
    var readPath = false
  }

  init(
    start: Vector, forget: Examples, forgetMu: Double, stepSize: Double, steps: Int, callLimit: Int,
    random: RandomGenerator, hidden: Hidden
  ) {
    (self.start, self.forget, forgetCount, self.forgetMu) = (start, forget, forget.count, forgetMu)
    (self.stepSize, self.steps, self.callLimit, self.random) = (stepSize, steps, callLimit, random)
    self.hidden = hidden
    state = Mutex(Record())
  }

  /// What has been asked for so far.
  var record: Record { state.withLock { $0 } }

  /// `(2/k) X_U' (X_U theta - y_U)`, the gradient of the mean squared forget loss.
  ///
  /// - Throws: ``OracleError``, as all that asks about the forget set does.
  public func forgetGradient(at theta: Vector) throws(OracleError) -> Vector {
    try count(theta)
    let gradient = forget.gradient(theta)
    state.withLock { $0.span.add(gradient) }
    return gradient
  }

  /// `2 (x_i theta - y_i) x_i`, the gradient of each forget example's squared error: k vectors of d entries.
  public func forgetGradients(at theta: Vector) throws(OracleError) -> [Vector] {
    try count(theta)
    let residual = forget.residual(theta)
    let gradients = (0..<forgetCount).map { -2 * residual[$0] * forget.features.column($0) }
    state.withLock { state in gradients.forEach { state.span.add($0) } }
    return gradients
  }

  /// `(1/k) ||X_U theta - y_U||^2`, the mean squared forget loss.
  public func forgetLoss(at theta: Vector) throws(OracleError) -> Double {
    try count(theta)
    return forget.loss(theta)
  }

  /// `(x_i theta - y_i)^2`, each forget example's squared error.
  public func forgetLosses(at theta: Vector) throws(OracleError) -> [Double] {
    try count(theta)
    return forget.residual(theta).elements.map { $0 * $0 }
  }

  /// The order of the stages, U being the forget set. A path-oblivious rule does not ask.
  public var path: Path {
    state.withLock { $0.readPath = true }
    return hidden.path
  }

  /// The retained stages by their names A and B, whatever their order was. A local rule does not ask.
  public var retainStages: [LinearStage] {
    note(.retainStages)
    return hidden.retained
  }

  /// `(2/n_R) X_R' (X_R theta - y_R)`, the gradient of the mean squared loss on all retained rows. A local rule does
  /// not ask.
  public func retainGradient(at theta: Vector) throws(OracleError) -> Vector {
    try check(theta)
    note(.retainGradient)
    let total = hidden.retained.reduce(0) { $0 + $1.examples.count }
    return hidden.retained.reduce(into: Vector(zeros: theta.count)) { sum, stage in
      sum.add(Double(stage.examples.count) / Double(total), stage.examples.gradient(theta))
    }
  }

  /// X_test', d x m. A local rule does not ask.
  public var test: Matrix {
    note(.test)
    return hidden.test
  }

  private func note(_ data: OtherData) { state.withLock { _ = $0.otherData.insert(data) } }

  private func check(_ theta: Vector) throws(OracleError) {
    guard theta.count == start.count else { throw .wrongCount(theta.count, expected: start.count) }
  }

  private func count(_ theta: Vector) throws(OracleError) {
    try check(theta)
    let limit = callLimit
    let isAnswered = state.withLock { state in
      state.calls += 1
      return state.calls <= limit
    }
    guard isAnswered else { throw .tooManyCalls(limit: callLimit) }
  }
}

/// Why a question of a rule was not answered.
public enum OracleError: Error, Equatable, CustomStringConvertible {
  /// A model with this many entries was asked about.
  case wrongCount(Int, expected: Int)
  /// The rule asked more often than it may.
  case tooManyCalls(limit: Int)

  /// What was wrong, in one line.
  public var description: String {
    switch self {
    case .wrongCount(let count, let expected): "it asked about a model of \(count) entries; models have \(expected)"
    case .tooManyCalls(let limit): "it asked about the forget set more than \(limit) times"
    }
  }
}
