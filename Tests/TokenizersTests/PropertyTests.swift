import FileFormats
import PropertyTesting
import Testing

@testable import Tokenizers

@Suite struct PropertyTests {
  @Test(arguments: ["gpt2", "llama3", "no pattern", "digits"])
  func `decoding undoes encoding for every text`(_ name: String) throws {
    let ours = try variant(name)
    #expect(ours.isLossless)
    checkProperty("decode(encode(s)) == s", count: 500, anyText) { text in
      let ids = ours.encode(text, addingTemplate: false)
      try ensureSame(try ours.decode(ids), text)
      try ensure(ids == ours.encode(text, addingTemplate: false), "a second time gives other ids")
      try ensure(ours.encode([text, text], addingTemplate: false) == [ids, ids], "a batch gives other ids")
    }
  }

  @Test func `form C keeps what a text means and is its own form C`() throws {
    checkProperty("NFC", count: 2000, anyText) { text in
      let once = CanonicalComposition.compose(Array(text.utf8))
      try ensure(String(decoding: once, as: UTF8.self) == text, "not canonically equivalent")
      try ensure(CanonicalComposition.compose(once) == once, "not stable: \(once)")
    }
  }

  @Test func `special tokens separate what is around them`() throws {
    let ours = try variant("llama3")
    let mark = try #require(ours.id(of: "<|eot_id|>"))
    checkProperty("encode(a + token + b)", zip(anyText, anyText)) { first, second in
      let whole = ours.encode(first + "<|eot_id|>" + second, addingTemplate: false)
      let parts = [first, second].map { ours.encode($0, addingTemplate: false) }
      try ensure(whole == parts[0] + [mark] + parts[1], "\(whole)")
    }
  }

  @Test(arguments: ["gpt2", "llama2", "metaspace, decoded", "no decoder", "flags"])
  func `a stream gives what decoding at once gives`(_ name: String) throws {
    let ours = try variant(name)
    let known = (0..<ours.idBound).filter { ours.token($0) != nil }
    let ids = Gen<Int>.oneOf([.choice(of: known), .choice(of: Array(known.prefix(270)))]).array(count: 0...30)
    checkProperty("stream == decode", count: 500, zip(ids, .bool)) { ids, skips in
      // What decoding as one text would give, by the model of one token after another without holding anything back.
      var stream = StreamingDecoder(ours, skippingSpecial: skips)
      var text = ""
      for id in ids { text += try stream.append(id) }
      text += stream.finish()
      try ensureSame(text, try ours.decode(ids, skippingSpecial: skips))
    }
  }

  @Test(arguments: ["gpt2", "qwen2"])
  func `a stream never gives a part of a character`(_ name: String) throws {
    let ours = try variant(name)
    checkProperty("whole characters", count: 500, anyText) { text in
      if text.unicodeScalars.contains("\u{FFFD}") { return }
      var stream = StreamingDecoder(ours)
      var count = 0
      for id in ours.encode(text) {
        let part = try stream.append(id)
        try ensure(!part.unicodeScalars.contains("\u{FFFD}"), "a replacement character from \(id)")
        count += part.utf8.count
      }
      try ensure(stream.finish().isEmpty && count >= text.utf8.count / 4, "something was held back to the end")
    }
  }

  /// The definition: again and again the pair of the lowest rank, the leftmost of several, joins.
  private func joined(_ start: [Int32], _ merges: MergeTable) -> [Int32] {
    var symbols = start
    while true {
      let pairs = zip(symbols, symbols.dropFirst()).enumerated().compactMap { place, pair in
        merges[pair.0, pair.1].map { (place: place, merge: $0) }
      }
      guard let best = pairs.min(by: { ($0.merge.rank, $0.place) < ($1.merge.rank, $1.place) }) else { return symbols }
      symbols.replaceSubrange(best.place...best.place + 1, with: [best.merge.id])
    }
  }

  @Test func `short and long words join as the definition says`() throws {
    let ours = try tokenizer()
    let letters = Array("thecatsoin r".utf8).compactMap { ours.id(of: String(ByteAlphabet.scalars[Int($0)])) }
    let words = Gen<Int>.choice(of: letters).array(count: 0...90).map { $0.map(Int32.init) }
    checkProperty("join", count: 1000, words) { word in
      var scratch = MergeScratch()
      scratch.symbols = word
      scratch.join(with: ours.model.merges)
      try ensure(scratch.symbols == joined(word, ours.model.merges), "\(scratch.symbols)")
    }
  }

  @Test func `equal ranks join from the left`() throws {
    // Merges of llama2.c: every cut of a token into two has the token's rank.
    var merges = MergeTable()
    for (left, right, rank, id) in [(0, 0, 0, 1), (1, 0, 1, 2), (0, 1, 1, 2), (1, 1, 2, 3)]
      as [(Int32, Int32, Int32, Int32)]
    {
      merges[left, right] = MergeTable.Merge(rank: rank, id: id)
    }
    checkProperty("join", Gen<Int>.constant(0).array(count: 0...90).map { $0.map(Int32.init) }) { word in
      var scratch = MergeScratch()
      scratch.symbols = word
      scratch.join(with: merges)
      try ensure(scratch.symbols == joined(word, merges), "\(scratch.symbols)")
    }
  }

  @Test func `what is written is read back as the same tokenizer`() throws {
    for entry in try #require(reference("variants").elements) {
      let name = try #require(entry["name"]?.stringValue)
      let ours = try tokenizer(try #require(entry["base"]?.stringValue), try #require(entry["changes"]))
      let again = try Tokenizer(parsing: ours.json().bytes())
      #expect(try again.json() == ours.json(), "\(name)")
      for text in try referenceTexts() { #expect(again.encode(text) == ours.encode(text), "\(name)") }
    }
  }

  @Test func `pages of all scalars fall into the kinds that Python's tokenizers knows`() {
    // Counted with tokenizers 0.23.3: Regex(r"\p{L}"), Regex(r"\p{N}") and Regex(r"\s") over all scalars.
    var counts: [ScalarKind: Int] = [:]
    for value in 0...UInt32(0x10FFFF) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      counts[ScalarKind(scalar), default: 0] += 1
    }
    #expect(counts[.letter] == 141_028)
    #expect(counts[.number] == 1911)
    #expect(counts[.space] == 25)
    for scalar in "\u{20}\u{9}\u{A}\u{B}\u{C}\u{D}azAZ09!~\u{7F}".unicodeScalars {
      let read = ScalarKind.read(Array(String(scalar).utf8), 0).kind
      #expect(read == ScalarKind(scalar) || (read == .lineBreak && (scalar == "\n" || scalar == "\r")))
    }
  }
}
