import PostTraining
import PropertyTesting
import Testing

private typealias Reference = MetricReference

@Suite("Exact match, extraction strength and ROUGE-L")
struct MemorisationTests {
  @Test func `Fractions of tokens and of endings, as NumPy has them`() throws {
    let match = try ExactMatch(predictions: Reference.predictions, answers: Reference.answers)
    #expect(agrees(match.values, Reference.matches, roundings: 1))
    #expect(agrees(match.mean, Reference.matches.reduce(0, +) / 6, roundings: 8))
    let strength = try ExtractionStrength(predictions: Reference.predictions, answers: Reference.answers)
    // The reference subtracts from 1.
    #expect(agrees(strength.values, Reference.strengths, roundings: 2, scale: 1))
    #expect(agrees(strength.mean, Reference.strengths.reduce(0, +) / 6, roundings: 8))
  }

  @Test func `Strength is at most the fraction of tokens, and both are 1 only for all of them`() {
    let answers = zip(Gen.int(in: 0...2), .int(in: 0...2)).array(count: 1...8)
    checkProperty("tokens", answers) { pairs in
      let (predictions, answers) = ([pairs.map { Int32($0.0) }], [pairs.map { Int32($0.1) }])
      let match = try ExactMatch(predictions: predictions, answers: answers).mean
      let strength = try ExtractionStrength(predictions: predictions, answers: answers).mean
      try ensure(0 <= strength && strength <= match && match <= 1, "out of range")
      try ensure((strength == 1) == (predictions == answers), "strength 1")
      try ensure((match == 1) == (predictions == answers), "match 1")
      return try ExactMatch(predictions: answers, answers: predictions).mean == match
    }
  }

  @Test func `An ending counts, a beginning does not`() throws {
    #expect(try ExtractionStrength(predictions: [[9, 2, 3, 4]], answers: [[1, 2, 3, 4]]).mean == 0.75)
    #expect(try ExtractionStrength(predictions: [[1, 2, 3, 9]], answers: [[1, 2, 3, 4]]).mean == 0)
    #expect(try ExactMatch(predictions: [[1, 2, 3, 9]], answers: [[1, 2, 3, 4]]).mean == 0.75)
  }

  @Test func `Tokens that do not fit together are refused by name`() {
    func both(_ error: MetricError, _ predictions: [[Int32]], _ answers: [[Int32]]) {
      #expect(throws: error) { try ExactMatch(predictions: predictions, answers: answers) }
      #expect(throws: error) { try ExtractionStrength(predictions: predictions, answers: answers) }
    }
    both(.empty("answers"), [], [])
    both(.noTokens(index: 1), [[1], []], [[1], []])
    both(.countsDiffer("predictions and answers", 1, 2), [[1]], [[1], [1]])
    both(.countsDiffer("predicted and true tokens of answer 1", 2, 1), [[1], [1, 2]], [[1], [1]])
  }

  @Test func `ROUGE-L as the recursion defines it, of texts and of tokens`() throws {
    for ((reference, candidate), expected) in zip(Reference.texts, Reference.textRouge) {
      let found = try RougeL(reference: reference, candidate: candidate)
      #expect(agrees([found.recall, found.precision, found.f1], expected, roundings: 8), "\(reference)")
    }
    for ((reference, candidate), expected) in zip(Reference.lists, Reference.listRouge) {
      let found = try RougeL(reference: reference, candidate: candidate)
      #expect(agrees([found.recall, found.precision, found.f1], expected, roundings: 8))
    }
  }

  @Test func `ROUGE-L is 1 of equal texts, and recall becomes precision when the texts swap`() {
    let list = Gen.int(in: 0...3).array(count: 1...9)
    checkProperty("ROUGE-L", zip(list, list)) { one, other in
      let (there, back) = (
        try RougeL(reference: one, candidate: other), try RougeL(reference: other, candidate: one)
      )
      try ensure(there.recall == back.precision && there.precision == back.recall && there.f1 == back.f1, "swapped")
      try ensure((0...1).contains(there.recall), "out of range")
      try ensure((there.f1 == 1) == (one == other), "1 for others")
      let prefix = try RougeL(reference: one, candidate: one + other)
      return prefix.recall == 1 && prefix.precision == Double(one.count) / Double(one.count + other.count)
    }
  }

  @Test func `Words are lower-case letters and digits`() {
    #expect(RougeL.words(of: "It's 3 o'CLOCK_now\u{2014}\u{e9}!") == ["it", "s", "3", "o", "clock", "now"])
    #expect(RougeL.words(of: " \n").isEmpty)
  }

  /// Words as `rouge_score` 0.1.2 has them: `DefaultTokenizer(use_stemmer=False)`.
  @Test(arguments: [
    ("Caf\u{e9} au lait", ["caf", "au", "lait"]), ("cafe\u{301}s", ["cafe", "s"]),
    ("na\u{ef}ve co-op", ["na", "ve", "co", "op"]),
    ("K2 \u{130}stanbul 1\u{663}4", ["k2", "i", "stanbul", "1", "4"]), ("x\u{b2}y", ["x", "y"]),
    ("Stra\u{df}e", ["stra", "e"]), ("", []), ("don't", ["don", "t"]), ("a\r\nb", ["a", "b"]),
    ("Y1\u{f1}\u{b2}.K \u{200d}\u{b2}cY\u{3c2}\u{a0}\u{130}K\u{c5}", ["y1", "k", "cy", "i", "k"]),
    ("YX\u{301}\u{a0}\u{4e2d}e\u{301}\u{fb01}\u{c5}b\u{1f642}", ["yx", "e", "b"]),
    ("Y\nZ\u{3c2}\u{661}X\u{a0}1'\u{307}\u{307}\r\nX", ["y", "z", "x", "1", "x"]), ("\u{212a}g", ["kg"]),
  ])
  func `Words are split by code points`(text: String, words: [String]) { #expect(RougeL.words(of: text) == words) }

  @Test func `Means over candidates; a reference without words is refused`() throws {
    let parts = [
      try RougeL(reference: "a b", candidate: "a"), try RougeL(reference: "a", candidate: "a b c d"),
    ]
    let mean = try RougeL(meanOf: parts)
    #expect(mean.recall == 0.75 && mean.precision == 0.625)
    #expect(agrees(mean.f1, (2.0 / 3 + 2.0 / 5) / 2, roundings: 4))
    #expect(throws: MetricError.empty("candidates")) { try RougeL(meanOf: []) }
    #expect(throws: MetricError.empty("words in the reference")) { try RougeL(reference: "?!", candidate: "a") }
  }
}
