/// Finds added tokens in a text: leftmost first, and of those that start together the longest.
struct AddedTokenMatcher: Sendable {
  /// A stretch of a text: an added token, or what lies between two of them.
  struct Stretch {
    var range: Range<Int>
    var id: Int?
  }

  /// How a token wants to be found.
  private struct Rule: Sendable {
    var id: Int
    var isSingleWord: Bool
    var stripsLeft: Bool
    var stripsRight: Bool
  }

  /// A trie: the node that a byte leads to from a node; node 0 is the root.
  private var edges: [UInt64: Int] = [:]
  private var rules: [Rule?] = [nil]
  private var firstBytes = [Bool](repeating: false, count: 256)

  /// Whether there is nothing to find.
  var isEmpty: Bool { rules.count == 1 }

  /// Adds a token that is spelled like this; of two that are spelled alike the later one counts.
  mutating func insert(_ spelling: [UInt8], _ token: AddedToken) {
    guard let first = spelling.first else { return }
    firstBytes[Int(first)] = true
    var node = 0
    for byte in spelling {
      let key = UInt64(node) << 8 | UInt64(byte)
      if let next = edges[key] {
        node = next
      } else {
        node = rules.count
        rules.append(nil)
        edges[key] = node
      }
    }
    rules[node] = Rule(
      id: token.id, isSingleWord: token.isSingleWord, stripsLeft: token.stripsLeft, stripsRight: token.stripsRight)
  }

  /// The whole text in stretches, none of them empty.
  ///
  /// As in Hugging Face's `AddedVocabulary::find_matches`: the search goes on after the token itself, not after the
  /// white space that it has taken in.
  func stretches(of text: [UInt8]) -> [Stretch] {
    guard !isEmpty else { return text.isEmpty ? [] : [Stretch(range: text.indices, id: nil)] }
    var result: [Stretch] = []
    var done = 0
    var place = 0
    while place < text.count {
      guard firstBytes[Int(text[place])], let (rule, end) = longest(text, place) else {
        place += 1
        continue
      }
      var range = place..<end
      place = end
      if rule.isSingleWord, Self.wordEnds(text, at: range.lowerBound) || Self.wordStarts(text, at: range.upperBound) {
        continue
      }
      // White space that the token before has taken in already is no part of the text between.
      if rule.stripsLeft { range = Self.spaceStart(text, before: range.lowerBound)..<range.upperBound }
      if rule.stripsRight { range = range.lowerBound..<Self.spaceEnd(text, after: range.upperBound) }
      if done < range.lowerBound { result.append(Stretch(range: done..<range.lowerBound, id: nil)) }
      result.append(Stretch(range: range, id: rule.id))
      done = range.upperBound
    }
    if done < text.count { result.append(Stretch(range: done..<text.count, id: nil)) }
    return result
  }

  private func longest(_ text: [UInt8], _ start: Int) -> (Rule, Int)? {
    var node = 0
    var found: (Rule, Int)?
    for place in start..<text.count {
      guard let next = edges[UInt64(node) << 8 | UInt64(text[place])] else { break }
      node = next
      if let rule = rules[node] { found = (rule, place + 1) }
    }
    return found
  }

  private static func wordEnds(_ text: [UInt8], at place: Int) -> Bool {
    scalar(text, before: place).map(isWord) ?? false
  }

  private static func wordStarts(_ text: [UInt8], at place: Int) -> Bool {
    place < text.count && isWord(utf8Scalar(text, place).value)
  }

  /// `\w` of UTS #18.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
  }

  private static func spaceStart(_ text: [UInt8], before place: Int) -> Int {
    var start = place
    while let previous = scalar(text, before: start), previous.properties.isWhitespace {
      start -= UTF8.width(previous)
    }
    return start
  }

  private static func spaceEnd(_ text: [UInt8], after place: Int) -> Int {
    var end = place
    while end < text.count {
      let next = utf8Scalar(text, end)
      guard next.value.properties.isWhitespace else { break }
      end = next.end
    }
    return end
  }

  private static func scalar(_ text: [UInt8], before place: Int) -> Unicode.Scalar? {
    var start = place - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start < 0 ? nil : utf8Scalar(text, start).value
  }
}
