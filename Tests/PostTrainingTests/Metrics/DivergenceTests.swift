import Glibc
import PostTraining
import PropertyTesting
import Testing
import Unlearning

private typealias Reference = MetricReference

/// The log probabilities of logits, straight from the definition.
private func logSoftmax(_ logits: [Float]) -> [Double] {
  let normaliser = log(logits.reduce(0) { $0 + exp(Double($1)) })
  return logits.map { Double($0) - normaliser }
}

private func exact(_ one: [[Float]], _ other: [[Float]]) throws -> ConditionalDivergence {
  var divergence = VocabularyDivergence()
  for (a, b) in zip(one, other) { try divergence.add(a[...], b[...]) }
  return try divergence.mean()
}

/// Two models' logits over a vocabulary of 5, so small that the log probabilities are at least -16.
private let models = zip(Gen.double(in: -6...6), .double(in: -6...6)).map { (Float($0), Float($1)) }.array(count: 5)
  .map { pairs in (pairs.map(\.0), pairs.map(\.1)) }

@Suite("Divergences between models")
struct DivergenceTests {
  @Test func `Exact over the vocabulary, as PyTorch has it`() throws {
    let (one, other) = (Reference.logits[0], Reference.logits[1])
    // 7 terms of up to 250, and logarithms of sums of 7 exponentials.
    for (row, expected) in Reference.divergences.enumerated() {
      let found = try exact([one[row]], [other[row]])
      #expect(agrees([found.forward, found.backward], expected, roundings: 40, scale: row == 4 ? 250 : 10))
    }
    let found = try exact(one, other)
    #expect(agrees([found.forward, found.backward], Reference.divergence, roundings: 40, scale: 250))
    #expect(agrees(found.jeffreys, Reference.divergence.reduce(0, +) / 2, roundings: 40, scale: 250))
  }

  @Test func `Not negative, 0 only between equal distributions, symmetric as Jeffreys`() {
    checkProperty("exact divergence", models) { one, other in
      let there = try exact([one], [other])
      let back = try exact([other], [one])
      try ensure(there.forward >= 0 && there.backward >= 0, "negative")
      try ensure(there.forward == back.backward && there.jeffreys == back.jeffreys, "not symmetric")
      let same = try exact([one], [one])
      try ensure(same.forward == 0 && same.backward == 0, "not 0 to itself")
      // Halves are exact, and so is what they are added to as long as it stays small.
      let shifted = one.map { ($0 * 64).rounded() / 64 }
      let moved = try exact([shifted], [shifted.map { $0 + 0.5 }])
      // Each term is half the square of the difference of two log probabilities, rounded some times below 32.
      try ensure(moved.jeffreys <= 1e4 * .ulpOfOne * .ulpOfOne, "a common shift tells")
      let differ = zip(logSoftmax(one), logSoftmax(other)).contains { abs($0 - $1) > 1e-6 }
      return !differ || there.forward > 0 && there.backward > 0
    }
  }

  @Test func `Small divergences keep their digits`() throws {
    // By the series: with logits (0, 0) and (h, 0), KL is h^2 / 8 to a relative error of h^2.
    let h = Float(0x1p-20)
    let found = try exact([[0, 0]], [[h, 0]])
    let expected = Double(h) * Double(h) / 8
    // d is a difference of numbers near log 2, known to some of their ulps: relative to h, 2^20 times as much.
    #expect(abs(found.forward / expected - 1) < 8 * .ulpOfOne * 0x1p20)
    #expect(abs(found.backward / expected - 1) < 8 * .ulpOfOne * 0x1p20)
  }

  @Test func `Logits far apart neither overflow nor give NaN`() throws {
    let found = try exact([[3e5, 0, -3e5]], [[-3e5, 0, 3e5]])
    #expect(found.forward == 6e5 && found.backward == 6e5)
    #expect(try exact([[3e38, -3e38]], [[0, 0]]).forward == 0.69314718055994530942)
  }

  @Test func `Tokens weigh the same, in any order`() throws {
    let (one, other) = (Reference.logits[0], Reference.logits[1])
    let (found, reversed) = (try exact(one, other), try exact(one.reversed(), other.reversed()))
    #expect(agrees(found.forward, reversed.forward, roundings: 10, scale: 20))
    let twice = try exact(one + one, other + other)
    #expect(agrees(found.backward, twice.backward, roundings: 20, scale: 80))
  }

