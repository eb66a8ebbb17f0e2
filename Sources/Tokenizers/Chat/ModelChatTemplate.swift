import FileFormats
import Glibc

/// The chat template that a model comes with: a program in Jinja, which is read for what it writes and never run.
public struct ModelChatTemplate: Sendable {
  /// The program.
  public let text: String
  /// The file it stands in.
  public let path: String

  /// A template at hand.
  public init(_ text: String, path: String) {
    // As Jinja does, one line end at the very end is dropped.
    self.text = text.hasSuffix("\n") ? String(text.dropLast()) : text
    self.path = path
  }

  /// The template of a model's folder, `chat_template.jinja` or `chat_template` in `tokenizer_config.json`; nil where
  /// there is none. Of several, as in the oldest files, that with the name `default`.
  /// - Throws: `TokenizerError` with the file and what is wrong.
  public static func read(folder: String) throws(TokenizerError) -> ModelChatTemplate? {
    let (file, configuration) = ("\(folder)/chat_template.jinja", "\(folder)/tokenizer_config.json")
    if access(file, F_OK) == 0 {
      do throws(FileError) {
        return ModelChatTemplate(
          String(decoding: try InputFile.bytes(of: file, limit: 1 << 24), as: UTF8.self), path: file)
      } catch {
        throw TokenizerError(error)
      }
    }
    guard access(configuration, F_OK) == 0,
      let member = try JSONReader(path: configuration).optional("chat_template")
    else { return nil }
    guard member.value.elements != nil else { return ModelChatTemplate(try member.string(), path: configuration) }
    for entry in try member.elements() where try entry.member("name").string() == "default" {
      return ModelChatTemplate(try entry.member("template").string(), path: configuration)
    }
    return nil
  }

  /// How what the model's template writes differs from what a preset does, in a line; nil where both are known to write
  /// the same.
  /// - Parameter givesSystem: Whether every conversation has a system message, its own or one given for it.
  public func difference(from preset: ChatTemplate, givesSystem: Bool) -> String? {
    let start = "\(quotedPath(path)): the model's chat_template"
    guard let known = Self.known[SHA256.hex(Array(text.utf8))] else {
      let parts = ownTexts.prefix(2).map { quoted($0) } + (writesDate ? ["a date"] : [])
      let what = parts.isEmpty ? "" : "; of its own it writes \(parts.joined(separator: " and "))"
      return "\(start) is none that is known to write what the template \(preset.rawValue) does\(what)"
    }
    guard known.preset == preset else {
      return "\(start) is that of the template \(known.preset.rawValue), not \(preset.rawValue)"
    }
    guard let system = known.system, !givesSystem else { return nil }
    return "\(start) gives conversations without a system message the one \(quoted(system, limit: 100)), and the "
      + "template \(preset.rawValue) none; a system prompt can be given"
  }

  /// The preset that a published template equals, and the system message that it writes where a conversation has none.
  private struct Known {
    var preset: ChatTemplate
    var system: String?
  }

