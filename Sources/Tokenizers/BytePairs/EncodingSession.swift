/// The working memory of encoding: what each word became, so that a word that comes again need not be joined again.
struct EncodingSession {
  /// Words longer than this are rare enough to be joined each time.
  private static let maximumWordLength = 48
  /// More words than this are not remembered; the most frequent ones come early.
  private static let maximumWordCount = 1 << 16

  private struct Entry {
    var hash: UInt64
    var start: Int32
    var length: Int32
    var firstID: Int32
    var idCount: Int32
  }

  private var scratch = MergeScratch()
  private var entries: [Entry] = []
  private var words: [UInt8] = []
  private var wordIDs: [Int] = []
  private var slots: [Int32] = []

  /// Appends the tokens of every piece.
  mutating func encode(_ pieces: Pieces, with model: BytePairModel, into ids: inout [Int]) {
    var start = 0
    for end in pieces.ends {
      encode(pieces.bytes, start..<end, with: model, into: &ids)
      start = end
    }
  }

  /// Appends the tokens of every piece, each marked where it holds anything of the assistant's.
  mutating func encode(_ pieces: Pieces, _ speech: Speech, with model: BytePairModel, into result: inout ChatEncoding) {
    var start = 0
    for end in pieces.ends {
      let word = start..<end
      start = end
      let before = result.ids.count
      guard speech.changes(within: word) else {
        encode(pieces.bytes, word, with: model, into: &result.ids)
        let isTrained = speech.isAssistants(at: word.lowerBound)
        result.isTrained += repeatElement(isTrained, count: result.ids.count - before)
        continue
      }
      scratch.tracksStarts = true
      defer { scratch.tracksStarts = false }
      model.encode(pieces.bytes, word, into: &result.ids, with: &scratch)
      for (index, offset) in scratch.starts.enumerated() {
        let token = word.lowerBound + Int(offset)
        let next = index + 1 < scratch.starts.count ? word.lowerBound + Int(scratch.starts[index + 1]) : end
        result.isTrained.append(speech.touchesAssistants(token..<max(token + 1, next)))
      }
    }
  }

  private mutating func encode(
    _ buffer: [UInt8], _ word: Range<Int>, with model: BytePairModel, into ids: inout [Int]
  ) {
    guard word.count <= Self.maximumWordLength else {
      model.encode(buffer, word, into: &ids, with: &scratch)
      return
    }
    if slots.isEmpty { slots = [Int32](repeating: -1, count: 256) }
    let key = hash(buffer, word)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: key) & mask
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.hash == key, isWord(entry, buffer, word) {
        for index in Int(entry.firstID)..<Int(entry.firstID + entry.idCount) { ids.append(wordIDs[index]) }
        return
      }
      slot = (slot + 1) & mask
    }
    let before = ids.count
    model.encode(buffer, word, into: &ids, with: &scratch)
    guard entries.count < Self.maximumWordCount else { return }
    slots[slot] = Int32(entries.count)
    entries.append(
      Entry(
        hash: key, start: Int32(words.count), length: Int32(word.count), firstID: Int32(wordIDs.count),
        idCount: Int32(ids.count - before)))
    words.append(contentsOf: buffer[word])
    wordIDs.append(contentsOf: ids[before...])
    if entries.count * 2 > slots.count { grow() }
  }

  private func isWord(_ entry: Entry, _ buffer: [UInt8], _ word: Range<Int>) -> Bool {
    guard entry.length == word.count else { return false }
    for offset in 0..<word.count where words[Int(entry.start) + offset] != buffer[word.lowerBound + offset] {
      return false
    }
    return true
  }

  private mutating func grow() {
    let mask = slots.count * 4 - 1
    slots = [Int32](repeating: -1, count: slots.count * 4)
    for (index, entry) in entries.enumerated() {
      var slot = Int(truncatingIfNeeded: entry.hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index)
    }
  }
}
