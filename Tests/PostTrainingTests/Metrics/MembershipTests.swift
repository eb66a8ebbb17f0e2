import PostTraining
import PropertyTesting
import Testing

private typealias Reference = MetricReference

@Suite("Membership inference")
struct MembershipTests {
  @Test func `Min-K% scores, as NumPy has them`() throws {
    for (fraction, expected) in zip(Reference.fractions, Reference.minK) {
      let found = try MinKProbability.scores(Reference.tokens, fraction: fraction)
      #expect(agrees(found, expected, roundings: 50), "\(fraction)")
    }
    #expect(try MinKProbability.scores(Reference.tokens) == MinKProbability.scores(Reference.tokens, fraction: 0.2))
  }

  @Test func `Min-K% grows with k and ignores the order of tokens`() {
    let tokens = Gen.int(in: -64...0).map { Double($0) / 4 }.array(count: 1...20)
    checkProperty("min-k", tokens.flatMap { tokens in Gen.shuffled(tokens).map { (tokens, $0) } }) { tokens, shuffled in
      let scores = try Reference.fractions.map { try MinKProbability.scores([tokens], fraction: $0)[0] }
      try ensure(scores == scores.sorted(), "does not grow")
      try ensure(scores[0] == tokens.min(), "not the least likely token")
      return try Reference.fractions.map { try MinKProbability.scores([shuffled], fraction: $0)[0] } == scores
    }
  }

  @Test func `The area under the curve, as SciPy's Mann-Whitney statistic has it`() throws {
    let auc = try MembershipInference(members: Reference.members, others: Reference.others).auc
    #expect(agrees(auc, Reference.auc, roundings: 1))
  }

  @Test func `The area counts pairs, ties by half, and is 1 minus itself when roles swap`() throws {
    let values = Gen.int(in: -4...4).map(Double.init).array(count: 1...12)
    let samples = zip(values, values).flatMap { one, other in Gen.shuffled(one).map { (one, other, $0) } }
    checkProperty("AUC", samples) { members, others, shuffled in
      let auc = try MembershipInference(members: members, others: others).auc
      var twice = 0
      for member in members { for other in others { twice += member > other ? 2 : member == other ? 1 : 0 } }
      try ensure(auc == Double(twice) / Double(2 * members.count * others.count), "not the definition")
      try ensure((0...1).contains(auc), "out of range")
      // Both are rounded once, and the difference once more.
      let swapped = try MembershipInference(members: others, others: members).auc
      try ensure(abs(1 - auc - swapped) <= 1.5 * .ulpOfOne, "not 1 minus")
      try ensure(MembershipInference(members: members, others: members).auc == 0.5, "tells a sample from itself")
      return try MembershipInference(members: shuffled, others: others.reversed()).auc == auc
        && MembershipInference(members: members.map { 3 * $0 - 1 }, others: others.map { 3 * $0 - 1 }).auc == auc
    }
    #expect(try MembershipInference(members: [2, 3], others: [0, 1]).auc == 1)
  }

  @Test func `Bad scores are refused by name`() {
    #expect(throws: MetricError.empty("members")) { try MembershipInference(members: [], others: [1]) }
    #expect(throws: MetricError.empty("held-out sequences")) { try MembershipInference(members: [1], others: []) }
    #expect(throws: MetricError.notFinite("score of the member", index: 1, .infinity)) {
      try MembershipInference(members: [0, .infinity], others: [1])
    }
    #expect(throws: MetricError.notFinite("score of the held-out sequence", index: 0, -.infinity)) {
      try MembershipInference(members: [0], others: [-.infinity])
    }
    #expect(throws: MetricError.self) { try MembershipInference(members: [.nan], others: [1]) }
    #expect(throws: MetricError.empty("sequences")) { try MinKProbability.scores([]) }
    #expect(throws: MetricError.noTokens(index: 1)) { try MinKProbability.scores([[-1], []]) }
    #expect(throws: MetricError.positive(index: 0, 1)) { try MinKProbability.scores([[-1, 1]]) }
    #expect(throws: MetricError.self) { try MinKProbability.scores([[.nan]]) }
    for fraction in [0, -0.1, 1.5, .infinity] {
      #expect(throws: MetricError.parameter("fraction", fraction, range: "above 0 and at most 1")) {
        try MinKProbability.scores([[-1]], fraction: fraction)
      }
    }
  }
}
