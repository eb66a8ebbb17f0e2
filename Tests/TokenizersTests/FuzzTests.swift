import FileFormats
import TestSupport
import Testing

@testable import Tokenizers

/// Changes that an unlucky disk or a hostile author might make.
private func mutated(_ original: [UInt8], with random: inout SplitMix64) -> [UInt8] {
  let fragments = [
    "18446744073709551616", "-1", "4194303", "4194304", "0.5", "[", "{", "]", "}", ",", "\"", "\\u", "null", "true",
    "\"\"",
    #"{"type":"Sequence","#, #""type":"NFC""#, #""type":"Metaspace","replacement":"\u2581""#, #"["a","b"]"#, "Ġ", "é",
    #"{"Sequence":{"id":"A"}}"#, #"{"type":"Fuse"}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
  ]
  var bytes = original
  for _ in 0..<Int.random(in: 1...3, using: &random) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<7, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 2 where place > 0: bytes.removeSubrange(Int.random(in: 0..<place, using: &random)..<place)
    case 3: bytes.insert(contentsOf: Array((fragments.randomElement(using: &random) ?? "").utf8), at: place)
    case 4:
      // A stretch of the text once more, somewhere else.
      let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
      bytes.insert(contentsOf: Array(bytes[place..<end]), at: Int.random(in: 0...bytes.count, using: &random))
    default:
      // A digit, a truth value or a letter for another keeps the grammar and hits the meaning.
      let digits = bytes.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
      if let digit = digits.randomElement(using: &random) {
        bytes[digit] = UInt8.random(in: UInt8(ascii: "0")...UInt8(ascii: "9"), using: &random)
      }
    }
  }
  return bytes
}

@Suite struct FuzzTests {
  /// Every kind of component, and a vocabulary small enough that mutations hit all of it.
  private let original: JSON = [
    "added_tokens": [
      ["id": 9, "content": "<n>", "lstrip": true, "special": true], ["id": 10, "content": "w", "normalized": true],
    ],
    "normalizer": [
      "type": "Sequence",
      "normalizers": [
        ["type": "NFC"], ["type": "Prepend", "prepend": "_"],
        ["type": "Replace", "pattern": ["String": " "], "content": "_"],
      ],
    ],
    "pre_tokenizer": [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": .string(SplitPattern.llama3.rawValue)], "behavior": "Isolated"],
        ["type": "Digits", "individual_digits": true],
        ["type": "ByteLevel", "add_prefix_space": true, "use_regex": false],
      ],
    ],
    "post_processor": [
      "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<n>"]], ["Sequence": ["id": "A"]]],
      "special_tokens": ["<n>": ["ids": [9]]],
    ],
    "decoder": [
      "type": "Sequence",
      "decoders": [
        ["type": "Replace", "pattern": ["String": "_"], "content": " "], ["type": "ByteFallback"], ["type": "Fuse"],
        ["type": "Strip", "content": " ", "start": 1, "stop": 1],
      ],
    ],
    "model": [
      "type": "BPE", "unk_token": "a", "byte_fallback": true, "fuse_unk": true, "ignore_merges": true,
      "vocab": ["a": 0, "b": 1, "_": 2, "Ġ": 3, "ab": 4, "_a": 5, "_ab": 6, "<0x63>": 7, "<0xC3>": 8],
      "merges": ["a b", ["_", "a"], "_ ab"],
    ],
  ]

  @Test func `mutated tokenizer json files are read or refused`() throws {
    let bytes = original.bytes(.compact)
    _ = try Tokenizer(parsing: bytes)
    var random = SplitMix64(seed: 2029)
    var accepted = 0
    for _ in 0..<20_000 {
      let text = mutated(bytes, with: &random)
      do throws(TokenizerError) {
        let ours = try Tokenizer(parsing: text)
        accepted += 1
        let ids = ours.encode("<n> ab w cé 12\u{301}<n") + ours.encode("")
        _ = try ours.decode(ids)
        _ = try ours.decode((0..<min(ours.idBound, 64)).filter { ours.token($0) != nil })
        // What is accepted must survive its own writer.
        let again = try Tokenizer(parsing: ours.json().bytes(.compact))
        #expect(again.encode("<n> ab w cé 12") == ours.encode("<n> ab w cé 12"))
      } catch {
        #expect(error.rule != .system && error.rule != .tokenID, "\(error)")
        #expect(!error.description.utf8.contains(0x0A))
      }
    }
    // Both outcomes must occur, or the mutations test nothing.
    #expect(accepted > 500)
    #expect(accepted < 19_000)
  }

  @Test func `mutated llama2c vocabularies are read or refused`() throws {
    let bytes = llama2c(llama2cTokens(["ab", " a", "bc", " abc", " ", "a", "b", "c"]))
    var random = SplitMix64(seed: 2030)
    var accepted = 0
    for _ in 0..<3000 {
      // Most mutations strike the same 256 byte tokens: aim half of them at what is after and before.
      var text = mutated(bytes, with: &random)
      if Bool.random(using: &random) {
        text = bytes
        let place =
          Bool.random(using: &random)
          ? bytes.count - 1 - Int.random(in: 0..<80, using: &random) : Int.random(in: 0..<40, using: &random)
        text[place] = UInt8.random(in: 0...255, using: &random)
      }
      do throws(TokenizerError) {
        let ours = try Tokenizer(llama2c: text, path: "t.bin")
        accepted += 1
        _ = try ours.decode(ours.encode("abc é ab"))
        _ = try ours.decode(0..<ours.idBound)
      } catch {
        #expect(error.rule == .layout || error.rule == .vocabulary, "\(error)")
      }
    }
    #expect(accepted > 100)
    #expect(accepted < 2900)
  }

  @Test func `mutated merges are read or refused`() throws {
    let vocabulary = JSONReader(path: "vocab.json", value: ["a": 0, "b": 1, "ab": 2, "aab": 3, "Ġ": 4])
    var random = SplitMix64(seed: 2031)
    for _ in 0..<3000 {
      var model = BytePairModel()
      try model.readVocabulary(vocabulary)
      let lines = mutated(Array("#version: 0.2\na b\na ab\n".utf8), with: &random)
      do throws(TokenizerError) { try model.readMerges(lines: lines, path: "merges.txt") } catch {
        #expect(error.rule == .merges)
      }
    }
  }
}
