/// A claim of the paper: a number that should lie on one side of a threshold, what an experiment says of it, and what
/// the paper's own numbers say of it by the same rule.
///
/// To add a claim, add a value to ``OrderClaims/claims`` or ``DepthClaims/claims``.
struct Claim {
  /// Where the number should lie.
  enum Side: String {
    /// Above the threshold.
    case above
    /// Below the threshold.
    case below
  }

  /// What is said of a claim.
  enum Verdict: String, CaseIterable {
    /// That the number is on the other side is rejected.
    case seen
    /// That the number is on the claimed side is rejected.
    case notSeen = "not seen"
    /// Neither is rejected.
    case undecided
    /// What the claim is about did not happen: nothing was forgotten, a stage was not learned, or no seed has a value.
    case notTested = "not tested"
  }

  /// How much less likely the forget stage's own answers became on the path where they fell least.
  struct Fall {
    /// Mean over seeds of an answer's log-likelihood before unlearning minus that after it, in nats.
    let value: Double
    /// Where it fell by no more.
    let path: String
  }

  /// The least fall of the forget stage's own answers, on every path, with which unlearning counts as such: one nat an
  /// answer, so that the answers are at least e times less likely. With less there is nothing that could be deep or
  /// superficial, fast or slow.
  static let leastFall = 1.0

  /// A short name, the same for all that the claim is tested on.
  let topic: String
  /// The claim in a sentence.
  let sentence: String
  /// What it is tested on: a run, an order of stages, or all runs.
  let subject: String
  /// What is computed.
  let statistic: String
  /// Where it should lie.
  let side: Side
  /// Beyond what.
  let threshold: Double
  /// What the experiment found.
  let evidence: Evidence
  /// What the paper's own numbers say, with models in the place of seeds; nil where the paper gives none.
  let paper: Evidence?
  /// How far unlearning went; nil where it was not measured.
  let fall: Fall?
  /// Why the claim was not tested; nil where it was.
  let obstacle: String?
  /// What else there is to know; nil for nothing.
  var note: String?

  /// What the experiment says.
  var verdict: Verdict { obstacle == nil ? verdict(of: evidence) : .notTested }

  /// What the paper's numbers say; nil where there are none.
  var paperVerdict: Verdict? { paper.map(verdict) }

  /// The two-sided p-value against the threshold, 1 where nothing can be said; nil where the claim was not tested.
  var pValue: Double? {
    verdict == .notTested ? nil : min(1, 2 * min(evidence.pAbove ?? 1, evidence.pBelow ?? 1))
  }

  private func verdict(of evidence: Evidence) -> Verdict {
    guard evidence.count > 0 else { return .notTested }
    guard let above = evidence.pAbove, let below = evidence.pBelow else { return .undecided }
    let (claimed, other) = side == .above ? (above, below) : (below, above)
    return claimed <= Evidence.level ? .seen : other <= Evidence.level ? .notSeen : .undecided
  }
}

extension [Claim] {
  /// The verdicts that hold together: with these, the probability that any claim at all is decided wrongly is at most 5
  /// %, by the procedure of Holm (Scand. J. Statist. 6, 1979) over all claims that were tested.
  var holmVerdicts: [Claim.Verdict] {
    var verdicts = map { $0.verdict == .notTested ? Claim.Verdict.notTested : .undecided }
    let tested = indices.filter { self[$0].pValue != nil }.sorted { (self[$0].pValue ?? 1) < (self[$1].pValue ?? 1) }
    for (rank, index) in tested.enumerated() {
      guard let p = self[index].pValue, p <= 2 * Evidence.level / Double(tested.count - rank) else { break }
      verdicts[index] = self[index].verdict
    }
    return verdicts
  }
}
