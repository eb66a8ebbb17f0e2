import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// B5: what a little of the retain set buys. A weakly local algorithm ascends on the forget loss and descends, gamma
/// times as fast, on the loss of retain rows X_R, so that `Delta_t = (I + M)^t Delta_0` with
/// `M = (2 eta/k) X_U'X_U - (2 eta gamma/n_R) X_R'X_R` (`RegularisedAscent`).
///
/// - If some part of row(X_U) is not covered by row(X_R), then for every gamma
///   `lambda_max(M) >= (2 eta/k) ||X_U (I - P_R)||^2 > 0`, and the histories still diverge exponentially, wherever
///   Delta_0 has a part `<v, Delta_0>` along an eigenvector v of a positive eigenvalue. Proof: the top right singular
///   vector of `X_U (I - P_R)` is orthogonal to row(X_R), so that its form in M has no part from gamma.
/// - If it is covered, no eigenvalue is positive from
///   `gamma* = min { gamma : gamma X_R'X_R/n_R >= X_U'X_U/k }` on, and one is for every smaller gamma.
/// - M has an eigenvalue below -2 beyond gamma_unstable, where the descent itself overshoots and the histories diverge
///   again. Between the two thresholds, if there is room, `||Delta_t||` never grows.
/// - The rate is exact: along each eigenvector `|<v_j, Delta_t>| = |1 + mu_j|^t |<v_j, Delta_0>|`, and the RE distance
///   obeys `d(t) >= |1 + mu_1|^(2t) c^2 / (4 m)` from a first step on (`RegularisedAscent.exactRateBound`).
///
/// Theorem: proofs/weakly-local.md
public struct WeaklyLocal: Sendable {
  /// What becomes of the distance between two histories whose difference has a part along every eigenvector of M.
  public enum Phase: String, Sendable, CaseIterable {
    /// It grows exponentially: an eigenvalue of M is positive.
    case diverging
    /// It does not: every eigenvalue lies between -2 and 0.
    case contained
    /// None is positive but one is below -2: the descent overshoots.
    case unstable
  }

  /// The two sets of rows.
  public let span: RetainedSpan
  /// gamma*: infinite unless the retain rows cover the forget rows.
  public let threshold: Double
  /// gamma_unstable.
  public let unstableBeyond: Double

  /// The thresholds for these retain rows.
  ///
  /// - Throws: what `RetainedSpan` throws.
  public init(_ divergence: PathDivergence, retain: Examples, workers: Workers = .one) throws {
    span = try RetainedSpan(divergence, retain: retain, workers: workers)
    threshold = try span.threshold()
    unstableBeyond = try span.unstableBeyond()
  }

  /// The phase at this gamma.
  public func phase(_ gamma: Double) -> Phase {
    gamma < threshold ? .diverging : gamma <= unstableBeyond ? .contained : .unstable
  }
}

