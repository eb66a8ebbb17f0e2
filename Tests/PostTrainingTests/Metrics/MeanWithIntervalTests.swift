import PostTraining
import PropertyTesting
import Testing

@Suite("Mean and interval over seeds")
struct MeanWithIntervalTests {
  @Test func `Student's interval, as SciPy has it`() throws {
    let found = try MeanWithInterval(MetricReference.seeds)
    #expect(agrees(found.mean, MetricReference.interval[0], roundings: 8))
    // GSL's quantile and SciPy's are good to 1e-14, and SciPy's width is a difference of numbers four times as large.
    #expect(abs(try #require(found.halfWidth) - MetricReference.interval[1]) < 1e-13)
    #expect(found.count == 4)
  }

  @Test func `An interval scales and moves with the numbers`() {
    let values = Gen.int(in: -1000...1000).map(Double.init).array(count: 2...8)
    checkProperty("interval", values) { values in
      let found = try MeanWithInterval(values)
      let moved = try MeanWithInterval(values.map { 8 - 4 * $0 })
      guard let width = found.halfWidth, let movedWidth = moved.halfWidth else { return false }
      return agrees(moved.mean, 8 - 4 * found.mean, roundings: 16, scale: 4000)
        && agrees(movedWidth, 4 * width, roundings: 64, scale: 4000)
    }
  }

  @Test func `One seed has no interval, none no mean`() throws {
    #expect(try MeanWithInterval([3]).mean == 3)
    #expect(try MeanWithInterval([3]).halfWidth == nil)
    #expect(throws: MetricError.empty("seeds")) { try MeanWithInterval([]) }
    #expect(throws: MetricError.notFinite("value of the seed", index: 1, .infinity)) {
      try MeanWithInterval([1, .infinity])
    }
    #expect(throws: MetricError.self) { try MeanWithInterval([.nan, 1]) }
  }
}
