import FileFormats

extension Tokenizer {
  /// Reads a `tokenizer.json` of Hugging Face's `tokenizers`.
  ///
  /// Truncation and padding in the file are left to the caller. A component or setting that this module does not
  /// implement is an error, never ignored.
  /// - Throws: `TokenizerError` with the file, where in it, and what is wrong.
  public init(path: String) throws(TokenizerError) {
    try self.init(JSONReader(path: path))
  }

  /// Reads the text of a `tokenizer.json`; `path` is what errors call it.
  /// - Throws: `TokenizerError`, as `init(path:)` does.
  public init(parsing bytes: [UInt8], path: String = "tokenizer.json") throws(TokenizerError) {
    try self.init(JSONReader(path: path, parsing: bytes))
  }

  init(_ reader: JSONReader) throws(TokenizerError) {
    let preTokenizers = try reader.optional("pre_tokenizer").map(PreTokenizer.list) ?? []
    let isByteLevel = preTokenizers.contains { if case .byteLevel = $0 { true } else { false } }
    let model = try BytePairModel(reader.member("model"), unit: isByteLevel ? .bytes : .scalars)
    var added: [AddedToken] = []
    if let list = try reader.optional("added_tokens") {
      var known = AddedTokenCheck(model.tokens)
      for entry in try list.elements() { added.append(try known.read(entry)) }
    }
    self.init(
      model: model, addedTokens: added,
      normalizers: try reader.optional("normalizer").map(Normalizer.list) ?? [],
      preTokenizers: preTokenizers,
      template: try reader.optional("post_processor").map(TokenTemplate.init) ?? TokenTemplate(),
      decoding: try reader.optional("decoder").map(DecodingStep.list) ?? [])
    for part in template.parts {
      guard case .tokens(let ids) = part else { continue }
      for id in ids where bytes(id) == nil {
        throw TokenizerError(.template, reader.path, "post_processor: no token has the id \(id)")
      }
    }
  }
}

/// Reads added tokens, one after the other, and checks that they agree with each other and the vocabulary.
struct AddedTokenCheck {
  private let tokens: TokenTable
  private var contents: Set<[UInt8]> = []
  private var ids: Set<Int> = []

  init(_ tokens: TokenTable) { self.tokens = tokens }

  /// Reads an entry; `id` is given where the entry itself has none.
  mutating func read(_ reader: JSONReader, id given: Int? = nil) throws(TokenizerError) -> AddedToken {
    try reader.allow("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special")
    let content = try reader.member("content").string()
    let id: Int
    if let given { id = given } else { id = try reader.member("id").id() }
    guard !content.isEmpty else { throw reader.error(.addedTokens, "the content is empty") }
    guard contents.insert(Array(content.utf8)).inserted else {
      throw reader.error(.addedTokens, "\(quoted(content)) is there already")
    }
    guard ids.insert(id).inserted else { throw reader.error(.addedTokens, "the id \(id) has another token already") }
    if let present = tokens.id(of: Array(content.utf8)), present != id {
      throw reader.error(.addedTokens, "\(quoted(content)) has the id \(id), but \(present) in the vocabulary")
    }
    if let other = tokens.token(id), !other.elementsEqual(content.utf8) {
      throw reader.error(
        .addedTokens, "the id \(id) of \(quoted(content)) is that of \(quoted(String(decoding: other, as: UTF8.self)))")
    }
    let isSpecial = try reader.flag("special", absent: false)
    return AddedToken(
      content, id: id, isSpecial: isSpecial, isSingleWord: try reader.flag("single_word", absent: false),
      stripsLeft: try reader.flag("lstrip", absent: false), stripsRight: try reader.flag("rstrip", absent: false),
      isNormalized: try reader.flag("normalized", absent: !isSpecial))
  }
}
