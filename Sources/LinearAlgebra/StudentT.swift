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
    guard degreesOfFreedom > 0, degreesOfFreedom.isFinite else {
      throw LinearAlgebraError.invalidParameter(
        "the degrees of freedom are \(degreesOfFreedom); they must be positive and finite")
    }
    BLASLibrary.useOneThreadPerCall()
    return gsl_cdf_tdist_Pinv(probability, degreesOfFreedom)
  }
}
