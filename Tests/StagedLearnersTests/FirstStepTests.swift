import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing

@Suite("The first step beyond a level")
struct FirstStepTests {
  private static let length = 3000

  /// A trajectory of up to 4 modes whose parts cancel in the beginning, so that d falls, rises and touches: with rates
  /// from far slower to far faster than the steps that are looked at.
  private func trajectory(_ seed: Int) -> AscentTrajectory {
    var generator = RandomGenerator(seed: UInt64(seed))
    let (k, m) = (1 + Int(generator.integer(below: 4)), 1 + Int(generator.integer(below: 3)))
    let spread = pow(10, -4 * generator.uniform())
    let growth = (0..<k).map { _ in pow(10, -3.5 + 3 * spread * generator.uniform()) }
    let directions = Matrix(rows: m, columns: k, elements: generator.normalVector(m * k).elements)
    let amplitudes = generator.normalVector(k)
    // e(0) = -sum (x_j - 1) a_j F_j with x_j > 1 for most modes: there e(t) passes near 0.
    let turn = Vector((0..<k).map { _ in pow(10, 2 * generator.uniform()) - 2 })
    var initial = generator.uniform() * generator.normalVector(m)
    initial.add(-1, directions.times(Vector(zip(amplitudes.elements, turn.elements).map(*))))
    return AscentTrajectory(initial: initial, directions: directions, amplitudes: amplitudes, growth: growth)
  }

  @Test func `It is that of a walk over every step, also where d is not monotone and the level is at its turns`() {
    var turns = 0
    checkProperty("first step", count: 2000, Gen.int(in: 0...10_000_000)) { seed in
      let run = trajectory(seed)
      let distances = run.logDistances(at: 0...Self.length)
      // Levels next to every turn, where a search that takes d for monotone or looks too coarsely goes wrong.
      let rises = zip(distances, distances.dropFirst()).map { $0 < $1 }
      let inner = zip(rises, rises.dropFirst()).enumerated().filter { $1.0 != $1.1 }.map { $0.offset + 1 }
      turns += inner.isEmpty ? 0 : 1
      var levels = [distances[0] + 1, distances[Self.length] - 1e-9]
      for step in [0, 700, 2500] { levels.append(distances[step] - 1e-9) }
      for step in inner { levels += [distances[step] - 1e-3, distances[step] - 1e-9, distances[step] + 1e-9] }
      for level in levels {
        let expected = distances.firstIndex { $0 > level }
        let found = run.firstStep(beyond: level, through: Self.length)
        try ensure(found == expected, "level \(level): step \(found ?? -1), not \(expected ?? -1)")
      }
    }
    #expect(turns > 300)
  }

  @Test func `A single mode of rate 10^-12 crosses where its logarithm says, after 10^12 steps`() {
    // e(t) = (1 + lambda)^t - 2, which is -1 at 0 and beyond 3/2 from log(7/2) / log(1 + lambda) on; found with mpmath.
    let run = AscentTrajectory(
      initial: Vector([-1]), directions: Matrix(rows: [[1]]), amplitudes: Vector([1]), growth: [1e-12])
    #expect(run.firstStep(beyond: 2 * log(1.5), through: 1 << 53) == 1_252_762_968_496)
    #expect(run.firstStep(beyond: 2 * log(1.5), through: 1_252_762_968_496 - 1) == nil)
    #expect(run.firstStep(beyond: 2 * log(0.999), through: 1 << 53) == 0)
  }

  @Test func `A hump of 10^8 steps is found or passed over by a millionth of its height`() throws {
    // With x = (1 + lambda)^t: e = x - x^2 / 8, whose top is 2 at x = 4, and which is beyond -2 from x = 4 + sqrt(32)
    // on.
    let lambda = 1e-9
    let run = AscentTrajectory(
      initial: Vector([1 - 0.125]), directions: Matrix(rows: [[1, -0.125]]), amplitudes: Vector([1, 1]),
      growth: [lambda, lambda * (2 + lambda)])
    func step(_ x: Double) -> Double { log(x) / log1p(lambda) }
    let below = try #require(run.firstStep(beyond: 2 * log(2 * (1 - 1e-6)), through: 1 << 53))
    // e is off by some eps, x by that over e'(x) = 1 - x / 4 = 10^-3, and t by that over lambda: a step or so.
    #expect(abs(Double(below) - step(4 - 16e-6.squareRoot())) <= 16)
    let above = try #require(run.firstStep(beyond: 2 * log(2 * (1 + 1e-6)), through: 1 << 53))
    // 2 (1 + h) = x^2 / 8 - x at x = 4 + sqrt(32 + 16 h).
    #expect(abs(Double(above) - step(4 + (32 + 16e-6).squareRoot())) <= 16)
  }

  @Test func `What never moves, or never gets there, ends too`() {
    let still = AscentTrajectory(
      initial: Vector([2]), directions: Matrix(rows: [[1]]), amplitudes: Vector([0]), growth: [1])
    #expect(still.firstStep(beyond: log(4), through: 1 << 53) == nil)
    #expect(still.firstStep(beyond: log(3.9), through: 1 << 53) == 0)
    #expect(still.firstStep(beyond: log(3.9), through: 0) == 0 && still.firstStep(beyond: 2, through: 0) == nil)
    let slow = AscentTrajectory(
      initial: Vector([2, 1]), directions: Matrix(rows: [[1], [0]]), amplitudes: Vector([1]), growth: [1e-33])
    // 2^53 steps of this rate move e(t) by less than its rounding.
    #expect(slow.firstStep(beyond: log(2.5), through: 1 << 53) == nil)
    let tiny = AscentTrajectory(
      initial: Vector([1e-200]), directions: Matrix(rows: [[1e-170]]), amplitudes: Vector([1e-170]), growth: [0.5])
    #expect(tiny.firstStep(beyond: 300, through: 1 << 53) == 2_301)
  }
}
