/// Text to token ids and back: byte-pair encoding as Hugging Face's `tokenizers` does it.
///
/// A text passes through the added tokens (found as they are), the normalizers, the pre-tokenizers (which cut it into
/// words), the model (which joins byte pairs within each word) and the template (which adds a token for the beginning
/// or the like). Values are read from `tokenizer.json` and its older relatives, or trained by `BytePairTrainer`.
public struct Tokenizer: Sendable {
  /// The largest id a token may have.
  public static let maximumID = 1 << 22 - 1

  /// The tokens found in a text as they are, by their ids.
  public let addedTokens: [AddedToken]
  /// The token that begins a text, where the model was trained with one; templates of conversations ask for it.
  public var beginningOfText: Int?
  /// The token that ends a text.
  public var endOfText: Int?

  let model: BytePairModel
  let normalizers: [Normalizer]
  let preTokenizers: [PreTokenizer]
  let template: TokenTemplate
  let decoding: [DecodingStep]
  /// Whether added tokens are looked for in texts.
  let findsAddedTokens: Bool
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  private let addedIndex: [Int: Int]
  private let addedIDs: [[UInt8]: Int]

  init(
    model: BytePairModel, addedTokens: [AddedToken] = [], findsAddedTokens: Bool = true,
    normalizers: [Normalizer] = [], preTokenizers: [PreTokenizer] = [], template: TokenTemplate = TokenTemplate(),
    decoding: [DecodingStep] = []
  ) {
    self.model = model
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    self.normalizers = normalizers
    self.preTokenizers = preTokenizers
    self.template = template
    self.decoding = decoding
    self.findsAddedTokens = findsAddedTokens
    var raw = AddedTokenMatcher()
    var normalized = AddedTokenMatcher()
    var index: [Int: Int] = [:]
    var ids: [[UInt8]: Int] = [:]
    for (place, token) in self.addedTokens.enumerated() {
      let content = Array(token.content.utf8)
      index[token.id] = place
      ids[content] = token.id
      if !findsAddedTokens { continue }
      if token.isNormalized {
        normalized.insert(normalizers.reduce(content) { $1.apply(to: $0) }, token)
      } else {
        raw.insert(content, token)
      }
    }
    rawMatcher = raw
    normalizedMatcher = normalized
    addedIndex = index
    addedIDs = ids
    func known(_ names: String...) -> Int? { names.lazy.compactMap { ids[Array($0.utf8)] }.first }
    beginningOfText = known("<|begin_of_text|>", "<s>")
    endOfText = known("</s>", "<|end_of_text|>", "<|endoftext|>", "<|im_end|>")
  }

  /// How many tokens there are, the added ones included.
  public var count: Int { model.tokens.count + addedTokens.count { model.tokens.token($0.id) == nil } }

  /// One more than the largest id: the number of rows that an embedding of these tokens needs at least.
  public var idBound: Int { max(model.tokens.idBound, (addedTokens.last?.id ?? -1) + 1) }

  /// Whether `decode` gives back what `encode` got, for every text.
  ///
  /// Where this is false, a byte or character without token of its own is lost or becomes the unknown token, as with
  /// Hugging Face; or a normalizer, or white space that added tokens take in, changes the text.
  public var isLossless: Bool {
    model.isLossless && normalizers.isEmpty
      && preTokenizers.allSatisfy { if case .byteLevel(let adds, _) = $0 { !adds } else { true } }
      && decoding == [.byteLevel]
      && addedTokens.allSatisfy { token in
        let content = Array(token.content.utf8)
        return !token.stripsLeft && !token.stripsRight
          && (ByteAlphabet.bytes(spelledBy: content[...]) ?? content) == content
      }
  }