  @Test func `The estimate from true tokens, as the paper's script has it in PyTorch`() throws {
    for (alpha, expected) in zip(Reference.alphas, Reference.trueTokens) {
      let found = try ConditionalDivergence(
        trueTokens: Reference.tokens, Reference.otherTokens, controlVariate: alpha)
      // A mean of 49 numbers; the exponential of differences of up to 10 takes their roundings.
      #expect(
        agrees([found.forward, found.backward], expected, roundings: 120, scale: expected.map(abs).max() ?? 0))
    }
    let usual = try ConditionalDivergence(trueTokens: Reference.tokens, Reference.otherTokens)
    #expect(agrees([usual.forward, usual.backward], Reference.trueTokens[2], roundings: 120))
  }

  @Test func `On tokens the one model draws, the estimate's expectation is the exact divergence, for every alpha`() {
    checkProperty("expectation", zip(models, .choice(of: [0, 0.5, 1, 2]))) { models, alpha in
      let (logP, logQ) = (logSoftmax(models.0), logSoftmax(models.1))
      let exact = try exact([models.0], [models.1])
      func expectation(_ weights: [Double], _ estimate: (Int) throws -> Double) throws -> Double {
        try weights.indices.reduce(0) { $0 + exp(weights[$1]) * (try estimate($1)) }
      }
      let forward = try expectation(logP) {
        try ConditionalDivergence.klEstimate(of: [[logP[$0]]], from: [[logQ[$0]]], controlVariate: alpha)
      }
      let backward = try expectation(logQ) {
        try ConditionalDivergence.klEstimate(of: [[logQ[$0]]], from: [[logP[$0]]], controlVariate: alpha)
      }
      // Log probabilities down to -16 are good to 16 ulps, which weigh p + alpha q in their term; those add up to at
      // most 3, for estimate and exact value both, and the sums of 5 terms of up to 16 round as well.
      let tolerance = 512 * Double.ulpOfOne
      try ensure(abs(forward - exact.forward) <= tolerance, "\(forward) against \(exact.forward)")
      try ensure(abs(backward - exact.backward) <= tolerance, "\(backward) against \(exact.backward)")
      let together = ConditionalDivergence(forward: forward, backward: backward)
      return abs(together.jeffreys - exact.jeffreys) <= tolerance
    }
  }

  @Test
  func `On the same tokens for both directions, Jeffreys' is cosh(d) - 1, and half of chi-squared in expectation`() {
    checkProperty("chi-squared", models) { models in
      let (logP, logQ) = (logSoftmax(models.0), logSoftmax(models.1))
      var (expectation, chiSquared) = (0.0, -1.0)
      for (p, q) in zip(logP, logQ) {
        let found = try ConditionalDivergence(trueTokens: [[p]], [[q]])
        try ensure(found.forward >= 0 && found.backward >= 0, "k3 is negative")
        // Differences up to 16: their exponentials are good to 16 ulps.
        try ensure(agrees(found.jeffreys, cosh(p - q) - 1, roundings: 64, scale: cosh(p - q)), "not cosh(d) - 1")
        expectation += exp(p) * found.jeffreys
        chiSquared += exp(2 * p - q)
      }
      return agrees(expectation, chiSquared / 2, roundings: 128, scale: 1)
    }
  }

  @Test func `The estimate is symmetric as Jeffreys, 0 between equal models, and does not mind the order of tokens`() {
    let pairs = zip(Gen.double(in: -9...0), .double(in: -9...0)).array(count: 1...9)
    checkProperty("estimate", pairs.flatMap { pairs in Gen.shuffled(pairs).map { (pairs, $0) } }) { pairs, shuffled in
      let (one, other) = ([pairs.map(\.0)], [pairs.map(\.1)])
      let there = try ConditionalDivergence(trueTokens: one, other)
      let back = try ConditionalDivergence(trueTokens: other, one)
      try ensure(there.jeffreys == back.jeffreys && there.forward == back.backward, "not symmetric")
      try ensure(ConditionalDivergence(trueTokens: one, one).jeffreys == 0, "not 0")
      let moved = try ConditionalDivergence(trueTokens: [shuffled.map(\.0)], [shuffled.map(\.1)])
      let apart = try ConditionalDivergence(trueTokens: pairs.map { [$0.0] }, pairs.map { [$0.1] })
      try ensure(apart == there, "sequences weigh, not tokens")
      return agrees(moved.jeffreys, there.jeffreys, roundings: 20)
    }
  }

  @Test func `What true tokens tell of Jeffreys' is that of two coins, and never more than over the vocabulary`() throws
  {
    // NumPy: the mean of (KL(p, q) + KL(q, p)) / 2 of coins with these log probabilities.
    let found = try ConditionalDivergence.jeffreysLowerBound(
      trueTokens: [[-0.1, -2], [-7.5]], [[-0.7, -1], [-0.25]])
    #expect(agrees(found, 1.3410701949807582, roundings: 40, scale: 10))
    checkProperty("lower bound", models) { one, other in
      let whole = try exact([one], [other]).jeffreys
      for (a, b) in zip(logSoftmax(one), logSoftmax(other)) {
        let bound = try ConditionalDivergence.jeffreysLowerBound(trueTokens: [[a]], [[b]])
        try ensure(bound >= 0 && bound <= whole * (1 + 1e-9) + 1e-12, "\(bound) of \(whole)")
      }
      // With two tokens there is nothing else.
      let (a, b) = (logSoftmax(Array(one[..<2])), logSoftmax(Array(other[..<2])))
      let coin = try ConditionalDivergence.jeffreysLowerBound(trueTokens: [[a[0]]], [[b[0]]])
      return abs(coin - (try exact([Array(one[..<2])], [Array(other[..<2])]).jeffreys)) <= 1e-9 * (1 + coin)
    }
    // A certain token has no odds in Double.
    let certain = try ConditionalDivergence.jeffreysLowerBound(trueTokens: [[0]], [[-30]])
    #expect(certain.isFinite && certain > 20)
    #expect(try ConditionalDivergence.jeffreysLowerBound(trueTokens: [[0]], [[0]]) == 0)
    #expect(throws: MetricError.self) { try ConditionalDivergence.jeffreysLowerBound(trueTokens: [[0]], [[0, 1]]) }
  }

  @Test func `RE distance on logits: the mean over tokens of squared distances`() throws {
    let (one, other) = (Reference.logits[0], Reference.logits[1])
    var distance = LogitDistance()
    for (a, b) in zip(one, other) { try distance.add(a[...], b[...]) }
    #expect(agrees(try distance.mean(), Reference.distance, roundings: 40))
    let all = try REDistance(
      between: one.flatMap { $0.map(Double.init) }, and: other.flatMap { $0.map(Double.init) }, outputsPerPoint: 7)
    #expect(agrees(try distance.mean(), all.value, roundings: 40))
    #expect(distance.tokens == 5)
  }

  @Test func `Bad numbers are refused by name`() throws {
    var divergence = VocabularyDivergence()
    #expect(throws: MetricError.empty("tokens")) { try divergence.mean() }
    #expect(throws: MetricError.empty("logits")) { try divergence.add([], []) }
    try divergence.add([1, 2], [2, 1])
    #expect(throws: MetricError.countsDiffer("logits of the two models", 1, 2)) { try divergence.add([1], [2, 1]) }
    for bad in [Float.infinity, -.infinity] {
      let error = MetricError.notFinite("logit of the token", index: 1, Double(bad))
      #expect(throws: error) { try divergence.add([1, bad], [2, 1]) }
      #expect(throws: error) { try divergence.add([1, 1], [2, bad]) }
    }
    #expect(throws: MetricError.self) { try divergence.add([.nan], [2]) }
    #expect(divergence.tokens == 1)

    var distance = LogitDistance()
    #expect(throws: MetricError.empty("tokens")) { try distance.mean() }
    #expect(throws: MetricError.distance(.countsDiffer(1, 2), token: 0)) { try distance.add([1], [1, 2]) }
    #expect(throws: MetricError.distance(.noPoints, token: 0)) { try distance.add([], []) }
    #expect(throws: MetricError.distance(.predictionNotFinite(index: 1), token: 0)) {
      try distance.add([1, 2], [1, .infinity])
    }

    func estimate(_ one: [[Double]], _ other: [[Double]]) throws {
      _ = try ConditionalDivergence(trueTokens: one, other)
    }
    #expect(throws: MetricError.empty("sequences")) { try estimate([], []) }
    #expect(throws: MetricError.noTokens(index: 0)) { try estimate([[]], [[]]) }
    #expect(throws: MetricError.countsDiffer("sequences of the two models", 1, 2)) {
      try estimate([[-1]], [[-1], [-1]])
    }
    #expect(throws: MetricError.countsDiffer("tokens of sequence 1 of the two models", 1, 2)) {
      try estimate([[-1], [-1]], [[-1], [-1, -2]])
    }
    #expect(throws: MetricError.positive(index: 0, 0.5)) { try estimate([[-1]], [[0.5]]) }
    #expect(throws: MetricError.notFinite("log-likelihood of a token of the sequence", index: 0, -.infinity)) {
      try estimate([[-.infinity]], [[-1]])
    }
    #expect(throws: MetricError.parameter("control variate's factor", .infinity, range: "finite")) {
      try ConditionalDivergence(trueTokens: [[-1]], [[-1]], controlVariate: .infinity)
    }
  }
}
