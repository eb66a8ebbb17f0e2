import FileFormats
import Foundation
import PostTraining
import Testing
import Unlearning

@testable import Exhibits

/// One row of the findings.
private struct Finding: Equatable {
  let verdict: String
  let estimate: Double?
  let n: Int

  init(_ topic: String, _ subject: String, _ synthetic: SyntheticResults) throws {
    let row = try #require(
      rows("findings", synthetic).first { $0["topic"] == .string(topic) && $0["subject"] == .string(subject) })
    verdict = try #require(row["verdict"]?.label)
    estimate = row["estimate"]?.double
    n = Int(try #require(row["n"]?.double))
  }
}

/// An experiment with gradient ascent only, whose numbers follow this rule.
private func experiment(_ value: @escaping (SyntheticResults.Place) -> Double) -> SyntheticResults {
  var synthetic = SyntheticResults()
  (synthetic.objectives, synthetic.deviations) = ([.ga], false)
  // The forget stage's own answers become less likely, whatever else happens.
  synthetic.value = { $0.column == "refusal_log_probability" ? -3 * Double($0.step) : value($0) }
  return synthetic
}

/// A case of a claim: the rule of its numbers and what should be said of it.
private struct Case: CustomStringConvertible, Sendable {
  let topic: String
  var subject = "ga"
  let verdict: String
  let estimate: Double
  let value: @Sendable (SyntheticResults.Place) -> Double
  var description: String { "\(topic): \(subject) \(verdict)" }
}

private let o: @Sendable (SyntheticResults.Place) -> Double = { SyntheticResults.offset($0.seed) }

