/// Byte-pair encoding: a vocabulary, and which neighbours join first.
struct BytePairModel: Sendable {
  /// What a word consists of before anything joins.
  enum Unit: Sendable {
    /// Bytes, spelled in the vocabulary by their stand-ins (`ByteAlphabet`).
    case bytes
    /// Unicode scalars.
    case scalars
  }

  /// The tokens, added ones not included.
  var tokens = TokenTable()
  /// The merges.
  var merges = MergeTable()
  /// What a word consists of at first.
  var unit = Unit.bytes
  /// Whether a word that is a token as a whole becomes that token even where merges would not lead there.
  var ignoresMerges = false
  /// Whether a scalar without token becomes the tokens `<0x00>` to `<0xFF>` of its UTF-8 bytes.
  var fallsBackToBytes = false
  /// What stands for a scalar without token; where nil, it is dropped.
  var unknown: Int?
  /// Whether several unknown scalars in a row become one token.
  var fusesUnknown = false

  /// What each byte becomes at first where the unit is a byte: one token, or -1 where it takes the long way.
  private var byteTokens = [Int32](repeating: -1, count: 256)
  /// The tokens `<0x00>` to `<0xFF>`, or -1.
  private var fallbackTokens = [Int32](repeating: -1, count: 256)

  /// To be called after the last change to `tokens`.
  mutating func prepare() {
    for byte in UInt8.min...UInt8.max {
      byteTokens[Int(byte)] = tokens.id(of: ByteAlphabet.spelled([byte])).map(Int32.init) ?? -1
      fallbackTokens[Int(byte)] = tokens.id(of: Array(fallbackName(byte).utf8)).map(Int32.init) ?? -1
    }
  }

  /// Whether no text can lose anything by encoding: every byte has a token of its own.
  var isLossless: Bool {
    switch unit {
    case .bytes: !byteTokens.contains(-1)
    case .scalars: fallsBackToBytes && !fallbackTokens.contains(-1)
    }
  }

  /// The byte that a fallback token such as `<0x0A>` stands for.
  static func byte(ofFallbackToken token: ArraySlice<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: token.dropFirst(3).prefix(2), as: UTF8.self), radix: 16)
  }

  /// Appends the tokens of one word, a part of `buffer`; `scratch.starts` then tells where they begin, if it is kept.
  func encode(_ buffer: [UInt8], _ word: Range<Int>, into ids: inout [Int], with scratch: inout MergeScratch) {
    scratch.symbols.removeAll(keepingCapacity: true)
    scratch.starts.removeAll(keepingCapacity: true)
    if ignoresMerges, let id = whole(buffer, word) {
      ids.append(id)
      if scratch.tracksStarts { scratch.starts.append(0) }
      return
    }
    switch unit {
    case .bytes:
      var isKnown = true
      for index in word {
        let id = byteTokens[Int(buffer[index])]
        scratch.symbols.append(id)
        isKnown = isKnown && id >= 0
      }
      if isKnown {
        if scratch.tracksStarts { scratch.starts.append(contentsOf: 0..<Int32(word.count)) }
      } else {
        let spelling = ByteAlphabet.spelled(buffer[word])
        spell(spelling, spelling.indices, into: &scratch)
        // Each byte is spelled by one scalar.
        for index in scratch.starts.indices {
          scratch.starts[index] = Int32(spelling[..<Int(scratch.starts[index])].count { $0 & 0xC0 != 0x80 })
        }
      }
    case .scalars: spell(buffer, word, into: &scratch)
    }
    scratch.join(with: merges)
    for symbol in scratch.symbols { ids.append(Int(symbol)) }
  }

  private func whole(_ buffer: [UInt8], _ word: Range<Int>) -> Int? {
    switch unit {
    case .bytes: tokens.id(of: ByteAlphabet.spelled(buffer[word]))
    case .scalars: tokens.id(of: buffer, word)
    }
  }

  /// Fills the scratch with what the scalars of a word become before anything joins.
  ///
  /// As in Hugging Face's `BPE::merge_word`, an unknown scalar is held back until the next one that has a token, and
  /// bytes that stand for a scalar do not release it.
  private func spell(_ buffer: [UInt8], _ word: Range<Int>, into scratch: inout MergeScratch) {
    scratch.symbols.removeAll(keepingCapacity: true)
    var pending: (id: Int32, start: Int)?
    func append(_ id: Int32, _ start: Int) {
      scratch.symbols.append(id)
      if scratch.tracksStarts { scratch.starts.append(Int32(start - word.lowerBound)) }
    }
    var start = word.lowerBound
    while start < word.upperBound {
      let end = min(start + utf8Length(buffer[start]), word.upperBound)
      defer { start = end }
      if let id = tokens.id(of: buffer, start..<end) {
        if let held = pending { append(held.id, held.start) }
        pending = nil
        append(Int32(id), start)
        continue
      }
      if fallsBackToBytes, buffer[start..<end].allSatisfy({ fallbackTokens[Int($0)] >= 0 }) {
        for place in start..<end { append(fallbackTokens[Int(buffer[place])], place) }
        continue
      }
      if let unknown {
        if let held = pending, !fusesUnknown { append(held.id, held.start) }
        if pending == nil || !fusesUnknown { pending = (Int32(unknown), start) }
      }
    }
    if let held = pending { append(held.id, held.start) }
  }

  private func fallbackName(_ byte: UInt8) -> String {
    "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"
  }
}

/// How many bytes a scalar takes that starts with this byte, in valid UTF-8.
@inline(__always) func utf8Length(_ first: UInt8) -> Int {
  first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
}
