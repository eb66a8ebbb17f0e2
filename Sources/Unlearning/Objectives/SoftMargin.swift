#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a local unlearning algorithm minimises on the forget set: a function of one sequence's log-likelihood.
///
/// With `l = log pi_theta(y|x)`, the sum of the answer's token log probabilities in nats, and `l_ref` the same for the
/// frozen reference model:
///
/// | objective | minimised quantity |
/// |---|---|
/// | ``gradientAscent`` | `l` |
/// | ``npo(beta:)`` | `-(2/beta) log sigmoid(-beta (l - l_ref))` |
/// | ``simNPO(beta:)`` | `-(2/beta) log sigmoid(-beta l)` |
/// | ``simNPOOriginal(beta:gamma:)`` | `-(2/beta) log sigmoid(-(beta/\|y\|) l - gamma)` |
///
/// All but the first are `(2/beta) softplus(z)` of `z = beta (l - l_ref) / |y| + gamma`, the reference, the length and
/// the margin being 0, 1 and 0 where a form does not have them. Averaging over sequences is the caller's part.
///
/// Sources: Yu, He, Goyal and Arora (arXiv 2510.16629), Section 4, for the first three; Zhang, Lin, Bai and Mei
/// (arXiv 2404.05868) for NPO; Fan et al. (arXiv 2410.07163) for the original SimNPO.
public struct UnlearningObjective: Hashable, Sendable, CustomStringConvertible {
  /// The formula and its parameters, already checked.
  public enum Form: Hashable, Sendable {
    /// See ``UnlearningObjective/gradientAscent``.
    case gradientAscent
    /// See ``UnlearningObjective/npo(beta:)``.
    case npo(beta: Double)
    /// See ``UnlearningObjective/simNPO(beta:)``.
    case simNPO(beta: Double)
    /// See ``UnlearningObjective/simNPOOriginal(beta:gamma:)``.
    case simNPOOriginal(beta: Double, gamma: Double)
  }

  /// Which formula this is, with its parameters.
  public let form: Form

  private init(_ form: Form) {
    self.form = form
  }

  /// Gradient ascent on the loss: `l` itself is minimised, with weight 1 throughout.
  public static let gradientAscent = UnlearningObjective(.gradientAscent)

  /// Negative preference optimisation; its weight `2 sigmoid(beta (l - l_ref))` is 1 at the reference.
  ///
  /// - Parameter beta: the inverse temperature, a positive normal number; the paper takes 0.5.
  public static func npo(beta: Double) throws(UnlearningObjectiveError) -> UnlearningObjective {
    UnlearningObjective(.npo(beta: try checked(beta: beta)))
  }

  /// SimNPO as the paper on retrain equivalence writes it: NPO with the reference likelihood 1, not normalised.
  ///
  /// It extinguishes itself: at `beta = 1` and `l = -20` its weight is 4e-9. See
  /// ``logWeight(logLikelihood:reference:answerLength:)``.
  ///
  /// - Parameter beta: the inverse temperature, a positive normal number; the paper takes 1.
  public static func simNPO(beta: Double) throws(UnlearningObjectiveError) -> UnlearningObjective {
    UnlearningObjective(.simNPO(beta: try checked(beta: beta)))
  }

  /// SimNPO as first published: normalised by the answer's length `|y|` in tokens, with a margin.
  ///
  /// - Parameters:
  ///   - beta: the inverse temperature, a positive normal number.
  ///   - gamma: the margin as in the published equation, finite. The published code counts it in units of `beta`:
  ///     `gamma = beta * gamma_code`.
  public static func simNPOOriginal(
    beta: Double, gamma: Double
  ) throws(UnlearningObjectiveError) -> UnlearningObjective {
    guard gamma.isFinite else { throw .gammaNotFinite(gamma) }
    return UnlearningObjective(.simNPOOriginal(beta: try checked(beta: beta), gamma: gamma))
  }

  private static func checked(beta: Double) throws(UnlearningObjectiveError) -> Double {
    guard beta > 0, beta.isNormal else { throw .betaNotPositive(beta) }
    return beta
  }

  /// Whether the reference model's log-likelihood matters; if not, it need not be computed.
  public var usesReference: Bool {
    if case .npo = form { true } else { false }
  }

