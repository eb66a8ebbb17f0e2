/// A way to write a conversation as one text, as models of a family expect it.
///
/// The texts, with `B` and `E` the tokenizer's tokens for the beginning and end of a text. What is between `⟦` and `⟧`
/// is the assistant's and counts in the loss; everything else, the other side's turns and all marks around them, does
/// not.
///
/// - `plain`: every message on a line of its own, an assistant's as `⟦content` `E⟧`; before it all what the tokenizer
///   itself puts before a text, and nothing where it puts nothing.
/// - `chatml` (Qwen2): for every message `<|im_start|>role` line feed `content<|im_end|>` line feed; of an assistant's
///   `⟦content<|im_end|>⟧`, not the line feed after it.
/// - `llama2`: for every pair of turns `B[INST] question [/INST]⟦ answer E⟧`, contents stripped of white space at both
///   ends; the system prompt stands in the first question as `<<SYS>>` line feed `prompt` line feed `<</SYS>>` and two
///   line feeds.
/// - `llama3`: `B` where there is one, then for every message `<|start_header_id|>role<|end_header_id|>` and two line
///   feeds and `content<|eot_id|>`, contents stripped; of an assistant's `⟦content<|eot_id|>⟧`.
///
/// The ids are those of the whole text at once, as transformers' `apply_chat_template` gives them, or of plain text its
/// tokenizer. A token that holds anything of the assistant's is the assistant's: where an answer begins with a line
/// feed, that may be one together with the line feed before it, and the ids from which the model generates (`prompt`)
/// are then others at their end. Special tokens written out in a content are found there, as transformers does; a
/// tokenizer that finds none, llama2.c's, still gets `B` and `E` as they are.
public enum ChatTemplate: String, Sendable, CaseIterable {
  /// The contents alone.
  case plain
  /// Qwen2's.
  case chatml
  /// Llama 2's.
  case llama2
  /// Llama 3's, as of its first release: without dates.
  case llama3

  /// A stretch of text, and whether it is the assistant's.
  private struct Part {
    var text: String
    var isTrained: Bool
    /// The token that the text stands for, where it is not to be looked for in the text; a new text begins after it.
    var token: Int?

    init(text: String, isTrained: Bool) {
      self.text = text
      self.isTrained = isTrained
    }

    /// A token of its own: found in the text where the tokenizer finds such, otherwise or if `isApart` given as it is.
    init(_ token: Int, in tokenizer: Tokenizer, isTrained: Bool, isApart: Bool = false) {
      self.init(text: tokenizer.token(token) ?? "", isTrained: isTrained)
      if isApart || !tokenizer.findsInTexts(token) { self.token = token }
    }
  }

  /// The conversation as one text.
  ///
  /// - Parameters:
  ///   - messages: A system message may come first; Llama 2's turns must alternate, beginning with the user's.
  ///   - tokenizer: Tells the tokens for beginning and end.
  ///   - systemPrompt: Used where the conversation has no system message of its own; nil for none.
  ///   - addingGenerationPrompt: Whether the beginning of an assistant's turn follows.
  /// - Throws: `TokenizerError` (`conversation`) where messages are missing or in a wrong order, or the tokenizer has
  ///   no token that the template needs.
  public func text(
    _ messages: [ChatMessage], for tokenizer: Tokenizer, systemPrompt: String? = nil,
    addingGenerationPrompt: Bool = false
  ) throws(TokenizerError) -> String {
    try parts(messages, tokenizer, systemPrompt, addingGenerationPrompt).map(\.text).joined()
  }

  /// The conversation as token ids with the mask of what is to be learned; parameters and errors as for `text`.
  public func encode(
    _ messages: [ChatMessage], with tokenizer: Tokenizer, systemPrompt: String? = nil
  ) throws(TokenizerError) -> ChatEncoding {
    Self.encode(try parts(messages, tokenizer, systemPrompt, false), tokenizer)
  }

  /// The token ids from which the model generates its answer to a conversation; parameters and errors as for `text`.
  public func prompt(
    _ messages: [ChatMessage], with tokenizer: Tokenizer, systemPrompt: String? = nil
  ) throws(TokenizerError) -> [Int] {
    Self.encode(try parts(messages, tokenizer, systemPrompt, true), tokenizer).ids
  }

  /// The token with which the assistant ends its turn: where generation stops.
  /// - Throws: `TokenizerError` (`conversation`) where the tokenizer has no such token.
  public func endOfTurn(in tokenizer: Tokenizer) throws(TokenizerError) -> Int {
    switch self {
    case .plain, .llama2:
      guard let id = tokenizer.endOfText else {
        throw TokenizerError(
          .conversation, nil, "the tokenizer names no token for the end of a text, which the template \(rawValue) needs"
        )
      }
      return id
    case .chatml: return try id(of: "<|im_end|>", in: tokenizer)
    case .llama3: return try id(of: "<|eot_id|>", in: tokenizer)
    }
  }

  private static func encode(_ parts: [Part], _ tokenizer: Tokenizer) -> ChatEncoding {
    var session = EncodingSession()
    var result = ChatEncoding()
    var (text, speech): ([UInt8], Speech) = ([], Speech())
    func finishText() {
      if !text.isEmpty { tokenizer.encode(text, speech, into: &result, in: &session) }
      (text, speech) = ([], Speech())
    }
    for part in parts {
      if let token = part.token {
        finishText()
        result.ids.append(token)
        result.isTrained.append(part.isTrained)
      } else {
        text += part.text.utf8
        speech.append(part.text.utf8.count, isAssistants: part.isTrained)
      }
    }
    finishText()
    return result
  }
}

