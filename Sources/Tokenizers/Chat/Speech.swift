/// Which bytes of a conversation's text are the assistant's.
struct Speech: Sendable, Equatable {
  /// Whether the text begins with the assistant's.
  private var startsAssistants = false
  /// Where the speaker changes, ascending.
  private var borders: [Int] = []
  private var length = 0

  /// Appends so many bytes of the text.
  mutating func append(_ count: Int, isAssistants: Bool) {
    guard count > 0 else { return }
    if length == 0 {
      startsAssistants = isAssistants
    } else if self.isAssistants(at: length - 1) != isAssistants {
      borders.append(length)
    }
    length += count
  }

  /// Whether the byte is the assistant's.
  func isAssistants(at place: Int) -> Bool {
    startsAssistants != (borders.count { $0 <= place } % 2 == 1)
  }

  /// Whether the speaker changes inside a range.
  func changes(within range: Range<Int>) -> Bool {
    borders.contains { range.lowerBound < $0 && $0 < range.upperBound }
  }

  /// Whether a range that is not empty has anything of the assistant's.
  func touchesAssistants(_ range: Range<Int>) -> Bool {
    isAssistants(at: range.lowerBound) || changes(within: range)
  }

  /// The same of a part of the text.
  func within(_ range: Range<Int>) -> Speech {
    var part = Speech()
    part.startsAssistants = isAssistants(at: range.lowerBound)
    part.borders = borders.filter { range.lowerBound < $0 && $0 < range.upperBound }.map { $0 - range.lowerBound }
    part.length = range.count
    return part
  }

  /// The same of a text that has been changed.
  ///
  /// A border moves to the end of what the changed text shares with the changed text before the border. A character
  /// that the change made of both sides is therefore after it.
  func changed(from old: [UInt8], to new: [UInt8], by change: ([UInt8]) -> [UInt8]) -> Speech {
    guard old != new || borders.isEmpty else { return self }
    var result = self
    result.length = new.count
    result.borders = borders.map { border in
      let before = change(Array(old[..<border]))
      var place = zip(before, new).prefix { $0 == $1 }.count
      // Never inside a character, of which the first bytes may be shared.
      while place > 0, place < new.count, new[place] & 0xC0 == 0x80 { place -= 1 }
      return place
    }
    return result
  }
}
