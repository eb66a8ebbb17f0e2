import CGSL

/// Student's t distribution.
public enum StudentT {
  /// The value that a t-distributed variable with `degreesOfFreedom` stays below with this probability.
  ///
  /// - Throws: ``LinearAlgebraError/invalidParameter(_:)`` unless `0 < probability < 1` and the degrees are positive.
  public static func quantile(_ probability: Double, degreesOfFreedom: Double) throws -> Double {
    guard probability > 0, probability < 1 else {
      throw LinearAlgebraError.invalidParameter("the probability is \(probability); it must lie between 0 and 1")
    }
    try requireDegrees(degreesOfFreedom)
    BLASLibrary.useOneThreadPerCall()
    return gsl_cdf_tdist_Pinv(probability, degreesOfFreedom)
  }

  /// The probability that a t-distributed variable is greater than this value.
  ///
  /// - Throws: ``LinearAlgebraError/invalidParameter(_:)`` unless the degrees are positive.
  public static func upperTail(_ value: Double, degreesOfFreedom: Double) throws -> Double {
    try requireDegrees(degreesOfFreedom)
    return gsl_cdf_tdist_Q(value, degreesOfFreedom)
  }

  private static func requireDegrees(_ degrees: Double) throws {
    guard degrees > 0, degrees.isFinite else {
      throw LinearAlgebraError.invalidParameter(
        "the degrees of freedom are \(degrees); they must be positive and finite")
    }
  }
}
