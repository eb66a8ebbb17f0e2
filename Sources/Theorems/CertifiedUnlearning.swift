import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// B6: certified unlearning fails too. Each history publishes its model with noise, `theta_t + N(0, s^2 I)`, and a
/// certificate wants each of the two outputs to be (epsilon, delta)-indistinguishable from the output of one and the
/// same retrained model (Corollary 1's theta_r), whatever law that output has. With `g_t = ||Delta_t||` that is
/// impossible as soon as
///
///     delta(2 epsilon, g_t / s)  >  (1 + e^epsilon) delta                                   (necessary condition)
///
/// where delta(., .) is the exact trade-off of two Gaussians, `GaussianTradeOff`. Proof: from
/// `P(A) <= e^epsilon R(A) + delta` and `R(A) <= e^epsilon Q(A) + delta` follows
/// `P(A) <= e^(2 epsilon) Q(A) + (1 + e^epsilon) delta` for every event A; so the two outputs would be
/// (2 epsilon, (1 + e^epsilon) delta)-indistinguishable from each other, and the exact trade-off says that they are
/// not. Nothing is said when `(1 + e^epsilon) delta >= 1`. If the retrained model gets the same noise, less suffices:
/// `max(||theta_AB - theta_r||, ||theta_BA - theta_r||) >= g_t / 2`, so `delta(epsilon, g_t / (2 s)) > delta` does.
///
/// Both conditions are thresholds on g_t, because the trade-off grows strictly with the distance; and g_t never falls,
/// because every eigenvalue of `I + M_U` is at least 1. Where `P_U Delta_0` is not 0 it grows beyond every bound, so
/// that there is a first step from which on certificates are impossible, and more noise delays it by about
/// `log(s) / log(1 + lambda*)` only, lambda* being the largest eigenvalue with `alpha_j != 0`. Where `P_U Delta_0 = 0`,
/// g_t stays what it is.
///
/// The two histories' own retrained models differ in general: then the statement is about certificates that compare
/// both with one of them.
///
/// Theorem: proofs/certified-unlearning.md
public struct CertifiedUnlearning: Sendable {
  /// The models that the statement speaks of.
  public let divergence: PathDivergence
  /// epsilon of the certificate, at least 0.
  public let epsilon: Double
  /// delta of the certificate, between 0 and 1.
  public let delta: Double
  /// s, the standard deviation of the noise, in the unit of the parameters.
  public let noise: Double
  /// `log((1 + e^epsilon) delta)`: what the two histories would have to satisfy. Nothing is claimed unless negative.
  public let logImpliedDelta: Double
  /// g*, the distance beyond which no certificate exists; nil where nothing is claimed.
  public let distance: Double?
  /// The distance beyond which none exists when the retrained model gets the same noise, `2 s a(epsilon, delta)`.
  public let sameNoiseDistance: Double

  private let logOffSpan: Double

  /// The thresholds of a certificate.
  ///
  /// - Throws: `LinearAlgebraError.invalidParameter(_:)` unless epsilon is finite and not negative, delta lies between
  ///   0 and 1 and the noise is finite and positive.
  public init(_ divergence: PathDivergence, epsilon: Double, delta: Double, noise: Double) throws {
    func require(_ name: String, _ value: Double, _ holds: Bool, _ rule: String) throws {
      guard holds else { throw LinearAlgebraError.invalidParameter("\(name) is \(value); it must \(rule)") }
    }
    try require("epsilon", epsilon, epsilon >= 0 && epsilon.isFinite, "be finite and at least 0")
    try require("delta", delta, delta > 0 && delta < 1, "lie between 0 and 1, both excluded")
    try require("the noise s", noise, noise > 0 && noise.isFinite, "be finite and greater than 0")
    (self.divergence, self.epsilon, self.delta, self.noise) = (divergence, epsilon, delta, noise)
    // log(1 + e^epsilon) without forming e^epsilon.
    logImpliedDelta = epsilon + log1p(exp(-epsilon)) + log(delta)
    distance =
      logImpliedDelta < 0 ? noise * GaussianTradeOff.distance(epsilon: 2 * epsilon, logDelta: logImpliedDelta) : nil
    sameNoiseDistance = 2 * noise * GaussianTradeOff.distance(epsilon: epsilon, logDelta: log(delta))
    logOffSpan = log(divergence.offSpan.norm)
  }

  /// `log g_t = log ||Delta_t||`.
  public func logNorm(at step: Int) -> Double {
    (LogNumber(log: 2 * logOffSpan) + LogNumber(log: divergence.logSquaredSpanNorm(at: step))).logMagnitude / 2
  }

  /// The first step from which on no certificate exists, whatever the retrained output; nil where nothing is claimed
  /// or the distance is never reached.
  public var firstImpossibleStep: Int? { distance.flatMap { firstStep(beyond: $0) } }

