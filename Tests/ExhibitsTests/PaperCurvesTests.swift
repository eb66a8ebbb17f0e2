import FileFormats
import FineTuning
import Foundation
import Testing

@testable import Exhibits

@Suite struct PaperCurvesTests {
  private let paper = PaperCurves.all

  @Test func `every figure has its curves and every table its rows`() {
    let counts = Dictionary(grouping: paper.series, by: \.figure).mapValues(\.count)
    #expect(
      counts == [
        "fig1": 16, "fig3": 32, "fig4": 18, "fig5_unlearn_label": 36, "fig5_tofu": 36, "fig6": 24, "fig7": 8,
        "fig8": 24, "table1": 45, "table2": 30,
      ])
    for series in paper.series {
      let count =
        series.figure == "fig4" ? 21 : series.figure == "table1" ? 4 : series.figure == "table2" ? 1 : 20
      #expect(series.values.count == count, "\(series)")
    }
    #expect(PaperCurves(parsing: Array("no,such\ntable,1".utf8)).series.isEmpty)
  }

  @Test func `single readings are the paper's`() throws {
    let first = try #require(paper["fig1"].first)
    #expect((first.model, first.algorithm, first.position) == ("Llama3.2-1B", "GA", 1))
    #expect((first.values.first, first.values.last) == (-5.76467, -13.65778))
    // Table 1 prints the fall of this curve.
    let score = try #require(paper["table1"].first { $0.shownModel == "Llama1B" && $0.algorithm == "GA" })
    #expect(score.metric == "forget_score")
    #expect(abs(try #require(first.values.first) - #require(first.values.last) - score.values[0]) < 1e-3)
    let fast = try #require(paper["fig6"].first)
    #expect((fast.model, fast.learningRate, fast.schedule) == ("Llama3.2-1B", 5e-5, nil))
    #expect(Set(paper["fig8"].map(\.schedule)) == ["wsd", "cosine"])
    let repeated = try #require(paper["fig5"].first)
    let interval = try #require(paper.interval(of: repeated))
    #expect((interval.low[0], interval.high[0]) == (-4.71102, -4.70971))
    #expect(paper.interval(of: first) == nil)
    #expect(Set(paper.series.map(\.model)).count == 6)
    for one in paper["fig5"] {
      let (low, high) = try #require(paper.interval(of: one))
      for (step, value) in one.values.enumerated() { #expect(low[step] <= value && value <= high[step]) }
    }
  }

  @Test func `what the project says about the paper's numbers is so`() throws {
    let scores = paper["table1"].filter { $0.metric == "forget_score" }
    #expect(scores.count == 15)
    #expect(scores.count { series in series.values[..<3].allSatisfy { series.values[3] < $0 } } == 13)
    // Figure 8's NPO panel with WSD repeats SimNPO's.
    func panel(_ setting: String) -> [[Double]] { paper["fig8"].filter { $0.setting == setting }.map(\.values) }
    for (one, other) in zip(panel("NPO WSD").joined(), panel("SimNPO WSD").joined()) {
      #expect(abs(one - other) < 1e-3)
    }
    // A point is not a step: the last but one is the end, and 18 points of two steps of 128 examples are the data.
    let curves = ["fig1", "fig3", "fig5", "fig6", "fig7", "fig8"].flatMap { paper[$0] }
    #expect(curves.count == 128)
    #expect(curves.count { abs($0.values[19] - $0.values[18]) < 1e-3 } == 124)
    #expect([0, 9, 18, 19].map(PaperCurves.Series.epoch(ofPoint:)) == [0, 0.5, 1, 1])
    // By the letter of its definition all six orders are deep; by the midpoint, two.
    for order in PaperOrder.all {
      let (c, u, r) = (try #require(order.last("C")), try #require(order.last("U")), try #require(order.last("R")))
      #expect(max(u, c) < r)
      #expect((c < (u + r) / 2) == order.isDeep)
    }
    #expect(PaperOrder.all.map(\.path) == ["R>C>U", "C>R>U", "U>C>R", "U>R>C", "R>U>C", "C>U>R"])
  }

  /// A step of Adam is about as long as its learning rate, so the first falls of a curve are to each other as the sums
  /// of the rates between its points: with the published example's warm-up, read every second step, 1 : 5 : 9; with the
  /// text's 2 % and 2 % of 36 steps, 1 : 1 : 1.
  @Test func `the paper's first falls are those of the published example's warm-up`() throws {
    func expected(_ schedule: LearningRateSchedule) -> [Double] {
      let sums = (0..<3).map { schedule.factor(at: 2 * $0) + schedule.factor(at: 2 * $0 + 1) }
      return sums.map { ($0 / sums[0]).rounded() }
    }
    let example = try LearningRateSchedule(.wsd, warmup: .steps(5), decay: .fraction(0.8), totalSteps: 36)
    let text = try LearningRateSchedule(.wsd, warmup: .fraction(0.02), decay: .fraction(0.02), totalSteps: 36)
    #expect(expected(example) == [1, 5, 9] && expected(text) == [1, 1, 1])
    /// Medians of the second and third fall over the first, where this is more than twice what readings are exact to.
    func falls(_ figures: [String]) -> (count: Int, medians: [Double]) {
      let falls = figures.flatMap { paper[$0] }.map { series in
        (0..<3).map { series.values[$0 + 1] - series.values[$0] }
      }.filter { abs($0[0]) > 2e-3 }
      let medians = (1..<3).map { place in
        let sorted = falls.map { $0[place] / $0[0] }.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      }
      return (falls.count, medians.map { ($0 * 10).rounded() / 10 })
    }
    let early = falls(["fig1", "fig3", "fig8"])
    #expect(early.count == 36 && early.medians == [5, 9.2])
    #expect(falls(["fig6"]).medians == [4.2, 5])
    #expect(falls(["fig5_unlearn_label"]).medians == [4.1, 4.7])
  }

  private static let folder = ProcessInfo.processInfo.environment["PALIMPSEST_PAPER"]

  @Test(.enabled(if: folder != nil, "needs the paper's readings in the folder PALIMPSEST_PAPER"))
  func `all numbers equal the files they were carried over from`() throws {
    func records(_ name: String) throws -> [[String]] {
      Array(try CSV.parse(InputFile.bytes(of: "\(try #require(Self.folder))/\(name).csv")).dropFirst())
    }
    func values(_ statistic: String, _ fields: ArraySlice<String>) throws -> [Double] {
      let found = paper.series.filter {
        $0.statistic == statistic && [$0.figure, $0.shownModel, $0.setting, $0.metric, $0.series] == Array(fields)
      }
      #expect(found.count == 1)
      return try #require(found.first).values
    }
    var compared = 0
    for record in try records("figure_curves") {
      // Figure 5 is kept with its intervals, from the other file; both readings agree.
      let isFifth = record[0].hasPrefix("fig5")
      let value = try values(isFifth ? "mean" : "value", record[..<5])[try #require(Int(record[5]))]
      #expect(abs(value - (try #require(Double(record[6])))) <= (isFifth ? 1e-3 : 0))
      compared += 1
    }
    for record in try records("figure5_mean_ci95") {
      for (column, statistic) in [(6, "mean"), (7, "ci_low"), (8, "ci_high")] {
        let value = try values(statistic, record[..<5])[try #require(Int(record[5]))]
        #expect(value == Double(record[column]))
        compared += 1
      }
    }
    for record in try records("table1") {
      let value = try values("value", ["table1", record[2], record[3], record[0], "p=1..4"])
      #expect(value[try #require(Int(record[1])) - 1] == Double(record[4]))
      compared += 1
    }
    let names = ["sft_lr", "unlearn_lr", "sft_batch_size", "unlearn_batch_size", "lora_rank", "lora_alpha"]
    for record in try records("table2") {
      for (name, text) in zip(names, record.dropFirst()) {
        #expect(try values("value", ["table2", record[0], "", name, ""]) == [try #require(Double(text))])
        compared += 1
      }
    }
    #expect(compared == 2938 + 3 * 480 + 180 + 30)
  }
}
