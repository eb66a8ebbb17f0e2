import FileFormats
import Yams

/// Reads YAML into `ConfigurationNode`s, in bounded time and memory whatever the text.
///
/// Yams parses. What a configuration never needs and an attacker might use is refused: texts over a size limit, deep
/// nesting, tags, and anchors, of which bombs are made. Anchors are refused before parsing, because Yams hashes keys,
/// and to hash a key that is a bomb takes exponential time.
package struct YAMLReader {
  /// How deep mappings and lists may nest; a valid configuration needs three levels.
  static let maximumDepth = 16
  /// The most bytes of a key, so that the keys from the top that all nodes carry stay small.
  static let maximumKeyByteCount = 256

  let source: String
  let maximumByteCount: Int
  /// Whether the text has lines that its author can count.
  let hasLines: Bool
  /// What the keys from the top start with, where the text is the value of a key.
  let keyPath: String

  package init(source: String, maximumByteCount: Int, hasLines: Bool = true, keyPath: String = "") {
    self.source = source
    self.maximumByteCount = maximumByteCount
    self.hasLines = hasLines
    self.keyPath = keyPath
  }

  /// The only document of the file that is the source, or nil where there is none.
  package func readFile() throws(ConfigurationError) -> ConfigurationNode? {
    let bytes: [UInt8]
    do {
      let size = try InputFile(path: source).byteCount
      guard size <= maximumByteCount else {
        throw ConfigurationError(
          .size, place(), "the file has \(size) bytes, more than the limit of \(maximumByteCount)")
      }
      bytes = try InputFile.bytes(of: source, limit: maximumByteCount)
    } catch let error as FileError {
      throw ConfigurationError(.system, place(), "cannot read the file: \(error.reason)")
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError(.system, place(), "cannot read the file")
    }
    return try read(bytes)
  }

  /// The only document of the text, or nil where there is none.
  package func read(_ bytes: [UInt8]) throws(ConfigurationError) -> ConfigurationNode? {
    guard bytes.count <= maximumByteCount else {
      throw ConfigurationError(
        .size, place(), "the text has \(bytes.count) bytes, more than the limit of \(maximumByteCount)")
    }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let line = bytes[..<error.byteOffsets.lowerBound].count { $0 == 0x0A } + 1
      throw ConfigurationError(.syntax, place(line), "the text is not UTF-8")
    }
    try refuseAnchors(bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    do {
      return try node(of: text, marker: nil)
    } catch {
      switch error {
      case .duplicate(let mark): throw duplicateKey(in: text, at: mark)
      case .other(let error): throw error
      }
    }
  }

  private func place(_ line: Int? = nil) -> ConfigurationPlace {
    ConfigurationPlace(source: source, line: hasLines ? line : nil)
  }

  /// An anchor is an ampersand where a token can start. After a letter or digit none can; anywhere else an ampersand
  /// directly before something is taken for one, though it may stand in a comment or in quotes.
  private func refuseAnchors(_ bytes: [UInt8]) throws(ConfigurationError) {
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    var line = 1
    for (index, byte) in bytes.enumerated() {
      if byte == 0x0A { line += 1 }
      guard byte == UInt8(ascii: "&"), index + 1 < bytes.count else { continue }
      let next = bytes[index + 1]
      guard isWord(next) || next == UInt8(ascii: "_") || next == UInt8(ascii: "-") else { continue }
      if index > 0, isWord(bytes[index - 1]) { continue }
      throw ConfigurationError(
        .syntax, place(line), "anchors (&name) are not accepted; elsewhere, put a space after an ampersand")
    }
  }

  private enum Failure: Error {
    case duplicate(Mark)
    case other(ConfigurationError)
  }

  private func node(of text: String, marker: String?) throws(Failure) -> ConfigurationNode? {
    do {
      guard let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() else { return nil }
      return try convert(root, depth: 0, path: keyPath, marker: marker)
    } catch let error as ConfigurationError {
      throw .other(error)
    } catch YamlError.duplicatedKeysInMapping(duplicates: _, let context) {
      throw .duplicate(context.mark)
    } catch {
      throw .other(described(error, text))
    }
  }

  private func described(_ error: any Error, _ text: String) -> ConfigurationError {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = [context?.text, problem].compactMap { $0 }.joined(separator: ": ")
      return ConfigurationError(.syntax, place(mark.line), "no valid YAML: \(detail)")
    case .reader(let problem, let offset, _, _):
      let line = offset.map { offset in text.utf8.prefix(offset).count { $0 == 0x0A } + 1 }
      return ConfigurationError(.syntax, place(line), "no valid YAML: \(problem)")
    default:
      return ConfigurationError(.syntax, place(), "no valid YAML")
    }
  }

  private func convert(
    _ node: Node, depth: Int, path: String, marker: String?
  ) throws(ConfigurationError) -> ConfigurationNode {
    let place = place(node.mark?.line)
    guard depth <= Self.maximumDepth else {
      throw ConfigurationError(.size, place, "nested deeper than \(Self.maximumDepth) levels")
    }
    // Quotes count as the tag of strings.
    let tag: Tag? =
      switch node {
      case .scalar(let scalar): scalar.style == .plain ? scalar.tag : nil
      case .sequence(let sequence): sequence.tag
      case .mapping(let mapping): mapping.tag
      case .alias(let alias): alias.tag
      }
    guard tag?.description.isEmpty != false else {
      throw ConfigurationError(.syntax, place, key: path.isEmpty ? nil : path, "tags (!name) are not accepted")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain
      return ConfigurationNode(content: .scalar(scalar.string, isPlain: isPlain), place: place, keyPath: path)
    case .sequence(let sequence):
      var nodes: [ConfigurationNode] = []
      for (index, element) in sequence.enumerated() {
        nodes.append(try convert(element, depth: depth + 1, path: "\(path)[\(index)]", marker: marker))
      }
      return ConfigurationNode(content: .sequence(nodes), place: place, keyPath: path)
    case .mapping(let mapping):
      var entries: [ConfigurationNode.Entry] = []
      for (key, value) in mapping {
        let keyPlace = self.place(key.mark?.line)
        guard case .scalar(let scalar) = key else {
          throw ConfigurationError(.type, keyPlace, key: path.isEmpty ? nil : path, "a key must be a word")
        }
        let name = scalar.string
        guard name.utf8.count <= Self.maximumKeyByteCount else {
          throw ConfigurationError(
            .size, keyPlace, key: path.isEmpty ? nil : path,
            "a key has \(name.utf8.count) bytes, more than the limit of \(Self.maximumKeyByteCount)")
        }
        let keyPath = path.isEmpty ? name : "\(path).\(name)"
        if let marker, name.hasPrefix(marker) {
          let plain = String(name.dropFirst(marker.count))
          let others = mapping.compactMap { $0.key.scalar?.string == plain ? $0.key.mark?.line : nil }
          throw duplicateKey(plain, in: path, lines: [keyPlace.line].compactMap { $0 } + others)
        }
        let node = try convert(value, depth: depth + 1, path: keyPath, marker: marker)
        entries.append(ConfigurationNode.Entry(key: name, place: keyPlace, node: node))
      }
      return ConfigurationNode(content: .mapping(entries), place: place, keyPath: path)
    case .alias:
      throw ConfigurationError(.syntax, place, "aliases (*name) are not accepted")
    }
  }
}

