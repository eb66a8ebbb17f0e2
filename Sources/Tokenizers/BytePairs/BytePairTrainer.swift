import FileFormats

/// Learns a byte-level vocabulary from texts.
///
/// Texts are cut by GPT-2's pattern; then, again and again, the most frequent pair of neighbours within words joins, of
/// equally frequent ones that of the smaller ids (left before right). The ids: special tokens in the order given, the
/// 256 bytes in the order of their stand-ins, then the joined tokens. Equal texts and settings give equal vocabularies,
/// and the same as Hugging Face's `BpeTrainer` with `initial_alphabet=ByteLevel.alphabet()` and its `ByteLevel`
/// pre-tokenizer.
public struct BytePairTrainer: Sendable {
  /// How many tokens the vocabulary has at most, special ones included.
  public var vocabularySize: Int
  /// Tokens that mark structure; they are sought in no text to learn from.
  public var specialTokens: [String]
  /// How often a pair must occur at least to join.
  public var minimumFrequency: Int
  /// The special token that the tokenizer puts before every text; nil for none.
  public var beginning: String?

  /// Makes a trainer.
  public init(
    vocabularySize: Int, specialTokens: [String] = ["<|endoftext|>"], minimumFrequency: Int = 1,
    beginning: String? = nil
  ) {
    self.vocabularySize = vocabularySize
    self.specialTokens = specialTokens
    self.minimumFrequency = minimumFrequency
    self.beginning = beginning
  }

  /// A word that occurs in the texts, as ids, and how often it does.
  private struct Word {
    var symbols: [Int32]
    var count: Int

    /// Joins a pair wherever it is, from left to right, and tells by how much that changes the number of other pairs.
    mutating func join(_ pair: Pair, into id: Int32) -> [(Pair, Int)] {
      var changes: [(Pair, Int)] = []
      var result: [Int32] = []
      var place = 0
      while place < symbols.count {
        guard place + 1 < symbols.count, symbols[place] == pair.left, symbols[place + 1] == pair.right else {
          result.append(symbols[place])
          place += 1
          continue
        }
        if let previous = result.last {
          changes.append((Pair(left: previous, right: pair.left), -1))
          changes.append((Pair(left: previous, right: id), 1))
        }
        if place + 2 < symbols.count {
          changes.append((Pair(left: pair.right, right: symbols[place + 2]), -1))
          changes.append((Pair(left: id, right: symbols[place + 2]), 1))
        }
        result.append(id)
        place += 2
      }
      symbols = result
      return changes
    }
  }

  private struct Pair: Hashable {
    var left: Int32
    var right: Int32
  }

  /// A pair to join, by frequency and then by ids.
  private struct Candidate: Comparable {
    var pair: Pair
    var count: Int

    /// The better candidate comes first.
    static func < (first: Candidate, second: Candidate) -> Bool {
      (second.count, first.pair.left, first.pair.right) < (first.count, second.pair.left, second.pair.right)
    }
  }

  /// Learns from texts.
  /// - Throws: `TokenizerError` (`training`) where the vocabulary has no room for its special tokens and the bytes, or
  ///   special tokens are empty, alike, or alike with a byte, or the beginning is none of them.
  public func train(on texts: some Sequence<String>) throws(TokenizerError) -> Tokenizer {
    guard vocabularySize <= Tokenizer.maximumID + 1, vocabularySize >= specialTokens.count + 256 else {
      throw TokenizerError(
        .training, nil,
        "a vocabulary of \(vocabularySize) tokens; it must have at least \(specialTokens.count + 256), for the special "
          + "tokens and the bytes, and at most \(Tokenizer.maximumID + 1)")
    }
    var model = BytePairModel()
    for (id, token) in specialTokens.enumerated() {
      guard !token.isEmpty, model.tokens.insert(token.utf8, id: id) == nil else {
        throw TokenizerError(.training, nil, "the special token \(quoted(token)) is empty or there already")
      }
    }
    for (index, scalar) in ByteAlphabet.scalars.sorted().enumerated() {
      guard model.tokens.insert(String(scalar).utf8, id: specialTokens.count + index) == nil else {
        throw TokenizerError(.training, nil, "the special token \(quoted(String(scalar))) is that of a byte")
      }
    }
    var template = TokenTemplate()
    var beginningID: Int?
    if let beginning {
      guard let id = specialTokens.firstIndex(of: beginning) else {
        throw TokenizerError(.training, nil, "the beginning \(quoted(beginning)) is none of the special tokens")
      }
      template.parts.insert(.tokens([id]), at: 0)
      beginningID = id
    }
    learnMerges(&model, from: words(in: texts, model))
    model.prepare()
    var tokenizer = Tokenizer(
      model: model, addedTokens: specialTokens.enumerated().map { AddedToken($1, id: $0) },
      preTokenizers: [.byteLevel(addsPrefixSpace: false, splits: true)], template: template, decoding: [.byteLevel])
    if let beginningID { tokenizer.beginningOfText = beginningID }
    return tokenizer
  }

  private func words(in texts: some Sequence<String>, _ model: BytePairModel) -> [Word] {
    var counts: [[UInt8]: Int] = [:]
    for text in texts {
      var pieces = Pieces(Array(text.utf8))
      PreTokenizer.split(.gpt2).apply(to: &pieces, isAtStart: true)
      var start = 0
      for end in pieces.ends {
        counts[Array(pieces.bytes[start..<end]), default: 0] += 1
        start = end
      }
    }
    let symbols = (UInt8.min...UInt8.max).map { Int32(model.tokens.id(of: ByteAlphabet.spelled([$0])) ?? 0) }
    return counts.map { Word(symbols: $0.key.map { symbols[Int($0)] }, count: $0.value) }
  }

  private func learnMerges(_ model: inout BytePairModel, from given: [Word]) {
    var words = given
    var counts: [Pair: Int] = [:]
    var places: [Pair: Set<Int>] = [:]
    for (index, word) in words.enumerated() {
      for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
        counts[Pair(left: left, right: right), default: 0] += word.count
        places[Pair(left: left, right: right), default: []].insert(index)
      }
    }
    var queue = BinaryHeap<Candidate>()
    for (pair, count) in counts { queue.push(Candidate(pair: pair, count: count)) }
    var rank: Int32 = 0
    while model.tokens.count < vocabularySize, let best = queue.pop() {
      // Joining others may have made the pair rarer since it was queued.
      let count = counts[best.pair] ?? 0
      guard count == best.count else {
        if count > 0 { queue.push(Candidate(pair: best.pair, count: count)) }
        continue
      }
      guard count >= max(1, minimumFrequency) else { return }
      let spelling =
        Array(model.tokens.token(Int(best.pair.left)) ?? []) + (model.tokens.token(Int(best.pair.right)) ?? [])
      let id = Int32(model.tokens.id(of: spelling) ?? model.tokens.idBound)
      _ = model.tokens.insert(spelling, id: Int(id))
      model.merges[best.pair.left, best.pair.right] = MergeTable.Merge(rank: rank, id: id)
      rank += 1
      var changed: Set<Pair> = []
      for index in places.removeValue(forKey: best.pair) ?? [] {
        for (pair, change) in words[index].join(best.pair, into: id) {
          counts[pair, default: 0] += change * words[index].count
          if change > 0 {
            places[pair, default: []].insert(index)
            changed.insert(pair)
          }
        }
      }
      counts[best.pair] = nil
      for pair in changed {
        if let count = counts[pair], count > 0 { queue.push(Candidate(pair: pair, count: count)) }
      }
    }
  }
}