private let cases: [Case] = [
  // p = 1 and p = 4 are 3 (10 + t) apart, a little more or less for each seed; a quarter of eight steps is 2.
  Case(topic: "early spread", verdict: "seen", estimate: 6) {
    -Double($0.position) * (10 + (1 + 0.01 * o($0)) * t($0))
  },
  Case(topic: "early spread", verdict: "not seen", estimate: -6) {
    -Double($0.position) * (10 - (1 + 0.01 * o($0)) * t($0))
  },
  Case(topic: "early spread", verdict: "undecided", estimate: 0) { -Double($0.position) * (20 + t($0) * o($0)) },
  // Seeds that agree are not four.
  Case(topic: "early spread", verdict: "undecided", estimate: 6) { -Double($0.position) * (10 + t($0)) },
  // Rounding is not motion.
  Case(topic: "early spread", verdict: "undecided", estimate: 0) {
    -10 - 1e-15 * Double($0.position) * t($0) * (6 + o($0))
  },
  Case(topic: "persistence", verdict: "seen", estimate: 24) {
    -Double($0.position) * (10 + (1 + 0.01 * o($0)) * t($0))
  },
  Case(topic: "persistence", verdict: "not seen", estimate: -24) {
    -Double($0.position) * (10 - (1 + 0.01 * o($0)) * t($0))
  },
  Case(topic: "persistence", verdict: "undecided", estimate: 0) { -Double($0.position) * (20 + t($0) * o($0)) },
  // The first three positions forget by one a step, the last by half as much, half more, or as the seed will. The mean
  // over two steps is 1.5, over eight 4.5.
  Case(topic: "recency, first quarter", verdict: "seen", estimate: -0.75) { forgets($0, 0.5 + 0.001 * o($0)) },
  Case(topic: "recency, first quarter", verdict: "not seen", estimate: 0.75) { forgets($0, 1.5 + 0.001 * o($0)) },
  Case(topic: "recency, whole run", verdict: "seen", estimate: -2.25) { forgets($0, 0.5 + 0.001 * o($0)) },
  Case(topic: "recency, whole run", verdict: "undecided", estimate: 0) { forgets($0, 1 + 0.1 * o($0)) },
  Case(topic: "recency, last step", verdict: "seen", estimate: -4) { forgets($0, 0.5 + 0.001 * o($0)) },
  Case(topic: "recency, last step", verdict: "not seen", estimate: 4) { forgets($0, 1.5 + 0.001 * o($0)) },
  // Slow at first and fast at the end: the speed says one thing, the last step another.
  Case(topic: "recency, first quarter", verdict: "seen", estimate: -1.5) { late($0) },
  Case(topic: "recency, last step", verdict: "not seen", estimate: 4) { late($0) },
  // Four seeds cannot decide on a share, even where all agree.
  Case(topic: "recency share", subject: "all runs", verdict: "undecided", estimate: 1) { forgets($0, 0.5) },
  Case(topic: "recency share", subject: "all runs", verdict: "undecided", estimate: 0) { forgets($0, 1.5) },
  // Later positions forget more, and keep less, more, or as the seed will.
  Case(topic: "utility", verdict: "seen", estimate: -1) {
    $0.column == "utility" ? 1 - 0.1 * Double($0.position) : -Double($0.position * $0.step)
  },
  Case(topic: "utility", verdict: "not seen", estimate: 1) {
    $0.column == "utility" ? 0.1 * Double($0.position) : -Double($0.position * $0.step)
  },
  Case(topic: "utility", verdict: "undecided", estimate: 0) {
    $0.column == "utility" ? o($0) * Double($0.position) : -Double($0.position * $0.step)
  },
  // The seeds' scatter grows from step 1 to step 8 by 8 times, falls so, or changes hands.
  Case(topic: "widening", verdict: "seen", estimate: log(8)) { o($0) * t($0) },
  Case(topic: "widening", verdict: "not seen", estimate: -log(8)) { o($0) / t($0) },
  Case(topic: "widening", verdict: "undecided", estimate: 0) {
    $0.step < 8 ? o($0) : [-0.5, 1.5, -1.5, 0.5][Int($0.seed) - 1]
  },
  Case(topic: "math", verdict: "seen", estimate: 0.3) {
    0.6 - ($0.position == 2 ? 0.3 + 0.001 * o($0) : 0) * t($0) / 8
  },
  Case(topic: "math", verdict: "not seen", estimate: 0.1) {
    0.6 - ($0.position == 2 ? 0.1 + 0.001 * o($0) : 0) * t($0) / 8
  },
  Case(topic: "math", verdict: "undecided", estimate: 0.2) {
    0.6 - ($0.position == 2 ? 0.2 + 0.1 * o($0) : 0) * t($0) / 8
  },
  // Distances (t - 2 p)^2 are least at steps 2, 4, 6 and 8; with 5 steps for all, they are 9, 1, 1 and 9. Where four
  // steps are best for all, a number of one's own is worth nothing.
  Case(topic: "own step count", verdict: "seen", estimate: 5) { (1 + 0.01 * o($0)) * squaredDistance($0) },
  Case(topic: "own step count", verdict: "undecided", estimate: 0) { abs(t($0) - 4) + Double($0.position) },
  // The cost is 5 times the factor, and its sign is not the same for all seeds.
  Case(topic: "own step count", verdict: "undecided", estimate: 5) {
    100 + [3, 2, 1, -2][Int($0.seed) - 1] * squaredDistance($0)
  },
  Case(topic: "closest approach", verdict: "seen", estimate: 0.6) { 1 - (0.05 + 0.001 * o($0)) * t($0) },
  Case(topic: "closest approach", verdict: "not seen", estimate: 0.04) { 1 - (0.12 + 0.001 * o($0)) * t($0) },
  Case(topic: "closest approach", verdict: "undecided", estimate: 0.1) { 1 - (0.1125 + 0.01 * o($0)) * t($0) },
  // The paper has U>C>R deep and R>C>U superficial.
  Case(topic: "depth, as defined", subject: "U>C>R", verdict: "seen", estimate: 10) {
    depth($0, c: -30, u: -40, r: -20)
  },
  Case(topic: "depth, as defined", subject: "U>C>R", verdict: "not seen", estimate: -10) {
    depth($0, c: -10, u: -40, r: -20)
  },
  Case(topic: "depth, as defined", subject: "U>C>R", verdict: "undecided", estimate: 0) {
    depth($0, c: -20, u: -40, r: -20)
  },
  Case(topic: "depth, as defined", subject: "R>C>U", verdict: "seen", estimate: -10) {
    depth($0, c: -10, u: -40, r: -20)
  },
  Case(topic: "depth, as defined", subject: "R>C>U", verdict: "not seen", estimate: 10) {
    depth($0, c: -30, u: -40, r: -20)
  },
  Case(topic: "depth, midpoint", subject: "U>R>C", verdict: "seen", estimate: -8) { depth($0, c: -38, u: -40, r: -20) },
  Case(topic: "depth, midpoint", subject: "U>R>C", verdict: "not seen", estimate: 8) {
    depth($0, c: -22, u: -40, r: -20)
  },
  Case(topic: "depth, midpoint", subject: "C>U>R", verdict: "seen", estimate: 8) { depth($0, c: -22, u: -40, r: -20) },
  Case(topic: "depth, midpoint", subject: "C>U>R", verdict: "undecided", estimate: 0) {
    depth($0, c: -30, u: -40, r: -20)
  },
]

