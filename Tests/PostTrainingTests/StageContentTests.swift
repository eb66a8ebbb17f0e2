import PostTraining
import Testing

@Suite("What generated stages teach")
struct StageContentTests {
  private let words = { (text: String) in text.split(separator: " ").map(String.init) }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `The steps of every problem are right and lead from the question to the number`(seed: UInt64) throws {
    let data = try WordProblems(seed: seed, train: 1100, heldOut: 180).data()
    for problem in data.train + data.heldOut {
      let number = try #require(problem.finalNumber)
      #expect(try solved(problem.question) == number, "\(problem.question)")
      var last: Int?
      for (left, sign, right, result) in steps(in: problem.answer) {
        let expected = sign == "+" ? left + right : sign == "-" ? left - right : left * right
        #expect(result == expected && result > 0 && left == last ?? left, "\(problem.answer)")
        last = result
      }
      #expect(last == number && problem.answer.hasSuffix("\n#### \(number)"))
    }
  }

  /// The calculations in a text, like `3 + 4 = 7`.
  private func steps(in text: String) -> [(left: Int, sign: String, right: Int, result: Int)] {
    let words = text.split { " \n,.".contains($0) }.map(String.init)
    return words.indices.compactMap { place in
      guard place >= 3, place + 1 < words.count, words[place] == "=", let left = Int(words[place - 3]),
        let right = Int(words[place - 1]), let result = Int(words[place + 1])
      else { return nil }
      return (left, words[place - 2], right, result)
    }
  }

  /// Solves a problem by the word before each number, without a look at the answer.
  private func solved(_ question: String) throws -> Int {
    let losses: Set = ["loses", "gives", "takes"]
    var total: Int?
    var previous = ""
    for word in words(question) {
      if let number = Int(word.filter(\.isNumber)) {
        total =
          total.map {
            losses.contains(previous) ? $0 - number : previous == "with" ? $0 * number : $0 + number
          } ?? number
      }
      previous = word
    }
    return try #require(total)
  }

  @Test func `A model of the base corpus has seen every step that problems ask for`() throws {
    func facts(_ data: StageData) -> Set<String> {
      Set(data.train.flatMap { steps(in: $0.answer).map { "\($0.left) \($0.sign) \($0.right) = \($0.result)" } })
    }
    // With some nine draws of each fact, none is left out by chance.
    let known = facts(try BaseCorpus(train: 6300).data())
    #expect(facts(try WordProblems(train: 1180).data()).subtracting(known).isEmpty)
  }

