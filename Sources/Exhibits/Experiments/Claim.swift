/// A claim of the paper, as a number of each seed that should lie on one side of a threshold.
struct Claim {
  /// Where the number should lie.
  enum Side: String {
    /// Above the threshold.
    case above
    /// Below the threshold.
    case below
  }

  /// What an experiment says of a claim.
  enum Verdict: String, CaseIterable {
    /// The interval lies wholly on the claimed side.
    case seen
    /// The interval lies wholly on the other side, the threshold included.
    case notSeen = "not seen"
    /// The interval holds numbers of both sides, or there is none.
    case undecided
  }

  /// A short name, the same for all that the claim is tested on.
  let topic: String
  /// The claim in a sentence.
  let sentence: String
  /// What it is tested on: a run, an order of stages, or all runs.
  let subject: String
  /// What is computed of each seed.
  let statistic: String
  /// Where it should lie.
  let side: Side
  /// Beyond what.
  let threshold: Double
  /// One number a seed; not finite where a seed has none.
  let values: [Double]
  /// What else there is to know; nil for nothing.
  var note: String?

  /// Mean and 95 % confidence interval.
  var estimate: SeedMean { get throws { try SeedMean(values) } }

  /// The verdict: ``Verdict/seen`` where the 95 % Student interval of the mean over seeds lies wholly on the claimed
  /// side, ``Verdict/notSeen`` where wholly on the other, else ``Verdict/undecided``, as always with one seed.
  var verdict: Verdict {
    get throws {
      let estimate = try estimate
      guard let low = estimate.low, let high = estimate.high else { return .undecided }
      switch side {
      case .above: return low > threshold ? .seen : high <= threshold ? .notSeen : .undecided
      case .below: return high < threshold ? .seen : low >= threshold ? .notSeen : .undecided
      }
    }
  }
}
