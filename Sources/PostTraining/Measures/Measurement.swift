/// What was measured of a model once.
public struct Measurement: Equatable, Sendable {
  /// The values, in the order of ``TrajectoryExaminer/columns``.
  public let values: [Double]
  /// The log-likelihoods of the true tokens of the probe answers, those of the forget stage first, in nats.
  public let trueTokens: [[Double]]

  /// A measurement.
  public init(values: [Double], trueTokens: [[Double]]) {
    (self.values, self.trueTokens) = (values, trueTokens)
  }
}
