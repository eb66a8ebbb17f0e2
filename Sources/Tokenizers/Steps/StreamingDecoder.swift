/// Turns token ids into text as they come, never giving out a part of a character.
///
/// The concatenation of all that `append` and `finish` give is what `Tokenizer.decode` gives for all ids at once,
/// scalar by scalar. Characters in Swift's sense may still span two outputs, as where a combining mark comes later.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecial: Bool
  private var decoder: TokenDecoder

  /// A decoder at the beginning of a text.
  public init(_ tokenizer: Tokenizer, skippingSpecial: Bool = false) {
    self.tokenizer = tokenizer
    skipsSpecial = skippingSpecial
    decoder = TokenDecoder(tokenizer.decoding)
  }

  /// Takes the next token and gives the text that is certain by now, which may be empty.
  /// - Throws: `TokenizerError` (`tokenID`) where the id has no token; the decoder is as before then.
  public mutating func append(_ id: Int) throws(TokenizerError) -> String {
    guard let token = tokenizer.bytes(id) else {
      throw TokenizerError(.tokenID, nil, "no token has the id \(id); ids go from 0 to \(tokenizer.idBound - 1)")
    }
    let isSpecial = tokenizer.isSpecial(id)
    if skipsSpecial && isSpecial { return "" }
    return decoder.append(token, isSpecial: isSpecial)
  }

  /// Ends the text and gives what was held back: characters that never became complete, as replacement characters.
  public mutating func finish() -> String { decoder.finish() }
}
