/// One of the six orders of the paper's study of superficial and deep forgetting (Section 4.3, Figure 4).
struct PaperOrder {
  /// The paper's number: 3 for theta_3.
  let number: Int
  /// The order as a path is written.
  let path: String
  /// The curves of the answers C, R and U, by epoch.
  let readings: [PaperCurves.Series]

  /// Whether the paper calls this order's forgetting deep: theta_3 and theta_4.
  var isDeep: Bool { number == 3 || number == 4 }

  /// The six orders.
  static let all: [PaperOrder] = {
    let settings = PaperCurves.all["fig4"].map(\.setting)
    let distinct = settings.enumerated().filter { settings.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    return distinct.enumerated().map { index, setting in
      PaperOrder(
        number: index + 1,
        path: (setting.split(separator: " ").last ?? "").split { "->".contains($0) }.joined(separator: ">"),
        readings: PaperCurves.all["fig4"].filter { $0.setting == setting })
    }
  }()

  /// The last reading of an answer.
  func last(_ answer: String) -> Double? { readings.first { $0.series == answer }?.values.last }
}