private func t(_ place: SyntheticResults.Place) -> Double { Double(place.step) }

private func forgets(_ place: SyntheticResults.Place, _ speed: Double) -> Double {
  -t(place) * (place.position == 4 ? speed : 1)
}

/// The last position keeps all for seven steps and then loses 12.
private func late(_ place: SyntheticResults.Place) -> Double {
  place.position == 4 ? (place.step == 8 ? -12 : 0) + 0.001 * o(place) * t(place) : -t(place)
}

private func squaredDistance(_ place: SyntheticResults.Place) -> Double {
  let distance = t(place) - Double(2 * place.position)
  return distance * distance
}

private func depth(_ place: SyntheticResults.Place, c: Double, u: Double, r: Double) -> Double {
  switch place.column.first {
  case "C": c + 0.5 * o(place)
  case "U": place.step == 0 ? u + 30 : u
  default: r
  }
}

@Suite struct FindingsTests {
  @Test(arguments: cases)
  private func `a claim gets the verdict that its numbers call for`(_ one: Case) throws {
    let finding = try Finding(one.topic, one.subject, experiment(one.value))
    #expect(finding.verdict == one.verdict)
    #expect(abs(try #require(finding.estimate) - one.estimate) < 1e-9)
    #expect(finding.n == 4)
  }

  @Test func `every claim is tested where it can be`() throws {
    let all = try rows("findings")
    let counts = Dictionary(grouping: all) { $0["topic"]?.label ?? "" }.mapValues(\.count)
    #expect(
      counts == [
        "early spread": 3, "recency, first quarter": 3, "recency, whole run": 3, "recency, last step": 3,
        "recency share": 1, "utility": 3, "persistence": 8, "widening": 3, "math": 3,
        "own step count": 3, "closest approach": 3, "depth, as defined": 6, "depth, midpoint": 6,
      ])
    #expect(all.first?["statistic"]?.label?.contains("after step 2, minus") == true)
    for row in all { #expect(row["verdict"] != .string("not tested") && row["obstacle"] == .missing) }
  }

  @Test func `one seed decides nothing`() throws {
    var synthetic = SyntheticResults()
    synthetic.seeds = [1]
    for row in try rows("findings", synthetic) {
      // Scatter and a choice on the other seeds take two.
      let needsTwo = ["widening", "own step count"].contains(row["topic"]?.label)
      #expect(row["verdict"] == .string(needsTwo ? "not tested" : "undecided"))
      #expect(row["ci_low"] == .missing)
    }
    #expect(try Finding("recency, last step", "ga", synthetic).estimate != nil)
  }

  @Test func `what was not measured is not tested, and says so`() throws {
    var synthetic = SyntheticResults()
    synthetic.measures = [.label, .stages]
    for (topic, word) in [("utility", "label and utility"), ("math", "math"), ("closest approach", "retrained")] {
      let row = try #require(rows("findings", synthetic).first { $0["topic"] == .string(topic) })
      #expect(row["verdict"] == .string("not tested"))
      #expect(row["n"] == .integer(0))
      #expect(row["obstacle"]?.label?.hasPrefix("4 of 4 seeds have no value: \(word) not measured") == true)
    }
    // Measured and tested; the seeds agree on the lag, which decides nothing.
    #expect(try Finding("recency, last step", "ga", synthetic).verdict == "undecided")
    synthetic.measures = [.label]
    for row in try rows("findings", synthetic) where row["topic"]?.label?.hasPrefix("depth") != true {
      #expect(row["verdict"] == .string("not tested"))
      #expect(row["obstacle"]?.label == "how much less likely the answers of refusal became was not measured")
    }
  }

