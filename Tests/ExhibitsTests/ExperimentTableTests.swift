import FileFormats
import FineTuning
import Foundation
import PostTraining
import TestSupport
import Testing
import Unlearning

@testable import Exhibits

private let names = Exhibit.experiment.map(\.name)

/// The rows of an exhibit as dictionaries from column to cell.
func rows(_ name: String, _ synthetic: SyntheticResults = SyntheticResults()) throws -> [[String: Cell]] {
  try rows(name, synthetic.results())
}

func rows(_ name: String, _ results: ExperimentResults) throws -> [[String: Cell]] {
  let table = try #require(Exhibit.named([name]).first).table(.init(results: results))
  return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.columns.map(\.name), $0)) }
}

/// Why an exhibit is left out, or nil where it is not.
private func reason(_ name: String, _ synthetic: SyntheticResults) throws -> String? {
  do {
    _ = try rows(name, synthetic)
    return nil
  } catch ExhibitError.unfilled(let said, let reason) {
    #expect(said == name)
    return reason
  }
}

/// Student's quantile for four seeds, t(0.975, 3), as in its tables, times s / sqrt(4) for offsets of a given scale.
private func halfWidth(_ scale: Double) -> Double { 3.182446305284263 * scale * (5.0 / 3).squareRoot() / 2 }

