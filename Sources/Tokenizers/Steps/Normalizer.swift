/// One change made to a text before it is cut into words.
enum Normalizer: Sendable, Equatable {
  /// Unicode's canonical composition.
  case nfc
  /// Puts a string before a text that is not empty.
  case prepend([UInt8])
  /// Puts one string in the place of every occurrence of another.
  case replace([UInt8], with: [UInt8])

  /// The changed text.
  func apply(to text: [UInt8]) -> [UInt8] {
    switch self {
    case .nfc: return CanonicalComposition.compose(text)
    case .prepend(let prefix): return text.isEmpty ? text : prefix + text
    case .replace(let old, let new):
      guard let first = old.first, text.contains(first) else { return text }
      var result: [UInt8] = []
      result.reserveCapacity(text.count)
      var place = 0
      while place < text.count {
        if text[place] == first, text[place...].starts(with: old) {
          result.append(contentsOf: new)
          place += old.count
        } else {
          result.append(text[place])
          place += 1
        }
      }
      return result
    }
  }
}
