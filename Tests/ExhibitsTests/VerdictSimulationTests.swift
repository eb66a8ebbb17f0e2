import Core
import Foundation
import LinearAlgebra
import Testing

@testable import Exhibits

/// How the numbers of a simulated study come about: four seeds, four paths and eight steps, with seeds that share
/// effects.
private struct Scenario {
  let name: String
  /// How many times the noise is larger at the last step than before the first.
  var growth = 1.0
  /// The correlation of a path's noise from step to step.
  var memory = 0.5
  /// How much all paths of a seed have in common, as a multiple of the noise.
  var shared = 1.0
  /// The noise of the first path as a multiple of that of the others.
  var first = 1.0
  /// The noise before the first step.
  var noise = 1.0
  /// By path and step, what all seeds have in common.
  var mean: @Sendable (_ path: Int, _ step: Int) -> Double = { _, _ in 0 }

  static let (seeds, paths, steps) = (4, 4, 8)

  /// One study, by seed, path and step.
  func draw(_ random: inout RandomGenerator) -> [ClaimStatistics.Reading] {
    (0..<Self.seeds).map { _ in
      let common = shared * random.normal()
      return (0..<Self.paths).map { path in
        var own = random.normal()
        return (0...Self.steps).map { step in
          if step > 0 { own = memory * own + (1 - memory * memory).squareRoot() * random.normal() }
          let size = noise * (1 + (growth - 1) * Double(step) / Double(Self.steps))
          return mean(path, step) + size * (common + own * (path == 0 ? first : 1))
        }
      }
    }
  }
}

/// A rule with the scenarios on which it is tried.
private struct Trial {
  let rule: String
  let claimed: Claim.Side
  let threshold: Double
  /// Where the claim is false or just not true, so that `seen` is an error.
  let nulls: [Scenario]
  /// Where it is true, so that `not seen` is an error, with how often it must be seen at least.
  let truths: [(scenario: Scenario, power: Double)]
  let evidence: (_ first: [ClaimStatistics.Reading], _ second: [ClaimStatistics.Reading]) throws -> Evidence

  /// The shares of studies in which the claim is seen and not seen.
  func rates(_ scenario: Scenario, count: Int) throws -> (seen: Double, notSeen: Double) {
    let generator = RandomGenerator(seed: 12)
    var (seen, notSeen) = (0, 0)
    for index in 0..<count {
      var random = generator.child(UInt64(index))
      let (first, second) = (scenario.draw(&random), scenario.draw(&random))
      let claim = Claim(
        topic: rule, sentence: "", subject: "", statistic: "", side: claimed, threshold: threshold,
        evidence: try evidence(first, second), paper: nil, fall: nil, obstacle: nil)
      seen += claim.verdict == .seen ? 1 : 0
      notSeen += claim.verdict == .notSeen ? 1 : 0
    }
    return (Double(seen) / Double(count), Double(notSeen) / Double(count))
  }
}

private let last = Scenario.steps

/// Exchangeable paths with constant noise, noise that grows, noise that remembers its steps, and unequal noise.
private let exchangeable = [
  Scenario(name: "constant noise"), Scenario(name: "noise x 2", growth: 2), Scenario(name: "noise x 4", growth: 4),
  Scenario(name: "noise x 4, steps alike", growth: 4, memory: 0.99),
  Scenario(name: "noise x 4, one path x 5", growth: 4, first: 5),
  Scenario(name: "noise x 4, no shared seed effect", growth: 4, shared: 0),
]

private func apart(_ size: Double) -> Scenario {
  Scenario(name: "paths \(size) apart at the end") { path, step in -size * Double(path * step) / Double(last) }
}

private func changes(_ readings: [ClaimStatistics.Reading], _ step: Int) -> [[Double]] {
  readings.map { ClaimStatistics.changes($0, at: step) }
}

private func spread(_ step: Int) -> ([ClaimStatistics.Reading], [ClaimStatistics.Reading]) throws -> Evidence {
  { readings, _ in
    try .widestPair(of: changes(readings, step), byMeansOf: readings.map { $0.map { $0[step] } }, against: 0)
  }
}

/// The lag of the last of four positions.
private func lag(_ scores: @escaping (ClaimStatistics.Reading) -> [Double])
  -> ([ClaimStatistics.Reading], [ClaimStatistics.Reading]) throws -> Evidence
{
  { readings, _ in
    try .mean(
      of: readings.map { ClaimStatistics.lagOfLast(scores: scores($0), positions: [1, 2, 3, 4], last: 4) }, against: 0)
  }
}

