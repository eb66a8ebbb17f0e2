import FileFormats

/// The numbers of Yu, He, Goyal and Arora, "On the Impossibility of Retrain Equivalence in Machine Unlearning"
/// (arXiv 2510.16629, 2025): the curves of Figures 1 and 3 to 8 as read off its vector graphics, and Tables 1 and 2.
///
/// The readings are exact to 1e-3, those of Figure 3 to 0.05; point 0 is before unlearning. They are kept in
/// ``readings``, one line a series.
///
/// A point is very probably not one optimizer step but two: the authors' published example logs every second step, and
/// 18 points of two steps of 128 examples are 4,608, about the forget set. So points are set beside steps by the share
/// of the epoch that both have gone through (``Series/epoch(ofPoint:)``). This is inferred, not said in the paper.
struct PaperCurves {
  /// One curve of a figure, or one row of a table.
  struct Series {
    /// Where it stands: `fig1` to `fig8`, `table1` or `table2`.
    let figure: String
    /// The model as the figure calls it.
    let shownModel: String
    /// What distinguishes the panel, such as `NPO lr=5e-5`; empty where nothing does.
    let setting: String
    /// What is measured.
    let metric: String
    /// What distinguishes the curve in its panel, such as `p=1`.
    let series: String
    /// `value`, or in Figure 5 `mean`, `ci_low` or `ci_high`.
    let statistic: String
    /// By point; in Figure 4 by epoch, in Table 1 by position.
    let values: [Double]

    /// The model as Table 2 spells it.
    var model: String { Self.models[shownModel] ?? shownModel }

    /// The algorithm that the setting starts with.
    var algorithm: String { setting.split(separator: " ").first.map(String.init) ?? "" }

    /// The learning rate, where the setting names one.
    var learningRate: Double? {
      setting.split(separator: " ").first { $0.hasPrefix("lr=") }.flatMap { Double($0.dropFirst(3)) }
    }

    /// The schedule in the words of configurations, where the setting names one.
    var schedule: String? {
      let name = setting.split(separator: " ").dropFirst().first?.lowercased()
      return name == "wsd" || name == "cosine" ? name : nil
    }

    /// The position p of the forget stage, where the series is one of it.
    var position: Int? { series.hasPrefix("p=") ? Int(series.dropFirst(2)) : nil }

    /// The unlearning epochs gone through at a point of Figures 1, 3 and 5 to 8, which show one epoch: its last reading
    /// is the 18th, which the 19th, after training has ended, repeats in 124 of the 128 curves.
    static func epoch(ofPoint point: Int) -> Double { min(1, Double(point) / 18) }

    private static let models = [
      "Llama1B": "Llama3.2-1B", "Llama8B": "Llama3.1-8B", "Llama13B": "Llama2-13B", "Qwen1B": "Qwen2.5-1.5B",
      "Qwen14B": "Qwen2.5-14B", "Llama-3.2-3B": "Llama3.2-3B",
    ]
  }

  /// Everything.
  static let all = PaperCurves(parsing: Array(readings.utf8))

  /// The series in the order of the file.
  let series: [Series]

  /// The series of a text like ``readings``; a line that is none is left out, which the tests would notice.
  init(parsing bytes: [UInt8]) {
    series = ((try? CSV.parse(bytes)) ?? []).dropFirst().compactMap { fields in
      guard fields.count == 7 else { return nil }
      return Series(
        figure: fields[0], shownModel: fields[1], setting: fields[2], metric: fields[3], series: fields[4],
        statistic: fields[5], values: fields[6].split(separator: " ").compactMap { Double($0) })
    }
  }

  /// The series of a figure or table; of Figure 5 both panels' means.
  subscript(figure: String) -> [Series] {
    series.filter { $0.figure.hasPrefix(figure) && $0.statistic != "ci_low" && $0.statistic != "ci_high" }
  }

  /// The other ends of a series that has an interval.
  func interval(of one: Series) -> (low: [Double], high: [Double])? {
    func end(_ statistic: String) -> [Double]? {
      series.first {
        $0.statistic == statistic && $0.figure == one.figure && $0.setting == one.setting && $0.series == one.series
      }?.values
    }
    guard one.statistic == "mean", let low = end("ci_low"), let high = end("ci_high") else { return nil }
    return (low, high)
  }
}
