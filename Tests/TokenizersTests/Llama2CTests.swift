import PropertyTesting
import Testing

@testable import Tokenizers

/// The content of a tokenizer.bin.
func llama2c(_ tokens: [(String, Float)]) -> [UInt8] {
  func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  return word(UInt32(tokens.map(\.0.utf8.count).max() ?? 0))
    + tokens.flatMap { word($0.1.bitPattern) + word(UInt32($0.0.utf8.count)) + Array($0.0.utf8) }
}

/// The special and byte tokens that every vocabulary begins with, and then some pieces with falling scores.
func llama2cTokens(_ pieces: [String]) -> [(String, Float)] {
  let bytes = (0..<256).map { "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">" }
  return (["<unk>", "\n<s>\n", "\n</s>\n"] + bytes).map { ($0, 0) } + pieces.enumerated().map { ($1, -Float($0)) }
}

@Suite struct Llama2CTests {
  private let pieces = ["ab", " a", "bc", " abc", "abcd", " ", "a", "b", "c", "d", "é", "世"]

  /// llama2.c's loop, as its README and code describe it: of all neighbours that are a token together, the best first.
  private func reference(_ text: String, _ tokens: [(String, Float)]) -> [Int] {
    func id(_ piece: String) -> Int? { tokens.firstIndex { $0.0.utf8.elementsEqual(piece.utf8) } }
    var ids: [Int] = []
    for scalar in (text.isEmpty ? "" : " " + text).unicodeScalars {
      if let known = id(String(scalar)) { ids.append(known) } else { ids += String(scalar).utf8.map { Int($0) + 3 } }
    }
    while true {
      var best: (score: Float, place: Int, id: Int)?
      for place in ids.indices.dropLast() {
        guard let joint = id(tokens[ids[place]].0 + tokens[ids[place + 1]].0) else { continue }
        if best.map({ tokens[joint].1 > $0.score }) ?? true { best = (tokens[joint].1, place, joint) }
      }
      guard let best else { return ids }
      ids.replaceSubrange(best.place...best.place + 1, with: [best.id])
    }
  }

  @Test func `the best scoring pair joins first, as llama2.c has it`() throws {
    for tokens in [
      llama2cTokens(pieces), llama2cTokens(pieces.reversed()),
      // Equal scores: the leftmost joins. "<0x41>" can also be spelled by its characters.
      llama2cTokens(pieces + ["<", "0x41>", "0x4", "1>"]).map { ($0.0, 0) },
    ] {
      let ours = try Tokenizer(llama2c: llama2c(tokens), path: "t.bin")
      let texts = Gen<String>.string(of: "abcd é世😀\n<0x41>", count: 0...30)
      checkProperty("encode", texts) { text in
        let ids = ours.encode(text)
        try ensure(ids == reference(text, tokens), "\(ids)")
      }
    }
  }

  @Test func `decoding undoes encoding`() throws {
    let ours = try Tokenizer(llama2c: llama2c(llama2cTokens(pieces)), path: "t.bin")
    checkProperty("decode(encode(s)) == s", anyText) { text in
      try ensureSame(try ours.decode(ours.encode(text)), text)
      try ensureSame(try ours.decode([1] + ours.encode(text), skippingSpecial: true), text)
    }
    #expect(try ours.decode([1] + ours.encode(" x") + [2]) == "\n<s>\n x\n</s>\n")
    #expect(ours.beginningOfText == 1 && ours.endOfText == 2 && ours.encode("") == [])
    #expect(throws: TokenizerError.self) { try ours.json() }
  }

  @Test func `what breaks the layout is refused`() throws {
    let good = llama2c(llama2cTokens(pieces))
    var swapped = llama2cTokens(pieces)
    swapped.swapAt(10, 11)
    var notFinite = llama2cTokens(pieces)
    notFinite[260].1 = .nan
    for (bytes, rule) in [
      ([], .layout), ([1, 2, 3], .layout), (Array(good.dropLast()), .layout), (Array(good.prefix(2000)), .layout),
      (llama2c(Array(llama2cTokens(pieces).prefix(100))), .layout), (llama2c(llama2cTokens(["a", "a"])), .vocabulary),
      (llama2c(swapped), .vocabulary), (llama2c(notFinite), .layout),
      (Array(good.prefix(8)) + [0xFF, 0xFF, 0xFF, 0xFF] + good.dropFirst(12), .layout),
      (Array(good.prefix(8)) + [0xFF, 0xFF, 0xFF, 0x7F] + good.dropFirst(12), .layout),
    ] as [([UInt8], TokenizerError.Rule)] {
      let error = try #require(throws: TokenizerError.self) { _ = try Tokenizer(llama2c: bytes, path: "t.bin") }
      #expect(error.rule == rule, "\(error)")
      #expect(error.path == "t.bin")
    }
  }
}