/// The last position forgets as slowly as one other, and two forget faster: the edge of the claim.
private let edge = Scenario(name: "the last as slow as one other", growth: 2) { path, step in
  path < 2 ? -10 * Double(step) : 0
}

private let slower = Scenario(name: "the last slower by 5 nats at the end", growth: 2) { path, step in
  path < 3 ? -5 * Double(step) / Double(last) : 0
}

private func distance(_ best: @escaping @Sendable (Int) -> Double) -> @Sendable (Int, Int) -> Double {
  { path, step in 10 + abs(Double(step) - best(path)) }
}

private nonisolated(unsafe) let trials: [Trial] = [
  Trial(
    rule: "early spread", claimed: .above, threshold: 0, nulls: exchangeable, truths: [(apart(16), 0.5)],
    evidence: spread(last / 4)),
  Trial(
    rule: "persistence", claimed: .above, threshold: 0,
    nulls: exchangeable + [Scenario(name: "paths 3 apart throughout") { path, _ in 3 * Double(path) }],
    truths: [(apart(4), 0.5)], evidence: spread(last)),
  Trial(
    rule: "recency, first quarter", claimed: .below, threshold: 0, nulls: exchangeable + [edge],
    truths: [
      (
        Scenario(name: "the last slower by 20 nats at the end") { path, step in
          path < 3 ? -20 * Double(step) / Double(last) : 0
        }, 0.3
      )
    ], evidence: lag { ClaimStatistics.speeds($0, to: last / 4) }),
  Trial(
    rule: "recency, whole run", claimed: .below, threshold: 0, nulls: exchangeable + [edge], truths: [(slower, 0.2)],
    evidence: lag { ClaimStatistics.speeds($0, to: last) }),
  Trial(
    rule: "recency, last step", claimed: .below, threshold: 0, nulls: exchangeable + [edge], truths: [(slower, 0.2)],
    evidence: lag { $0.map { $0[0] - $0[last] } }),
  // Half of two runs: in one of them the last position is always slowest. Four seeds have no power.
  Trial(
    rule: "recency share", claimed: .above, threshold: 0.5, nulls: exchangeable, truths: [(slower, 0)],
    evidence: { first, second in
      let lags = [first, second].map { readings in
        readings.map {
          ClaimStatistics.lagOfLast(
            scores: ClaimStatistics.speeds($0, to: last), positions: [1, 2, 3, 4], last: 4)
        }
      }
      return .mean(
        of: zip(lags[0], lags[1]).map { (($0 < 0 ? 1 : 0) + ($1 < 0 ? 1 : 0)) / 2 }, in: 0...1, against: 0.5)
    }),
  // What is kept has nothing to do with what is forgotten; or it falls with it.
  Trial(
    rule: "utility", claimed: .below, threshold: 0, nulls: exchangeable, truths: [],
    evidence: { first, second in .association(zip(first, second).map { (changes([$0], last)[0], $1.map { $0[last] }) })
    }),
  Trial(
    rule: "utility", claimed: .below, threshold: 0, nulls: [],
    truths: [(apart(4), 0.8)],
    evidence: { first, second in
      .association(zip(first, second).map { (changes([$0], last)[0].map { -$0 }, $1.map { $0[last] }) })
    }),
  Trial(
    rule: "widening", claimed: .above, threshold: 0,
    nulls: [
      Scenario(name: "constant noise"), Scenario(name: "constant noise, steps alike", memory: 0.99),
      Scenario(name: "constant noise, paths nearly alike", shared: 10),
      Scenario(name: "constant noise, no memory, paths nearly alike", memory: 0, shared: 0, first: 10),
    ], truths: [(Scenario(name: "noise x 8", growth: 8), 0.5)],
    evidence: { readings, _ in
      try .scatterRatio(ClaimStatistics.logScatterRatio(readings, early: 0, late: last), count: readings.count)
    }),
  Trial(
    rule: "math", claimed: .above, threshold: 0.2,
    nulls: [
      Scenario(name: "one path 0.2 lower", noise: 0.05) { path, step in path == 0 && step == last ? -0.2 : 0 },
      Scenario(name: "three paths 0.2 lower", noise: 0.05) { path, step in path > 0 && step == last ? -0.2 : 0 },
      Scenario(name: "no difference, noise 0.3", noise: 0.3),
    ],
    truths: [
      (Scenario(name: "one path 0.5 lower", noise: 0.02) { path, step in path == 0 && step == last ? -0.5 : 0 }, 0.5)
    ],
    evidence: { readings, _ in
      try .widestPair(
        of: changes(readings, last), byMeansOf: changes(readings, last), against: 0.2, within: -2...2)
    }),
  Trial(
    rule: "own step count", claimed: .above, threshold: 0,
    nulls: [
      Scenario(name: "the same step best for all, noise 0.1", noise: 0.1, mean: distance { _ in 4 }),
      Scenario(name: "the same step best for all, noise 2", noise: 2, mean: distance { _ in 4 }),
    ], truths: [(Scenario(name: "best steps 1, 3, 5, 7", noise: 0.2, mean: distance { Double(2 * $0 + 1) }), 0.5)],
    evidence: { readings, _ in try .mean(of: ClaimStatistics.costsOfCommonSteps(readings), against: 0) }),
  Trial(
    rule: "closest approach", claimed: .above, threshold: 0.1,
    // One path comes down to the threshold at one step, all others stay far.
    nulls: [
      Scenario(name: "one path down to 0.1", noise: 0.01) { path, step in path == 0 && step == last ? 1 : 10 }
    ],
    truths: [(Scenario(name: "down to 0.5", noise: 0.1) { _, step in 10 - 5 * Double(step) / Double(last) }, 0.9)],
    evidence: { readings, _ in
      try .mean(of: readings.map(ClaimStatistics.closestApproach), against: 0.1, within: 0...1)
    }),
]

