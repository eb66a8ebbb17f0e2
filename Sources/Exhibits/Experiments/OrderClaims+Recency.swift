import FineTuning
import PostTraining
import Unlearning

// Claims about recency, which is one about speed.

extension OrderClaims {
  /// How far the last position is behind the slowest of the others.
  enum Lag: CaseIterable {
    /// In the mean fall over the first quarter of the steps, and over all.
    case early, whole
    /// In the fall to the last step, the forget score.
    case end

    var topic: String {
      switch self {
      case .early: "recency, first quarter"
      case .whole: "recency, whole run"
      case .end: "recency, last step"
      }
    }

    var score: String {
      switch self {
      case .early: "mean fall of the label over the first quarter of the steps"
      case .whole: "mean fall of the label over all steps"
      case .end: "fall of the label to the last step"
      }
    }
  }

  /// (b) `F(last) - min over p < last of F(p) < 0`, with F the speed of forgetting: the area between the curve and its
  /// beginning, early and over the whole run; and the fall to the last step, as in Table 1.
  func recency(_ run: UnlearningRecipe, _ lag: Lag) throws -> Claim {
    let paper = PaperEvidence(algorithm: run.label)
    let values: [Double] =
      lag == .end
      ? paper.table("forget_score").map(paperLag) : lags(paper.label, lag, positions: [1, 2, 3, 4], last: 4)
    return claim(
      lag.topic, "What was learned last is forgotten slowest.", run,
      "\(lag.score) at the last position minus the smallest at the others, nats a token", .below, 0,
      try .mean(of: lags(run, lag), against: 0), paper: try .mean(of: values, against: 0), needs: "label")
  }

  /// (b) The share of the runs in which the last position is slowest over the whole run, more than half. The paper's
  /// own Table 1, which has the last step alone, has 13 of its 15 cells.
  var recencyShare: Claim {
    let tested = shared.filter { obstacle($0, []) == nil }
    let found = tested.map { lags($0, .whole) }
    func shares(_ lags: [[Double]]) -> [Double] {
      (0..<(lags.map(\.count).max() ?? 0)).map { repetition -> Double in
        let known = lags.compactMap { repetition < $0.count && $0[repetition].isFinite ? $0[repetition] : nil }
        return Double(known.count { $0 < -Evidence.rounding }) / Double(known.count)
      }
    }
    let paper = ["GA", "NPO", "SimNPO"].map { PaperEvidence(algorithm: $0).table("forget_score").map(paperLag) }
    let falls = (tested.isEmpty ? shared : tested).compactMap(leastFall)
    return Claim(
      topic: "recency share", sentence: "What was learned last is forgotten slowest with most algorithms.",
      subject: "all runs",
      statistic: "share of the runs in which the last position has the smallest mean fall of the label over all steps",
      side: .above, threshold: 0.5, evidence: .mean(of: shares(found), in: 0...1, against: 0.5),
      paper: .mean(of: shares(paper), in: 0...1, against: 0.5), fall: falls.min { $0.value < $1.value },
      obstacle: tested.isEmpty ? shared.compactMap { obstacle($0, []) }.first ?? "no run to test it on" : nil,
      note: "\(tested.count) of \(shared.count) runs tested; the paper's are of the last step, 13 of 15 cells")
  }

  func falls(_ reading: ClaimStatistics.Reading) -> [Double] {
    reading.map { ($0.first ?? .nan) - ($0.last ?? .nan) }
  }

  private func lags(_ run: UnlearningRecipe, _ lag: Lag) -> [Double] {
    lags(label(run), lag, positions: positions, last: order.study.stages.count)
  }

  private func lags(_ readings: [ClaimStatistics.Reading], _ lag: Lag, positions: [Int], last: Int) -> [Double] {
    let step = share(lag == .early ? 4 : 1, of: readings)
    return readings.map { reading in
      ClaimStatistics.lagOfLast(
        scores: lag == .end ? falls(reading) : ClaimStatistics.speeds(reading, to: step), positions: positions,
        last: last)
    }
  }

  private func paperLag(_ scores: [Double]) -> Double {
    ClaimStatistics.lagOfLast(scores: scores, positions: [1, 2, 3, 4], last: 4)
  }
}
