import FileFormats

extension JSONReader {
  /// The components that this one consists of: those of a `Sequence`, however nested, else itself.
  fileprivate func flattened(_ list: String) throws(TokenizerError) -> [(type: String, reader: JSONReader)] {
    let type = try member("type").string()
    guard type == "Sequence" else { return [(type, self)] }
    try allow("type", list)
    var result: [(type: String, reader: JSONReader)] = []
    for element in try member(list).elements() { result += try element.flattened(list) }
    return result
  }

  /// The string of a pattern that is one.
  fileprivate func literalPattern() throws(TokenizerError) -> [UInt8] {
    try allow("String", "Regex")
    guard let literal = try optional("String") else {
      throw error(.unsupported, "a regular expression is not known here, only a string is")
    }
    let text = try literal.string()
    guard !text.isEmpty else { throw literal.error(.unsupported, "an empty string is not known here") }
    return Array(text.utf8)
  }
}

extension Normalizer {
  /// The normalizers that a `tokenizer.json` names.
  static func list(_ reader: JSONReader) throws(TokenizerError) -> [Normalizer] {
    var result: [Normalizer] = []
    for (type, component) in try reader.flattened("normalizers") {
      switch type {
      case "NFC":
        try component.allow("type")
        result.append(.nfc)
      case "Prepend":
        try component.allow("type", "prepend")
        result.append(.prepend(Array(try component.member("prepend").string().utf8)))
      case "Replace":
        try component.allow("type", "pattern", "content")
        result.append(
          .replace(
            try component.member("pattern").literalPattern(),
            with: Array(try component.member("content").string().utf8)))
      default:
        throw component.error(
          .unsupported, "the normalizer \(quoted(type)) is not known; NFC, Prepend, Replace and Sequence are")
      }
    }
    return result
  }
}

extension PreTokenizer {
  /// The pre-tokenizers that a `tokenizer.json` names.
  static func list(_ reader: JSONReader) throws(TokenizerError) -> [PreTokenizer] {
    var result: [PreTokenizer] = []
    for (type, component) in try reader.flattened("pretokenizers") {
      if case .byteLevel = result.last {
        throw component.error(.unsupported, "a pre-tokenizer after ByteLevel is not known")
      }
      switch type {
      case "ByteLevel":
        try component.allow("type", "add_prefix_space", "trim_offsets", "use_regex")
        result.append(
          .byteLevel(
            addsPrefixSpace: try component.flag("add_prefix_space", absent: true),
            splits: try component.flag("use_regex", absent: true)))
      case "Split": result.append(try split(component))
      case "Digits":
        try component.allow("type", "individual_digits")
        result.append(.digits(individual: try component.flag("individual_digits", absent: false)))
      case "Metaspace":
        try component.allow("type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep")
        result.append(
          .metaspace(
            replacement: try component.member("replacement").scalar(), prepends: try component.metaspacePrefix(),
            splits: try component.flag("split", absent: true)))
      default:
        throw component.error(
          .unsupported,
          "the pre-tokenizer \(quoted(type)) is not known; ByteLevel, Split, Digits, Metaspace and Sequence are")
      }
    }
    return result
  }

  private static func split(_ reader: JSONReader) throws(TokenizerError) -> PreTokenizer {
    try reader.allow("type", "pattern", "behavior", "invert")
    let pattern = try reader.member("pattern")
    guard let expression = try pattern.optional("Regex") else {
      throw pattern.error(.unsupported, "a split at a string is not known, only one by a regular expression is")
    }
    let text = try expression.string()
    guard let known = SplitPattern(rawValue: text) else {
      throw expression.error(
        .pattern, "the regular expression \(quoted(text)) is none of those known (GPT-2's, Qwen2's, Llama 3's)")
    }
    // The expressions match all of a text, so cutting out the matches and keeping only the matches are the same.
    let behavior = try reader.member("behavior").string()
    let inverts = try reader.flag("invert", absent: false)
    guard behavior == "Isolated" || (behavior == "Removed" && inverts) else {
      throw reader.error(
        .unsupported, "the behavior \(quoted(behavior)) with invert \(inverts) is not known; Isolated is")
    }
    return .split(known)
  }
}

