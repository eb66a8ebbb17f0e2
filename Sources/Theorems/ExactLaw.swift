import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// Theory B1: the law that the divergence obeys, exactly. With `e(t) = c_0 + sum_j (1 + lambda_j)^t a_j F_j`, the
/// differences of predictions on the test set (`AscentTrajectory`; `c_0 = e(0) - F a` is what no step moves), let
/// `lambda*` be the largest eigenvalue with `a_j F_j != 0` and `c*` the sum of `a_j F_j` over its modes. Then at every
/// t
///
///     | sqrt(m d(t)) - (1 + lambda*)^t ||c*|| |  <=  rest(t) = ||c_0|| + sum_(lambda_j < lambda*) (1 + lambda_j)^t |a_j| ||F_j||
///
/// by the triangle inequality. `rest(t) / (1 + lambda*)^t` never grows, so that from the first step ``firstStep`` at
/// which it is at most `(1 - 1/sqrt f) ||c*||` on, for good,
///
///     (1/f) (1 + lambda*)^(2t) ||c*||^2 / m  <=  d(t)  <=  f (1 + lambda*)^(2t) ||c*||^2 / m ,
///
/// and `log d(t) / (2t) -> log(1 + lambda*)`. The lower side is a sharper Theorem 3.1, claimed at every t and of the
/// true rate: `rho* <= lambda*` is a mean of rates, so that the paper's bound falls behind exponentially.
/// ``overtakes(_:)`` says from which step on it is the larger of the two.
///
/// Theorem: proofs/exact-law.md
public struct ExactLaw: Sendable {
  /// The differences of predictions whose law this is.
  public let trajectory: AscentTrajectory
  /// f: how close to its law the RE distance is to be.
  public let factor: Double
  /// `log(1 + lambda*)`, the rate per step of `sqrt d`.
  public let logRate: Double
  /// `log ||c*||`.
  public let logAmplitude: Double
  /// `log ||c_0||`; minus infinity where the test set sees nothing off the forget span.
  public let logConstant: Double

  /// The modes that are not the fastest, with `log(|a_j| ||F_j||)`.
  private let others: [(logRate: Double, logSize: Double)]

  /// Finds the law's constants; the factor must be finite and greater than 1.
  ///
  /// - Throws: ``HypothesisFailure`` when no mode that the test set sees grows, and
  ///   `LinearAlgebraError.invalidParameter(_:)` for the factor.
  public init(_ trajectory: AscentTrajectory, factor: Double = 2) throws {
    guard factor > 1, factor.isFinite else {
      throw LinearAlgebraError.invalidParameter("the factor is \(factor); it must be finite and greater than 1")
    }
    guard let asymptote = trajectory.asymptote, asymptote.logConstant > -.infinity else {
      throw HypothesisFailure(statement: "B1", precondition: Self.growth(trajectory))
    }
    (self.trajectory, self.factor, logRate) = (trajectory, factor, asymptote.logRate)
    logAmplitude = (asymptote.logConstant + log(Double(trajectory.testCount))) / 2
    logConstant = log((trajectory.initial - trajectory.directions.times(trajectory.amplitudes)).norm)
    let fastest = Set(trajectory.fastestModes)
    others = trajectory.logRates.indices.filter { !fastest.contains($0) && trajectory.logModeSizes[$0] > -.infinity }
      .map { (trajectory.logRates[$0], trajectory.logModeSizes[$0]) }
  }

  static func growth(_ trajectory: AscentTrajectory) -> Precondition {
    let asymptote = trajectory.asymptote
    let rate = asymptote.flatMap { $0.logConstant > -.infinity ? $0.logRate : nil }
    return Precondition(
      assumption: "the test set sees a direction that grows", holds: rate != nil,
      evidence: rate.map { "its fastest has log(1 + lambda*) = \($0)" }
        ?? "every a_j F_j is 0, or those of the fastest rate cancel")
  }

  /// `log` of `(1 + lambda*)^t ||c*||`.
  public func logLead(at step: Int) -> Double { Double(step) * logRate + logAmplitude }

  /// `log rest(t)`.
  public func logRest(at step: Int) -> Double {
    logSum([logConstant] + others.map { Double(step) * $0.logRate + $0.logSize })
  }

  /// `log` of the law's `d(t)`, `(1 + lambda*)^(2t) ||c*||^2 / m`.
  public func logLaw(at step: Int) -> Double { 2 * logLead(at: step) - log(Double(trajectory.testCount)) }

  /// The envelope of `log d(t)`; the lower end is minus infinity where `rest(t)` is not below the law.
  public func logEnvelope(at step: Int) -> (lower: Double, upper: Double) {
    let (lead, rest) = (LogNumber(log: logLead(at: step)), LogNumber(log: logRest(at: step)))
    let (below, m) = (lead - rest, log(Double(trajectory.testCount)))
    return (below.sign > 0 ? 2 * below.logMagnitude - m : -.infinity, 2 * (lead + rest).logMagnitude - m)
  }

  /// The first step from which on `d(t)` is claimed to be within ``factor`` of the law; nil beyond any Int.
  public var firstStep: Int? {
    let level = log1p(-1 / factor.squareRoot())
    return Theorems.firstStep(upTo: .max / 2) { logRest(at: $0) - logLead(at: $0) <= level }
  }

