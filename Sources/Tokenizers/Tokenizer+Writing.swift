import FileFormats

extension Tokenizer {
  /// The tokenizer as a `tokenizer.json` that Hugging Face's `tokenizers` reads.
  /// - Throws: `TokenizerError` (`unsupported`) where the format has no word for it: llama2.c's vocabularies.
  public func json() throws(TokenizerError) -> JSON {
    guard !decoding.contains(.llama2c) else {
      throw TokenizerError(.unsupported, nil, "a tokenizer.json has no decoder that does what llama2.c does")
    }
    return [
      "version": "1.0",
      "truncation": .null,
      "padding": .null,
      "added_tokens": .array(
        addedTokens.map { token in
          [
            "id": .integer(token.id), "content": .string(token.content), "single_word": .bool(token.isSingleWord),
            "lstrip": .bool(token.stripsLeft), "rstrip": .bool(token.stripsRight),
            "normalized": .bool(token.isNormalized), "special": .bool(token.isSpecial),
          ]
        }),
      "normalizer": Self.sequence("normalizers", normalizers.map(\.json)),
      "pre_tokenizer": Self.sequence("pretokenizers", preTokenizers.map(\.json)),
      "post_processor": template.json(spelling: { token($0) ?? "" }),
      "decoder": Self.sequence("decoders", decoding.map(\.json)),
      "model": model.json,
    ]
  }

  /// Writes the tokenizer as a `tokenizer.json`.
  /// - Throws: `TokenizerError` (`unsupported`, or `system` with the file and the reason).
  public func write(to path: String) throws(TokenizerError) {
    let text = try json().bytes()
    do throws(FileError) { try AtomicFile.write(text, to: path) } catch { throw TokenizerError(error) }
  }

  /// No component, the only one, or a `Sequence` of several.
  private static func sequence(_ list: String, _ components: [JSON]) -> JSON {
    switch components.count {
    case 0: .null
    case 1: components[0]
    default: .object([JSON.Member("type", "Sequence"), JSON.Member(list, .array(components))])
    }
  }
}

extension Normalizer {
  fileprivate var json: JSON {
    switch self {
    case .nfc: ["type": "NFC"]
    case .prepend(let text): ["type": "Prepend", "prepend": .string(String(decoding: text, as: UTF8.self))]
    case .replace(let old, let new): replacement(of: old, with: new)
    }
  }
}

extension PreTokenizer {
  fileprivate var json: JSON {
    switch self {
    case .split(let pattern):
      ["type": "Split", "pattern": ["Regex": .string(pattern.rawValue)], "behavior": "Isolated", "invert": false]
    case .digits(let individual): ["type": "Digits", "individual_digits": .bool(individual)]
    case .byteLevel(let addsPrefixSpace, let splits):
      [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": true,
        "use_regex": .bool(splits),
      ]
    case .metaspace(let replacement, let prepends, let splits):
      [
        "type": "Metaspace", "replacement": .string(String(replacement)),
        "prepend_scheme": .string(prepends.rawValue), "split": .bool(splits),
      ]
    }
  }
}

extension TokenTemplate {
  fileprivate func json(spelling: (Int) -> String) -> JSON {
    if parts == [.text] { return .null }
    var single: [JSON] = []
    var pair: [JSON] = []
    var names: [JSON.Member] = []
    for part in parts {
      switch part {
      case .text:
        single.append(["Sequence": ["id": "A", "type_id": 0]])
        pair.append(["Sequence": ["id": "A", "type_id": 0]])
      case .tokens(let ids):
        // The names need only differ; a single token's own text is the usual one.
        let tokens = ids.map(spelling)
        let name = tokens.joined(separator: " ")
        single.append(["SpecialToken": ["id": .string(name), "type_id": 0]])
        pair.append(["SpecialToken": ["id": .string(name), "type_id": 0]])
        guard !names.contains(where: { $0.name == name }) else { continue }
        names.append(
          JSON.Member(
            name,
            [
              "id": .string(name), "ids": .array(ids.map { .integer($0) }),
              "tokens": .array(tokens.map { .string($0) }),
            ]))
      }
    }
    pair.append(["Sequence": ["id": "B", "type_id": 1]])
    return [
      "type": "TemplateProcessing", "single": .array(single), "pair": .array(pair), "special_tokens": .object(names),
    ]
  }
}

extension DecodingStep {
  fileprivate var json: JSON {
    switch self {
    case .byteLevel: ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    case .replace(let old, let new): replacement(of: old, with: new)
    case .byteFallback: ["type": "ByteFallback"]
    case .fuse: ["type": "Fuse"]
    case .strip(let scalar, let start, let stop):
      ["type": "Strip", "content": .string(String(scalar)), "start": .integer(start), "stop": .integer(stop)]
    case .metaspace(let scalar, let dropsFirst):
      [
        "type": "Metaspace", "replacement": .string(String(scalar)),
        "prepend_scheme": dropsFirst ? "always" : "never", "split": true,
      ]
    case .llama2c: .null
    }
  }
}

extension BytePairModel {
  fileprivate var json: JSON {
    func spelled(_ id: Int) -> String { tokens.token(id).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    return [
      "type": "BPE",
      "dropout": .null,
      "unk_token": unknown.map { .string(spelled($0)) } ?? .null,
      "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null,
      "fuse_unk": .bool(fusesUnknown),
      "byte_fallback": .bool(fallsBackToBytes),
      "ignore_merges": .bool(ignoresMerges),
      "vocab": .object(
        (0..<tokens.idBound).compactMap { id in
          tokens.token(id).map { JSON.Member(String(decoding: $0, as: UTF8.self), .integer(id)) }
        }),
      "merges": .array(
        merges.inOrder.map { [.string(spelled(Int($0.left))), .string(spelled(Int($0.right)))] }),
    ]
  }
}

private func replacement(of old: [UInt8], with new: [UInt8]) -> JSON {
  [
    "type": "Replace", "pattern": ["String": .string(String(decoding: old, as: UTF8.self))],
    "content": .string(String(decoding: new, as: UTF8.self)),
  ]
}
