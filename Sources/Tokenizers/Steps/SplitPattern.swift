/// The regular expressions by which tokenizers cut a text into words, each written out as a scanner.
///
/// They are known by their exact text. All of them match every text from end to end, so that what a match leaves over
/// never arises.
public enum SplitPattern: String, Sendable, CaseIterable {
  /// GPT-2's: contractions in lower case, letters, numbers and the rest with at most one space before them.
  case gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  /// Qwen2's: contractions in any case, single digits, line breaks together with what is before them.
  case qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  /// Llama 3's: Qwen2's with up to three digits together.
  case llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Where the match ends that starts at `start`; `limit` is the end of the text.
  @inline(__always) func matchEnd(_ text: [UInt8], from start: Int, to limit: Int) -> Int {
    switch self {
    case .gpt2: Self.gpt2End(text, start, limit)
    case .qwen2: Self.laterEnd(text, start, limit, digits: 1)
    case .llama3: Self.laterEnd(text, start, limit, digits: 3)
    }
  }

  private static func gpt2End(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    if let end = contraction(text, start, limit, anyCase: false) { return end }
    var (kind, end) = ScalarKind.read(text, start)
    if text[start] == 0x20, end < limit {
      let next = ScalarKind.read(text, end)
      if !next.kind.isSpace { (kind, end) = next }
    }
    return kind.isSpace ? spacesEnd(text, start, limit) : run(of: kind, text, end, limit)
  }

  private static func laterEnd(_ text: [UInt8], _ start: Int, _ limit: Int, digits: Int) -> Int {
    if let end = contraction(text, start, limit, anyCase: true) { return end }
    let (kind, end) = ScalarKind.read(text, start)
    switch kind {
    case .letter: return run(of: .letter, text, end, limit)
    case .number:
      var place = end
      for _ in 1..<max(1, digits) where place < limit {
        let next = ScalarKind.read(text, place)
        guard next.kind == .number else { break }
        place = next.end
      }
      return place
    case .lineBreak: return linesEnd(text, start, limit)
    case .space, .other:
      if end < limit {
        let next = ScalarKind.read(text, end)
        if next.kind == .letter { return run(of: .letter, text, next.end, limit) }
        if kind == .space, text[start] == 0x20, next.kind == .other {
          return lineBreaksEnd(text, run(of: .other, text, next.end, limit), limit)
        }
      }
      return kind == .other
        ? lineBreaksEnd(text, run(of: .other, text, end, limit), limit) : linesEnd(text, start, limit)
    }
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`; where case does not matter, the long s (U+017F) folds to s.
  private static func contraction(_ text: [UInt8], _ start: Int, _ limit: Int, anyCase: Bool) -> Int? {
    guard text[start] == UInt8(ascii: "'"), start + 1 < limit else { return nil }
    func letter(_ place: Int) -> UInt8 {
      guard place < limit else { return 0 }
      return anyCase && (0x41...0x5A).contains(text[place]) ? text[place] | 0x20 : text[place]
    }
    switch (letter(start + 1), letter(start + 2)) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
      return start + 2
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    case (0xC5, 0xBF) where anyCase: return start + 3
    default: return nil
    }
  }

  private static func run(of kind: ScalarKind, _ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var place = start
    while place < limit {
      let next = ScalarKind.read(text, place)
      guard next.kind == kind else { break }
      place = next.end
    }
    return place
  }

  /// `[\r\n]*`
  private static func lineBreaksEnd(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    run(of: .lineBreak, text, start, limit)
  }

  /// `\s*[\r\n]+|\s+(?!\S)|\s+` where white space starts.
  private static func linesEnd(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var place = start
    var afterLineBreak: Int?
    while place < limit {
      let next = ScalarKind.read(text, place)
      guard next.kind.isSpace else { break }
      place = next.end
      if next.kind == .lineBreak { afterLineBreak = place }
    }
    return afterLineBreak ?? spacesEnd(text, start, limit)
  }

  /// `\s+(?!\S)|\s+` where white space starts: all of it at the end of the text, else all but the last, but at least
  /// one.
  private static func spacesEnd(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var place = start
    var last = start
    while place < limit {
      let next = ScalarKind.read(text, place)
      guard next.kind.isSpace else { return last > start ? last : place }
      last = place
      place = next.end
    }
    return place
  }
}
