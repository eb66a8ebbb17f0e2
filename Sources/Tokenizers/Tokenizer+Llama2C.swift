import FileFormats

extension Tokenizer {
  /// Reads a `tokenizer.bin` of llama2.c, such as the stories model's `tok512.bin`.
  ///
  /// The layout, little-endian: an `Int32` (the length of the longest token), then for each id from 0 on a `Float`
  /// score, an `Int32` length and so many bytes. 0 is the unknown token, 1 begins and 2 ends a text, 3 to 258 are the
  /// bytes. It encodes as llama2.c does: a space goes before a text that is not empty, scalars without token become
  /// their bytes, and of all neighbours whose joint spelling is a token those of the highest score join first. That is
  /// byte-pair encoding in which every way to cut a token into two tokens is a merge. No template is applied: the
  /// caller puts `beginningOfText` where the model wants it.
  /// - Throws: `TokenizerError` with the file and what is wrong.
  public init(llama2c path: String) throws(TokenizerError) {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try InputFile.bytes(of: path) } catch { throw TokenizerError(error) }
    try self.init(llama2c: bytes, path: path)
  }

  /// Reads the content of a `tokenizer.bin`; `path` is what errors call it.
  /// - Throws: `TokenizerError`, as `init(llama2c:)` for a path does.
  public init(llama2c bytes: [UInt8], path: String) throws(TokenizerError) {
    var model = BytePairModel()
    model.unit = .scalars
    model.fallsBackToBytes = true
    model.unknown = 0
    var scores: [Float] = []
    var place = 0
    func word() throws(TokenizerError) -> UInt32 {
      guard bytes.count - place >= 4 else {
        throw TokenizerError(.layout, path, "it ends within token \(scores.count)")
      }
      defer { place += 4 }
      return (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
    }
    _ = try word()
    while place < bytes.count {
      let id = scores.count
      let score = Float(bitPattern: try word())
      let length = Int(Int32(bitPattern: try word()))
      guard score.isFinite else { throw TokenizerError(.layout, path, "the score of token \(id) is not finite") }
      guard length >= 0, length <= bytes.count - place else {
        throw TokenizerError(
          .layout, path, "token \(id) has the length \(length), but \(bytes.count - place) bytes are left")
      }
      guard id <= Self.maximumID else { throw TokenizerError(.layout, path, "more than \(Self.maximumID + 1) tokens") }
      let token = bytes[place..<place + length]
      guard model.tokens.insert(token, id: id) == nil else {
        throw TokenizerError(
          .vocabulary, path, "token \(id), \(quoted(String(decoding: token, as: UTF8.self))), is there already")
      }
      scores.append(score)
      place += length
    }
    guard scores.count >= 259 else {
      throw TokenizerError(.layout, path, "\(scores.count) tokens; at least 3 special ones and 256 bytes are needed")
    }
    model.prepare()
    for byte in 0..<256 where model.tokens.token(byte + 3).flatMap(BytePairModel.byte(ofFallbackToken:)) != UInt8(byte)
    {
      throw TokenizerError(.vocabulary, path, "token \(byte + 3) must be that of the byte \(byte)")
    }
    model.addMerges(byScore: scores)
    let special = (0..<3).compactMap { id in
      model.tokens.token(id).map { AddedToken(String(decoding: $0, as: UTF8.self), id: id) }
    }
    // llama2.c does not look for special tokens in a text; here they only mark ids, and encoding cannot yield them.
    self.init(
      model: model, addedTokens: special, findsAddedTokens: false, normalizers: [.prepend([0x20])], decoding: [.llama2c]
    )
    beginningOfText = 1
    endOfText = 2
  }
}

extension BytePairModel {
  /// Makes every way to cut a token into two tokens a merge, in the order of falling scores.
  fileprivate mutating func addMerges(byScore scores: [Float]) {
    let ranks = Dictionary(
      Set(scores).sorted(by: >).enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    for (id, score) in scores.enumerated() {
      guard let token = tokens.token(id).map(Array.init), token.count > 1, let rank = ranks[score] else { continue }
      for cut in 1..<token.count {
        guard let left = tokens.id(of: token, 0..<cut), let right = tokens.id(of: token, cut..<token.count) else {
          continue
        }
        merges[Int32(left), Int32(right)] = MergeTable.Merge(rank: rank, id: Int32(id))
      }
    }
  }
}
