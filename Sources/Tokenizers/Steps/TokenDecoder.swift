/// Turns tokens into the bytes of a text one token after another.
///
/// What is known for certain comes out at once; what later tokens may still change stays here until they come or
/// `finish` says that there are none. The concatenation of all output is the same however the tokens come.
struct TokenDecoder: Sendable {
  private var stages: [Stage]
  private let joiner: [UInt8]
  private var isFirst = true
  private var undecoded: [UInt8] = []

  /// A step, and what it remembers.
  private struct Stage: Sendable {
    var step: DecodingStep
    var isAtStart = true
    /// Whether a `fuse` came before: all later input is one token.
    var isFused: Bool
    var held: [UInt8] = []
    /// How many of the characters to strip have been stripped at the start; nil once another character came.
    var stripped: Int? = 0
  }

  /// A decoder of these steps. Without any, tokens are joined by spaces.
  init(_ steps: [DecodingStep]) {
    joiner = steps.isEmpty ? [0x20] : []
    var isFused = false
    stages = []
    for step in steps {
      stages.append(Stage(step: step, isFused: isFused))
      if step == .fuse || step == .byteLevel { isFused = true }
    }
  }

  /// Takes a token and gives the text that is certain now, as far as its characters are complete.
  mutating func append(_ token: ArraySlice<UInt8>, isSpecial: Bool) -> String {
    if !isFirst { undecoded += joiner }
    isFirst = false
    pass([UInt8](token), from: 0, isSpecial: isSpecial)
    return takeCompleteCharacters()
  }

  /// Ends the text and gives what was held back; an incomplete character becomes a replacement character.
  mutating func finish() -> String {
    for index in stages.indices { flush(index) }
    defer { undecoded = [] }
    return String(decoding: undecoded, as: UTF8.self)
  }

  /// Sends a token, or a part of the one fused token, through the stages from `index` on.
  private mutating func pass(_ token: [UInt8], from index: Int, isSpecial: Bool = false) {
    guard index < stages.count else {
      undecoded += token
      return
    }
    let stage = stages[index]
    switch stage.step {
    case .byteLevel: pass(ByteAlphabet.bytes(spelledBy: token[...]) ?? token, from: index + 1)
    case .replace(let old, let new):
      pass(Normalizer.replace(old, with: new).apply(to: token), from: index + 1, isSpecial: isSpecial)
    case .byteFallback:
      if let byte = BytePairModel.byte(ofFallbackToken: token[...]) {
        stages[index].held.append(byte)
      } else {
        flush(index)
        pass(token, from: index + 1, isSpecial: isSpecial)
      }
    case .fuse: pass(token, from: index + 1)
    case .strip(let scalar, let start, let stop):
      if stage.isFused {
        stripFused(token, index, scalar, start: start, stop: stop)
      } else {
        pass(Self.stripped(token, scalar, start: start, stop: stop), from: index + 1, isSpecial: isSpecial)
      }
    case .metaspace(let scalar, let dropsFirst):
      // Of the very first token every mark goes, not only the one in front: Hugging Face's rule.
      let space: [UInt8] = stage.isAtStart && dropsFirst ? [] : [0x20]
      stages[index].isAtStart = false
      let mark = Array(String(scalar).utf8)
      pass(Normalizer.replace(mark, with: space).apply(to: token), from: index + 1)
    case .llama2c:
      if let byte = BytePairModel.byte(ofFallbackToken: token[...]) {
        stages[index].isAtStart = false
        pass([byte], from: index + 1)
      } else {
        let dropsSpace = stage.isAtStart && !isSpecial && token.first == 0x20
        if !isSpecial { stages[index].isAtStart = false }
        pass(dropsSpace ? Array(token.dropFirst()) : token, from: index + 1)
      }
    }
  }

  /// Sends on what a stage still holds.
  private mutating func flush(_ index: Int) {
    let held = stages[index].held
    stages[index].held = []
    guard !held.isEmpty else { return }
    switch stages[index].step {
    case .byteFallback:
      // Each replacement character is a token of its own, as each of the bytes was.
      if (try? UTF8Span(validating: held.span)) != nil {
        pass(held, from: index + 1)
      } else {
        for _ in held { pass(Array("\u{FFFD}".utf8), from: index + 1) }
      }
    case .strip(let scalar, _, let stop):
      pass(Self.stripped(held, scalar, start: 0, stop: stop), from: index + 1)
    default: break
    }
  }

  /// Strips at the start of all input, and keeps back the run of the character that may turn out to be the end.
  private mutating func stripFused(_ token: [UInt8], _ index: Int, _ scalar: Unicode.Scalar, start: Int, stop: Int) {
    let mark = Array(String(scalar).utf8)
    var rest = token[...]
    while let count = stages[index].stripped {
      if count < start, rest.starts(with: mark), !mark.isEmpty {
        rest = rest.dropFirst(mark.count)
        stages[index].stripped = count + 1
      } else {
        if !rest.isEmpty || count >= start { stages[index].stripped = nil }
        break
      }
    }
    guard !rest.isEmpty else { return }
    let all = stages[index].held + rest
    stages[index].held = []
    guard stop > 0 else {
      pass(all, from: index + 1)
      return
    }
    let kept = Self.stripped(all, scalar, start: 0, stop: .max)
    pass(kept, from: index + 1)
    stages[index].held = Array(all[kept.count...])
  }

  private static func stripped(_ token: [UInt8], _ scalar: Unicode.Scalar, start: Int, stop: Int) -> [UInt8] {
    let mark = Array(String(scalar).utf8)
    var rest = token[...]
    var count = 0
    while count < start, rest.starts(with: mark) {
      rest = rest.dropFirst(mark.count)
      count += 1
    }
    count = 0
    while count < stop, rest.count >= mark.count, rest.suffix(mark.count).elementsEqual(mark) {
      rest = rest.dropLast(mark.count)
      count += 1
    }
    return Array(rest)
  }

  /// Takes all but an incomplete character at the end.
  private mutating func takeCompleteCharacters() -> String {
    let tail = Self.incompleteTail(undecoded)
    defer { undecoded.removeFirst(undecoded.count - tail) }
    return String(decoding: undecoded.dropLast(tail), as: UTF8.self)
  }

  /// How many bytes at the end are the beginning of a character that further bytes may complete.
  static func incompleteTail(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let first = bytes[bytes.count - length]
      if first & 0xC0 == 0x80 { continue }
      let needed = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1
      guard needed > length else { return 0 }
      guard length > 1 else { return 1 }
      // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
      let second = bytes[bytes.count - length + 1]
      let allowed: ClosedRange<UInt8> =
        switch first {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return allowed.contains(second) ? length : 0
    }
    return 0
  }
}
