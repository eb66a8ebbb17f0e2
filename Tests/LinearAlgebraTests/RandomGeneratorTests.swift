import Core
import Foundation
import LinearAlgebra
import PropertyTesting
import Testing

/// One row of streamReferences: the child reached from the seed along `path`, its first words, and the word 1000 later.
struct StreamReference: Sendable {
  let seed: UInt64
  let path: [UInt64]
  let words: [UInt64]
  let late: UInt64

  init(_ seed: UInt64, _ path: [UInt64], _ words: [UInt64], _ late: UInt64) {
    (self.seed, self.path, self.words, self.late) = (seed, path, words, late)
  }

  var generator: RandomGenerator { path.reduce(RandomGenerator(seed: seed)) { $0.child($1) } }
}

/// The probability with which each of the statistical tests here would fail for a perfect generator. Seeds are fixed,
/// so a test that passes once passes always.
private let falseAlarm = 1e-9

/// The greatest distance of an empirical distribution function from `distribution`.
private func kolmogorovDistance(_ sample: [Double], _ distribution: (Double) -> Double) -> Double {
  let count = Double(sample.count)
  return sample.sorted().enumerated().reduce(0) { worst, next in
    let probability = distribution(next.element)
    return max(worst, probability - Double(next.offset) / count, Double(next.offset + 1) / count - probability)
  }
}

/// The Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant: P(distance > e) <= 2 exp(-2 n e^2). Hoeffding's
/// bound for the mean of numbers in (0, 1) is the same.
private func kolmogorovBound(_ count: Int) -> Double { (log(2 / falseAlarm) / (2 * Double(count))).squareRoot() }

/// Laurent and Massart: |chi^2_n / n - 1| exceeds this with probability 2 exp(-x) at most.
private func chiSquareBound(_ count: Int) -> Double {
  let x = log(2 / falseAlarm)
  return 2 * (x / Double(count)).squareRoot() + 2 * x / Double(count)
}

private let sampleSize = 100_000
private let seeds: [UInt64] = [1, 20_251_016, 1 << 63, .max]

private func draws(_ generator: RandomGenerator, _ count: Int) -> [UInt64] {
  var generator = generator
  return (0..<count).map { _ in generator.next() }
}

@Suite("RandomGenerator")
struct RandomGeneratorTests {
  @Test(arguments: streamReferences)
  func `the stream is taus88 with the documented state`(reference: StreamReference) {
    var generator = reference.generator
    #expect((0..<4).map { _ in generator.next() } == reference.words)
    for _ in 0..<999 { _ = generator.next() }
    #expect(generator.next() == reference.late)
  }

  @Test(arguments: streamReferences)
  func `uniform draws are single words of 32 bits over 2^32, zeros skipped`(reference: StreamReference) {
    var generator = reference.generator
    for word in reference.words {
      for half in [word >> 32, word & 0xFFFF_FFFF] where half != 0 {
        #expect(generator.uniform() == Double(half) / 4_294_967_296)
      }
    }
  }

  /// GSL 2.7's ziggurat, as it drew these: not an independent computation, but a change of algorithm shows.
  @Test func `normal draws as recorded`() {
    var generator = RandomGenerator(seed: 20_251_016)
    let recorded = [
      -1.7335808269285715, -1.0615099812985016, -0.013566110999666127, -0.4225046603498995, -0.03437615281367795,
      -0.49890692771824313,
    ]
    #expect((0..<6).map { _ in generator.normal() } == recorded)
  }

  @Test func `children do not depend on what was drawn, and differ`() {
    let indices = zip(Gen<Int>.int(in: 0...1_000_000), Gen<Int>.int(in: 0...40), Gen<Int>.int(in: 0...100_000))
    checkProperty("children", indices) { seed, drawn, index in
      let fresh = RandomGenerator(seed: UInt64(seed))
      var used = fresh
      for _ in 0..<drawn { _ = used.normal() }
      try ensure(draws(used.child(UInt64(index)), 3) == draws(fresh.child(UInt64(index)), 3), "depends on draws")
      let child = draws(fresh.child(UInt64(index)), 3)
      try ensure(child != draws(fresh.child(UInt64(index) + 1), 3), "neighbours agree")
      try ensure(child != draws(fresh, 3), "child is parent")
      try ensure(child != draws(RandomGenerator(seed: UInt64(seed) + 1).child(UInt64(index)), 3), "seeds agree")
      try ensure(child != draws(fresh.child(UInt64(index)).child(UInt64(index)), 3), "grandchild is child")
    }
  }