  /// The token with an id as the vocabulary spells it, or nil where there is none.
  public func token(_ id: Int) -> String? {
    bytes(id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The id of a token as the vocabulary spells it, or nil where there is none.
  public func id(of token: String) -> Int? {
    let content = Array(token.utf8)
    return addedIDs[content] ?? model.tokens.id(of: content)
  }

  /// Whether an id is that of an added token which is no text.
  public func isSpecial(_ id: Int) -> Bool {
    addedIndex[id].map { addedTokens[$0].isSpecial } ?? false
  }

  /// Whether `encode` finds the token in a text that spells it.
  func findsInTexts(_ id: Int) -> Bool { findsAddedTokens && addedIndex[id] != nil }

  /// The token ids of a text.
  ///
  /// - Parameters:
  ///   - text: Any text. Added tokens in it are found, special ones included.
  ///   - addingTemplate: Whether the template is applied, which is where Llama 3 gets its `<|begin_of_text|>` from.
  public func encode(_ text: String, addingTemplate: Bool = true) -> [Int] {
    var session = EncodingSession()
    return encode(text, addingTemplate: addingTemplate, in: &session)
  }

  /// The token ids of several texts, each for itself; faster than one by one, because words are remembered.
  public func encode(_ texts: [String], addingTemplate: Bool = true) -> [[Int]] {
    var session = EncodingSession()
    return texts.map { encode($0, addingTemplate: addingTemplate, in: &session) }
  }

  /// The tokens that come before a text by itself: those of the template, or llama2.c's beginning.
  ///
  /// A token for the beginning that a file merely names (`bos_token`) is none of them: transformers does not add it.
  var leadingTokens: [Int] {
    findsAddedTokens ? template.leadingTokens : beginningOfText.map { [$0] } ?? []
  }

  private func encode(_ text: String, addingTemplate: Bool, in session: inout EncodingSession) -> [Int] {
    let text = Array(text.utf8)
    var result = ChatEncoding()
    result.ids.reserveCapacity(text.count / 3 + 4)
    encode(text, nil, into: &result, in: &session)
    return addingTemplate ? template.apply(to: result.ids) : result.ids
  }

  /// Appends the token ids of a text, without the template, and where it is told who speaks, also the mask.
  func encode(_ text: [UInt8], _ speech: Speech?, into result: inout ChatEncoding, in session: inout EncodingSession) {
    for stretch in rawMatcher.stretches(of: text) {
      if let id = stretch.id {
        result.ids.append(id)
        if let speech { result.isTrained.append(speech.touchesAssistants(stretch.range)) }
        continue
      }
      let part = stretch.range.count == text.count ? text : Array(text[stretch.range])
      let normalized = normalize(part)
      let speech = speech?.within(stretch.range).changed(from: part, to: normalized, by: normalize)
      let isAtStart = stretch.range.lowerBound == 0
      if normalizedMatcher.isEmpty {
        encode(normalized, speech, isAtStart: isAtStart, into: &result, in: &session)
        continue
      }
      for inner in normalizedMatcher.stretches(of: normalized) {
        if let id = inner.id {
          result.ids.append(id)
          if let speech { result.isTrained.append(speech.touchesAssistants(inner.range)) }
        } else {
          encode(
            Array(normalized[inner.range]), speech?.within(inner.range),
            isAtStart: isAtStart && inner.range.lowerBound == 0, into: &result, in: &session)
        }
      }
    }
  }

  private func encode(
    _ part: [UInt8], _ speech: Speech?, isAtStart: Bool, into result: inout ChatEncoding,
    in session: inout EncodingSession
  ) {
    func cut(_ text: [UInt8]) -> Pieces {
      var pieces = Pieces(text)
      for step in preTokenizers { step.apply(to: &pieces, isAtStart: isAtStart) }
      return pieces
    }
    let pieces = cut(part)
    guard let speech else { return session.encode(pieces, with: model, into: &result.ids) }
    session.encode(
      pieces, speech.changed(from: part, to: pieces.bytes, by: { cut($0).bytes }), with: model, into: &result)
  }

  private func normalize(_ text: [UInt8]) -> [UInt8] { normalizers.reduce(text) { $1.apply(to: $0) } }

  /// The text of token ids.
  ///
  /// Bytes that are no UTF-8 become replacement characters, one for each maximal part of a character.
  /// - Parameters:
  ///   - ids: Token ids.
  ///   - skippingSpecial: Whether special tokens are left out.
  /// - Throws: `TokenizerError` (`tokenID`) where an id has no token.
  public func decode(_ ids: some Sequence<Int>, skippingSpecial: Bool = false) throws(TokenizerError) -> String {
    var stream = StreamingDecoder(self, skippingSpecial: skippingSpecial)
    var text = ""
    for id in ids { text += try stream.append(id) }
    return text + stream.finish()
  }

  /// The bytes of a token as the vocabulary spells it.
  func bytes(_ id: Int) -> ArraySlice<UInt8>? {
    addedIndex[id].map { Array(addedTokens[$0].content.utf8)[...] } ?? model.tokens.token(id)
  }
}