extension ChatTemplate {
  private func parts(
    _ messages: [ChatMessage], _ tokenizer: Tokenizer, _ systemPrompt: String?, _ isPrompt: Bool
  ) throws(TokenizerError) -> [Part] {
    guard let first = messages.first else { throw TokenizerError(.conversation, nil, "there are no messages") }
    let system = first.role == .system ? first.content : systemPrompt
    let turns = messages.dropFirst(first.role == .system ? 1 : 0)
    guard !turns.isEmpty else { throw TokenizerError(.conversation, nil, "there is a system message only") }
    guard !turns.contains(where: { $0.role == .system }) else {
      throw TokenizerError(.conversation, nil, "a system message comes first or not at all")
    }
    if isPrompt, messages.last?.role == .assistant {
      throw TokenizerError(.conversation, nil, "the last message before an answer is the user's, not the assistant's")
    }
    let end = Part(try endOfTurn(in: tokenizer), in: tokenizer, isTrained: true)
    let beginning = tokenizer.beginningOfText.map { Part($0, in: tokenizer, isTrained: false) }
    switch self {
    case .plain:
      let leading = tokenizer.leadingTokens.map { Part($0, in: tokenizer, isTrained: false, isApart: true) }
      return leading + Self.plain(system, turns, end, isPrompt)
    case .chatml:
      _ = try id(of: "<|im_start|>", in: tokenizer)
      return Self.headed(system, turns, "<|im_start|>", "\n", end, "\n", strips: false, isPrompt)
    case .llama2:
      guard let beginning else {
        throw TokenizerError(
          .conversation, nil,
          "the tokenizer names no token for the beginning of a text, which the template llama2 needs")
      }
      return try Self.llama2(system, turns, beginning, end, isPrompt)
    case .llama3:
      for token in ["<|start_header_id|>", "<|end_header_id|>"] { _ = try id(of: token, in: tokenizer) }
      return (beginning.map { [$0] } ?? [])
        + Self.headed(
          system, turns, "<|start_header_id|>", "<|end_header_id|>\n\n", end, "", strips: true, isPrompt)
    }
  }

  private static func plain(
    _ system: String?, _ turns: ArraySlice<ChatMessage>, _ end: Part, _ isPrompt: Bool
  ) -> [Part] {
    var parts: [Part] = []
    if let system { parts.append(Part(text: system + "\n", isTrained: false)) }
    for (index, turn) in turns.enumerated() {
      let isLast = index == turns.count - 1
      if turn.role == .assistant {
        parts += [Part(text: turn.content, isTrained: true), end]
        if !isLast { parts.append(Part(text: "\n", isTrained: false)) }
      } else {
        parts.append(Part(text: turn.content + (isLast && !isPrompt ? "" : "\n"), isTrained: false))
      }
    }
    return parts
  }

  /// The templates that put a head before every message.
  private static func headed(
    _ system: String?, _ turns: ArraySlice<ChatMessage>, _ opening: String, _ closing: String, _ end: Part,
    _ separator: String, strips: Bool, _ isPrompt: Bool
  ) -> [Part] {
    var parts: [Part] = []
    let all = (system.map { [ChatMessage(.system, $0)] } ?? []) + turns
    for message in all {
      let content = strips ? stripped(message.content) : message.content
      parts.append(Part(text: opening + message.role.rawValue + closing, isTrained: false))
      let isTrained = message.role == .assistant
      parts += [Part(text: content, isTrained: isTrained), Part(text: end.text, isTrained: isTrained)]
      if !separator.isEmpty { parts.append(Part(text: separator, isTrained: false)) }
    }
    if isPrompt { parts.append(Part(text: opening + "assistant" + closing, isTrained: false)) }
    return parts
  }

  private static func llama2(
    _ system: String?, _ turns: ArraySlice<ChatMessage>, _ beginning: Part, _ end: Part, _ isPrompt: Bool
  ) throws(TokenizerError) -> [Part] {
    var parts: [Part] = []
    for (index, turn) in turns.enumerated() {
      guard (turn.role == .user) == (index % 2 == 0) else {
        throw TokenizerError(
          .conversation, nil, "Llama 2's turns alternate, beginning with the user's; turn \(index + 1) does not")
      }
      if turn.role == .assistant {
        parts += [Part(text: " \(stripped(turn.content)) ", isTrained: true), end]
      } else {
        let prefix = index == 0 ? system.map { "<<SYS>>\n\($0)\n<</SYS>>\n\n" } ?? "" : ""
        parts += [beginning, Part(text: "[INST] \(stripped(prefix + turn.content)) [/INST]", isTrained: false)]
      }
    }
    return parts
  }

  private func id(of token: String, in tokenizer: Tokenizer) throws(TokenizerError) -> Int {
    guard let id = tokenizer.id(of: token) else {
      throw TokenizerError(.conversation, nil, "the tokenizer has no \(token), which the template \(rawValue) needs")
    }
    return id
  }

  /// A text without white space at its ends, as Jinja's `trim` and Python's `strip` understand it.
  private static func stripped(_ text: String) -> String {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      // Python's white space has the four information separators besides White_Space.
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    var scalars = text.unicodeScalars[...]
    while let first = scalars.first, isSpace(first) { scalars.removeFirst() }
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    return String(String.UnicodeScalarView(scalars))
  }
}