  @Test func `a run that unlearns nothing tests nothing`() throws {
    var synthetic = SyntheticResults()
    // All else moves as usual.
    synthetic.value = { place in
      place.column == "\(place.study == "order" ? "refusal" : "U")_log_probability"
        ? -3 - 0.1 * Double(place.step) : SyntheticResults.usual(place)
    }
    let all = try rows("findings", synthetic)
    for row in all {
      #expect(row["verdict"] == .string("not tested") && row["holm"] == .string("not tested") && row["p"] == .missing)
      #expect(abs(try #require(row["least_fall"]?.double) - 0.8) < 1e-9)
      #expect(row["obstacle"]?.label?.contains("was not unlearned: its answers fell by 0.8 nats on ") == true)
    }
    // Nothing moves at all.
    synthetic.value = { SyntheticResults.usual(.init($0, step: 0)) }
    for row in try rows("findings", synthetic) { #expect(row["verdict"] == .string("not tested")) }
  }

  @Test func `one path that unlearns nothing is enough, and of wordings one order`() throws {
    var synthetic = SyntheticResults()
    synthetic.value = { place in
      if place.column == "refusal_log_probability", place.position == 3, place.run == "npo" { return -3 }
      if place.column == "U_log_probability", "\(place.path)" == "R>C>U" { return -3.13 }
      return SyntheticResults.usual(place)
    }
    let rows = try rows("findings", synthetic)
    for row in rows where row["topic"] != .string("recency share") {
      let subject = try #require(row["subject"]?.label)
      #expect((row["verdict"] == .string("not tested")) == ["npo", "R>C>U"].contains(subject), "\(subject)")
      if subject == "npo" { #expect(row["least_fall_path"] == .string("inst>tofu>refusal>math")) }
    }
    let share = try #require(rows.first { $0["topic"] == .string("recency share") })
    #expect(share["note"]?.label?.hasPrefix("2 of 3 runs tested") == true)
  }

  @Test func `a stage that was not learned tests nothing that needs it`() throws {
    func untested(
      _ learned: @escaping (_ stage: String, _ path: Path) -> (logLikelihood: Double, right: Double)
    ) throws -> Set<String> {
      var synthetic = SyntheticResults()
      synthetic.learned = learned
      return Set(
        try rows("findings", synthetic).filter { $0["verdict"] == .string("not tested") }.compactMap {
          $0["topic"]?.label
        })
    }
    let depth: Set = ["depth, as defined", "depth, midpoint"]
    #expect(try untested { stage, _ in (stage == "math" ? -0.7 : -0.3, 0.8) } == ["math"])
    // Half of those learned are right of those held out: 0.19.
    #expect(try untested { stage, _ in (-0.3, stage == "math" ? 0.38 : 0) } == ["math"])
    #expect(try untested { _, _ in (-0.69, 0.42) }.isEmpty)
    #expect(try untested { stage, _ in (stage == "tofu" ? -2 : -0.3, 0.8) } == ["utility"])
    #expect(try untested { stage, _ in (stage == "R" ? -2 : -0.3, 0.8) } == depth)
    let all = try untested { stage, _ in (stage == "refusal" ? -2 : -0.3, 0.8) }
    #expect(all.count == 11 && all.isDisjoint(with: depth))
    // Forgotten since is learned all the same.
    #expect(try untested { stage, path in (path.stages.last == stage ? -0.3 : -5, 0.8) }.isEmpty)
    // On the page too, and at the end of its own stage only.
    var synthetic = SyntheticResults()
    synthetic.learned = { stage, _ in (stage == "math" ? -0.7 : -0.3, 0.8) }
    for row in try rows("stage-quality", synthetic) {
      let (path, stage) = (try #require(row["path"]?.label), try #require(row["stage"]?.label))
      #expect(row["learned"] == (path.hasSuffix(stage) ? .boolean(stage != "math") : .missing), "\(path) \(stage)")
    }
  }

  @Test func `a seed that diverged does not count`() throws {
    let synthetic = experiment { place in
      if place.seed == 2, place.position == 3, place.step == 8 { return .nan }
      return place.study == "phrasing" ? -1 : SyntheticResults.usual(place)
    }
    for topic in ["recency, last step", "recency, whole run", "persistence", "math", "closest approach", "utility"] {
      let finding = try Finding(topic, "ga", synthetic)
      #expect(finding.n == 3, "\(topic)")
    }
    #expect(try Finding("early spread", "ga", synthetic).n == 4)
    let row = try #require(rows("findings", synthetic).first { $0["topic"] == .string("recency, last step") })
    #expect(row["note"]?.label?.hasPrefix("1 of 4 seeds have no value") == true)
  }

  @Test func `claims that need other positions are not tested without them`() throws {
    var synthetic = SyntheticResults()
    synthetic.positions = [1, 2]
    #expect(try Finding("recency, last step", "ga", synthetic) == Finding("utility", "ga", synthetic))
    #expect(try Finding("recency, last step", "ga", synthetic).n == 0)
    #expect(try Finding("recency, last step", "ga", synthetic).verdict == "not tested")
    #expect(try Finding("early spread", "ga", synthetic).n == 4)
  }

  @Test func `the paper's own numbers are judged by the same rules`() throws {
    let all = try rows("findings")
    func paper(_ topic: String, _ subject: String) throws -> (verdict: String?, estimate: Double?, n: Double?) {
      let row = try #require(all.first { $0["topic"] == .string(topic) && $0["subject"] == .string(subject) })
      return (row["paper_verdict"]?.label, row["paper_estimate"]?.double, row["paper_n"]?.double)
    }
    // Table 1, SimNPO, last position minus the least of the others: -0.757, -0.984, -0.133, 1.155, 0.751.
    let lag = try paper("recency, last step", "simnpo")
    #expect(abs(try #require(lag.estimate) - 0.0064) < 1e-12)
    #expect(lag.verdict == "undecided" && lag.n == 5)
    // scipy.stats.spearmanr of Table 1's four positions, mean over the five models; negative in all.
    for (subject, correlation) in [("ga", -0.6), ("npo", -0.68), ("simnpo", -0.52)] {
      let utility = try paper("utility", subject)
      #expect(abs(try #require(utility.estimate) - correlation) < 1e-12, "\(subject): \(utility)")
    }
    // 13 of 15 cells.
    #expect(abs(try #require(try paper("recency share", "all runs").estimate) - 13.0 / 15) < 1e-12)
    #expect(try paper("own step count", "ga").verdict == "not given")
    #expect(try paper("closest approach", "ga").verdict == "not given")
    // One run has a number, and no verdict.
    #expect(try paper("depth, midpoint", "U>C>R").verdict == "undecided")
    #expect(try #require(paper("depth, midpoint", "U>C>R").estimate) < -100)
    #expect(try paper("persistence", "npo-cosine").n == 1)
    #expect(try paper("early spread", "ga").n == 4 && paper("early spread", "npo").n == 3)
  }
}

@Suite struct HolmTests {
  /// A claim whose two-sided p-value is this.
  private func claim(_ p: Double, tested: Bool = true) throws -> Claim {
    // Two values at 1 - d and 1 + d have t = 1 / d with one degree of freedom, and p = 2 atan(d) / pi.
    let d = tan(p * .pi / 2)
    return Claim(
      topic: "", sentence: "", subject: "", statistic: "", side: .above, threshold: 0,
      evidence: try .mean(of: [1 - d, 1 + d], against: 0), paper: nil, fall: nil, obstacle: tested ? nil : "none")
  }

  @Test func `a verdict among many holds by Holm's rule`() throws {
    let claims = try [0.03, 0.005, 0.001, 0.04].map { try claim($0) } + [try claim(0.0001, tested: false)]
    for (claim, p) in zip(claims, [0.03, 0.005, 0.001, 0.04]) { #expect(abs(try #require(claim.pValue) - p) < 1e-9) }
    #expect(claims.map(\.verdict) == [.seen, .seen, .seen, .seen, .notTested])
    // Of four, 0.001 < 0.05/4 and 0.005 < 0.05/3, but 0.03 > 0.05/2, and so 0.04 is not asked for.
    #expect(claims.holmVerdicts == [.undecided, .seen, .seen, .undecided, .notTested])
  }
}

@Suite struct ClaimStatisticsTests {
  @Test func `rank correlation is SciPy's`() {
    // scipy.stats.spearmanr([1, 2, 2, 4, 7], [3, 1, 4, 4, 9]).
    #expect(abs(ClaimStatistics.rankCorrelation([1, 2, 2, 4, 7], [3, 1, 4, 4, 9]) - 0.7631578947368421) < 1e-12)
    #expect(ClaimStatistics.rankCorrelation([1, 2], [1, 2]).isNaN)
    #expect(ClaimStatistics.rankCorrelation([1, 2, 3], [1, 1, 1]).isNaN)
    #expect(ClaimStatistics.rankCorrelation([1, 2, .nan], [1, 2, 3]).isNaN)
  }

  @Test func `ranks do not tell rounding apart`() {
    #expect(ClaimStatistics.centredRanks([1, 1 + 1e-9, 3]) == [-0.5, -0.5, 1])
    #expect(ClaimStatistics.rankCorrelation([1, 2, 3], [5, 5 + 1e-12, 5 - 1e-12]).isNaN)
  }

  @Test func `scatter is NumPy's`() throws {
    let early = [[0.1, 1.0], [0.5, 1.1], [0.3, 0.7], [-0.2, 1.3]]
    let late = [[2.0, 3.0], [-1.0, 0.2], [0.4, 0.9], [1.7, 5.0]]
    let readings = zip(early, late).map { zip($0, $1).map { [$0, $1] } }
    // The mean over columns of log(std(late) / std(early)), ddof = 1.
    #expect(abs(ClaimStatistics.logScatterRatio(readings, early: 0, late: 1) - 1.843340761403078) < 1e-12)
    #expect(ClaimStatistics.logScatterRatio(Array(readings.prefix(1)), early: 0, late: 1).isNaN)
    // Seeds that agree but for rounding do not scatter.
    #expect(ClaimStatistics.logScatterRatio([[[1, 2]], [[1 + 1e-12, 3]]], early: 0, late: 1).isNaN)
    // log(scipy.stats.f.ppf(0.975, 3, 3)) / 2 and scipy.stats.f.sf(exp(2), 3, 3).
    let evidence = try Evidence.scatterRatio(1, count: 4)
    #expect(abs(try #require(evidence.high) - 1 - 1.368454294225066) < 1e-9)
    #expect(abs(try #require(evidence.pAbove) - 0.06731378612979075) < 1e-9)
  }

  @Test func `the widest pair is judged as one of all`() throws {
    // Differences 1, 2, 3 between the first and the last of three paths, of six ordered pairs: SciPy's
    // t.ppf(1 - 0.025 / 6, 2) / sqrt(3), and 6 t.sf(2 sqrt(3), 2).
    let changes = [[1.0, 0, 0], [2, 1, 0], [3, 1, 0]]
    let evidence = try Evidence.widestPair(of: changes, byMeansOf: changes, against: 0)
    #expect(evidence.estimate == 2 && evidence.count == 3)
    #expect(abs(try #require(evidence.high) - 2 - 6.284958022936182) < 1e-9)
    #expect(abs(try #require(evidence.pAbove) - 0.22253970068234566) < 1e-9)
    // The interval does not leave the range.
    let cut = try Evidence.widestPair(of: changes, byMeansOf: changes, against: 0, within: -2...4)
    #expect(cut.low == -2 && cut.high == 4)
    #expect(try Evidence.widestPair(of: [[1], [2]], byMeansOf: [[1], [2]], against: 0).count == 0)
    #expect(try Evidence.widestPair(of: [[1, .nan], [2, 1]], byMeansOf: [[1, 0], [2, 1]], against: 0).count == 1)
  }

  @Test func `a bounded mean stays in its range and is never certain`() throws {
    let all = Evidence.mean(of: [1, 1, 1, 1], in: 0...1, against: 0.5)
    #expect(all.high == 1)
    #expect(abs(try #require(all.low) - pow(0.025, 0.25)) < 1e-9)
    #expect(abs(try #require(all.pAbove) - 0.0625) < 1e-12 && all.pBelow == 1)
    let some = Evidence.mean(of: [0.75, 0.5, 1, 0.75], in: 0...1, against: 0.5)
    // At either end four times KL is log 40.
    for end in [try #require(some.low), try #require(some.high)] {
      #expect(abs(4 * (0.75 * log(0.75 / end) + 0.25 * log(0.25 / (1 - end))) - log(40)) < 1e-6)
    }
    let correlation = Evidence.mean(of: [-1, -1], in: -1...1, against: 0)
    #expect(correlation.low == -1)
    #expect(abs(try #require(correlation.high) - (1 - 2 * 0.025.squareRoot())) < 1e-9)
  }

  @Test func `an association is as likely as its permutations`() throws {
    // Of 24 orders of four, one falls throughout: four times alike, 24^-4; and half of its neighbours' orders.
    let falling = ([1.0, 2, 3, 4], [4.0, 3, 2, 1])
    let evidence = Evidence.association(Array(repeating: falling, count: 4))
    #expect(evidence.estimate == -1)
    #expect(abs(try #require(evidence.pBelow) * pow(24, 4) - 1) < 1e-9)
    #expect(abs(try #require(evidence.pAbove) - 1) < 1e-9)
    // One repetition decides nothing.
    #expect(Evidence.association([falling]).pBelow == nil)
    // With ties: [1, 1, 2] against [1, 2, 3] is -r, 0 or r with a third each; all of two at -r has 1/9.
    let tied = ([1.0, 1, 2], [2.0, 3, 1])
    #expect(abs(try #require(Evidence.association([tied, tied]).pBelow) - 1.0 / 9) < 1e-9)
    // Many paths: the normal distribution, here of ten paths twice, z = -sqrt(18).
    let many = ((0..<10).map(Double.init), (0..<10).map { -Double($0) })
    let tail = try #require(Evidence.association([many, many]).pBelow)
    #expect(abs(tail / (erfc(3) / 2) - 1) < 1e-9)
  }

  @Test func `speed is the area between a curve and its beginning`() {
    #expect(ClaimStatistics.speeds([[0, -1, -3, -8], [5, 5, 5, 5]], to: 2) == [2, 0])
    #expect(ClaimStatistics.speeds([[0, .nan, -3]], to: 2)[0].isNaN)
    #expect(ClaimStatistics.speeds([[0, -1]], to: 5)[0].isNaN)
  }

  @Test func `steps of one's own do not profit from chance`() {
    // The two seeds disagree on the best step of either path: what is best for the one is worst for the other.
    let chance = [[[0.0, 3], [3, 0]], [[2, 0], [0, 2]]]
    #expect(ClaimStatistics.costsOfCommonSteps(chance) == [-1.5, -1])
    // Both agree: the common step 0 costs the second path 1 and 3.
    #expect(ClaimStatistics.costsOfCommonSteps([[[0, 9], [1, 0]], [[0, 9], [3, 0]]]) == [0.5, 1.5])
    #expect(ClaimStatistics.costsOfCommonSteps([[[0, 9], [1, 0]]]).isEmpty)
  }

  @Test func `the last position lags behind the slowest other`() {
    func lag(_ scores: [Double], _ positions: [Int]) -> Double {
      ClaimStatistics.lagOfLast(scores: scores, positions: positions, last: 3)
    }
    #expect(lag([5, 2, 1], [1, 2, 3]) == -1)
    // Two paths share the last position: their mean counts.
    #expect(lag([5, 2, 1, 5], [1, 2, 3, 3]) == 1)
    #expect(lag([5, 2], [1, 2]).isNaN)
    #expect(lag([5, 2], [3, 3]).isNaN)
  }

  @Test func `the closest approach is a share of the beginning`() {
    #expect(ClaimStatistics.closestApproach([[4, 2, 3], [10, 4, 9]]) == 0.4)
    #expect(ClaimStatistics.closestApproach([[0, 2], [1, 1]]).isNaN)
  }
}
