import Glibc

/// The paper's own numbers in the shape in which claims are tested: models in the place of seeds, the positions p = 1
/// to 4 of the forget stage as paths, and the points of its curves as steps.
///
/// Table 1 has five models and three algorithms, one run each; the curves fewer models. What is not finite or not given
/// is absent.
struct PaperEvidence {
  /// GA, NPO or SimNPO.
  let algorithm: String

  /// The curves of the label by model: Figures 1 and 3, and Figure 5's means for models that those lack.
  var label: [ClaimStatistics.Reading] {
    let series = ["fig1", "fig3", "fig5"].flatMap { PaperCurves.all[$0] }.filter { $0.algorithm == algorithm }
    return readings(series.filter { $0.metric == "unlearn_label" })
  }

  /// The curves of the label by model at another schedule (Figure 8) or another learning rate (Figure 6).
  /// - Parameters:
  ///   - schedule: As configurations call it; nil for the figure of learning rates.
  ///   - learningRate: As a multiple of the paper's usual one, 1e-5; nil for the figure of schedules.
  func label(schedule: String?, learningRate: Double?) -> [ClaimStatistics.Reading] {
    readings(
      PaperCurves.all[learningRate == nil ? "fig8" : "fig6"].filter { series in
        guard series.algorithm == algorithm, series.metric == "unlearn_label" else { return false }
        guard let learningRate else { return series.schedule == schedule }
        return series.learningRate.map { abs($0 / 1e-5 / learningRate - 1) < 1e-9 } == true
      })
  }

  /// Table 1's numbers by model and position.
  func table(_ metric: String) -> [[Double]] {
    PaperCurves.all["table1"].filter { $0.algorithm == algorithm && $0.metric == metric }.map(\.values)
  }

  /// The log ratio of the widths of Figure 5's intervals over four seeds, mean over positions.
  /// - Parameter share: The early step is the last one over this, rounded up.
  func logWidthRatio(share: Int) -> Double {
    let ratios = PaperCurves.all["fig5_unlearn_label"].filter { $0.algorithm == algorithm }.map { series -> Double in
      guard let ends = PaperCurves.all.interval(of: series) else { return .nan }
      let last = series.values.count - 1
      let widths = [(last + share - 1) / share, last].map { ends.high[$0] - ends.low[$0] }
      return log(widths[1] / widths[0])
    }
    return ratios.reduce(0, +) / Double(ratios.count)
  }

  /// Curves by model and position, of the models that have all four positions in one figure.
  private func readings(_ series: [PaperCurves.Series]) -> [ClaimStatistics.Reading] {
    var (known, readings) = (Set<String>(), [ClaimStatistics.Reading]())
    for one in series where !known.contains(one.model) {
      let own = series.filter { $0.model == one.model && $0.figure == one.figure }
      let paths = (1...4).compactMap { p in own.first { $0.position == p }?.values }
      guard paths.count == 4, Set(paths.map(\.count)).count == 1 else { continue }
      known.insert(one.model)
      readings.append(paths)
    }
    return readings
  }
}
