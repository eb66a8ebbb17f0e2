import FileFormats

extension ExampleFields {
  /// Names, in small letters, of members that say something of the prompt, of what of it is learned or of its length.
  /// One that a reader does not read is refused: without it, something else would be learned.
  private static let meaningful: Set<String> = [
    "instruction", "prompt", "question", "query", "input", "context", "contexts", "passage", "passages",
    "document", "documents", "background", "choices", "options", "few_shot", "examples", "demonstrations",
    "system", "system_prompt", "system_message", "history", "messages", "conversation", "conversations", "turns",
    "instances", "output", "response", "answer", "completion", "prefix", "suffix", "prompt_ids", "answer_ids",
    "input_ids", "tools", "functions", "tool_calls", "function_call", "image", "images", "video", "videos",
    "audio", "audios", "reasoning", "reasoning_content", "thinking", "rationale", "chat_template",
    "chat_template_kwargs", "template", "weight", "weights", "loss_weight", "loss", "loss_mask", "mask", "train",
    "trainable", "train_on_turn", "max_length", "max_tokens",
  ]

  /// The members that no one reads, of which none may say anything of the text.
  /// - Parameters:
  ///   - read: The names of those that are read.
  ///   - said: The texts that are read; a member that repeats one of them says nothing more.
  /// - Returns: The names of the others, in their order.
  /// - Throws: `ExampleError` (`member`) for the first member that would change the text, the mask or the length.
  package func unread(_ read: Set<String>, said: [String] = []) throws(ExampleError) -> [String] {
    var names: [String] = []
    for member in json.members ?? [] where !read.contains(member.name) && !Self.saysNothing(member) {
      if Self.meaningful.contains(member.name.lowercased()), !Self.repeats(member.value, said) {
        throw fault(
          .member,
          "\(quoted(member.name)) would change what is learned and is not read beside "
            + "\(read.sorted().filter { json[$0] != nil }.joined(separator: ", ")); "
            + "put it into the text or take it out")
      }
      names.append(member.name)
    }
    return names
  }

  /// Whether a member of a turn or example is empty, or gives the weight that everything has.
  static func saysNothing(_ member: JSON.Member) -> Bool {
    switch member.value {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    case .bool(let isLearned): isLearned && marks.contains(member.name.lowercased())
    default: member.value.doubleValue == 1 && marks.contains(member.name.lowercased())
    }
  }

  /// The names by which data sets say how much of a turn or example is learned; 1 or true is all of it.
  static let marks: Set<String> = ["weight", "loss_weight", "loss", "train", "trainable", "train_on_turn"]

  private static func repeats(_ value: JSON, _ said: [String]) -> Bool {
    guard let text = value.stringValue else { return false }
    return said.contains { $0.utf8.elementsEqual(text.utf8) }
  }
}

/// The members of a data file that its reader passes over, each once.
package struct UnreadMembers {
  private let path: String
  private var names: [String] = []

  /// None so far.
  package init(path: String) { self.path = path }

  /// Adds what an example has of them.
  package mutating func add(_ more: [String]) {
    for name in more where !names.contains(name) { names.append(name) }
  }

  /// What users should know of them; nil where there are none.
  package var notice: String? {
    guard !names.isEmpty else { return nil }
    let some = names.prefix(8).map { quoted($0) }.joined(separator: ", ")
    return "\(quotedPath(path)): members that are not read: \(some)" + (names.count > 8 ? " and others" : "")
  }
}