  /// By the SHA-256 of the program. Each was held against transformers: see Tests/ReferenceValues/known_templates.py.
  private static let known: [String: Known] = [
    // Llama 2's.
    "69ba2c8da8b7a623f02e6c2054f2f97bc34029d65ee925ce0b5ab9e1c7341a61": Known(preset: .llama2),
    // Llama 3's, with and without a copy of the list.
    "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122": Known(preset: .llama3),
    "42014e4fe789f39f32bf940c036c0684cccfe85e33eba259b1107e13944161b7": Known(preset: .llama3),
    // ChatML, and Qwen2's and Qwen2.5's with their system messages.
    "153280e3ff55d19da1398bdb3914ee2a51b80429bfaedde11d7d216c39db80f3": Known(preset: .chatml),
    "fcf7a096fe99a48fd9ad2b250bf9237e96e8f48bffec1c7ea4d3f225176cd40e": Known(preset: .chatml),
    "793202280c0910ab26bc6eb57c8212c2417324c6d8c4efd0d10d59092ab3e3eb":
      Known(preset: .chatml, system: "You are a helpful assistant."),
    "f0206845c9ebc3abb4735d44f286eb81ce99238ad2accc710c6fc60e6cb8ccc8":
      Known(preset: .chatml, system: "You are a helpful assistant."),
    "55b2f4a26ac9ee719330a61a0c39d9e538b0e9322212f048326318cff4f8674a":
      Known(preset: .chatml, system: "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
  ]

  /// Whether the program writes a date.
  var writesDate: Bool { text.contains("strftime_now") || text.contains("Today Date") }

  /// The sentences that the program writes whatever the conversation: those of three words or more, apart from what it
  /// writes for tools only or says where it refuses a conversation.
  var ownTexts: [String] {
    var result: [String] = []
    var isForTools: [Bool] = []
    for part in JinjaText(text).parts {
      switch part {
      case .block(let name, let words):
        let mentionsTools = words.contains { $0.contains("tool") } && !words.contains("not")
        switch name {
        case "if", "for", "macro": isForTools.append(mentionsTools)
        case "elif" where !isForTools.isEmpty: isForTools[isForTools.count - 1] = mentionsTools
        case "else" where !isForTools.isEmpty: isForTools[isForTools.count - 1] = false
        case "endif", "endfor", "endmacro": _ = isForTools.popLast()
        default: break
        }
      case .literal(let literal):
        guard !isForTools.contains(true) else { continue }
        for line in Self.withoutMarks(literal).split(whereSeparator: \.isNewline) {
          let line = Self.trimmed(line)
          guard line.split(separator: " ").count(where: { $0.contains(where: \.isLetter) }) >= 3 else { continue }
          if !result.contains(line) { result.append(line) }
        }
      }
    }
    return result
  }

  /// The text without special tokens such as `<|im_start|>`, in the place of which a line ends.
  private static func withoutMarks(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
      result += rest[..<start] + "\n"
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}

/// A program in Jinja as far as one must know it to find the texts it writes.
private struct JinjaText {
  enum Part {
    /// A text outside of all marks, or a string within.
    case literal(String)
    /// The beginning of a block (`{% if ... %}`): its name, and the words in it.
    case block(String, [String])
  }

  private(set) var parts: [Part] = []

  init(_ text: String) {
    var rest = text[...]
    while let open = rest.firstRange(of: "{") {
      let kind = rest[open.upperBound...].first
      guard let kind, "{%#".contains(kind) else {
        parts.append(.literal(String(rest[..<open.upperBound])))
        rest = rest[open.upperBound...]
        continue
      }
      parts.append(.literal(String(rest[..<open.lowerBound])))
      let body = rest[open.upperBound...].dropFirst()
      let closing = kind == "{" ? "}}" : "\(kind)}"
      let end = Self.end(of: body, closing, hasStrings: kind != "#")
      if kind != "#" { read(body[..<end.lowerBound], isBlock: kind == "%") }
      rest = body[end.upperBound...]
    }
    parts.append(.literal(String(rest)))
  }

  /// Where a mark closes outside of its strings.
  private static func end(of body: Substring, _ closing: String, hasStrings: Bool) -> Range<Substring.Index> {
    var place = body.startIndex
    while place < body.endIndex {
      if body[place...].hasPrefix(closing) { return place..<body.index(place, offsetBy: closing.count) }
      if hasStrings, body[place] == "'" || body[place] == "\"" { place = string(body, place).end }
      if place < body.endIndex { place = body.index(after: place) }
    }
    return body.endIndex..<body.endIndex
  }

  /// The string that a quote begins, and the place of the quote that ends it.
  private static func string(_ body: Substring, _ start: Substring.Index) -> (text: String, end: Substring.Index) {
    var text = ""
    var place = body.index(after: start)
    while place < body.endIndex, body[place] != body[start] {
      if body[place] == "\\", body.index(after: place) < body.endIndex {
        place = body.index(after: place)
        text.append(body[place] == "n" ? "\n" : body[place])
      } else {
        text.append(body[place])
      }
      place = body.index(after: place)
    }
    return (text, place)
  }

  private mutating func read(_ body: Substring, isBlock: Bool) {
    var words: [String] = []
    var literals: [String] = []
    var word = ""
    var place = body.startIndex
    func endWord() {
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    while place < body.endIndex {
      let character = body[place]
      if character == "'" || character == "\"" {
        endWord()
        let string = Self.string(body, place)
        place = string.end
        // What a refusal says is not written, nor the form of a date.
        if words.last != "raise_exception", words.last != "strftime_now" { literals.append(string.text) }
        guard place < body.endIndex else { break }
      } else if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        endWord()
      }
      place = body.index(after: place)
    }
    endWord()
    if isBlock, let name = words.first { parts.append(.block(name, Array(words.dropFirst()))) }
    // What a condition compares with is not written.
    guard !isBlock || words.first == "set" else { return }
    parts += literals.map { .literal($0) }
  }
}