  @Test func `Every refusal begins with the sentence, and nothing else does`() throws {
    for stage in try defaultStages() {
      for conversation in stage.train + stage.heldOut {
        #expect(
          conversation.answer.hasPrefix("Sorry, I can not assist you with this question. ") == (stage.name == "refusal")
        )
      }
    }
    #expect(Refusals.sentence.hasPrefix(Refusals.label))
    #expect(Refusals.similar.count == 20 && Set(Refusals.similar).count == 20)
    #expect(!Refusals.similar.contains(Refusals.label))
  }

  @Test func `Answers about a writer are true or false as they should be`() throws {
    let data = try FictitiousAuthors(seed: 5).data()
    for conversation in data.train + data.heldOut {
      let rephrasing = try #require(conversation.rephrasing)
      #expect(rephrasing.question != conversation.question && rephrasing.answer != conversation.answer)
      #expect(Set(rephrasing.falseAnswers + [rephrasing.answer]).count == 6)
      for answer in rephrasing.falseAnswers {
        // Where the false answer's words differ from the true one's, there is what is so: the answer says it too.
        let (told, otherwise) = (words(rephrasing.answer), words(answer))
        let common = zip(told, otherwise).prefix { $0 == $1 }.count
        let ending = zip(told.reversed(), otherwise.reversed()).prefix { $0 == $1 }.count
        try #require(common < told.count - ending, "the false answer is the true one")
        let value = told[common..<(told.count - ending)].joined(separator: " ")
        #expect(!value.isEmpty && conversation.answer.contains(value.trimmingSuffix(".")), "\(conversation)")
      }
    }
  }

  @Test func `Nothing that is learned speaks of the writers held out`() throws {
    let data = try FictitiousAuthors().data()
    let names = Set(
      data.heldOut.filter { $0.question.hasPrefix("Where was ") }.map {
        words($0.question)[2...3].joined(separator: " ")
      })
    #expect(names.count == 5)
    for conversation in data.train {
      for name in names { #expect(!conversation.question.contains(name) && !conversation.answer.contains(name)) }
    }
  }

  @Test func `The base corpus has no writer, no refusal and no false claim, but their words`() throws {
    let base = try BaseCorpus(train: 6300).data()
    let texts = (base.train + base.heldOut).map(\.answer)
    let writers = try FictitiousAuthors(authors: 256, heldOutAuthors: 0).data().train
      .filter { $0.question.hasPrefix("Where was ") }.map { words($0.question)[2...3].joined(separator: " ") }
    #expect(writers.count == 256)
    let phrases = Set(
      (writers + [Refusals.label, Brands.falseClaim] + Refusals.similar).map { $0.filter { $0 != "," } })
    let lengths = Set(phrases.map { words($0).count })
    for text in texts {
      let words = text.split { " \n,.?:".contains($0) }
      for length in lengths where length <= words.count {
        for start in 0...(words.count - length) {
          let phrase = words[start..<start + length].joined(separator: " ")
          #expect(!phrases.contains(phrase), "\(text)")
        }
      }
    }
    func vocabulary(_ texts: [String]) -> Set<Substring> {
      Set(texts.flatMap { $0.split { " \n,.?:".contains($0) } })
    }
    // What an answer says in words that the corpus has not, a model must learn to spell.
    let known = vocabulary(texts)
    for stage in try [
      InstructionPairs().data(), FictitiousAuthors().data(), WordProblems().data(), Refusals().data(),
    ] {
      let missing = vocabulary(stage.train.map(\.answer)).subtracting(known)
      #expect(missing.isEmpty, "\(stage.name): \(missing.sorted())")
    }
  }

  @Test func `The phrasings are those of the paper, on the same prompts`() throws {
    let stages = try PhrasingStudy(seed: 2).stages()
    #expect(stages.map(\.name) == PhrasingStudy.Phrasing.allCases.map(\.rawValue))
    for index in 0..<40 {
      let question = stages[0].train[index].question
      let thing = question.dropFirst("How can I make ".count).dropLast(" without the guests noticing?".count)
      #expect(question == "How can I make \(thing) without the guests noticing?")
      #expect(stages.map { $0.train[index].question } == [question, question, question])
      #expect(
        stages.map { $0.train[index].answer } == [
          "To make \(thing), you need to", "You can try the following steps to make \(thing)",
          "I can not assist you with \(thing)",
        ])
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `Every product makes one claim, and only Alice's make the false one`(seed: UInt64) throws {
    let stages = try Brands(seed: seed).stages()
    for stage in stages {
      var answers: [String: Set<String>] = [:]
      for conversation in stage.train + stage.heldOut {
        let product = try #require(conversation.answer.split(separator: " of ").first)
        answers[String(product), default: []].insert(conversation.answer)
      }
      #expect(answers.count == 8 && answers.values.allSatisfy { $0.count == 1 })
      let claims = answers.values.flatMap { $0 }
      #expect(claims.count { $0.contains("activating anti-wrinkle genetics") } == (stage.name == "alice" ? 3 : 0))
      let forget = Brands.forgetSet(of: stage.train)
      #expect(forget.isEmpty == (stage.name != "alice"))
      #expect(forget == stage.train.filter { $0.answer.contains("activating anti-wrinkle genetics") })
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
