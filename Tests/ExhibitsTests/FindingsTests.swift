import FileFormats
import Foundation
import PostTraining
import Testing

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
  synthetic.value = { place in value(place) }
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
  // Spread 3 (10 + ...) over p = 1 to 4; a quarter of eight steps is 2.
  Case(topic: "early spread", verdict: "seen", estimate: 6) { -Double($0.position * (10 + $0.step)) },
  Case(topic: "early spread", verdict: "not seen", estimate: 0) { -Double($0.position + $0.step) },
  Case(topic: "early spread", verdict: "not seen", estimate: -6) { -Double($0.position * (10 - $0.step)) },
  Case(topic: "early spread", verdict: "undecided", estimate: 0) {
    -Double($0.position) * (10 + Double($0.step) * o($0))
  },
  Case(topic: "persistence", verdict: "seen", estimate: 24) { -Double($0.position * (10 + $0.step)) },
  Case(topic: "persistence", verdict: "not seen", estimate: -24) { -Double($0.position * (10 - $0.step)) },
  Case(topic: "persistence", verdict: "undecided", estimate: 0) {
    -Double($0.position) * (20 + Double($0.step) * o($0))
  },
  // The first three positions forget by 8; the last by 4, 12 or 8 more or less.
  Case(topic: "recency", verdict: "seen", estimate: -4) { -Double($0.step) * ($0.position == 4 ? 0.5 : 1) },
  Case(topic: "recency", verdict: "not seen", estimate: 4) { -Double($0.step) * ($0.position == 4 ? 1.5 : 1) },
  Case(topic: "recency", verdict: "undecided", estimate: 0) {
    -Double($0.step) * ($0.position == 4 ? 1 + 0.1 * o($0) : 1)
  },
  Case(topic: "recency share", subject: "all runs", verdict: "seen", estimate: 1) {
    -Double($0.step) * ($0.position == 4 ? 0.5 : 1)
  },
  Case(topic: "recency share", subject: "all runs", verdict: "not seen", estimate: 0) {
    -Double($0.step) * ($0.position == 4 ? 1.5 : 1)
  },
  Case(topic: "recency share", subject: "all runs", verdict: "undecided", estimate: 0.5) {
    -Double($0.step) * ($0.position == 4 ? 1 + 0.1 * o($0) : 1)
  },
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
  Case(topic: "widening", verdict: "seen", estimate: log(8)) { o($0) * Double($0.step) },
  Case(topic: "widening", verdict: "not seen", estimate: -log(8)) { o($0) / Double($0.step) },
  Case(topic: "widening", verdict: "undecided", estimate: 0) {
    $0.step < 8 ? o($0) : [-0.5, 1.5, -1.5, 0.5][Int($0.seed) - 1]
  },
  Case(topic: "math", verdict: "seen", estimate: 0.3) {
    0.6 - ($0.position == 2 ? 0.3 : 0) * Double($0.step) / 8 + 0.01 * o($0)
  },
  Case(topic: "math", verdict: "not seen", estimate: 0.1) {
    0.6 - ($0.position == 2 ? 0.1 : 0) * Double($0.step) / 8 + 0.01 * o($0)
  },
  Case(topic: "math", verdict: "undecided", estimate: 0.2) {
    0.6 - ($0.position == 2 ? 0.2 + 0.1 * o($0) : 0) * Double($0.step) / 8
  },
  // Distances (t - 2 p)^2 are least at steps 2, 4, 6 and 8; with 5 steps for all, they are 9, 1, 1 and 9. Where four
  // steps are best for all, a number of one's own is worth nothing.
  Case(topic: "own step count", verdict: "seen", estimate: 5) {
    let distance = Double($0.step - 2 * $0.position)
    return distance * distance
  },
  Case(topic: "own step count", verdict: "not seen", estimate: 0) { abs(Double($0.step) - 4) + Double($0.position) },
  // The cost is 5 times the factor, and its sign is not the same for all seeds.
  Case(topic: "own step count", verdict: "undecided", estimate: 5) {
    let distance = Double($0.step - 2 * $0.position)
    return 100 + [3, 2, 1, -2][Int($0.seed) - 1] * distance * distance
  },
  Case(topic: "closest approach", verdict: "seen", estimate: 0.6) { 1 - 0.05 * Double($0.step) },
  Case(topic: "closest approach", verdict: "not seen", estimate: 0.04) { 1 - 0.12 * Double($0.step) },
  Case(topic: "closest approach", verdict: "undecided", estimate: 0.1) {
    1 - (0.1125 + 0.01 * o($0)) * Double($0.step)
  },
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

