import Foundation
import LinearAlgebra
import Testing

@Suite("Running quantiles")
struct RunningQuantilesTests {
  private let probabilities = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]

  /// Values over twelve decades and both signs, an infinity among them.
  private func sample(_ count: Int) -> [Double] {
    var state: UInt64 = 1
    return (0..<count).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let unit = Double(state >> 11) * 0x1p-53
      return index == 7 ? -.infinity : (unit - 0.3) * [1e-6, 1, 1e6][index % 3]
    }
  }

  private func quantiles(_ values: some Sequence<Double>) -> [Double] {
    var quantiles = RunningQuantiles()
    for value in values { quantiles.add(value) }
    return quantiles.quantiles(at: probabilities)
  }

  @Test func `Few values have their exact quantiles, and none have none`() {
    for values in [sample(1), sample(1000), sample(RunningQuantiles.exactCount)] {
      #expect(quantiles(values) == SampleStatistics.quantiles(values, at: probabilities))
    }
    #expect(quantiles([]).allSatisfy { $0.isNaN })
  }

  @Test func `Many have them to within a unit of the last digit, the least and the greatest exactly, in any order`() {
    let values = sample(RunningQuantiles.exactCount + 50_001)
    let found = quantiles(values)
    let exact = SampleStatistics.quantiles(values, at: probabilities)
    #expect(found[0] == exact[0] && found[6] == exact[6])
    for (one, other) in zip(found, exact).dropFirst().dropLast() {
      // Rounding moves both neighbours by half a unit at the most, and so what lies between; then it is rounded itself.
      #expect(abs(one - other) <= abs(other) * 1e-3, "\(one), exactly \(other)")
      #expect(Double(String(format: "%.3e", one)) == one)
      #expect(one != other)
    }
    #expect(quantiles(values.reversed()) == found)
    #expect(quantiles(values.sorted()) == found)
  }
}
