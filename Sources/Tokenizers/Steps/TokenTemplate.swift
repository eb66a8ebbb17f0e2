/// What is put around the tokens of a text, such as a token for its beginning.
struct TokenTemplate: Sendable, Equatable {
  /// A part of the result.
  enum Part: Sendable, Equatable {
    /// The tokens of the text.
    case text
    /// Fixed tokens.
    case tokens([Int])
  }

  /// The parts in order.
  var parts: [Part] = [.text]

  /// The tokens that come before the text.
  var leadingTokens: [Int] {
    parts.prefix { $0 != .text }.flatMap { part in if case .tokens(let ids) = part { ids } else { [Int]() } }
  }

  /// The text's tokens with what belongs around them.
  func apply(to ids: [Int]) -> [Int] {
    if parts == [.text] { return ids }
    return parts.flatMap { part in
      switch part {
      case .text: ids
      case .tokens(let fixed): fixed
      }
    }
  }
}
