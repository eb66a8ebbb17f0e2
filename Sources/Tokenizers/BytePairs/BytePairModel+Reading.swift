import FileFormats

extension BytePairModel {
  /// The model of a `tokenizer.json`.
  init(_ reader: JSONReader, unit: Unit) throws(TokenizerError) {
    if let type = try reader.optional("type") {
      let name = try type.string()
      guard name == "BPE" else { throw type.error(.unsupported, "the model \(quoted(name)) is not known, only BPE is") }
    }
    try reader.allow(
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
      "ignore_merges", "vocab", "merges")
    if let dropout = try reader.optional("dropout"), dropout.value.doubleValue != 0 {
      throw dropout.error(.unsupported, "merges that are dropped at random are not known")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = try reader.optional(name), affix.value != "" {
        throw affix.error(.unsupported, "words marked by an affix are not known")
      }
    }
    self.init()
    self.unit = unit
    ignoresMerges = try reader.flag("ignore_merges", absent: false)
    fallsBackToBytes = try reader.flag("byte_fallback", absent: false)
    fusesUnknown = try reader.flag("fuse_unk", absent: false)
    try readVocabulary(reader.member("vocab"))
    try readMerges(reader.member("merges"))
    if let name = try reader.optional("unk_token") {
      unknown = tokens.id(of: Array(try name.string().utf8))
      if unknown == nil { throw name.error(.vocabulary, "\(quoted(try name.string())) is not in the vocabulary") }
    }
    prepare()
  }

  /// Reads an object that maps tokens to ids.
  mutating func readVocabulary(_ reader: JSONReader) throws(TokenizerError) {
    guard let members = reader.value.members else {
      throw reader.error(.structure, "must be an object, is \(reader.kind)")
    }
    tokens = TokenTable(capacity: members.count)
    for member in members {
      guard let id = member.value.integerValue, (0...Tokenizer.maximumID).contains(id) else {
        throw reader.error(
          .vocabulary, "the id of \(quoted(member.name)) must be an integer of 0...\(Tokenizer.maximumID)")
      }
      if tokens.insert(member.name.utf8, id: id) != nil {
        throw reader.error(.vocabulary, "the id \(id) of \(quoted(member.name)) has another token already")
      }
    }
  }

  /// Reads an array of merges, each `"left right"` or `["left", "right"]`.
  mutating func readMerges(_ reader: JSONReader) throws(TokenizerError) {
    guard let elements = reader.value.elements else {
      throw reader.error(.structure, "must be an array, is \(reader.kind)")
    }
    merges = MergeTable(capacity: elements.count)
    for (rank, element) in elements.enumerated() {
      do throws(TokenizerError) {
        switch element {
        case .string(let line): try addMerge(Array(line.utf8)[...], rank: rank, path: reader.path)
        case .array(let pair):
          guard pair.count == 2, let left = pair[0].stringValue, let right = pair[1].stringValue else {
            throw TokenizerError(.merges, reader.path, "a merge must be two strings")
          }
          try addMerge(left.utf8, right.utf8, rank: rank, path: reader.path)
        default: throw TokenizerError(.merges, reader.path, "a merge must be a string or an array of two")
        }
      } catch {
        throw TokenizerError(error.rule, error.path, "\(reader.place)[\(rank)]: \(error.detail)")
      }
    }
  }

  /// Reads the lines of a `merges.txt` or `vocab.bpe`: a comment may come first, then `left right` in each line.
  mutating func readMerges(lines bytes: [UInt8], path: String) throws(TokenizerError) {
    guard (try? UTF8Span(validating: bytes.span)) != nil else {
      throw TokenizerError(.merges, path, "the bytes are not UTF-8")
    }
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    merges = MergeTable(capacity: lines.count)
    var rank = 0
    for (number, line) in lines.enumerated() {
      let line = line.last == 0x0D ? line.dropLast() : line
      if line.starts(with: "#version".utf8) { continue }
      do throws(TokenizerError) { try addMerge(line, rank: rank, path: path) } catch {
        throw TokenizerError(error.rule, path, "line \(number + 1): \(error.detail)")
      }
      rank += 1
    }
  }

  private mutating func addMerge(_ line: ArraySlice<UInt8>, rank: Int, path: String) throws(TokenizerError) {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw TokenizerError(
        .merges, path,
        "a merge must be two tokens with one space between, is "
          + quoted(String(decoding: line, as: UTF8.self)))
    }
    try addMerge(parts[0], parts[1], rank: rank, path: path)
  }

  /// Adds the merge of two tokens into the one that is spelled as both together.
  private mutating func addMerge(
    _ left: some Collection<UInt8>, _ right: some Collection<UInt8>, rank: Int, path: String
  ) throws(TokenizerError) {
    let whole = Array(left) + Array(right)
    func known(_ range: Range<Int>) throws(TokenizerError) -> Int32 {
      guard let id = tokens.id(of: whole, range) else {
        throw TokenizerError(
          .merges, path, "\(quoted(String(decoding: whole[range], as: UTF8.self))) is not in the vocabulary")
      }
      return Int32(id)
    }
    let leftID = try known(0..<left.count)
    let rightID = try known(left.count..<whole.count)
    merges[leftID, rightID] = MergeTable.Merge(rank: Int32(rank), id: try known(whole.indices))
  }
}
