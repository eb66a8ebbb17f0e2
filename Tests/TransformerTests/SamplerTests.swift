import Core
import Testing

@testable import Transformer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite("Sampler")
struct SamplerTests {
  func choose(_ sampler: Sampler, _ logits: [Float], _ random: inout RandomGenerator) -> Int32? {
    var (logits, scratch) = (logits, [Int32](repeating: 0, count: logits.count))
    return logits.withUnsafeMutableBufferPointer { logits in
      scratch.withUnsafeMutableBufferPointer { sampler.choose(logits, scratch: $0, random: &random) }
    }
  }

  func counts(_ sampler: Sampler, _ logits: [Float], draws: Int, seed: UInt64) -> [Int] {
    var random = RandomGenerator(seed: seed)
    var counts = [Int](repeating: 0, count: logits.count)
    for _ in 0..<draws {
      if let token = choose(sampler, logits, &random) { counts[Int(token)] += 1 }
    }
    return counts
  }

  static let logits: [Float] = [0.3, -1.2, 2.1, 0.3, -0.4, 1.7, 0.9, -2.5, 1.1, 0, -0.9, 1.3]

  /// The probabilities of tokens that may be chosen, 0 for others, written down from the definition.
  static func probabilities(temperature: Double, kept: (_ sorted: [Int], _ p: [Double]) -> [Int]) -> [Double] {
    let weights = logits.map { exp(Double($0) / temperature) }
    let total = weights.reduce(0, +)
    let p = weights.map { $0 / total }
    let kept = kept(p.indices.sorted { (-p[$0], $0) < (-p[$1], $1) }, p)
    let mass = kept.reduce(0) { $0 + p[$1] }
    return p.indices.map { kept.contains($0) ? p[$0] / mass : 0 }
  }

  /// Quantiles of chi-square at 1 - 1e-6, by degrees of freedom: a right sampler fails one seed in a million.
  static let quantiles = [2: 27.63, 3: 30.66, 4: 33.38, 11: 48.87]

  @Test(
    arguments: [
      (1.0, nil, nil, 11), (0.5, nil, nil, 11), (3.0, nil, nil, 11), (1.0, 4, nil, 3), (1.0, nil, 0.5, 2),
      (0.7, 5, 0.8, 2), (1.5, 5, 0.9, 4), (1.0, 12, 1.0, 11),
    ] as [(Double, Int?, Double?, Int)])
  func `tokens come as often as they should`(temperature: Double, topK: Int?, topP: Double?, freedom: Int) throws {
    let expected = Self.probabilities(temperature: temperature) { sorted, p in
      let first = Array(sorted.prefix(topK ?? sorted.count))
      let mass = first.reduce(0) { $0 + p[$1] }
      var (kept, sum) = ([Int](), 0.0)
      for token in first where sum < (topP ?? 1) * mass || kept.isEmpty {
        kept.append(token)
        sum += p[token]
      }
      return kept
    }
    #expect(expected.count { $0 > 0 } == freedom + 1)
    let sampler = try Sampler(temperature: temperature, topK: topK, topP: topP)
    let draws = 20_000
    let found = counts(sampler, Self.logits, draws: draws, seed: 5)
    var statistic = 0.0
    for (count, p) in zip(found, expected) {
      if p == 0 {
        #expect(count == 0)
      } else {
        let mean = p * Double(draws)
        statistic += (Double(count) - mean) * (Double(count) - mean) / mean
      }
    }
    #expect(statistic < (try #require(Self.quantiles[freedom])))
  }

  @Test func `greedy takes the greatest, of equal ones the first, and draws nothing`() throws {
    var random = RandomGenerator(seed: 1)
    var untouched = RandomGenerator(seed: 1)
    for count in [1, 5, 16, 17, 100, 257] {
      for best in 0..<count {
        var logits = [Float](repeating: -1, count: count)
        logits[best] = 2
        logits[count - 1] = 2
        #expect(choose(.greedy, logits, &random) == Int32(best))
      }
    }
    #expect(try Sampler(temperature: 0, topK: 3, topP: 0.1) != .greedy)
    #expect(choose(try Sampler(temperature: 0, topK: 3, topP: 0.1), Self.logits, &random) == 2)
    #expect(random.next() == untouched.next())
  }

