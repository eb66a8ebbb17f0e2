import FileFormats
import Glibc

extension Tokenizer {
  /// Reads the tokenizer of a model's folder.
  ///
  /// In this order: `tokenizer.json`; `vocab.json` with `merges.txt`; `encoder.json` with `vocab.bpe`. The older two
  /// name no normalizer or pre-tokenizer: `tokenizer_class` in `tokenizer_config.json` says whether they are Qwen2's,
  /// and otherwise they are GPT-2's. Where there is a `tokenizer_config.json`, `bos_token` and `eos_token` in it give
  /// `beginningOfText` and `endOfText`.
  /// - Throws: `TokenizerError` with the file and what is wrong.
  public init(folder: String) throws(TokenizerError) {
    func file(_ name: String) -> String? {
      let path = "\(folder)/\(name)"
      return access(path, F_OK) == 0 ? path : nil
    }
    let configuration = file("tokenizer_config.json")
    if let path = file("tokenizer.json") {
      try self.init(path: path)
      if let configuration { try apply(JSONReader(path: configuration)) }
    } else if let path = file("vocab.json") {
      try self.init(vocabulary: path, merges: "\(folder)/merges.txt", configuration: configuration)
    } else if let path = file("encoder.json") {
      try self.init(vocabulary: path, merges: "\(folder)/vocab.bpe", configuration: configuration)
    } else {
      throw TokenizerError(
        .system, folder, "\(quoted(folder)): it has no tokenizer.json, no vocab.json and no encoder.json")
    }
  }

  /// Reads GPT-2's or Qwen2's pair of files, with a `tokenizer_config.json` where one is at hand.
  ///
  /// Qwen2: normalization form C, Qwen2's pattern, the added tokens of the configuration. GPT-2: GPT-2's pattern, and
  /// `<|endoftext|>` is special.
  /// - Throws: `TokenizerError` with the file and what is wrong.
  public init(vocabulary: String, merges: String, configuration: String? = nil) throws(TokenizerError) {
    var model = BytePairModel()
    try model.readVocabulary(JSONReader(path: vocabulary))
    let lines: [UInt8]
    do throws(FileError) { lines = try InputFile.bytes(of: merges) } catch { throw TokenizerError(error) }
    try model.readMerges(lines: lines, path: merges)
    model.prepare()

    var reader: JSONReader?
    if let configuration { reader = try JSONReader(path: configuration) }
    let name = try reader?.optional("tokenizer_class")
    let isQwen2: Bool
    switch try name?.string() {
    case "Qwen2Tokenizer", "Qwen2TokenizerFast": isQwen2 = true
    case nil, "GPT2Tokenizer", "GPT2TokenizerFast": isQwen2 = false
    case let other?:
      throw TokenizerError(
        .unsupported, configuration,
        "tokenizer_class: \(quoted(other)) is not known without a tokenizer.json; Qwen2Tokenizer and GPT2Tokenizer are")
    }
    var added: [AddedToken] = []
    if let list = try reader?.optional("added_tokens_decoder") {
      added = try Self.addedTokens(list, model.tokens)
    } else if let id = model.tokens.id(of: Array("<|endoftext|>".utf8)) {
      added = [AddedToken("<|endoftext|>", id: id)]
    }
    let addsPrefixSpace = try reader?.flag("add_prefix_space", absent: false) ?? false
    self.init(
      model: model, addedTokens: added, normalizers: isQwen2 ? [.nfc] : [],
      preTokenizers: isQwen2
        ? [.split(.qwen2), .byteLevel(addsPrefixSpace: addsPrefixSpace, splits: false)]
        : [.byteLevel(addsPrefixSpace: addsPrefixSpace, splits: true)],
      decoding: [.byteLevel])
    if let reader { try apply(reader) }
  }

  /// The added tokens of a `tokenizer_config.json`: an object from ids to tokens.
  private static func addedTokens(_ list: JSONReader, _ tokens: TokenTable) throws(TokenizerError) -> [AddedToken] {
    guard let members = list.value.members else { throw list.error(.structure, "must be an object, is \(list.kind)") }
    var check = AddedTokenCheck(tokens)
    var result: [AddedToken] = []
    for member in members {
      let entry = JSONReader(path: list.path, place: "\(list.place).\(member.name)", value: member.value)
      guard let id = Int(member.name), (0...maximumID).contains(id) else {
        throw list.error(.addedTokens, "\(quoted(member.name)) is no id of 0...\(maximumID)")
      }
      result.append(try check.read(entry, id: id))
    }
    return result
  }

  /// Takes the tokens for beginning and end from a `tokenizer_config.json`; null means that there is none.
  private mutating func apply(_ configuration: JSONReader) throws(TokenizerError) {
    func id(of name: String, else present: Int?) throws(TokenizerError) -> Int? {
      guard let member = configuration.value[name] else { return present }
      guard let token = try configuration.optional(name) else { return nil }
      // Either the text itself, or an object that has it.
      let text = try member.members == nil ? token.string() : token.member("content").string()
      guard let id = self.id(of: text) else { throw token.error(.vocabulary, "\(quoted(text)) is no token") }
      return id
    }
    beginningOfText = try id(of: "bos_token", else: beginningOfText)
    endOfText = try id(of: "eos_token", else: endOfText)
  }
}