  @Test func `100 000 streams start differently`() {
    // 64-bit words: by chance two of 10^5 agree with probability 3e-10.
    let root = RandomGenerator(seed: 3)
    #expect(Set((0..<50_000).map { draws(root.child($0), 1)[0] }).count == 50_000)
    #expect(Set((0..<50_000).map { draws(RandomGenerator(seed: $0), 1)[0] }).count == 50_000)
  }

  @Test func `seeds near the largest and their children share no stream`() {
    // By chance two of these 64-bit words agree with probability 2e-15.
    let seeds = (0..<8).flatMap { [$0, .max - $0] as [UInt64] }
    let generators = seeds.flatMap { seed in
      let root = RandomGenerator(seed: seed)
      return [root] + (0..<16).map { root.child($0) }
    }
    #expect(Set(generators.map { draws($0, 1)[0] }).count == generators.count)
  }

  @Test func `a copy goes its own way`() {
    var first = RandomGenerator(seed: 8)
    var copy = first
    _ = copy.next()
    let second = copy.next()
    _ = first.next()
    #expect(first.next() == second)
  }

  @Test func `filling is drawing one at a time`() {
    let calls = zip(Gen<Int>.int(in: 0...1_000_000), Gen<Int>.int(in: 0...50), .double(in: -9...0), .double(in: 1...9))
    checkProperty("fill", calls) { seed, count, low, high in
      var (filled, single) = (RandomGenerator(seed: UInt64(seed)), RandomGenerator(seed: UInt64(seed)))
      let normals = filled.normalVector(count)
      try ensure(sameBits(normals.elements, (0..<count).map { _ in single.normal() }), "normal")
      let again = Matrix(rows: count, columns: 1) { filled.fillNormal($0) }
      try ensure(sameBits(again.elements, (0..<count).map { _ in single.normal() }), "normal, again")
      let uniform = Matrix(rows: count, columns: 1) { filled.fillUniform($0, low: low, high: high) }
      let expected = (0..<count).map { _ in low + (high - low) * single.uniform() }
      for (one, other) in zip(uniform.elements, expected) {
        // One rounding apart where the processor fuses the product and the sum.
        try ensure(abs(one - other) <= 2 * roundoff * (abs(low) + high), "uniform")
        try ensure(low < one && one < high, "outside (low, high)")
      }
      try ensure(filled.next() == single.next(), "the two left in different states")
    }
  }

  @Test func `random matrices: column j is child j, for any number of workers`() {
    let root = RandomGenerator(seed: 5)
    for (rows, columns) in [(0, 3), (3, 0), (4, 3), (3000, 400)] {
      let matrix = Matrix(rows: rows, columns: columns, random: root) { $0.fillNormal($1) }
      for column in 0..<min(columns, 5) {
        var stream = root.child(UInt64(column))
        #expect(matrix.column(column) == stream.normalVector(rows))
      }
      for workers in [2, 4] {
        let other = Matrix(rows: rows, columns: columns, random: root, workers: Workers(count: workers)) {
          $0.fillNormal($1)
        }
        #expect(sameBits(other.elements, matrix.elements))
      }
    }
  }

  @Test(arguments: seeds)
  func `uniform draws are uniform`(seed: UInt64) {
    var generator = RandomGenerator(seed: seed)
    let sample = (0..<sampleSize).map { _ in generator.uniform() }
    #expect(sample.allSatisfy { $0 > 0 && $0 < 1 })
    // The grid of 2^-32 moves the distribution function by as much.
    #expect(kolmogorovDistance(sample) { $0 } <= kolmogorovBound(sampleSize) + 0x1p-32)
    #expect(abs(sample.reduce(0, +) / Double(sampleSize) - 0.5) <= kolmogorovBound(sampleSize))
    let squares = sample.reduce(0) { $0 + $1 * $1 } / Double(sampleSize)
    #expect(abs(squares - 1.0 / 3) <= kolmogorovBound(sampleSize))
    // Products of neighbours, two by two independent, have mean 1/4.
    let products = stride(from: 0, to: sampleSize, by: 2).reduce(0) { $0 + sample[$1] * sample[$1 + 1] }
    #expect(abs(products / Double(sampleSize / 2) - 0.25) <= kolmogorovBound(sampleSize / 2))
  }

