import FileFormats
import Glibc
import TestSupport
import Testing

@testable import Tokenizers

@Suite struct BadInputTests {
  private static let byteLevel: JSON = ["type": "ByteLevel", "add_prefix_space": false]

  @Test(
    arguments: [
      (["model": ["type": "WordPiece"]], TokenizerError.Rule.unsupported, "model.type"),
      (["model": ["type": 3]], .structure, "model.type"), (["model": ["vocab": []]], .structure, "model.vocab"),
      (["model": ["vocab": .null]], .structure, "\"vocab\" is missing"),
      (["model": ["vocab": ["a": 1, "b": 1]]], .vocabulary, "\"b\""),
      (["model": ["vocab": ["a": -1]]], .vocabulary, "\"a\""), (["model": ["vocab": ["a": "1"]]], .vocabulary, "\"a\""),
      (["model": ["vocab": ["a": 99_999_999_999]]], .vocabulary, "\"a\""),
      (["model": ["merges": ["a  b"]]], .merges, "model.merges[0]"),
      (["model": ["merges": ["a b c"]]], .merges, "model.merges[0]"),
      (["model": ["merges": ["ab"]]], .merges, "\"ab\""),
      (["model": ["merges": [["a", "b", "c"]]]], .merges, "model.merges[0]"),
      (["model": ["merges": [["t", "h"], 7]]], .merges, "model.merges[1]"),
      (["model": ["merges": [["q", "q"]]]], .merges, "\"qq\" is not in the vocabulary"),
      (["model": ["merges": [["zzz", "q"]]]], .merges, "\"zzz\" is not in the vocabulary"),
      (["model": ["dropout": 0.1]], .unsupported, "model.dropout"),
      (["model": ["end_of_word_suffix": "</w>"]], .unsupported, "model.end_of_word_suffix"),
      (["model": ["continuing_subword_prefix": "##"]], .unsupported, "model.continuing_subword_prefix"),
      (["model": ["unk_token": "nobody"]], .vocabulary, "model.unk_token"),
      (["model": ["ignore_merges": "yes"]], .structure, "model.ignore_merges"),
      (["model": ["temperature": 1]], .unsupported, "temperature"), (["model": .null], .structure, "\"model\""),
      (["pre_tokenizer": ["type": "Whitespace"]], .unsupported, "\"Whitespace\""),
      (["pre_tokenizer": ["type": "ByteLevel", "colour": 1]], .unsupported, "colour"),
      (["pre_tokenizer": "ByteLevel"], .structure, "pre_tokenizer"),
      (["pre_tokenizer": ["type": "Sequence"]], .structure, "\"pretokenizers\""),
      (
        ["pre_tokenizer": ["type": "Sequence", "pretokenizers": [byteLevel, byteLevel]]], .unsupported,
        "pre_tokenizer.pretokenizers[1]"
      ),
      (
        ["pre_tokenizer": ["type": "Split", "pattern": ["Regex": "\\w+"], "behavior": "Isolated"]], .pattern,
        "pre_tokenizer.pattern.Regex: the regular expression \"\\\\w+\""
      ),
      (
        ["pre_tokenizer": ["type": "Split", "pattern": ["String": " "], "behavior": "Isolated"]], .unsupported,
        "pre_tokenizer.pattern"
      ),
      (
        [
          "pre_tokenizer": [
            "type": "Split", "pattern": ["Regex": .string(SplitPattern.gpt2.rawValue)], "behavior": "Removed",
          ]
        ], .unsupported, "\"Removed\""
      ),
      (["pre_tokenizer": ["type": "Metaspace", "replacement": "ab"]], .structure, "replacement"),
      (
        ["pre_tokenizer": ["type": "Metaspace", "replacement": "_", "prepend_scheme": "last"]], .unsupported,
        "prepend_scheme"
      ),
      (["normalizer": ["type": "Lowercase"]], .unsupported, "\"Lowercase\""),
      (["normalizer": ["type": "Replace", "pattern": ["Regex": "a"], "content": ""]], .unsupported, "pattern"),
      (["normalizer": ["type": "Replace", "pattern": ["String": ""], "content": ""]], .unsupported, "String"),
      (["normalizer": ["type": "Prepend"]], .structure, "\"prepend\""),
      (["post_processor": ["type": "BertProcessing"]], .unsupported, "\"BertProcessing\""),
      (
        [
          "post_processor": [
            "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x"]]], "special_tokens": [:],
          ]
        ], .template, "\"x\""
      ),
      (
        [
          "post_processor": [
            "type": "TemplateProcessing", "single": [["Sequence": ["id": "B"]]], "special_tokens": [:],
          ]
        ], .template, "Sequence.id"
      ),
      (
        [
          "post_processor": [
            "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x"]]],
            "special_tokens": ["x": ["ids": [100_000]]],
          ]
        ], .template, "100000"
      ),
      (["decoder": ["type": "WordPiece"]], .unsupported, "\"WordPiece\""),
      (
        ["decoder": ["type": "Sequence", "decoders": [["type": "Fuse"], ["type": "ByteFallback"]]]], .unsupported,
        "decoder.decoders[1]"
      ),
      (["added_tokens": [["id": 0]]], .structure, "added_tokens[0]"),
      (["added_tokens": [["content": "<n>"]]], .structure, "\"id\""),
      (["added_tokens": [["id": 700, "content": ""]]], .addedTokens, "empty"),
      (["added_tokens": [["id": 700, "content": "<n>"], ["id": 701, "content": "<n>"]]], .addedTokens, "[1]"),
      (["added_tokens": [["id": 700, "content": "<n>"], ["id": 700, "content": "<m>"]]], .addedTokens, "[1]"),
      (["added_tokens": [["id": 700, "content": "<s>"]]], .addedTokens, "in the vocabulary"),
      (["added_tokens": [["id": 20, "content": "<n>"]]], .addedTokens, "is that of"),
      (["added_tokens": [["id": 700, "content": "<n>", "lstrip": 1]]], .structure, "lstrip"),
      (["added_tokens": [["id": 700, "content": "<n>", "sideways": true]]], .unsupported, "sideways"),
      (["added_tokens": [["id": -1, "content": "<n>"]]], .vocabulary, "-1"),
    ] as [(JSON, TokenizerError.Rule, String)])
  func `a tokenizer json that breaks a rule is refused with the place and the reason`(
    _ changes: JSON, _ rule: TokenizerError.Rule, _ words: String
  ) throws {
    let error = try #require(throws: TokenizerError.self) { _ = try tokenizer("small", changes) }
    #expect(error.rule == rule, "\(error)")
    #expect(error.description.contains(words), "\(error)")
    #expect(error.description.hasPrefix("\"tokenizer.json\": ") && !error.description.contains("\n"))
  }

  @Test func `files that are none are refused by name`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: TokenizerError.self) { try Tokenizer(path: "\(directory.path)/none.json") }
    #expect(throws: TokenizerError.self) { try Tokenizer(llama2c: "\(directory.path)/none.bin") }
    let folder = try #require(throws: TokenizerError.self) { _ = try Tokenizer(folder: directory.path) }
    #expect(folder.rule == .system && folder.description.contains("no tokenizer.json"))
    let text = try directory.file("tokenizer.json", "{\"model\": ".utf8)
    let error = try #require(throws: TokenizerError.self) { _ = try Tokenizer(path: text) }
    #expect(error.rule == .json && error.path == text)
    #expect(throws: TokenizerError.self) { try Tokenizer(parsing: Array("[]".utf8)) }
    #expect(throws: TokenizerError.self) { try Tokenizer(parsing: []) }
  }

  @Test func `the older pairs of files are read, and refused where they are wrong`() throws {
    let directory = try TemporaryDirectory()
    let letters = "abcĠ".unicodeScalars.enumerated().map { JSON.Member(String($1), .integer($0)) }
    let vocabulary = try directory.file(
      "vocab.json", JSON.object(letters + [.init("ab", 4), .init("Ġab", 5), .init("<|endoftext|>", 6)]).bytes())
    let merges = try directory.file("merges.txt", "#version: 0.2\na b\r\nĠ ab\n".utf8)
    let gpt2 = try Tokenizer(folder: directory.path)
    #expect(gpt2.encode("ab abc<|endoftext|>") == [4, 5, 2, 6] && !gpt2.isLossless)
    #expect(gpt2.endOfText == 6 && gpt2.isSpecial(6))

    func configuration(_ json: JSON) throws -> String { try directory.file("tokenizer_config.json", json.bytes()) }
    _ = try configuration([
      "tokenizer_class": "Qwen2Tokenizer", "bos_token": .null, "eos_token": ["content": "<end>"],
      "added_tokens_decoder": ["7": ["content": "<end>", "special": true], "6": ["content": "<|endoftext|>"]],
    ])
    let qwen2 = try Tokenizer(folder: directory.path)
    #expect(qwen2.encode("ab<end>") == [4, 7] && qwen2.endOfText == 7 && qwen2.beginningOfText == nil)
    #expect(qwen2.normalizers == [.nfc] && qwen2.preTokenizers.first == .split(.qwen2))

    for (json, rule) in [
      (["tokenizer_class": "T5Tokenizer"], .unsupported), (["tokenizer_class": 1], .structure),
      (["added_tokens_decoder": ["x": ["content": "<end>"]]], .addedTokens), (["eos_token": "nobody"], .vocabulary),
      (["added_tokens_decoder": []], .structure), (["added_tokens_decoder": ["0": ["content": "<end>"]]], .addedTokens),
    ] as [(JSON, TokenizerError.Rule)] {
      let path = try configuration(json)
      let error = try #require(throws: TokenizerError.self) {
        _ = try Tokenizer(vocabulary: vocabulary, merges: merges, configuration: path)
      }
      #expect(error.rule == rule && error.path == path, "\(error)")
    }
    for text in ["a b c\n", "a  b\n", "x y\n", "\n", "a c\n", "ab"] {
      let path = try directory.file("wrong.txt", text.utf8)
      let error = try #require(throws: TokenizerError.self) { _ = try Tokenizer(vocabulary: vocabulary, merges: path) }
      #expect(error.rule == .merges && error.path == path && error.detail.contains("line 1"), "\(error)")
    }
    let bytes = try directory.file("wrong.txt", [0x61, 0x20, 0xFF])
    #expect(throws: TokenizerError.self) { try Tokenizer(vocabulary: vocabulary, merges: bytes) }
  }

  @Test func `an id without token is refused in decoding`() throws {
    let ours = try tokenizer("small", ["added_tokens": [["id": 700, "content": "<n>"]]])
    #expect(try ours.decode([700]) == "<n>")
    #expect(ours.idBound == 701 && ours.token(650) == nil && ours.token(-1) == nil && ours.id(of: "nobody") == nil)
    for id in [-1, 650, 701, .max, .min] {
      let error = try #require(throws: TokenizerError.self) { _ = try ours.decode([1, id]) }
      #expect(error.rule == .tokenID && error.description.contains("\(id)"))
    }
  }

  @Test func `errors stay on one line whatever the file says`() throws {
    let name = "a\n\u{1B}[31m\u{2028}\"" + String(repeating: "x", count: 500)
    let error = try #require(throws: TokenizerError.self) {
      _ = try tokenizer("small", ["normalizer": ["type": .string(name)]])
    }
    #expect(!error.description.unicodeScalars.contains { $0.value < 32 || $0 == "\u{2028}" })
    #expect(error.description.utf8.count < 300)
  }
}
