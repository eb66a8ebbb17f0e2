import PostTraining
import Testing

@Suite("Math accuracy")
struct MathAccuracyTests {
  @Test(arguments: [
    ("so 3 + 4 = 7\n#### 7", "7"), ("####7", "7"), ("#### -12 ", "-12"), ("#### 1,080", "1080"), ("#### $5", "5"),
    ("#### -$5.50", "-5.5"), ("#### $-5.50", "-5.5"), ("#### 7\nand #### 8", "7"), ("#### seven\n#### 8", "8"),
    ("#### 7 apples", "7"), ("####\t72.", "72"), ("#### 007.50", "7.5"), ("#### -0.0", "0"), ("#### .5", "0.5"),
    ("#### 1,234,567.10 dollars", "1234567.1"), ("##### 4", "4"), ("#### 9223372036854775808", "9223372036854775808"),
    ("caf\u{e9} #### 3\u{20ac}", "3"), ("#### 7/8", "7"), ("#### 7#### 8", "7"),
  ])
  func `The number after the first mark that a number follows`(text: String, number: String) {
    #expect(MathAnswer(in: text)?.description == number)
  }

  @Test(arguments: [
    "", "7", "### 7", "####", "#### ", "####\n7", "#### seven", "#### $", "#### ,", "#### -", "#### .", "7 ####",
  ])
  func `No number where none follows a mark`(text: String) { #expect(MathAnswer(in: text) == nil) }

  @Test func `Numbers are equal however they are written, and in no other case`() {
    #expect(MathAnswer(in: "#### 1,080") == MathAnswer(in: "#### $1080.00"))
    #expect(MathAnswer(in: "#### 0.1") != MathAnswer(in: "#### 0.10000000000000001"))
    #expect(MathAnswer(in: "#### 5") != MathAnswer(in: "#### -5"))
    #expect(MathAnswer(in: "#### 50") != MathAnswer(in: "#### 5"))
  }

  @Test func `Of the problems that are generated it is the number that they end in`() throws {
    let problems = try WordProblems().data().train
    for problem in problems {
      #expect(try MathAnswer(in: problem.answer)?.description == String(#require(problem.finalNumber)))
    }
    let answers = problems.map(\.answer)
    #expect(try MathAccuracy(answers: answers.map { [$0] }, references: answers).value == 1)
  }

  @Test func `The mean over problems of the fraction of right answers`() throws {
    let references = ["#### 3", "1 + 1 = 2\n#### 2"]
    let accuracy = try MathAccuracy(
      answers: [
        ["#### 3", "#### 4", "3", "#### 3.0", ""], ["#### 2", "#### 3", "#### 2\n#### 3", "2 ####", "####2"],
      ],
      references: references)
    #expect(accuracy.rightAnswers == [2, 3] && accuracy.samples == 5 && accuracy.value == 0.5)
    let none = try MathAccuracy(answers: [["#### 4"], [""]], references: references)
    #expect(none.value == 0 && none.change(since: accuracy) == -0.5)
    let all = try MathAccuracy(answers: references.map { [$0, $0] }, references: references)
    #expect(all.value == 1 && all.change(since: none) == 1)
  }

  @Test func `Answers and problems that do not fit together are refused by name`() {
    #expect(throws: MetricError.empty("math problems")) { try MathAccuracy(answers: [], references: []) }
    #expect(throws: MetricError.empty("answers")) { try MathAccuracy(answers: [[]], references: ["#### 1"]) }
    #expect(throws: MetricError.countsDiffer("answered and of all problems", 1, 2)) {
      try MathAccuracy(answers: [[""]], references: ["#### 1", "#### 1"])
    }
    #expect(throws: MetricError.countsDiffer("answers to problem 1 and to the first", 2, 1)) {
      try MathAccuracy(answers: [[""], ["", ""]], references: ["#### 1", "#### 1"])
    }
    #expect(throws: MetricError.noNumber(index: 1)) {
      try MathAccuracy(answers: [[""], [""]], references: ["#### 1", "none"])
    }
  }
}