  @Test(arguments: seeds)
  func `normal draws are normal`(seed: UInt64) {
    var generator = RandomGenerator(seed: seed)
    let (sample, count) = (generator.normalVector(sampleSize).elements, Double(sampleSize))
    #expect(kolmogorovDistance(sample) { erfc(-$0 / 2.0.squareRoot()) / 2 } <= kolmogorovBound(sampleSize))
    // The mean is exactly normal: P(|Z| > 6.2) is 6e-10.
    #expect(abs(sample.reduce(0, +) / count) <= 6.2 / count.squareRoot())
    #expect(abs(sample.reduce(0) { $0 + $1 * $1 } / count - 1) <= chiSquareBound(sampleSize))
    // x y = ((x + y)^2 - (x - y)^2) / 4: half a difference of two chi-squares.
    let neighbours = stride(from: 0, to: sampleSize, by: 2).reduce(0) { $0 + sample[$1] * sample[$1 + 1] }
    #expect(abs(neighbours / (count / 2)) <= chiSquareBound(sampleSize / 2))
    let tails = sample.map(abs).max() ?? 0
    // P(max > 7.8) <= 10^5 * 6.2e-15; P(max < 3.5) = (1 - 4.65e-4)^100000 < 1e-20.
    #expect(tails < 7.8 && tails > 3.5)
  }

  @Test(arguments: seeds)
  func `streams of neighbouring children and seeds are uncorrelated`(seed: UInt64) {
    let root = RandomGenerator(seed: seed)
    var streams = [root, root.child(0), root.child(1), RandomGenerator(seed: seed &+ 1)]
    let samples = streams.indices.map { streams[$0].normalVector(sampleSize) }
    for one in samples.indices {
      for other in 0..<one {
        #expect(abs(samples[one].dot(samples[other])) / Double(sampleSize) <= chiSquareBound(sampleSize))
      }
    }
  }

  @Test func `every bit of next() is fair`() {
    var counts = [Int](repeating: 0, count: 64)
    for word in draws(RandomGenerator(seed: 11), sampleSize) {
      for bit in 0..<64 { counts[bit] += Int(word >> UInt64(bit) & 1) }
    }
    // Hoeffding for each of 64 bits.
    let bound = (log(2 * 64 / falseAlarm) / (2 * Double(sampleSize))).squareRoot()
    for count in counts { #expect(abs(Double(count) / Double(sampleSize) - 0.5) <= bound) }
  }

  @Test func `serves the standard library`() {
    var generator = RandomGenerator(seed: 21)
    let dice = (0..<60_000).map { _ in Int.random(in: 1...6, using: &generator) }
    #expect(dice.allSatisfy { (1...6).contains($0) })
    for face in 1...6 {
      let share = Double(dice.count { $0 == face }) / 60_000
      #expect(abs(share - 1.0 / 6) <= kolmogorovBound(60_000))
    }
    #expect((0..<10).shuffled(using: &generator).sorted() == Array(0..<10))
    var (one, two) = (RandomGenerator(seed: 4), RandomGenerator(seed: 4))
    #expect(Int.random(in: .min ... .max, using: &one) == Int.random(in: .min ... .max, using: &two))
  }

  @Test(arguments: seeds)
  func `integers below a limit are uniform, and permutations are permutations, all alike`(seed: UInt64) {
    var generator = RandomGenerator(seed: seed)
    // Of the 2^64 words, 2^62 are too many for this limit: were they not drawn again, every other number would be a
    // multiple of 3.
    let limit = UInt64(3) << 62
    let multiples = (0..<60_000).count { _ in
      let number = generator.integer(below: limit)
      #expect(number < limit)
      return number.isMultiple(of: 3)
    }
    #expect(abs(Double(multiples) / 60_000 - 1.0 / 3) <= kolmogorovBound(60_000))
    #expect((0..<100).allSatisfy { _ in generator.integer(below: 1) == 0 })

    var counts: [[Int]: Int] = [:]
    for _ in 0..<60_000 { counts[generator.permutation(of: 3), default: 0] += 1 }
    #expect(counts.count == 6 && counts.keys.allSatisfy { $0.sorted() == [0, 1, 2] })
    for count in counts.values { #expect(abs(Double(count) / 60_000 - 1.0 / 6) <= kolmogorovBound(60_000)) }
    #expect(generator.permutation(of: 0) == [] && generator.permutation(of: 1) == [0])
  }
}