  /// The minimised quantity.
  ///
  /// For finite arguments this is never NaN; it is infinite only where the true value exceeds the range of `Double`.
  ///
  /// - Parameters:
  ///   - logLikelihood: `l`, in nats.
  ///   - reference: `l_ref`, in nats; ignored unless ``usesReference``.
  ///   - answerLength: `|y|` in tokens, at least 1; ignored but by ``simNPOOriginal(beta:gamma:)``.
  public func value(logLikelihood: Double, reference: Double, answerLength: Int) -> Double {
    guard let soft = SoftMargin(form, logLikelihood, reference, answerLength) else { return logLikelihood }
    return 4 * max(soft.halfExcess, 0) + 2 / soft.beta * softplusExcess(soft.z)
  }

  /// The derivative of ``value(logLikelihood:reference:answerLength:)`` with respect to `l`, with the same arguments.
  ///
  /// It is `(2/|y|) sigmoid(z)`: how much of gradient ascent's step on this sequence is taken.
  public func weight(logLikelihood: Double, reference: Double, answerLength: Int) -> Double {
    guard let soft = SoftMargin(form, logLikelihood, reference, answerLength) else { return 1 }
    return 2 * sigmoid(soft.z) / soft.length
  }

  /// The natural logarithm of ``weight(logLikelihood:reference:answerLength:)``, with the same arguments; it stays
  /// finite long after the weight itself has become 0 in `Double`.
  public func logWeight(logLikelihood: Double, reference: Double, answerLength: Int) -> Double {
    guard let soft = SoftMargin(form, logLikelihood, reference, answerLength) else { return 0 }
    return logTwiceSigmoid(soft.z) - log(soft.length)
  }

  /// For example "NPO(beta: 0.5)".
  public var description: String {
    switch form {
    case .gradientAscent: "GA"
    case .npo(let beta): "NPO(beta: \(beta))"
    case .simNPO(let beta): "SimNPO(beta: \(beta))"
    case .simNPOOriginal(let beta, let gamma): "SimNPOOriginal(beta: \(beta), gamma: \(gamma))"
    }
  }
}

/// A parameter with which an objective makes no sense.
public enum UnlearningObjectiveError: Error, Hashable, CustomStringConvertible {
  /// `beta` is zero, negative, subnormal (`2 / beta` could overflow), infinite or not a number.
  case betaNotPositive(Double)
  /// `gamma` is infinite or not a number.
  case gammaNotFinite(Double)

  /// What is wrong with which parameter.
  public var description: String {
    switch self {
    case .betaNotPositive(let beta): "beta must be a positive normal number, not \(beta)"
    case .gammaNotFinite(let gamma): "gamma must be finite, not \(gamma)"
    }
  }
}

/// The argument `z = beta (l - l_ref) / |y| + gamma` that NPO and both forms of SimNPO share.
///
/// Everything is formed from halves: the difference of two finite numbers can overflow, that of their halves cannot,
/// and halving is exact but for subnormal numbers. An infinite `z` or `halfExcess` so stands for a true value beyond
/// the range of `Double`, and no difference of infinities arises.
private struct SoftMargin {
  let beta: Double
  let length: Double
  let z: Double
  /// `z / (2 beta)`, formed without `z`, which may overflow where this does not.
  let halfExcess: Double

  /// Nil for gradient ascent.
  init?(_ form: UnlearningObjective.Form, _ logLikelihood: Double, _ reference: Double, _ answerLength: Int) {
    precondition(answerLength >= 1, "an answer has at least one token")
    let halfDifference: Double
    let halfGamma: Double
    switch form {
    case .gradientAscent:
      return nil
    case .npo(let beta):
      (self.beta, length, halfDifference, halfGamma) = (beta, 1, logLikelihood / 2 - reference / 2, 0)
    case .simNPO(let beta):
      (self.beta, length, halfDifference, halfGamma) = (beta, 1, logLikelihood / 2, 0)
    case .simNPOOriginal(let beta, let gamma):
      (self.beta, length, halfDifference, halfGamma) = (beta, Double(answerLength), logLikelihood / 2, gamma / 2)
    }
    let halfMean = halfDifference / length
    z = 2 * (beta * halfMean + halfGamma)
    halfExcess = halfMean + halfGamma / beta
  }
}