extension YAMLReader {
  /// The error for two equal keys, of which Yams tells only where the first stands.
  ///
  /// To learn what mapping it is in, the key is renamed in the text, which is then parsed again.
  private func duplicateKey(in text: String, at first: Mark) -> ConfigurationError {
    let marker = "palimpsest duplicate "
    var (edited, mark) = (text, Optional(first))
    // Each turn renames one of the keys that occur twice; who repeats more than a few gets the shorter message.
    for _ in 0..<8 {
      guard let current = mark, let renamed = inserting(marker, in: edited, at: current) else { break }
      (edited, mark) = (renamed, nil)
      do {
        _ = try node(of: edited, marker: marker)
      } catch {
        switch error {
        case .duplicate(let next): mark = next
        case .other(let error): if error.rule == .duplicateKey { return error }
        }
      }
    }
    return ConfigurationError(.duplicateKey, place(first.line), "a key occurs twice in one mapping")
  }

  private func duplicateKey(_ key: String, in path: String, lines: [Int]) -> ConfigurationError {
    let lines = lines.sorted()
    return ConfigurationError(
      .duplicateKey, place(lines.last), key: path.isEmpty ? key : "\(path).\(key)",
      "the key occurs twice, in lines \(lines.map(String.init).joined(separator: " and ")); keep one")
  }

  /// The text with a word put before the scalar at a mark, within its quotes if it has some.
  private func inserting(_ word: String, in text: String, at mark: Mark) -> String? {
    var scalars = text.unicodeScalars
    var (line, column) = (1, 1)
    var index = scalars.startIndex
    while index < scalars.endIndex, line < mark.line || column < mark.column {
      let scalar = scalars[index]
      index = scalars.index(after: index)
      let isBreak =
        switch scalar.value {
        case 0x0A, 0x85, 0x2028, 0x2029: true
        case 0x0D: index == scalars.endIndex || scalars[index] != "\n"
        default: false
        }
      if isBreak { (line, column) = (line + 1, 1) } else if scalar.value != 0xFEFF { column += 1 }
    }
    guard line == mark.line, index < scalars.endIndex else { return nil }
    if scalars[index] == "\"" || scalars[index] == "'" { index = scalars.index(after: index) }
    scalars.insert(contentsOf: word.unicodeScalars, at: index)
    return String(scalars)
  }
}
