import FileFormats
import PropertyTesting
import TestSupport
import Testing

@testable import Tokenizers

@Suite struct TrainerTests {
  private let special = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|im_start|>",
    "<|im_end|>", "<s>", "</s>",
  ]

  @Test func `the trainer learns what Python's learns from the same texts`() throws {
    let texts = try #require(reference("training").elements).compactMap(\.stringValue)
    let ours = try BytePairTrainer(vocabularySize: 640, specialTokens: special).train(on: texts)
    let model = try #require(ours.json()["model"])
    let theirs = try #require(reference("small")["model"])
    #expect(model["merges"] == theirs["merges"])
    for member in try #require(theirs["vocab"]?.members) {
      #expect(ours.id(of: member.name) == member.value.integerValue)
    }
    #expect(ours.count == theirs["vocab"]?.members?.count && ours.idBound == ours.count)
    #expect(ours.isSpecial(8) && !ours.isSpecial(9) && ours.endOfText == ours.id(of: "</s>"))
  }

  @Test func `the order of texts and chance change nothing`() throws {
    let texts = try #require(reference("training").elements).compactMap(\.stringValue)
    let trainer = BytePairTrainer(vocabularySize: 400)
    let first = try trainer.train(on: texts).json()
    #expect(try trainer.train(on: texts).json() == first)
    #expect(try trainer.train(on: texts.reversed()).json() == first)
  }

  @Test func `rare pairs do not join`() throws {
    let ours = try BytePairTrainer(vocabularySize: 300, specialTokens: [], minimumFrequency: 3).train(
      on: ["ab ab ab", "cd cd"])
    // Three times a and b, but only twice a space and then these.
    #expect(ours.count == 256 + 1)
    #expect(ours.encode("ab ab cd").count == 1 + 2 + 3)
    // Without a text there is nothing to learn, and every byte still has its token.
    let bytes = try BytePairTrainer(vocabularySize: 300).train(on: [])
    #expect(bytes.count == 257 && bytes.isLossless && bytes.encode("é") == [1 + 127, 1 + 102])
  }

  @Test func `any vocabulary learned gives texts back`() throws {
    checkProperty("decode(encode(s)) == s", count: 60, zip(anyText.array(count: 0...8), anyText)) { texts, text in
      let ours = try BytePairTrainer(vocabularySize: 300).train(on: texts)
      for text in texts + [text] { try ensureSame(try ours.decode(ours.encode(text)), text) }
    }
  }

  @Test func `a vocabulary without room is refused`() {
    for trainer in [
      BytePairTrainer(vocabularySize: 256), BytePairTrainer(vocabularySize: .max), BytePairTrainer(vocabularySize: -1),
      BytePairTrainer(vocabularySize: 300, specialTokens: [""]),
      BytePairTrainer(vocabularySize: 300, specialTokens: ["a", "b", "a"]),
      BytePairTrainer(vocabularySize: 300, specialTokens: ["a"]),
    ] {
      let error = #expect(throws: TokenizerError.self) { try trainer.train(on: ["abc"]) }
      #expect(error?.rule == .training)
    }
  }

  @Test(.enabled(if: hasPythonTokenizers, "no Python with tokenizers"))
  func `Python's tokenizers reads what we write and encodes alike`() throws {
    let directory = try TemporaryDirectory()
    let texts = try #require(reference("training").elements).compactMap(\.stringValue) + referenceTexts()
    let ours = try BytePairTrainer(vocabularySize: 500, specialTokens: special).train(on: texts)
    try ours.write(to: "\(directory.path)/tokenizer.json")
    let list = try directory.file("texts.json", JSON.array(texts.map { .string($0) }).bytes())
    let script = """
      import json
      from tokenizers import Tokenizer
      tokenizer = Tokenizer.from_file("\(directory.path)/tokenizer.json")
      print(json.dumps([tokenizer.encode(text).ids for text in json.load(open("\(list)"))]))
      """
    let result = run("python3 \(try directory.file("compare.py", script.utf8))")
    #expect(try idLists(JSON(parsing: result.output)) == ours.encode(texts), "\(result.output.prefix(200))")
  }
}