/// Level and power of every rule by which claims are judged, on studies that were never run.
@Suite struct VerdictSimulationTests {
  /// How many studies; a larger number, for the table in the guide, prints it.
  private static let count = ProcessInfo.processInfo.environment["VERDICT_SIMULATIONS"].flatMap(Int.init)

  @Test(arguments: trials.indices)
  func `a rule has its level, and some power`(_ index: Int) throws {
    let trial = trials[index]
    let count = Self.count ?? 600
    // What chance may add to a share that is the level: three standard errors.
    let most = Evidence.level + 3 * (Evidence.level * (1 - Evidence.level) / Double(count)).squareRoot()
    for scenario in trial.nulls {
      let rates = try trial.rates(scenario, count: count)
      #expect(rates.seen <= most, "\(trial.rule), \(scenario.name): \(rates.seen)")
      report(trial, scenario, "false", rates)
    }
    for (scenario, power) in trial.truths {
      let rates = try trial.rates(scenario, count: count)
      #expect(rates.notSeen <= most, "\(trial.rule), \(scenario.name): \(rates.notSeen)")
      #expect(rates.seen >= power, "\(trial.rule), \(scenario.name): \(rates.seen)")
      report(trial, scenario, "true", rates)
    }
  }

  @Test func `no variance decides nothing`() throws {
    var scenario = apart(4)
    scenario.noise = 0
    // Ranks and shares of few cases agree by nature.
    for trial in trials where !["utility", "recency share"].contains(trial.rule) {
      let rates = try trial.rates(scenario, count: 1)
      #expect(rates.seen == 0 && rates.notSeen == 0, "\(trial.rule)")
    }
  }

  /// The rule that was used before this one, which takes a spread that grows with the seeds' noise for one of paths.
  @Test func `a plain spread has no level`() throws {
    let plain = Trial(rule: "plain spread", claimed: .above, threshold: 0, nulls: [], truths: []) { readings, _ in
      func spread(_ reading: ClaimStatistics.Reading, _ step: Int) -> Double {
        let values = reading.map { $0[step] }
        return (values.max() ?? 0) - (values.min() ?? 0)
      }
      return try .mean(of: readings.map { spread($0, last) - spread($0, 0) }, against: 0)
    }
    #expect(try plain.rates(Scenario(name: "noise x 4", growth: 4), count: 300).seen > 0.3)
  }

  private func report(
    _ trial: Trial, _ scenario: Scenario, _ truth: String, _ rates: (seen: Double, notSeen: Double)
  ) {
    guard Self.count != nil else { return }
    func percent(_ share: Double) -> String { String(format: "%.1f", 100 * share) }
    print("TABLE | \(trial.rule) | \(scenario.name) | \(truth) | \(percent(rates.seen)) | \(percent(rates.notSeen)) |")
  }
}
