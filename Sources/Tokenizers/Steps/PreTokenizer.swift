/// One step that cuts a text into the words within which byte pairs may join.
enum PreTokenizer: Sendable, Equatable {
  /// By a regular expression.
  case split(SplitPattern)
  /// Numbers (`\p{N}`) apart from the rest, each by itself or in runs.
  case digits(individual: Bool)
  /// Bytes in the place of characters, after an optional leading space and an optional cut by GPT-2's expression.
  case byteLevel(addsPrefixSpace: Bool, splits: Bool)
  /// SentencePiece's way: a visible character in the place of spaces, put before the text as well.
  case metaspace(replacement: Unicode.Scalar, prepends: MetaspacePrefix, splits: Bool)

  /// Where `metaspace` puts its character before a text that does not begin with it.
  enum MetaspacePrefix: String, Sendable {
    /// Before every part between added tokens.
    case always
    /// Before the first part, provided that it is where the text begins.
    case first
    /// Nowhere.
    case never
  }

  /// Takes the step. `isAtStart`: the text is the beginning of what was to be encoded, no added token before it.
  func apply(to pieces: inout Pieces, isAtStart: Bool) {
    switch self {
    case .split(let pattern): Self.cut(&pieces, by: pattern)
    case .digits(let individual):
      pieces.cut { text, start, limit in
        var (kind, place) = ScalarKind.read(text, start)
        let isNumber = kind == .number
        if isNumber && individual { return place }
        while place < limit {
          let next = ScalarKind.read(text, place)
          if (next.kind == .number) != isNumber { break }
          (kind, place) = next
        }
        return place
      }
    case .byteLevel(let addsPrefixSpace, let splits):
      if addsPrefixSpace {
        pieces.replace { piece, _ in piece.first == 0x20 ? Array(piece) : [0x20] + piece }
      }
      if splits { Self.cut(&pieces, by: .gpt2) }
    case .metaspace(let replacement, let prepends, let splits):
      let mark = Array(String(replacement).utf8)
      pieces.replace { piece, number in
        var result: [UInt8] = []
        for byte in piece { if byte == 0x20 { result += mark } else { result.append(byte) } }
        if prepends == .never || (prepends == .first && !(number == 0 && isAtStart)) { return result }
        return result.starts(with: mark) ? result : mark + result
      }
      if splits {
        pieces.cut { text, start, limit in
          var place = utf8Scalar(text, start).end
          while place < limit {
            let scalar = utf8Scalar(text, place)
            if scalar.value == replacement { break }
            place = scalar.end
          }
          return place
        }
      }
    }
  }

  private static func cut(_ pieces: inout Pieces, by pattern: SplitPattern) {
    // One closure for each pattern, so that the choice is made once and not for every word.
    switch pattern {
    case .gpt2: pieces.cut { SplitPattern.gpt2.matchEnd($0, from: $1, to: $2) }
    case .qwen2: pieces.cut { SplitPattern.qwen2.matchEnd($0, from: $1, to: $2) }
    case .llama3: pieces.cut { SplitPattern.llama3.matchEnd($0, from: $1, to: $2) }
    }
  }
}