extension JSONReader {
  /// Where a `Metaspace` puts its character; older files say only whether.
  fileprivate func metaspacePrefix() throws(TokenizerError) -> PreTokenizer.MetaspacePrefix {
    guard let scheme = try optional("prepend_scheme") else {
      return try flag("add_prefix_space", absent: true) ? .always : .never
    }
    guard let known = PreTokenizer.MetaspacePrefix(rawValue: try scheme.string()) else {
      throw scheme.error(.unsupported, "must be always, first or never")
    }
    return known
  }
}

extension TokenTemplate {
  /// The template that a `tokenizer.json` names.
  init(_ reader: JSONReader) throws(TokenizerError) {
    self.init()
    for (type, component) in try reader.flattened("processors") {
      switch type {
      case "ByteLevel": try component.allow("type", "add_prefix_space", "trim_offsets", "use_regex")
      case "TemplateProcessing":
        let outer = try Self.parts(component)
        parts = outer.flatMap { $0 == .text ? parts : [$0] }
        // Nested templates could double without bound.
        guard parts.count <= 1024 else { throw component.error(.template, "more than 1024 parts") }
      default:
        throw component.error(
          .unsupported,
          "the post-processor \(quoted(type)) is not known; ByteLevel, TemplateProcessing and Sequence are")
      }
    }
  }

  private static func parts(_ reader: JSONReader) throws(TokenizerError) -> [Part] {
    try reader.allow("type", "single", "pair", "special_tokens")
    let specials = try reader.member("special_tokens")
    var result: [Part] = []
    for element in try reader.member("single").elements() {
      try element.allow("SpecialToken", "Sequence")
      if let special = try element.optional("SpecialToken") {
        let name = try special.member("id").string()
        guard let entry = try specials.optional(name) else {
          throw special.error(.template, "\(quoted(name)) is not among the special_tokens")
        }
        var ids: [Int] = []
        for id in try entry.member("ids").elements() { ids.append(try id.id()) }
        result.append(.tokens(ids))
      } else {
        let text = try element.member("Sequence").member("id")
        guard try text.string() == "A" else { throw text.error(.template, "a single text is A") }
        result.append(.text)
      }
    }
    return result
  }
}

extension DecodingStep {
  /// The steps of the decoder that a `tokenizer.json` names.
  static func list(_ reader: JSONReader) throws(TokenizerError) -> [DecodingStep] {
    var result: [DecodingStep] = []
    for (type, component) in try reader.flattened("decoders") {
      let step = try step(type, component)
      // Tokens joined into one come out piece by piece here; only these need no more than a piece.
      if result.contains(.fuse) || result.contains(.byteLevel) {
        switch step {
        case .fuse: break
        case .strip(let scalar, _, _) where scalar.isASCII: break
        default: throw component.error(.unsupported, "the decoder \(quoted(type)) after Fuse or ByteLevel is not known")
        }
      }
      result.append(step)
    }
    return result
  }

  private static func step(_ type: String, _ reader: JSONReader) throws(TokenizerError) -> DecodingStep {
    switch type {
    case "ByteLevel":
      try reader.allow("type", "add_prefix_space", "trim_offsets", "use_regex")
      return .byteLevel
    case "Replace":
      try reader.allow("type", "pattern", "content")
      return .replace(
        try reader.member("pattern").literalPattern(), with: Array(try reader.member("content").string().utf8))
    case "ByteFallback":
      try reader.allow("type")
      return .byteFallback
    case "Fuse":
      try reader.allow("type")
      return .fuse
    case "Strip":
      try reader.allow("type", "content", "start", "stop")
      return .strip(
        try reader.member("content").scalar(), start: max(0, try reader.member("start").integer()),
        stop: max(0, try reader.member("stop").integer()))
    case "Metaspace":
      try reader.allow("type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep")
      return .metaspace(
        try reader.member("replacement").scalar(), dropsFirst: try reader.metaspacePrefix() != .never)
    default:
      throw reader.error(
        .unsupported,
        "the decoder \(quoted(type)) is not known; ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace and Sequence are"
      )
    }
  }
}