@Suite struct ExperimentTableTests {
  @Test func `there are fifteen exhibits of an experiment, after those of theory and of the ladder`() {
    #expect(names.count == 15)
    #expect(Set(Exhibit.all.map(\.name)).count == Exhibit.all.count)
    #expect(Exhibit.all.map(\.name) == (Exhibit.theory + Exhibit.ladder).map(\.name) + names)
    for exhibit in Exhibit.experiment { #expect(exhibit.description.count > 80) }
  }

  @Test(arguments: names)
  func `every column says what it holds and every value is finite`(_ name: String) throws {
    let table = try #require(Exhibit.named([name]).first).table(.init(results: SyntheticResults().results()))
    #expect(!table.rows.isEmpty)
    for (place, column) in table.columns.enumerated() {
      #expect(column.description.count > 3)
      if column.kind == .number { #expect(column.unit?.isEmpty == false, "\(column.name)") }
      for row in table.rows {
        if let value = row[place].double { #expect(value.isFinite, "\(column.name)") }
        // What a column of few labels may say is part of its description.
        if ["source", "algorithm", "measure", "part", "quantity", "claimed", "verdict"].contains(column.name),
          column.name != "part" || name == "distance-to-retrained", name != "trajectories", let label = row[place].label
        {
          #expect(column.description.contains(label), "\(column.name): \(label)")
        }
      }
    }
  }

  @Test(arguments: [
    // Runs, measures, paths and steps of ours; series and steps of the paper's.
    ("figure-1", 1 * 1 * 4 * 9, 16 * 20), ("figure-3", 2 * 2 * 4 * 9, 32 * 20), ("figure-4", 6 * 3 * 9, 18 * 21),
    ("figure-5", 3 * 2 * 4 * 9, 24 * 20), ("figure-6", 3 * 4 * 9, 24 * 20), ("figure-7", 1 * 2 * 4 * 9, 8 * 20),
    ("figure-8", 6 * 4 * 9, 24 * 20), ("table-1", 4 * 3 * 4, 180), ("table-2", (4 + 8 + 3 + 1) * 5, 30),
  ])
  func `a figure has a row for each of ours and each of the paper's`(_ name: String, _ ours: Int, _ theirs: Int) throws
  {
    let rows = try rows(name)
    #expect(rows.count { $0["source"] == .string("this experiment") } == ours)
    #expect(rows.count { $0["source"] == .string("paper") } == theirs)
    #expect(rows.count == ours + theirs)
  }

  @Test func `means and intervals are those of Student's t over the seeds`() throws {
    for name in ["figure-1", "figure-3", "figure-5", "figure-6", "figure-7", "figure-8"] {
      for row in try rows(name) where row["source"] == .string("this experiment") {
        let (t, p) = (try #require(row["step"]?.double), try #require(row["position"]?.double))
        let cosine = row["run"]?.label?.contains("cosine") == true
        #expect(row["schedule"] == .string(cosine ? "cosine" : "wsd"))
        // One epoch of eight steps.
        #expect(row["epoch"] == .number(t / 8) && row["point"] == .missing)
        let speed = (p == 4 ? 0.1 : 0.7 - 0.1 * p) * (cosine ? 0.5 : 1)
        let mean = row["measure"] == .string("label") ? -0.5 - 0.1 * p - speed * t : -0.8 - 0.5 * speed * t
        let half = halfWidth(0.02 + 0.01 * t)
        #expect(abs(try #require(row["mean"]?.double) - mean) < 1e-12)
        #expect(abs(try #require(row["ci_low"]?.double) - (mean - half)) < 1e-12)
        #expect(abs(try #require(row["ci_high"]?.double) - (mean + half)) < 1e-12)
        #expect(row["seeds"] == .integer(4))
        #expect(row["model"] == .string("synthetic"))
        #expect(row["path"]?.label?.split(separator: ">").firstIndex(of: "refusal") == Int(p) - 1)
      }
    }
  }

  @Test func `each figure shows its own runs`() throws {
    func runs(_ name: String) throws -> Set<String> { Set(try rows(name).compactMap { $0["run"]?.label }) }
    #expect(try runs("figure-1") == ["ga"])
    #expect(try runs("figure-3") == ["npo", "simnpo"])
    #expect(try runs("figure-5") == ["ga", "npo", "simnpo"])
    #expect(try runs("figure-6") == ["npo", "npo-slow", "npo-fast"])
    #expect(try runs("figure-7") == ["npo-fast"])
    #expect(try runs("figure-8") == ["ga", "npo", "simnpo", "ga-cosine", "npo-cosine", "simnpo-cosine"])
    #expect(try runs("table-1") == ["ga", "npo", "simnpo"])
    #expect(try runs("distance-to-retrained") == ["ga", "npo", "simnpo"])
    let rates = try rows("figure-6").filter { $0["source"] != .string("paper") }.compactMap {
      $0["learning_rate"]?.double
    }
    #expect(Set(rates) == [1e-4, 1e-3, 5e-3])
  }

  @Test func `the paper's rows are its readings`() throws {
    let fifth = try rows("figure-5").filter { $0["source"] == .string("paper") }
    let first = try #require(fifth.first)
    #expect(first["mean"] == .number(-4.71037))
    #expect(first["ci_low"] == .number(-4.71102))
    #expect(first["ci_high"] == .number(-4.70971))
    #expect(first["seeds"] == .integer(4))
    #expect(Set(fifth.compactMap { $0["measure"]?.label }) == ["label", "utility"])
    // The paper's points are no steps: they have an index, and the share of the epoch in which ours are drawn, too.
    for (place, row) in fifth.prefix(20).enumerated() {
      #expect(row["step"] == .missing && row["point"] == .integer(place))
      #expect(row["epoch"] == .number(min(1, Double(place) / 18)))
    }
    let table = try rows("table-1").filter { $0["source"] == .string("paper") && $0["model"] == .string("Qwen2.5-14B") }
    let score = table.first {
      $0["algorithm"] == .string("GA") && $0["position"] == .integer(4) && $0["measure"] == .string("forget_score")
    }
    #expect(score?["mean"] == .number(-0.855))
    #expect(score?["ci_low"] == .missing)
    let settings = try rows("table-2").filter { $0["model"] == .string("Llama2-13B") }
    #expect(settings.first { $0["hyperparameter"] == .string("unlearn_lr") }?["value"] == .number(5e-6))
  }

  @Test func `Figure 4 has the paper's orders and epochs`() throws {
    let rows = try rows("figure-4")
    let ours = rows.filter { $0["source"] == .string("this experiment") }
    var paths: [String] = []
    for path in ours.compactMap({ $0["path"]?.label }) where paths.last != path { paths.append(path) }
    #expect(paths == ["R>C>U", "C>R>U", "U>C>R", "U>R>C", "R>U>C", "C>U>R"])
    for row in ours {
      let t = try #require(row["step"]?.double)
      // Four epochs in eight steps.
      #expect(row["epoch"] == .number(t / 2))
      let fall = row["answer"] == .string("U") ? 30.0 : row["path"]?.label?.first == "U" ? 32 : 6
      if row["answer"] != .string("R") {
        #expect(abs(try #require(row["mean"]?.double) + 3 + fall * t) < 1e-12)
      }
    }
    let deep = try #require(rows.last { $0["path"] == .string("U>C>R") && $0["answer"] == .string("C") })
    #expect(deep["mean"] == .number(-449.08394))
    #expect(deep["epoch"] == .number(20) && deep["step"] == .missing)
  }

  @Test func `runs of other spans are other schedules, and a run cut short has no share of an epoch`() throws {
    let results = try SyntheticResults().results()
    var plan = results.plan
    let place = try #require(plan.studies[0].runs.firstIndex { $0.name == "npo-cosine" })
    plan.studies[0].runs[place].configuration.schedule = plan.studies[0].unlearning.schedule
    plan.studies[0].runs[place].configuration.schedule.warmup = .steps(5)
    plan.studies[0].runs[place].configuration.schedule.decay = .fraction(0.8)
    plan.studies[0].runs[place].configuration.maxSteps = 8
    let changed = ExperimentResults(
      plan: plan, trajectories: results.trajectories, qualities: results.qualities, cost: results.cost)
    #expect(try !rows("figure-3", changed).contains { $0["run"] == .string("npo-cosine") })
    let own = try rows("figure-8", changed).filter { $0["run"] == .string("npo-cosine") }
    #expect(own.count == 4 * 9)
    #expect(own.allSatisfy { $0["schedule"] == .string("wsd, warm-up 5, decay 0.8") && $0["epoch"] == .missing })
  }

  @Test func `Table 1 compares the last step with the first`() throws {
    for row in try rows("table-1") where row["source"] == .string("this experiment") {
      let p = try #require(row["position"]?.double)
      let speed = p == 4 ? 0.1 : 0.7 - 0.1 * p
      let (mean, scale) =
        switch row["measure"]?.label {
        case "forget_score": (8 * speed, 0.08)
        case "with_paraphrases": (8 * speed, 0.1)
        case "utility": (1 - 4 * speed, 0.1)
        default: (p == 1 ? -0.4 : -0.08, 0.008)
        }
      #expect(abs(try #require(row["mean"]?.double) - mean) < 1e-12)
      #expect(abs(try #require(row["ci_high"]?.double) - mean - halfWidth(scale)) < 1e-12)
    }
  }

  @Test func `paths that share a position are averaged in Table 1 alone`() throws {
    let synthetic = SyntheticResults()
    let results = try synthetic.results()
    var plan = results.plan
    let other = try Path(["math", "refusal", "tofu", "inst"])
    plan.studies[0].paths.append(other)
    // A second path with p = 2 that forgets nothing.
    var trajectories = results.trajectories
    for one in results.trajectories where one.study == "order" && one.path == plan.studies[0].paths[1] {
      let zeros = one.columns.map { _ in 0.0 }
      trajectories.append(
        Trajectory(
          study: one.study, seed: one.seed, path: other, run: one.run, columns: one.columns,
          rows: one.rows.map { _ in zeros }))
    }
    let more = ExperimentResults(
      plan: plan, trajectories: trajectories, qualities: [], cost: results.cost)
    let score = try rows("table-1", more).first {
      $0["measure"] == .string("forget_score") && $0["position"] == .integer(2) && $0["run"] == .string("ga")
    }
    let (mean, high) = (try #require(score?["mean"]?.double), try #require(score?["ci_high"]?.double))
    #expect(abs(mean - 2) < 1e-12)
    #expect(abs(high - 2 - halfWidth(0.04)) < 1e-12)
    let curves = try rows("figure-1", more).filter { $0["source"] == .string("this experiment") }
    #expect(Set(curves.compactMap { $0["path"]?.label }).count == 5)
  }

  @Test func `own exhibits summarise what was measured`() throws {
    let quality = try rows("stage-quality")
    // Order: 4 stages, 13 beginnings of 4 paths, 5 readings; phrasing: 3 stages, 15 beginnings, nothing held out.
    #expect(quality.count == 4 * 13 * 5 + 3 * 15 * 3)
    let learned = try #require(quality.first)
    #expect(abs(try #require(learned["ci_high"]?.double) + 0.3 - halfWidth(0.01)) < 1e-12)
    #expect(learned["on_path"] == .boolean(true))
    let distance = try rows("distance-to-retrained").first {
      $0["part"] == .string("kept") && $0["measure"] == .string("jeffreys") && $0["position"] == .integer(3)
        && $0["step"] == .integer(8)
    }
    #expect(abs(try #require(distance?["mean"]?.double) - 0.5) < 1e-12)
    let cost = try rows("cost")
    #expect(cost.map { $0["quantity"]?.label } == ["runs", "trained_tokens", "measured_tokens", "operations"])
    #expect(cost.map { $0["value"]?.double } == [212, 34_000_000, 9_500_000, 3.2e14])
  }

  @Test func `paths are compared pair by pair`() throws {
    for row in try rows("path-divergence")
    where row["run"] == .string("ga") && row["measure"] != .string("jeffreys") {
      let t = try #require(row["step"]?.double)
      // Three pairs of neighbours, two at distance 2, one at 3; the Jeffreys estimate of a shift d is cosh d - 1.
      let gaps: [Double] = [1, 1, 1, 2, 2, 3]
      var expected = gaps.reduce(0) { $0 + cosh(0.1 * t * $1) - 1 } / 6
      if row["measure"] == .string("jeffreys_at_least") {
        // Of each pair of positions and each token, the divergence of two coins.
        expected = 0
        for p in 1...4 {
          for q in 1..<p {
            for token in [-1.0, -2, -3] {
              let (one, other) = (exp(token - 0.1 * t * Double(p)), exp(token - 0.1 * t * Double(q)))
              let forward = one * log(one / other) + (1 - one) * log((1 - one) / (1 - other))
              let backward = other * log(other / one) + (1 - other) * log((1 - other) / (1 - one))
              expected += (forward + backward) / 2 / 3 / 6
            }
          }
        }
      }
      #expect(abs(try #require(row["mean"]?.double) - expected) < 1e-12 * (1 + expected))
      #expect(row["pairs"] == .integer(6))
    }
  }

  @Test func `paths' exact divergence is shown where there are models`() throws {
    for run in ["ga", "npo"] {
      let exact = try rows("path-divergence").filter {
        $0["run"] == .string(run) && $0["measure"] == .string("jeffreys")
      }
      #expect(exact.map { $0["step"] } == [.integer(0), .integer(8)])
      for row in exact {
        let t = try #require(row["step"]?.double)
        // Over the tokens of both parts, and gaps of 10 in all between six pairs.
        let expected = (2 * (1 + t) + 4) / 3 * 10 / 6
        #expect(abs(try #require(row["mean"]?.double) - expected) < 1e-12 * (1 + expected))
        #expect(abs(try #require(row["ci_high"]?.double) - expected - halfWidth(0.1)) < 1e-12 * (1 + expected))
        #expect(row["pairs"] == .integer(6) && row["seeds"] == .integer(4))
      }
    }
  }

  @Test func `one seed has means without intervals`() throws {
    var synthetic = SyntheticResults()
    synthetic.seeds = [3]
    for name in ["figure-1", "figure-4", "table-1", "path-divergence", "stage-quality"] {
      for row in try rows(name, synthetic) where row["source"] != .string("paper") {
        #expect(row["mean"]?.double != nil)
        #expect(row["ci_low"] == .missing)
        #expect(row["ci_high"] == .missing)
        #expect(row["seeds"] == .integer(1))
      }
    }
  }

  @Test func `a seed without a finite value does not count`() throws {
    var synthetic = SyntheticResults()
    synthetic.value = { place in
      if place.position == 2, place.step == 5, place.seed == 4 { return .nan }
      if place.position == 3, place.step == 6 { return -.infinity }
      return SyntheticResults.usual(place)
    }
    let rows = try rows("figure-1", synthetic).filter { $0["source"] == .string("this experiment") }
    func row(_ p: Int, _ t: Int) throws -> [String: Cell] {
      try #require(rows.first { $0["position"] == .integer(p) && $0["step"] == .integer(t) })
    }
    // Seeds 1 to 3 lie at -1.5, -0.5 and 0.5 times 0.07.
    let expected: Double = -0.7 - 0.5 * 5 - 0.5 * 0.07
    let mean = try #require(row(2, 5)["mean"]?.double)
    #expect(abs(mean - expected) < 1e-12)
    #expect(try row(2, 5)["seeds"] == .integer(3))
    #expect(try row(3, 6)["mean"] == .missing)
    #expect(try row(3, 6)["seeds"] == .integer(0))
    #expect(try row(3, 5)["seeds"] == .integer(4))
  }

  @Test func `what an experiment lacks is left out with its reason`() throws {
    var noSimNPO = SyntheticResults()
    noSimNPO.objectives = [.ga, .npo]
    for name in names { #expect(try reason(name, noSimNPO) == nil, "\(name)") }
    #expect(Set(try rows("figure-3", noSimNPO).compactMap { $0["run"]?.label }) == ["npo"])
    var onlyGA = SyntheticResults()
    (onlyGA.objectives, onlyGA.deviations) = ([.ga], false)
    #expect(try reason("figure-3", onlyGA) == "the study \"order\" has no run of NPO or SimNPO")
    #expect(try reason("figure-6", onlyGA)?.contains("NPO at more than one learning rate") == true)
    #expect(try reason("figure-7", onlyGA)?.contains("NPO") == true)
    #expect(try reason("figure-8", onlyGA)?.contains("more than one schedule") == true)
    #expect(try reason("figure-1", onlyGA) == nil)
    var noPhrasing = SyntheticResults()
    noPhrasing.studies = ["order"]
    #expect(try reason("figure-4", noPhrasing) == "the plan has no study of the role phrasings")
    #expect(try reason("findings", noPhrasing) == nil)
    var noOrder = SyntheticResults()
    noOrder.studies = ["phrasing"]
    let needOrder = Set(names).subtracting(["figure-4", "findings", "table-2", "stage-quality", "cost", "trajectories"])
    for name in names {
      #expect(
        try reason(name, noOrder) == (needOrder.contains(name) ? "the plan has no study of the role order" : nil),
        "\(name)")
    }
    var nothing = SyntheticResults()
    nothing.studies = []
    #expect(try reason("findings", nothing)?.contains("no study to test") == true)
    #expect(try reason("stage-quality", nothing) != nil)
    var unmeasured = SyntheticResults()
    unmeasured.measures = [.memorisation]
    #expect(try reason("figure-1", unmeasured) == "the study \"order\" does not measure label")
    #expect(try reason("figure-3", unmeasured) == "the study \"order\" does not measure label or utility")
    #expect(try reason("table-1", unmeasured)?.contains("neither label nor utility nor math") == true)
    #expect(try reason("distance-to-retrained", unmeasured)?.contains("\"retrained\"") == true)
    var onePath = SyntheticResults()
    onePath.positions = [2]
    #expect(try reason("path-divergence", onePath)?.contains("one path") == true)
  }

  @Test func `figures choose a study by its role, not by its name`() throws {
    var results = try SyntheticResults().results()
    var studies = results.plan.studies
    #expect(studies.map(\.role) == [.order, .phrasings])
    let before = try rows("figure-1", results)
    // The same studies under other names, and one more of a role that is taken.
    for index in studies.indices { studies[index].name = "my-\(index)" }
    var second = studies[0]
    second.name = "second"
    func renamed(_ trajectory: Trajectory) -> Trajectory {
      Trajectory(
        study: trajectory.study == "order" ? "my-0" : "my-1", seed: trajectory.seed, path: trajectory.path,
        run: trajectory.run, columns: trajectory.columns, rows: trajectory.rows, trueTokens: trajectory.trueTokens)
    }
    var plan = results.plan
    plan.studies = studies + [second]
    results = ExperimentResults(
      plan: plan, trajectories: results.trajectories.map(renamed), qualities: [], cost: results.cost)
    #expect(try rows("figure-1", results) == before)
    #expect(results.notices.contains { $0.contains("show the study my-0; second is in trajectories.csv alone") })
    #expect(try rows("figure-4", results).count > 12)
  }

  /// As the brands' plan: no label is named, and the forget stage's own answers stand in for it.
  @Test func `without a label the curves are of the forget stage's answers`() throws {
    let results = try SyntheticResults().results()
    func without(_ trajectory: Trajectory) -> Trajectory {
      let kept = trajectory.columns.indices.filter { trajectory.columns[$0] != "label_log_likelihood" }
      return Trajectory(
        study: trajectory.study, seed: trajectory.seed, path: trajectory.path, run: trajectory.run,
        columns: kept.map { trajectory.columns[$0] }, rows: trajectory.rows.map { row in kept.map { row[$0] } })
    }
    let unlabelled = ExperimentResults(
      plan: results.plan, trajectories: results.trajectories.map(without), qualities: results.qualities,
      cost: results.cost)
    let order = try #require(results.plan.studies.first)
    let own = try #require(unlabelled.trajectories.first)["\(order.forget)_log_likelihood"]
    #expect(own != nil)
    #expect(try rows("figure-1", unlabelled).count == rows("figure-1", results).count)
    #expect(try !rows("findings", unlabelled).isEmpty)
  }

  @Test func `every value of every trajectory is a row`() throws {
    let results = try SyntheticResults().results()
    let found = try rows("trajectories", results)
    #expect(found.count == results.trajectories.reduce(0) { $0 + $1.rows.count * $1.columns.count })
    let last = try #require(results.trajectories.last)
    let row = try #require(found.last)
    #expect(row["study"] == .string(last.study) && row["path"] == .string("\(last.path)"))
    #expect(row["run"] == .string(last.run) && row["step"] == .integer(last.rows.count - 1))
    #expect(row["measure"] == .string(try #require(last.columns.last)))
    #expect(row["value"]?.double == last.rows.last?.last)
  }

  @Test func `an exhibit of an experiment needs results`() throws {
    let exhibit = try #require(Exhibit.named(["figure-1"]).first)
    #expect(throws: ExhibitError.unfilled("figure-1", "it shows an experiment, and there are no results of one")) {
      try exhibit.table(.init())
    }
    let directory = try TemporaryDirectory()
    #expect(throws: ExhibitError.self) {
      try ExhibitWriter(directory: directory.path, context: .init()).write([exhibit])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }

  @Test func `a writer leaves out what is not there, with the files of an earlier experiment`() throws {
    let directory = try TemporaryDirectory()
    func write(_ synthetic: SyntheticResults) throws -> [ExhibitError] {
      try ExhibitWriter(directory: directory.path, context: .init(results: synthetic.results())).write(
        Exhibit.named(["ridge", "figure-4", "cost"]))
    }
    func package() throws -> JSON {
      try JSON(parsing: InputFile.bytes(of: directory.file("datapackage.json")))
    }
    #expect(try write(SyntheticResults()) == [])
    let all = ["ridge", "figure-4", "cost"]
    #expect(try package()["resources"]?.elements?.compactMap { $0["name"]?.stringValue } == all)
    let parts = try package()["resources"]?.elements?.compactMap { $0["part"]?.stringValue }
    #expect(parts == ["theory", "experiment", "experiment"])
    let cost = try #require(package()["resources"]?.elements?.last)
    #expect(cost["experiment"] == "synthetic")
    #expect(cost["seeds"] == [1, 2, 3, 4])
    #expect(cost["seed"] == nil)
    var noPhrasing = SyntheticResults()
    noPhrasing.studies = ["order"]
    let expected = ExhibitError.unfilled("figure-4", "the plan has no study of the role phrasings")
    #expect(try write(noPhrasing) == [expected])
    // With nothing to write, nothing changes.
    let before = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    let writer = try ExhibitWriter(directory: directory.path, context: .init(results: noPhrasing.results()))
    #expect(try writer.write(Exhibit.named(["figure-4"])) == [expected])
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == before)
    #expect("\(expected)" == "figure-4 is left out: the plan has no study of the role phrasings")
    #expect(try package()["resources"]?.elements?.compactMap { $0["name"]?.stringValue } == ["ridge", "cost"])
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    #expect(files == ["cost.csv", "cost.vl.json", "datapackage.json", "ridge.csv", "ridge.vl.json"])
  }
}

@Suite struct SeedMeanTests {
  /// Half the width of the interval of 0, 1, 1, 1 is t(0.975, 3) s / 2 with s = 1/2, 0.7956: below 0 and over 1.
  @Test func `an interval stays within what its measure can be`() throws {
    let share = try SeedMean([0, 1, 1, 1], within: SeedMean.range(of: "right"))
    #expect(share.mean == 0.75 && share.low == 0 && share.high == 1)
    let likelihood = try SeedMean([-1, 0, 0, 0], within: SeedMean.range(of: "label_log_likelihood"))
    #expect(likelihood.high == 0)
    #expect(abs((likelihood.low ?? 0) - (-0.25 - 3.182446305284263 / 4)) < 1e-12)
    let divergence = try SeedMean([0, 0, 0, 4], within: SeedMean.range(of: "forget_jeffreys"))
    #expect(divergence.low == 0)
    // Nothing is known of others.
    #expect(try #require(SeedMean([0, 1, 1, 1]).high) > 1.5)
  }
}