  /// The same for a retrained model with the same noise.
  public var firstImpossibleStepAtSameNoise: Int? { firstStep(beyond: sameNoiseDistance) }

  /// `log delta(multiple * epsilon, g_t / (parts * s))`, the trade-off that the conditions compare with.
  func logTradeOff(at step: Int, multiple: Double, parts: Double) -> Double {
    GaussianTradeOff.logDelta(
      epsilon: multiple * epsilon, distance: exp(logNorm(at: step) - log(noise)) / parts)
  }

  /// Bisection on g_t, which never falls.
  private func firstStep(beyond distance: Double) -> Int? {
    let level = log(distance)
    return Theorems.firstStep(upTo: 1 << 60) { logNorm(at: $0) > level }
  }
}

extension CertifiedUnlearning {
  /// The statement's page; each claim is checked at steps up to this one, dense at first and then logarithmic.
  ///
  /// - Throws: what ``init(_:epsilon:delta:noise:)`` throws.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one, epsilon: Double = 1,
    delta: Double = 1e-5, noise: Double = 1
  ) throws -> StatementPage {
    let certified = try CertifiedUnlearning(divergence, epsilon: epsilon, delta: delta, noise: noise)
    let (first, sameNoise) = (certified.firstImpossibleStep, certified.firstImpossibleStepAtSameNoise)
    let preconditions = [
      LemmaC1.nonzero(divergence),
      LemmaC2.precondition(divergence),
      Precondition(
        assumption: "(1 + e^epsilon) delta < 1", holds: certified.logImpliedDelta < 0,
        evidence: "its natural logarithm is \(certified.logImpliedDelta)"),
    ]
    return StatementPage(
      .b6, preconditions: preconditions,
      constants: [
        .init("epsilon", epsilon, "of the certificate"), .init("delta", delta, "of the certificate"),
        .init("s", noise, "the standard deviation of the noise on every parameter"),
        .init("g*", certified.distance, "the distance ||Delta_t|| beyond which no certificate exists"),
        .init("t_impossible", first.map(Double.init), "the first step at which none exists"),
        .init(
          "t_impossible_same_noise", sameNoise.map(Double.init),
          "the first step at which none exists if the retrained model gets the same noise"),
        .init("log10 ||Delta_0||", certified.logNorm(at: 0) / M_LN10, "log10 of the distance before unlearning"),
      ],
      claims: preconditions.allSatisfy(\.holds) ? certified.claims(first, through: steps) : [])
  }

  private func claims(_ first: Int?, through last: Int) -> [StatementPage.Claim] {
    var (impossible, possible, midpoint, growth) = (StepwiseCheck(), StepwiseCheck(), StepwiseCheck(), StepwiseCheck())
    let around = first.map { [$0 - 1, $0, $0 + 1].filter { (0...last).contains($0) } } ?? []
    var previous = -Double.infinity
    for step in Set(LogarithmicSteps.upTo(last) + around).sorted() {
      let tradeOff = logTradeOff(at: step, multiple: 2, parts: 1)
      if let first, step >= first {
        impossible.record(step, Inequality(logLeft: tradeOff, logRight: logImpliedDelta))
        midpoint.record(step, Inequality(logLeft: logTradeOff(at: step, multiple: 1, parts: 2), logRight: log(delta)))
      } else {
        possible.record(step, Inequality(logLeft: logImpliedDelta, logRight: tradeOff))
      }
      growth.record(step, Inequality(logLeft: logNorm(at: step), logRight: previous))
      previous = logNorm(at: step)
    }
    return [
      .init("delta(2 epsilon, ||Delta_t|| / s) >= (1 + e^epsilon) delta for t >= t_impossible", impossible),
      .init("(1 + e^epsilon) delta >= delta(2 epsilon, ||Delta_t|| / s) for t < t_impossible", possible),
      .init("delta(epsilon, ||Delta_t|| / (2 s)) >= delta for t >= t_impossible: not even from the midpoint", midpoint),
      .init("||Delta_t|| >= ||Delta_t'|| for t >= t'", growth),
    ]
  }
}

extension Statement {
  /// Certified unlearning.
  public static let b6 = Statement(
    "B6", "Certified unlearning fails too", proof: "certified-unlearning",
    text: """
      Outputs theta_t + N(0, s^2 I) of the two histories cannot both be (epsilon, delta)-indistinguishable from \
      one retrained output once delta(2 epsilon, ||Delta_t|| / s) > (1 + e^epsilon) delta; that holds from a \
      first step on, because ||Delta_t|| never falls and, where P_U Delta_0 is not 0, grows beyond every bound.
      """
  ) {
    try CertifiedUnlearning.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
