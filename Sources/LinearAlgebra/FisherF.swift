import CGSL

/// Fisher's F distribution, of the ratio of two independent sample variances.
public enum FisherF {
  /// The value that an F-distributed variable stays below with this probability.
  ///
  /// - Throws: ``LinearAlgebraError/invalidParameter(_:)`` unless `0 < probability < 1` and the degrees are positive.
  public static func quantile(
    _ probability: Double, numerator: Double, denominator: Double
  ) throws -> Double {
    guard probability > 0, probability < 1 else {
      throw LinearAlgebraError.invalidParameter("the probability is \(probability); it must lie between 0 and 1")
    }
    try requireDegrees(numerator)
    try requireDegrees(denominator)
    return gsl_cdf_fdist_Pinv(probability, numerator, denominator)
  }

  /// The probability that an F-distributed variable is greater than this value.
  ///
  /// - Throws: ``LinearAlgebraError/invalidParameter(_:)`` unless the degrees are positive.
  public static func upperTail(_ value: Double, numerator: Double, denominator: Double) throws -> Double {
    try requireDegrees(numerator)
    try requireDegrees(denominator)
    return gsl_cdf_fdist_Q(value, numerator, denominator)
  }

  private static func requireDegrees(_ degrees: Double) throws {
    guard degrees > 0, degrees.isFinite else {
      throw LinearAlgebraError.invalidParameter(
        "the degrees of freedom are \(degrees); they must be positive and finite")
    }
  }
}