  @Test func `top-k of 1 and top-p of 0 are greedy; the limits that keep all change no draw`() throws {
    #expect(counts(try Sampler(topK: 1), Self.logits, draws: 100, seed: 2)[2] == 100)
    #expect(counts(try Sampler(topP: 0), Self.logits, draws: 100, seed: 2)[2] == 100)
    #expect(counts(try Sampler(temperature: 1e-30), Self.logits, draws: 100, seed: 2)[2] == 100)
    let all = counts(try Sampler(), Self.logits, draws: 1000, seed: 3)
    #expect(counts(try Sampler(topK: 12), Self.logits, draws: 1000, seed: 3) == all)
    #expect(counts(try Sampler(topK: 99, topP: 1), Self.logits, draws: 1000, seed: 3) == all)
  }

  @Test
  func `tokens as likely as the k-th stay; top-p takes the smaller ids of equal ones, and the one that reaches p`()
    throws
  {
    let logits: [Float] = [1, 3, 1, 1, 0, 1]
    let kept = counts(try Sampler(temperature: 5, topK: 2), logits, draws: 2000, seed: 4)
    #expect(kept[4] == 0 && [0, 1, 2, 3, 5].allSatisfy { kept[$0] > 100 })
    let equal = [Float](repeating: 0.25, count: 8)
    #expect(counts(try Sampler(topP: 0.25), equal, draws: 500, seed: 4).map { $0 > 0 } == [true, true] + none(6))
    #expect(
      counts(try Sampler(topP: 0.26), equal, draws: 500, seed: 4).map { $0 > 0 } == [true, true, true] + none(5))
  }

  private func none(_ count: Int) -> [Bool] { Array(repeating: false, count: count) }

  @Test func `the heap gives all tokens in order`() {
    var random = RandomGenerator(seed: 6)
    for count in [1, 2, 3, 10, 63, 64, 200] {
      var weights = (0..<count).map { _ in Float(Int.random(in: 0..<max(2, count / 2), using: &random)) }
      var scratch = [Int32](repeating: 0, count: count)
      let expected = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
      let found = weights.withUnsafeMutableBufferPointer { weights in
        scratch.withUnsafeMutableBufferPointer { scratch -> [Int] in
          guard let base = weights.baseAddress else { return [] }
          var heap = LikelyTokens(weights: base, tokens: scratch, count: count)
          while heap.count > 0 { _ = heap.take() }
          return (0..<count).map { Int(heap.taken($0)) }
        }
      }
      #expect(found == expected)
    }
  }

  @Test func `logits that are no numbers give no token; minus infinity is never chosen`() throws {
    var random = RandomGenerator(seed: 7)
    for sampler in [Sampler.greedy, try Sampler(), try Sampler(topK: 2), try Sampler(topP: 0.5)] {
      for bad: Float in [.nan, .infinity] {
        for position in [0, 3, 20, 39] {
          var logits = [Float](repeating: 0, count: 40)
          logits[position] = bad
          #expect(choose(sampler, logits, &random) == nil)
        }
      }
      #expect(choose(sampler, [Float](repeating: -.infinity, count: 20), &random) == nil)
      var logits = [Float](repeating: -.infinity, count: 20)
      logits[13] = 1
      #expect(choose(sampler, logits, &random) == 13)
    }
  }

  @Test func `settings that make no sense are errors`() {
    #expect(throws: GenerationError.setting("temperature", -1)) { try Sampler(temperature: -1) }
    #expect(throws: GenerationError.setting("temperature", .infinity)) { try Sampler(temperature: .infinity) }
    #expect(throws: GenerationError.self) { try Sampler(temperature: .nan) }
    #expect(throws: GenerationError.setting("temperature", 1e-40)) { try Sampler(temperature: 1e-40) }
    #expect(throws: GenerationError.setting("top-k", 0)) { try Sampler(topK: 0) }
    #expect(throws: GenerationError.setting("top-p", 1.5)) { try Sampler(topP: 1.5) }
    #expect(throws: GenerationError.self) { try Sampler(topP: .nan) }
  }
}
