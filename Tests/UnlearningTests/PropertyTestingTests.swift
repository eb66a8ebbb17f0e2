import PropertyTesting
import Testing

@Suite("Property tester")
struct PropertyTestingTests {
  private struct Refused: Error, Equatable { let value: Int }

  @Test func `A true property has no counterexample`() {
    #expect(findCounterexample(.int(in: -50...50)) { abs($0) <= 50 } == nil)
  }

  @Test(arguments: [1, 2, 3, 999, 1000, 65_536])
  func `A bound on integers shrinks to the bound`(_ bound: Int) throws {
    let wide = Gen.int(in: -1_000_000...1_000_000)
    #expect(try #require(findCounterexample(wide) { $0 < bound }).shrunk == bound)
    #expect(try #require(findCounterexample(wide) { $0 > -bound }).shrunk == -bound)
    let positive = Gen.int(in: 1...1_000_000)
    #expect(try #require(findCounterexample(positive) { $0 < bound }).shrunk == bound)
  }

  @Test(arguments: [-1000, 0])
  func `A bound on a sum shrinks to one element`(_ least: Int) throws {
    let lists = Gen.int(in: least...1000).array(count: 0...50)
    let failure = try #require(findCounterexample(lists) { $0.reduce(0, +) < 1000 })
    #expect(failure.shrunk == [1000])
    #expect(failure.original.reduce(0, +) >= 1000)
  }

  @Test func `The shortest unsorted list`() throws {
    let lists = Gen.int(in: 0...100).array(count: 0...30)
    #expect(try #require(findCounterexample(lists) { $0 == $0.sorted() }).shrunk == [1, 0])
  }

  @Test func `Shrinking passes through map and flatMap`() throws {
    let nested = Gen.int(in: 0...1000).flatMap { top in Gen.int(in: 0...top).map { (top, $0) } }
    let failure = try #require(findCounterexample(nested) { top, part in part < 10 })
    #expect(failure.shrunk == (10, 10))

    let matrices = Gen.int(in: 1...6).flatMap { Gen.bool.array(count: $0).array(count: 0...6) }
    let true1x1 = try #require(findCounterexample(matrices) { !$0.joined().contains(true) })
    #expect(true1x1.shrunk == [[true]])
  }

  @Test func `Doubles, strings, choices and permutations shrink to simple values`() throws {
    #expect(try #require(findCounterexample(.logUniform(in: 1e-9...1e9)) { $0 < 3 }).shrunk == 4)
    #expect(try #require(findCounterexample(.logUniform(in: 1e-9...1e9)) { _ in false }).shrunk == 1)
    #expect(try #require(findCounterexample(.double(in: -8...8)) { _ in false }).shrunk == 0)
    #expect(try #require(findCounterexample(.double(in: -8...8)) { $0 < 2 }).shrunk == 2)
    #expect(try #require(findCounterexample(.string(count: 0...20)) { !$0.contains("q") }).shrunk == "q")
    #expect(try #require(findCounterexample(.choice(of: ["a", "b", "c"])) { $0 == "a" }).shrunk == "b")
    #expect(try #require(findCounterexample(.oneOf([.constant(1), .int(in: 5...9)])) { $0 < 5 }).shrunk == 5)
    #expect(try #require(findCounterexample(.shuffled([1, 2, 3])) { $0[2] == 3 }).shrunk == [1, 3, 2])
  }

  @Test func `The error reported is that of the shrunk value`() throws {
    let failure = try #require(
      findCounterexample(seed: 7, .int(in: 0...5000)) { value in
        if value >= 100 { throw Refused(value: value) }
        return true
      })
    #expect(failure.error as? Refused == Refused(value: 100))
    #expect(
      failure.description == """
        seed 7, case \(failure.caseNumber)
          original: \(failure.original)
          shrunk:   100
          error:    Refused(value: 100)
          replay:   PALIMPSEST_PROPERTY_SEED=7 PALIMPSEST_PROPERTY_COUNT=\(failure.caseNumber)
        """)
    #expect(try #require(findCounterexample(.bool) { !$0 }).error == nil)
  }

  @Test func `The same seed gives the same cases, and the count alone decides how many`() {
    let values = zip(.int(in: -100...100), .double(in: 0...1), .string(count: 0...5)).map { "\($0) \($1) \($2)" }
    #expect(cases(values, count: 100, seed: 1) == cases(values, count: 100, seed: 1))
    #expect(cases(values, count: 30, seed: 1) == Array(cases(values, count: 100, seed: 1).prefix(30)))
    #expect(cases(values, count: 100, seed: 1) != cases(values, count: 100, seed: 2))
  }

  /// Computed apart, by a few lines of Python for SplitMix64, its upper-half product and the sixteenth of ends.
  @Test func `The default seed's cases do not change from one release to the next`() {
    #expect(cases(Gen.int(in: 0...999), count: 8, seed: defaultPropertySeed) == [678, 64, 725, 615, 48, 220, 706, 286])
  }

  @Test func `Ranges are respected and reached to their ends`() {
    for range in [-3...10, -10...3, 5...9, -9 ... -5, 0...0] {
      let drawn = cases(.int(in: range), count: 500, seed: 3)
      #expect(drawn.allSatisfy(range.contains) && Set(drawn).count == range.count)
    }
    for range in [Int.min...Int.max, Int.min...0, 0...Int.max, Int.min...(-5), 5...Int.max, -5...Int.max] {
      let drawn = cases(.int(in: range), count: 500, seed: 3)
      #expect(drawn.allSatisfy(range.contains) && Set(drawn).count > 400)
      #expect(drawn.contains(range.lowerBound) || drawn.contains(range.upperBound))
    }
    let doubles = cases(.double(in: -1...3), count: 500, seed: 3)
    #expect(doubles.allSatisfy { (-1...3).contains($0) } && doubles.contains { $0 < -0.5 } && doubles.contains(3))
    let tiny = cases(.logUniform(in: 1e-300...1e-200), count: 200, seed: 3)
    #expect(tiny.allSatisfy { (1e-300...1e-200).contains($0) } && Set(tiny).count > 150)
    #expect(Set(cases(Gen.bool.array(count: 2...5).map(\.count), count: 100, seed: 3)) == [2, 3, 4, 5])
  }

  @Test func `A failing check is recorded as an issue that says how to see it again`() {
    withKnownIssue {
      checkProperty("all below 10", .int(in: 0...100)) { $0 < 10 }
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      return text.contains("Property \"all below 10\" fails") && text.contains("shrunk:   10\n")
        && text.contains("PALIMPSEST_PROPERTY_SEED=") && issue.sourceLocation?.fileName == "PropertyTestingTests.swift"
    }
    withKnownIssue {
      checkProperty("never", .constant(1)) { _ in try ensure(false, "no reason") }
    } matching: { issue in
      issue.comments.contains { $0.rawValue.contains("error:    no reason") }
    }
  }

  /// The values a passing check sees.
  private func cases<Value>(_ generator: Gen<Value>, count: Int, seed: UInt64) -> [Value] {
    var seen: [Value] = []
    _ = findCounterexample(count: count, seed: seed, generator) { value in
      seen.append(value)
      return true
    }
    return seen
  }
}
