import Core
import LinearAlgebra
import PropertyTesting
import Synchronization
import Testing

private struct Failure: Error, Equatable { let index: Int }

@Suite("Workers")
struct WorkersTests {
  @Test func `counts below 1 mean 1`() {
    #expect(Workers(count: 0).count == 1)
    #expect(Workers(count: -5).count == 1)
    #expect(Workers(count: 3).count == 3)
    #expect(Workers.one.count == 1)
    #expect(Workers.all.count >= 1)
  }

  @Test func `forEach runs every index once; map keeps the order`() {
    checkProperty("forEach", zip(Gen<Int>.int(in: -1...9), Gen<Int>.int(in: 0...200))) { count, iterations in
      let workers = Workers(count: count)
      let calls = Mutex([Int](repeating: 0, count: iterations))
      workers.forEach(iterations) { index in calls.withLock { $0[index] += 1 } }
      try ensure(calls.withLock { $0 } == [Int](repeating: 1, count: iterations), "an index ran not once")
      try ensure(try workers.map(iterations) { $0 * $0 } == (0..<iterations).map { $0 * $0 }, "map lost its order")
      let optional = try workers.map(iterations) { $0.isMultiple(of: 3) ? nil : $0 }
      try ensure(optional == (0..<iterations).map { $0.isMultiple(of: 3) ? nil : $0 }, "map dropped a nil")
    }
  }

  @Test(arguments: [1, 4])
  func `stream gives the results in order, and holds no more of them than it may`(count: Int) throws {
    let made = Atomic<Int>(0)
    var received: [Int] = []
    try Workers(count: count).stream(103, held: 10) { index in
      made.wrappingAdd(1, ordering: .relaxed)
      return index
    } to: { index in
      received.append(index)
      #expect(made.load(ordering: .relaxed) < received.count + 10)
    }
    #expect(received == Array(0..<103))
    try Workers(count: count).stream(0, held: 10, { $0 }, to: { _ in Issue.record("there is nothing to receive") })
    let failure = try #require(throws: Failure.self) {
      try Workers(count: count).stream(103, held: 10) {
        if $0 >= 37 { throw Failure(index: $0) }
      } to: { _ in
      }
    }
    #expect(failure.index == 37)
  }

  @Test func `map throws the error of the smallest index that failed`() {
    let failing = Gen<Int>.int(in: 0...60).array(count: 1...6)
    checkProperty("errors of map", zip(Gen<Int>.int(in: 1...6), failing)) { count, failing in
      do {
        _ = try Workers(count: count).map(61) { index in
          if failing.contains(index) { throw Failure(index: index) }
          return index
        }
        try ensure(false, "no error")
      } catch let error as Failure {
        try ensure(error.index == failing.min(), "index \(error.index)")
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `several workers do work side by side`() {
    // Two jobs that wait for each other end only when two threads run them.
    let arrived = Atomic<Int>(0)
    Workers(count: 2).forEach(2) { _ in
      arrived.add(1, ordering: .sequentiallyConsistent)
      while arrived.load(ordering: .sequentiallyConsistent) < 2 {}
    }
    #expect(arrived.load(ordering: .relaxed) == 2)
  }

  @Test(arguments: [1, 2, 4])
  func `join returns both results and prefers the first error`(count: Int) throws {
    let workers = Workers(count: count)
    let (one, two) = try workers.join({ 1 }, { "two" })
    #expect(one == 1 && two == "two")
    #expect(throws: Failure(index: 1)) { _ = try workers.join({ throw Failure(index: 1) }, { 2 }) }
    #expect(throws: Failure(index: 2)) { _ = try workers.join({ 1 }, { throw Failure(index: 2) }) }
    #expect(throws: Failure(index: 1)) {
      _ = try workers.join({ () throws -> Int in throw Failure(index: 1) }, { throw Failure(index: 2) })
    }
  }

  @Test func `pools inside pools end`() throws {
    let sums = try Workers(count: 4).map(6) { outer in
      try Workers(count: 4).map(50) { outer * 100 + $0 }.reduce(0, +)
    }
    #expect(sums == (0..<6).map { outer in (0..<50).reduce(0) { $0 + outer * 100 + $1 } })
  }
}