extension WeaklyLocal {
  /// The statement's page, with all rows of the stages that are not forgotten as retain rows. The closed form is
  /// compared with two models that really unlearn through the first steps.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` unless gamma is finite and not negative.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one, gamma: Double = 1
  ) throws -> StatementPage {
    let retain = divergence.instance.retained
    let nonzero = LemmaC1.nonzero(divergence)
    let any = retain.features.elements.contains { $0 != 0 }
    var preconditions = [
      nonzero,
      Precondition(assumption: "there is a retain row", holds: any, evidence: "n_R = \(retain.count)"),
    ]
    guard any else {
      return StatementPage(.b5, preconditions: preconditions)
    }
    let weak = try WeaklyLocal(divergence, retain: retain, workers: workers)
    let told = Precondition(
      assumption: "rounding can tell whether row(X_R) covers row(X_U)", holds: weak.span.canBeTold,
      evidence: "||X_U (I - P_R)|| = \(weak.span.uncovered), and rounding may be \(weak.span.roundingLevel)")
    preconditions.append(told)
    guard told.holds else {
      return StatementPage(.b5, preconditions: preconditions)
    }
    let run = try weak.span.ascent(gamma: gamma, workers: workers)
    let bound = weak.exactRateBound(run)
    return StatementPage(
      .b5, preconditions: preconditions,
      constants: [
        .init("gamma", gamma, "the weight of the retain loss"),
        .init("n_R", Double(retain.count), "the number of retain rows"),
        .init("||X_U (I - P_R)||", weak.span.uncovered, "what the retain rows leave uncovered of the forget rows"),
        .init(
          "gamma*", weak.threshold.isFinite ? weak.threshold : nil,
          "the least gamma for which no eigenvalue of M is positive"),
        .init("gamma_unstable", weak.unstableBeyond, "the gamma beyond which an eigenvalue of M is below -2"),
        .init("lambda_max", run.eigenvalues.last, "the largest eigenvalue of M on the joint row space"),
        .init("lambda_min", run.eigenvalues.first, "the smallest one"),
        .init("lambda_floor", weak.span.growthFloor, "what lambda_max never falls below, whatever gamma is"),
        .init("growth", run.logGrowth / M_LN10, "powers of ten that the RE distance grows a step in the long run"),
        .init(
          "<v_1, Delta_0>", run.dominantMode.map { run.amplitudes[$0.index] },
          "the part of Delta_0 along the fastest mode; where it is not more than rounding no growth is claimed"),
        .init("t_0", bound?.firstStep, "the step from which on the bound with the exact rate is claimed"),
      ],
      claims: nonzero.holds ? try weak.claims(run, models, through: steps, workers) : [])
  }

  /// The bound with the exact rate, whose hypothesis is `<v_1, Delta_0> != 0`; nil where that is no more than the
  /// rounding of d products.
  private func exactRateBound(
    _ run: RegularisedAscent
  ) -> (logFactor: Double, logConstant: Double, firstStep: Double)? {
    guard let mode = run.dominantMode?.index else { return nil }
    let difference = span.divergence.difference
    let rounding = Double.ulpOfOne * Double(difference.count).squareRoot() * difference.norm
    return abs(run.amplitudes[mode]) > rounding ? run.exactRateBound : nil
  }

  private func claims(
    _ run: RegularisedAscent, _ models: TrainedPair, through last: Int, _ workers: Workers
  ) throws -> [StatementPage.Claim] {
    var (bounded, contained) = (StepwiseCheck(), StepwiseCheck())
    // In the middle of the window between the two thresholds, if it is open.
    let calm =
      threshold <= unstableBeyond
      ? try span.ascent(gamma: (threshold * unstableBeyond).squareRoot(), workers: workers) : nil
    // What rounding may make of `|1 + mu| <= 1`, a step: the eigenvalues are right to some r eps ||M||, here at most 2.
    let level = log1p(Double(8 * run.eigenvalues.count) * Double.ulpOfOne * 3)
    let bound = exactRateBound(run)
    for step in LogarithmicSteps.upTo(last) {
      if let bound, Double(step) >= bound.firstStep {
        bounded.record(
          step,
          Inequality(
            logLeft: run.logDistance(at: step), logRight: 2 * Double(step) * bound.logFactor + bound.logConstant))
      }
      if let calm {
        contained.record(
          step,
          Inequality(logLeft: calm.logNorm(at: 0) + Double(step + 1) * level, logRight: calm.logNorm(at: step)))
      }
    }
    return [
      .init(
        "rounding >= ||(theta_AB^t - theta_BA^t) - (I + M)^t Delta_0||, the models unlearning step by step",
        try replay(run, models, last, workers)),
      .init("d(theta_AB^t, theta_BA^t) >= |1 + mu_1|^(2t) c^2 / (4 m) for t >= t_0", bounded),
      .init(
        "||Delta_0|| >= ||Delta_t|| at gamma = sqrt(gamma* gamma_unstable), where gamma* <= gamma_unstable", contained),
      .init(
        "lambda_max >= lambda_floor; lambda_max >= 0 for gamma < gamma*, <= 0 from it on: gamma = 10^-4 ... 10^6",
        try signs(workers)),
    ]
  }

  /// Compares the closed form with two models that unlearn by their gradients, through at most 30 steps and while they
  /// stay in Double's range.
  private func replay(
    _ run: RegularisedAscent, _ models: TrainedPair, _ last: Int, _ workers: Workers
  ) throws -> StepwiseCheck {
    let (instance, retain) = (span.divergence.instance, span.retain)
    var (ab, ba) = (models.ab, models.ba)
    var check = StepwiseCheck()
    func unlearn(_ theta: inout Vector) {
      theta.ascend(
        instance.forget, retaining: retain, gamma: run.gamma, stepSize: instance.stepSize, steps: 1, workers: workers)
    }
    let up = 2 * instance.stepSize / Double(instance.forgetCount)
    let down = 2 * instance.stepSize * run.gamma / Double(retain.count)
    let (forgetNorm, retainNorm) = (
      Vector(instance.forget.features.elements).norm, Vector(retain.features.elements).norm
    )
    let amplification = run.eigenvalues.reduce(1) { max($0, abs(1 + $1)) }
    let size = 1 + up * forgetNorm * forgetNorm + down * retainNorm * retainNorm
    let labels = up * forgetNorm * instance.forget.labels.norm + down * retainNorm * retain.labels.norm
    let perStep = Double(instance.dimension + instance.forgetCount + retain.count) * Double.ulpOfOne
    var level = try LemmaC1(span.divergence, models).roundingLevel
    for step in 0...min(last, 30) {
      if step > 0 {
        // The rounding so far grows with the models; this step adds that of its two gradients.
        level = amplification * level + perStep * (size * (ab.norm + ba.norm) + 2 * labels)
        unlearn(&ab)
        unlearn(&ba)
      }
      guard ab.isFinite, ba.isFinite else { break }
      let closed = span.difference(run, at: step)
      let total = level + Double(step + 1) * perStep * size * closed.norm
      check.record(step, Inequality(logLeft: log(total), logRight: log((ab - ba - closed).norm)))
    }
    return check
  }

  /// At each power of ten of gamma, the step counting from 0: lambda_max is above its floor where the forget rows are
  /// not covered, else positive below gamma* and not positive from it on. In units of ||M||, and both sides found
  /// apart: the thresholds from singular values, lambda_max from the eigenvalues of M.
  private func signs(_ workers: Workers) throws -> StepwiseCheck {
    var check = StepwiseCheck()
    for exponent in -4...6 {
      let gamma = pow(10, Double(exponent))
      let eigenvalues = try span.ascent(gamma: gamma, workers: workers).eigenvalues
      guard let largest = eigenvalues.last, let smallest = eigenvalues.first else { continue }
      let norm = max(abs(largest), abs(smallest))
      let (one, shifted) = (log(norm), log(norm + largest))
      if !span.covers {
        check.record(exponent + 4, Inequality(logLeft: shifted, logRight: log(norm + span.growthFloor)))
      } else if gamma < threshold {
        check.record(exponent + 4, Inequality(logLeft: shifted, logRight: one))
      } else {
        check.record(exponent + 4, Inequality(logLeft: one, logRight: shifted))
      }
    }
    return check
  }
}

extension Statement {
  /// Weakly local algorithms.
  public static let b5 = Statement(
    "B5", "Weakly local algorithms", proof: "weakly-local",
    text: """
      Under ascent on the forget loss less gamma times the retain loss Delta_t = (I + M)^t Delta_0. If row(X_U) \
      is not covered by row(X_R), lambda_max(M) > 0 for every gamma; if it is, no eigenvalue is positive from \
      gamma* on and none below -2 up to gamma_unstable. Along an eigenvector v of M Delta_t grows like |1 + \
      mu|^t, if <v, Delta_0> is not 0.
      """
  ) {
    try WeaklyLocal.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