private func depth(_ place: SyntheticResults.Place, c: Double, u: Double, r: Double) -> Double {
  switch place.column.first {
  case "C": c + 0.5 * o(place)
  case "U": u
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
        "early spread": 3, "recency": 3, "recency share": 1, "utility": 3, "persistence": 8, "widening": 3, "math": 3,
        "own step count": 3, "closest approach": 3, "depth, as defined": 6, "depth, midpoint": 6,
      ])
    for row in all where row["topic"]?.label?.hasPrefix("depth") == true {
      #expect(row["note"]?.label?.hasPrefix("the paper's curve has ") == true)
    }
    #expect(all.first?["statistic"]?.label?.contains("after step 2 minus") == true)
  }

  @Test func `one seed decides nothing`() throws {
    var synthetic = SyntheticResults()
    synthetic.seeds = [1]
    for row in try rows("findings", synthetic) {
      #expect(row["verdict"] == .string("undecided"))
      #expect(row["ci_low"] == .missing)
    }
    #expect(try Finding("recency", "ga", synthetic).estimate != nil)
    #expect(try Finding("widening", "ga", synthetic) == Finding("math", "ga", synthetic))
  }

  @Test func `what was not measured is undecided, and says so`() throws {
    var synthetic = SyntheticResults()
    synthetic.measures = [.label]
    for (topic, word) in [("utility", "label and utility"), ("math", "math"), ("closest approach", "retrained")] {
      let row = try #require(rows("findings", synthetic).first { $0["topic"] == .string(topic) })
      #expect(row["verdict"] == .string("undecided"))
      #expect(row["n"] == .integer(0))
      #expect(row["note"]?.label?.hasPrefix("4 of 4 seeds have no value: \(word) not measured") == true)
    }
    #expect(try Finding("recency", "ga", synthetic).verdict == "seen")
  }

  @Test func `a seed that diverged does not count`() throws {
    let synthetic = experiment { place in
      if place.seed == 2, place.position == 3, place.step == 8 { return .nan }
      return place.study == "phrasing" ? -1 : SyntheticResults.usual(place)
    }
    for topic in ["recency", "persistence", "math", "closest approach"] {
      let finding = try Finding(topic, "ga", synthetic)
      #expect(finding.n == 3, "\(topic)")
    }
    #expect(try Finding("early spread", "ga", synthetic).n == 4)
    let row = try #require(rows("findings", synthetic).first { $0["topic"] == .string("recency") })
    #expect(row["note"]?.label?.hasPrefix("1 of 4 seeds have no value") == true)
  }

  @Test func `claims that need other positions are undecided without them`() throws {
    var synthetic = SyntheticResults()
    synthetic.positions = [1, 2]
    #expect(try Finding("recency", "ga", synthetic) == Finding("utility", "ga", synthetic))
    #expect(try Finding("recency", "ga", synthetic).n == 0)
    #expect(try Finding("early spread", "ga", synthetic).n == 4)
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

  @Test func `pseudo-values are NumPy's`() {
    let early = [[0.1, 1.0], [0.5, 1.1], [0.3, 0.7], [-0.2, 1.3]]
    let late = [[2.0, 3.0], [-1.0, 0.2], [0.4, 0.9], [1.7, 5.0]]
    let readings = zip(early, late).map { zip($0, $1).map { [$0, $1] } }
    // n theta - (n - 1) theta_(-i), with theta the mean over columns of log(std(late) / std(early)), ddof = 1.
    let expected: [Double] = [2.1848261575588053, 2.663901662361355, 0.9119685756454698, 1.4310330023381193]
    let values = ClaimStatistics.wideningPseudoValues(readings, early: 0, late: 1)
    #expect(values.count == 4)
    for (value, reference) in zip(values, expected) { #expect(abs(value - reference) < 1e-12) }
    #expect(ClaimStatistics.wideningPseudoValues(Array(readings.prefix(2)), early: 0, late: 1).isEmpty)
  }

  @Test func `a crossed spread does not take chance for a difference`() {
    // Each seed has another path in front: plain spreads would be 3, 2 and 1.
    let chance = [[3.0, 0, 0], [0, 2, 0], [0, 0, 1]]
    #expect(ClaimStatistics.crossedSpreads(chance) == [-3, -2, -1])
    #expect(ClaimStatistics.crossedSpreads([[0, 3, 1], [0, 2, 1]]) == [3, 2])
    #expect(ClaimStatistics.crossedSpreads([[0, 3], [.nan, 2]]).isEmpty)
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
