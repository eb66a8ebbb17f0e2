#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The loss `(2/beta) softplus(z)` of `z = beta (l - l_ref) / |y| + margin`, which NPO and both forms of SimNPO share;
/// the reference, the length and the margin are 0, 1 and 0 where a form does not have them.
///
/// Everything is formed from halves: the difference of two finite numbers can overflow, that of their halves cannot,
/// and halving is exact but for subnormal numbers. An infinite `z` or `halfExcess` so stands for a true value beyond
/// the range of `Double`, and no difference of infinities arises.
struct SoftMargin {
  private let beta: Double
  private let length: Double
  private let z: Double
  /// `z / (2 beta)`, formed without `z`, which may overflow where this does not.
  private let halfExcess: Double

  /// - Parameters:
  ///   - logLikelihood: `l`, in nats.
  ///   - reference: `l_ref`, in nats.
  ///   - length: `|y|` in tokens, at least 1.
  init(beta: Double, _ logLikelihood: Double, reference: Double = 0, length: Int = 1, margin: Double = 0) {
    precondition(length >= 1, "an answer has at least one token")
    (self.beta, self.length) = (beta, Double(length))
    let halfMean = (logLikelihood / 2 - reference / 2) / self.length
    z = 2 * (beta * halfMean + margin / 2)
    halfExcess = halfMean + margin / 2 / beta
  }

  /// The loss.
  var value: Double { 4 * max(halfExcess, 0) + 2 / beta * softplusExcess(z) }

  /// Its derivative by `l`, `(2/|y|) sigmoid(z)`: how much of gradient ascent's step on this sequence is taken.
  var weight: Double { 2 * sigmoid(z) / length }

  /// The natural logarithm of ``weight``; it stays finite long after the weight itself has become 0 in `Double`.
  var logWeight: Double { logTwiceSigmoid(z) - log(length) }

  /// The loss of a sequence whose every token has the weight.
  func loss(of sequence: ScoredSequence) -> ExampleLoss {
    ExampleLoss(value: value, weight: weight, of: sequence, logWeight: logWeight)
  }
}
