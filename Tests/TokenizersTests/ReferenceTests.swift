import FileFormats
import Testing

@testable import Tokenizers

@Suite struct ReferenceTests {
  @Test func `every variant encodes and decodes as Python's tokenizers does`() throws {
    let texts = try referenceTexts()
    let variants = try #require(reference("variants").elements)
    #expect(variants.count >= 16)
    for entry in variants {
      let name = try #require(entry["name"]?.stringValue)
      let ours = try tokenizer(try #require(entry["base"]?.stringValue), try #require(entry["changes"]))
      for (text, ids) in zip(texts, try idLists(entry["ids"])) {
        #expect(ours.encode(text) == ids, "\(name): \(text.debugDescription)")
      }
      for example in try #require(entry["decoded"]?.elements) {
        let parts = try #require(example.elements)
        let ids = try #require(parts[0].elements).compactMap(\.integerValue)
        #expect(try ours.decode(ids).utf8.elementsEqual(parts[1].stringValue?.utf8 ?? "?".utf8), "\(name): \(ids)")
        #expect(
          try ours.decode(ids, skippingSpecial: true).utf8.elementsEqual(parts[2].stringValue?.utf8 ?? "?".utf8),
          "\(name): \(ids)")
      }
      #expect(ours.encode(texts) == texts.map { ours.encode($0) })
    }
  }

  @Test(arguments: [("gpt2", SplitPattern.gpt2), ("qwen2", .qwen2), ("llama3", .llama3)])
  func `the expressions cut as Oniguruma does`(_ name: String, _ pattern: SplitPattern) throws {
    for (text, lengths) in zip(try referenceTexts(), try idLists(reference("pieces")[name])) {
      var pieces = Pieces(Array(text.utf8))
      PreTokenizer.split(pattern).apply(to: &pieces, isAtStart: true)
      #expect(zip([0] + pieces.ends, pieces.ends).map { $1 - $0 } == lengths, "\(text.debugDescription)")
    }
  }

  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"), arguments: ["gpt2", "qwen2"])
  func `published vocabularies encode as Python's tokenizers does`(_ name: String) throws {
    let ours = try Tokenizer(folder: dataFile("tokenizers/\(name)"))
    for (text, ids) in zip(try referenceTexts(), try idLists(reference("published")[name])) {
      #expect(ours.encode(text) == ids, "\(text.debugDescription)")
    }
  }

  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"))
  func `GPT-2 gives the ids of ggml's vectors`() throws {
    let ours = try Tokenizer(folder: dataFile("tokenizers/gpt2"))
    let stem = try dataFile("tokenizers/vectors/ggml-vocab-gpt-2.gguf")
    let texts = String(decoding: try InputFile.bytes(of: stem + ".inp"), as: UTF8.self)
      .split(separator: "\n__ggml_vocab_test__\n", omittingEmptySubsequences: false).map(String.init)
    let lines = String(decoding: try InputFile.bytes(of: stem + ".out"), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(texts.count >= 40)
    #expect(lines.count == texts.count || (lines.count == texts.count + 1 && lines.last == ""))
    for (text, line) in zip(texts, lines) {
      #expect(ours.encode(text) == line.split(separator: " ").compactMap { Int($0) }, "\(text.debugDescription)")
      #expect(try ours.decode(ours.encode(text)).utf8.elementsEqual(text.utf8))
    }
  }

  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"))
  func `the folders say what begins and ends a text`() throws {
    let qwen2 = try Tokenizer(folder: dataFile("tokenizers/qwen2"))
    #expect(qwen2.count == 151_646)
    #expect(qwen2.idBound == 151_646)
    #expect(qwen2.beginningOfText == nil)
    #expect(qwen2.endOfText == 151_645)
    #expect(qwen2.isSpecial(151_643) && !qwen2.isSpecial(151_642))
    #expect(qwen2.token(151_644) == "<|im_start|>" && qwen2.id(of: "<|im_start|>") == 151_644)
    let gpt2 = try Tokenizer(folder: dataFile("tokenizers/gpt2"))
    #expect(gpt2.count == 50257 && gpt2.endOfText == 50256 && gpt2.isLossless && !qwen2.isLossless)
  }

  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"))
  func `the stories tokenizer reads and writes the published story`() throws {
    let ours = try Tokenizer(llama2c: dataFile("stories260k/tok512.bin"))
    let published = try JSON(parsing: InputFile.bytes(of: dataFile("stories260k/reference_f64.json")))
    let ids = try #require(published["greedy_tokens"]?.elements).compactMap(\.integerValue)
    let story = String(decoding: try InputFile.bytes(of: dataFile("stories260k/stories260K.md")), as: UTF8.self)
    let text = try ours.decode(ids, skippingSpecial: true)
    #expect(text.hasPrefix("Once upon a time, there was a little girl named Lily.") && story.contains(text))
    // A trained model does not always write a word by the tokens that encoding finds; this story it does.
    #expect([1] + ours.encode(text) == ids)
    #expect(ours.encode("") == [] && ours.idBound == 512)
  }

  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"))
  func `megabytes take seconds, whatever the words`() throws {
    // Not a benchmark: bounds far above what is measured, far below what a quadratic algorithm would take.
    let clock = ContinuousClock()
    var ours: Tokenizer?
    let loading = try clock.measure { ours = try Tokenizer(folder: dataFile("tokenizers/qwen2")) }
    let qwen2 = try #require(ours)
    #expect(loading < .seconds(10))
    for word in ["a", "the", " ", "\n", "\u{301}", "1"] {
      let text = String(repeating: word, count: 1_000_000 / word.utf8.count)
      var ids: [Int] = []
      #expect(clock.measure { ids = qwen2.encode(text) } < .seconds(10), "\(word.debugDescription)")
      #expect(try qwen2.decode(ids).utf8.count >= 900_000)
    }
  }
}
