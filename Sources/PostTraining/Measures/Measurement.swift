/// What was measured of a model once.
public struct Measurement: Equatable, Sendable {
  /// The values, in the order of ``Measurer/columns``.
  public let values: [Double]
  /// The log-likelihoods of the true tokens of the probe answers, those of the forget stage first, in nats.
  public let trueTokens: [[Double]]

  /// A measurement.
  public init(values: [Double], trueTokens: [[Double]]) {
    (self.values, self.trueTokens) = (values, trueTokens)
  }
}

extension Measurement {
  /// What later measurements are compared with: a model's own numbers before unlearning.
  public struct Baseline: Equatable, Sendable {
    /// The label's mean log-likelihood, `label_log_likelihood`; nil where it is not measured.
    public var label: Double?
    /// The mean with all paraphrases, `paraphrase_log_likelihood`; nil where it is not measured.
    public var paraphrases: Double?
    /// The mean of the utility stage's answers, `utility_log_likelihood`; nil where it is not measured.
    public var utility: Double?

    /// A baseline of these numbers.
    public init(label: Double?, paraphrases: Double?, utility: Double?) {
      (self.label, self.paraphrases, self.utility) = (label, paraphrases, utility)
    }

    /// The numbers in a row of a trajectory, which is its first.
    /// - Parameters:
    ///   - row: The values.
    ///   - columns: Their names.
    public init(row: [Double], columns: [String]) {
      func value(_ name: String) -> Double? { zip(columns, row).first { $0.0 == name }?.1 }
      label = value("label_log_likelihood")
      paraphrases = value("paraphrase_log_likelihood")
      utility = value("utility_log_likelihood")
    }
  }
}
