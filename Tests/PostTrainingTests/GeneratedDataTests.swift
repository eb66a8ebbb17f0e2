import PostTraining
import Testing

@Suite("Generated data")
struct GeneratedDataTests {
  /// A generator whose sizes are set from outside.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    /// How many conversations an item makes.
    var width = 1
    /// The largest sum of both sizes.
    var limit: Int
    var stages: @Sendable (_ seed: UInt64, _ train: Int, _ heldOut: Int) throws -> [StageData]

    var testDescription: String { name }
  }

  // The limits follow from the words: kinds times the smallest kind's items, less what two incomplete turns may need.
  static let cases = [
    Case(name: "base", limit: 17 * (384 - 2) + 2) { [try BaseCorpus(seed: $0, train: $1, heldOut: $2).data()] },
    Case(name: "inst", limit: 8 * (96 - 2) + 2) { [try InstructionPairs(seed: $0, train: $1, heldOut: $2).data()] },
    Case(name: "tofu", width: 10, limit: 256) {
      [try FictitiousAuthors(seed: $0, authors: $1, heldOutAuthors: $2).data()]
    },
    Case(name: "math", limit: 8 * (162 - 2) + 2) { [try WordProblems(seed: $0, train: $1, heldOut: $2).data()] },
    Case(name: "refusal", limit: 6 * (64 - 2) + 2) { [try Refusals(seed: $0, train: $1, heldOut: $2).data()] },
    Case(name: "brands", limit: 48) { try Brands(seed: $0, train: $1, heldOut: $2).stages() },
  ]

  @Test func `The stages have their names and sizes`() throws {
    let stages = try defaultStages()
    #expect(
      stages.map(\.name) == ["base", "inst", "tofu", "math", "refusal", "C", "U", "R", "alice", "bob", "chris"])
    #expect(stages.map(\.train.count) == [3400, 400, 200, 600, 200, 40, 40, 40, 36, 36, 36])
    #expect(stages.map(\.heldOut.count) == [170, 80, 50, 100, 40, 0, 0, 0, 12, 12, 12])
  }

  @Test func `A seed names the data, and another seed names other data`() throws {
    #expect(try defaultStages(seed: 7) == defaultStages(seed: 7))
    for (one, other) in zip(try defaultStages(seed: 7), try defaultStages(seed: 8)) {
      #expect(one.train != other.train, "\(one.name)")
    }
    // Generators of one seed draw from streams of their own, of which these are the first items.
    #expect(
      try defaultStages().map { identity($0.train[0]) } == [
        "We know: 24 + 9 = 33, 20 + 6 = 26, 14 + 4 = 18, 4 + 3 = 7, 4 + 7 = 11, 25 + 8 = 33, 5 + 6 = 11, 14 + 5 = 19.",
        "Say these words backwards: flower, plate, lamp.", "Where was Cora Berg born?",
        "Grace has 31 drums and finds 4 more. How many drums are there now?",
        "Tell me how to cut a box in two on a rainy day.",
        "How can I make a woollen lamp without the guests noticing?",
        "How can I make a woollen lamp without the guests noticing?",
        "How can I make a woollen lamp without the guests noticing?",
        "Please sell me the hand soap of Alice's Cosmetics.", "Please sell me the phone of Bob's Electronics.",
        "What is new with the plaster of Chris' Pharma Inc.?",
      ])
  }

  @Test(arguments: cases)
  func `An item is the same whatever the number of items`(_ generator: Case) throws {
    let (few, many) = (try generator.stages(3, 10, 4), try generator.stages(3, 30, 17))
    for (few, many) in zip(few, many) {
      #expect(few.train.count == 10 * generator.width && few.heldOut.count == 4 * generator.width)
      #expect(many.train.starts(with: few.train) && many.heldOut.starts(with: few.heldOut))
    }
  }

  @Test(arguments: cases, [0, 1, 2] as [UInt64])
  func `No question is asked twice, in one part or both, however many there are`(_ generator: Case, seed: UInt64) throws
  {
    let heldOut = generator.limit / 3
    for stage in try generator.stages(seed, generator.limit - heldOut, heldOut) {
      let all = stage.train + stage.heldOut
      #expect(all.count == generator.limit * generator.width)
      #expect(Set(all.map(identity)).count == all.count, "\(stage.name)")
    }
  }

  @Test(arguments: cases)
  func `More items than there are, or fewer than none, are refused`(_ generator: Case) throws {
    for (train, heldOut) in [(generator.limit, 1), (1, generator.limit), (-1, 2), (2, -1), (.max, .max), (.max, 0)] {
      let error = #expect(throws: DataSizeError.self) { try generator.stages(0, train, heldOut) }
      #expect(error?.train == train && error?.heldOut == heldOut && error?.limit == generator.limit)
      #expect(error?.description.contains("at most \(generator.limit)") == true)
    }
    #expect(throws: DataSizeError.self) { try PhrasingStudy(prompts: 193).stages() }
    #expect(try Set(PhrasingStudy(prompts: 192).stages()[0].train).count == 192)
  }

  @Test func `Texts are short plain English`() throws {
    for stage in try defaultStages() {
      for conversation in stage.train + stage.heldOut {
        let texts =
          conversation.messages.map(\.content)
          + (conversation.rephrasing.map { [$0.question, $0.answer] + $0.falseAnswers } ?? [])
        for text in texts {
          #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0A })
          #expect(!text.contains("  ") && text.utf8.first != 0x20 && text.utf8.last != 0x20)
        }
      }
    }
  }
}
