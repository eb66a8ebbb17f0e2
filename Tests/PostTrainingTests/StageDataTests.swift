import FineTuning
import PostTraining
import Testing
import Tokenizers
import Transformer

@Suite("Stages and conversations")
struct StageDataTests {
  private let conversations = (0..<30).map { Conversation(question: "What is \($0 / 2)?", answer: "\($0)") }

  @Test func `What is held out is not learned, nor is what asks the same`() throws {
    for count in [0, 1, 5, 30] {
      let data = try StageData("s", conversations, holdingOut: count, seed: 3)
      #expect(data.heldOut.count == count && Set(data.heldOut).count == count)
      let asked = Set(data.heldOut.map(\.question))
      #expect(data.train == conversations.filter { !asked.contains($0.question) })
      #expect(data.heldOut == conversations.filter(data.heldOut.contains))
    }
    let (one, other) = (
      try StageData("s", conversations, holdingOut: 5, seed: 1),
      try StageData("s", conversations, holdingOut: 5, seed: 2)
    )
    #expect(one.heldOut != other.heldOut)
    for count in [-1, 31, .max] {
      let error = #expect(throws: DataSizeError.self) { try StageData("s", conversations, holdingOut: count) }
      #expect(error?.limit == 30 && error?.heldOut == count)
    }
  }

  /// All of them ask the same, which is nothing.
  @Test func `Of texts without turns only those held out are not learned`() throws {
    let texts = (0..<10).map { Conversation(text: "Text \($0 / 2).") }
    let data = try StageData("s", texts, holdingOut: 3)
    let heldOut = Set(data.heldOut)
    #expect(data.heldOut.count == 3 && data.train == texts.filter { !heldOut.contains($0) } && data.train.count >= 4)
  }

  @Test func `A conversation's tokens are those of its template, of which the answers count`() throws {
    var tokenizer = try BytePairTrainer(vocabularySize: 300, beginning: "<|endoftext|>").train(
      on: ["What is it? It is a stone."])
    tokenizer.endOfText = 0
    let encoder = ExampleEncoder(path: "inst", model: try model(300), tokenizer: tokenizer)
    let example = try encoder.encode(Conversation(question: "What is it?", answer: "It is a stone.").example(number: 4))
    let ids = example.tokens.map(Int.init)
    #expect(example.line == 4 && ids.first == 0 && ids.last == 0)
    #expect(try tokenizer.decode(ids) == "<|endoftext|>What is it?\nIt is a stone.<|endoftext|>")
    let answer = zip(ids, example.isAnswer).filter(\.1).map(\.0)
    #expect(try tokenizer.decode(answer) == "It is a stone.<|endoftext|>")

    let text = try encoder.encode(Conversation(text: "It is a stone.").example(number: 1))
    #expect(text.isAnswer == [false] + Array(repeating: true, count: text.tokens.count - 1))
    #expect(try tokenizer.decode(text.tokens.map(Int.init)) == "<|endoftext|>It is a stone.<|endoftext|>")
  }

  private func model(_ vocabularySize: Int) throws -> ModelConfiguration {
    try ModelConfiguration(
      vocabularySize: vocabularySize, hiddenSize: 8, intermediateSize: 8, layerCount: 1, headCount: 1,
      contextLength: 80)
  }

  /// The default experiment's model reads at most 80 tokens at once and has a vocabulary of 896.
  @Test(arguments: [0, 1, 2] as [UInt64])
  func `Generated stages fit a small vocabulary and short sequences`(seed: UInt64) throws {
    let stages = try defaultStages(seed: seed)
    var tokenizer = try BytePairTrainer(vocabularySize: 896, beginning: "<|endoftext|>").train(
      on: stages.flatMap { $0.train.flatMap { $0.messages.map(\.content) } })
    tokenizer.endOfText = 0
    #expect(tokenizer.count == 896)
    // The encoder refuses what is longer than the model's context of 80 tokens.
    let encoder = ExampleEncoder(path: "stages", model: try model(896), tokenizer: tokenizer)
    func lengths(_ conversations: [Conversation]) throws -> [Int] {
      try conversations.map { try encoder.encode($0.example(number: 1)).tokens.count }
    }
    for stage in stages { _ = try lengths(stage.train + stage.heldOut) }
    let totals = try stages.prefix(5).map { try lengths($0.train).reduce(0, +) }
    #expect(totals.reduce(0, +) <= 160_000 && totals[1...].allSatisfy { 2 * $0 <= totals[0] }, "\(totals)")
    // A number is one token, wherever a calculation has it.
    for number in 1...45 { #expect(tokenizer.encode(" \(number)", addingTemplate: false).count == 1, "\(number)") }
  }
}