  /// The first step at which the lower side of the envelope is at least the bound of Theorem 3.1, and then for good:
  /// their ratio never shrinks, because neither `1 - rest/lead` nor `(1 + lambda*) / (1 + rho*)` to the t does. Nil
  /// beyond any Int.
  public func overtakes(_ theorem: Theorem31) -> Int? {
    Theorems.firstStep(upTo: .max / 2) { logEnvelope(at: $0).lower >= theorem.logBound(at: $0) }
  }

  /// Both sides of the envelope, each as an inequality between sums, which cancel nothing:
  /// `lead + rest >= sqrt(m d)` and `sqrt(m d) + rest >= lead`. `sqrt(m d)` is computed with the rounding of its
  /// m products of k terms, which is counted to the rest.
  public func inequalities(at step: Int, logDistance: Double) -> (upper: Inequality, lower: Inequality) {
    let (lead, rest) = (logLead(at: step), logRest(at: step))
    let norm = (logDistance + log(Double(trajectory.testCount))) / 2
    let relative = log(Double(trajectory.testCount + trajectory.logRates.count) * Double.ulpOfOne)
    let rounding = logSum([lead, rest]) + relative
    return (
      Inequality(logLeft: logSum([lead, rest, rounding]), logRight: norm),
      Inequality(logLeft: logSum([norm, rest, rounding]), logRight: lead)
    )
  }

  /// The claims at these steps: the upper and the lower side of the envelope, and the law within ``factor`` from
  /// ``firstStep`` on, from above and below.
  public func check(
    at steps: [Int], workers: Workers = .one
  ) -> (upper: StepwiseCheck, lower: StepwiseCheck, lawAbove: StepwiseCheck, lawBelow: StepwiseCheck) {
    var (upper, lower) = (StepwiseCheck(), StepwiseCheck())
    var (above, below) = (StepwiseCheck(), StepwiseCheck())
    let first = firstStep
    for (step, distance) in zip(steps, trajectory.logDistances(at: steps, workers: workers)) {
      let both = inequalities(at: step, logDistance: distance)
      upper.record(step, both.upper)
      lower.record(step, both.lower)
      guard let first, step >= first else { continue }
      above.record(step, Inequality(logLeft: log(factor) + logLaw(at: step), logRight: distance))
      below.record(step, Inequality(logLeft: log(factor) + distance, logRight: logLaw(at: step)))
    }
    return (upper, lower, above, below)
  }
}

extension ExactLaw {
  /// The page of the divergence between the instance's two histories.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    let preconditions = [LemmaC1.nonzero(divergence), growth(divergence.trajectory)]
    guard preconditions.allSatisfy(\.holds), let law = try? ExactLaw(divergence.trajectory) else {
      return StatementPage(.b1, preconditions: preconditions)
    }
    let (upper, lower, above, below) = law.check(at: LogarithmicSteps.upTo(steps), workers: workers)
    let theorem = try? Theorem31(divergence)
    let logDistance = divergence.trajectory.logDistance(at: max(1, steps))
    return StatementPage(
      .b1, preconditions: preconditions,
      constants: [
        .init("log(1 + lambda*)", law.logRate, "the rate of sqrt d per step, in the limit"),
        .init("log ||c*||", law.logAmplitude, "the amplitude of the fastest mode that the test set sees"),
        .init(
          "log ||c_0||", law.logConstant.isFinite ? law.logConstant : nil,
          "what no step moves, as the test set sees it"),
        .init(
          "t_1", law.firstStep.map(Double.init),
          "the step from which rest(t) keeps d within a factor 2 of the law, for good"),
        .init("t_0", theorem?.t0, "the first step of Theorem 3.1's bound, if not negative"),
        .init(
          "t_x", theorem.flatMap(law.overtakes).map(Double.init),
          "the first step from which the lower side is at least Theorem 3.1's bound, for good"),
        .init("rate(T)", logDistance / Double(2 * max(1, steps)), "log d(T) / (2T) at the last step"),
      ],
      claims: [
        .init("(1 + lambda*)^t ||c*|| + rest(t) >= sqrt(m d(t))", upper),
        .init("sqrt(m d(t)) + rest(t) >= (1 + lambda*)^t ||c*||", lower),
        .init("2 (1 + lambda*)^(2t) ||c*||^2 / m >= d(t) for t >= t_1", above),
        .init("d(t) >= (1 + lambda*)^(2t) ||c*||^2 / (2 m) for t >= t_1", below),
      ])
  }
}

extension Statement {
  /// The exact law of the divergence.
  public static let b1 = Statement(
    "B1", "The exact law of the divergence", proof: "exact-law",
    text: """
      X_test Delta_t = c_0 + sum_j (1 + lambda_j)^t a_j F_j, so that |sqrt(m d(t)) - (1 + lambda*)^t ||c*||| <= \
      rest(t) at every t; from t_1 on d(t) is within a factor 2 of (1 + lambda*)^(2t) ||c*||^2 / m, and log d(t) \
      / (2t) tends to log(1 + lambda*).
      """
  ) {
    try ExactLaw.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}

/// `log` of the sum of the numbers with these logarithms.
func logSum(_ logs: [Double]) -> Double {
  let largest = logs.max() ?? -.infinity
  guard largest.isFinite else { return largest }
  return largest + log(logs.reduce(0) { $0 + exp($1 - largest) })
}
