/// The token ids that a model folder's `config.json` and `generation_config.json` single out.
public struct SpecialTokens: Hashable, Sendable {
  /// The token that a text begins with.
  public var begin: Int?
  /// The tokens after which generation stops.
  public var end: [Int]
  /// The token that batches are padded with.
  public var padding: Int?

  /// These tokens.
  public init(begin: Int? = nil, end: [Int] = [], padding: Int? = nil) {
    self.begin = begin
    self.end = end
    self.padding = padding
  }

  /// Those that the fields name, and `defaults` for keys that are missing; null means none.
  init(_ fields: JSONFields, defaults: SpecialTokens) throws(CheckpointError) {
    begin = fields.has("bos_token_id") ? try fields.tokens("bos_token_id").first : defaults.begin
    end = fields.has("eos_token_id") ? try fields.tokens("eos_token_id") : defaults.end
    padding = fields.has("pad_token_id") ? try fields.tokens("pad_token_id").first : defaults.padding
  }
}

extension JSONFields {
  /// One id or a list of ids; null and negative ids, which old files use for "none", give none.
  fileprivate func tokens(_ key: String) throws(CheckpointError) -> [Int] {
    guard let value = self[key] else { return [] }
    var tokens: [Int] = []
    for element in value.elements ?? [value] {
      guard let token = element.integerValue, token <= Int(Int32.max) else {
        throw wrong(key, "must be a token id or a list of token ids")
      }
      if token >= 0 { tokens.append(token) }
    }
    return tokens
  }
}
