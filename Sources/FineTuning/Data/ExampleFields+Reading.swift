import FileFormats
import Tokenizers

extension ExampleFields {
  /// What an example of a data file says.
  struct Reading {
    /// In which shape.
    var shape: Example.Shape
    /// Its contents; several where there are `instances`.
    var contents: [Example.Content]
    /// The members that were not read, and change nothing.
    var unread: [String]
  }

  /// The example, in whichever shape it is.
  /// - Throws: `ExampleError` where it has none or more than one, or a member that would change the text is not
  ///   understood.
  func reading() throws(ExampleError) -> Reading {
    if json["prompt_ids"] != nil || json["answer_ids"] != nil { return try tokens() }
    if let name = try name(of: ["messages", "conversations"]) { return try conversation(name) }
    return try pairs()
  }

  // MARK: - Conversations

  private func conversation(_ name: String) throws(ExampleError) -> Reading {
    var (messages, read) = (try messages(name), Set([name]))
    if messages.first?.role != .system, let system = try system() {
      messages.insert(ChatMessage(.system, system.text), at: 0)
      read.insert(system.name)
    }
    return Reading(
      shape: .messages, contents: [.chat(messages)], unread: try unread(read, said: messages.map(\.content)))
  }

  /// The messages of a conversation, of which the last is the assistant's.
  private func messages(_ array: String) throws(ExampleError) -> [ChatMessage] {
    guard let elements = json[array]?.elements else { throw fault(.type, "\(array) must be an array") }
    var messages: [ChatMessage] = []
    for (index, element) in elements.enumerated() {
      let message = try message(element, "\(array)[\(index)]")
      guard message.role != .system || index == 0 else {
        throw fault(.conversation, "\(array)[\(index)] is a system message; it must come first")
      }
      messages.append(message)
    }
    guard messages.last?.role == .assistant else {
      throw fault(messages.isEmpty ? .empty : .conversation, "\(array) must end with one of the assistant, the answer")
    }
    return messages
  }

  private static let roles: [String: ChatMessage.Role] = [
    "system": .system, "user": .user, "human": .user, "assistant": .assistant, "gpt": .assistant,
  ]

  /// One message: `role` and `content`, or ShareGPT's `from` and `value`.
  private func message(_ json: JSON, _ name: String) throws(ExampleError) -> ChatMessage {
    guard let members = json.members else { throw fault(.type, "\(name) must be an object with role and content") }
    let isShareGPT = json["role"] == nil && json["from"] != nil
    let (roleName, textName) = isShareGPT ? ("from", "value") : ("role", "content")
    guard let word = json[roleName]?.stringValue else { throw fault(.type, "\(name).\(roleName) must be a string") }
    guard let role = Self.roles[word], isShareGPT || ChatMessage.Role(rawValue: word) != nil else {
      throw fault(
        .conversation,
        "\(name).\(roleName) must be \(isShareGPT ? "system, human or gpt" : "system, user or assistant"), "
          + "not \(quoted(word))")
    }
    for member in members where member.name != roleName && member.name != textName && !Self.saysNothing(member) {
      // What is no answer is never learned.
      if role != .assistant, Self.marks.contains(member.name), member.value.doubleValue == 0 || member.value == false {
        continue
      }
      throw fault(
        .member,
        "\(name) has a member \(quoted(member.name)), which is not read"
          + (Self.marks.contains(member.name)
            ? " unless it is 1: every answer of a conversation is learned" : "; only \(roleName) and \(textName) are"))
    }
    guard let content = json[textName]?.stringValue else { throw fault(.type, "\(name).\(textName) must be a string") }
    return ChatMessage(role, role == .assistant ? try answer(content, "\(name).\(textName)") : content)
  }

  // MARK: - Instructions and responses

  private static let instructions = ["instruction", "prompt", "question"]
  private static let responses = ["output", "response", "answer"]
  private static let inputs = ["input", "context"]

  private func pairs() throws(ExampleError) -> Reading {
    guard let instruction = try name(of: Self.instructions) else {
      guard value("text") == nil else { throw fault(.shape, "found \"text\"; \(Self.rawText)") }
      throw fault(
        .shape,
        "expected a member \(Self.instructions.joined(separator: ", ")), messages, conversations, or prompt_ids and "
          + "answer_ids; found \(someNames)")
    }
    let asked = try text(instruction)
    var (before, read) = ([ChatMessage](), Set([instruction]))
    if let system = try system() {
      before.append(ChatMessage(.system, system.text))
      read.insert(system.name)
    }
    if value("history") != nil {
      before += try history()
      read.insert("history")
    }
    guard let instances = value("instances") else {
      let pair = try pair(asked, before, read)
      return Reading(shape: .question, contents: [pair.content], unread: pair.unread)
    }
    guard let elements = instances.elements else { throw fault(.type, "instances must be an array") }
    guard !elements.isEmpty else { throw fault(.empty, "instances is empty; there must be something to learn") }
    var result = Reading(
      shape: .question, contents: [], unread: try unread(read.union(["instances"]), said: [asked]))
    for (index, element) in elements.enumerated() {
      let pair = try nested(element, "instances[\(index)]").pair(asked, before, [])
      result.contents.append(pair.content)
      result.unread += pair.unread
    }
    return result
  }

  /// The instruction with this object's input and response, after what was said before.
  private func pair(
    _ instruction: String, _ before: [ChatMessage], _ read: Set<String>
  ) throws(ExampleError) -> (content: Example.Content, unread: [String]) {
    guard let response = try name(of: Self.responses) else {
      throw fault(.shape, "expected a member \(Self.responses.joined(separator: ", ")); found \(someNames)")
    }
    var (question, read) = (instruction, read.union([response]))
    let inputs = Self.inputs.filter { value($0).map { $0 != "" } ?? false }
    guard inputs.count < 2 else { throw fault(.shape, "there are both input and context; use one") }
    if let name = inputs.first {
      question += "\n\n" + (try text(name))
      read.insert(name)
    }
    let answer = try answer(response)
    let messages = before + [ChatMessage(.user, question), ChatMessage(.assistant, answer)]
    return (.chat(messages), try unread(read, said: [instruction] + messages.map(\.content)))
  }

  /// The system message of the whole conversation; an empty one is none.
  private func system() throws(ExampleError) -> (name: String, text: String)? {
    guard let name = try name(of: ["system", "system_prompt"]) else { return nil }
    let text = try text(name)
    return text.isEmpty ? nil : (name, text)
  }

  /// The turns before the instruction: pairs of what was asked and what was answered.
  private func history() throws(ExampleError) -> [ChatMessage] {
    let rounds = (value("history")?.elements ?? []).map { $0.elements?.compactMap(\.stringValue) ?? [] }
    guard value("history")?.elements != nil,
      rounds.allSatisfy({ $0.count == 2 }),
      rounds.count == value("history")?.elements?.count(where: { $0.elements?.count == 2 })
    else { throw fault(.type, "history must be an array of pairs of strings, a question and its answer") }
    var messages: [ChatMessage] = []
    for (index, round) in rounds.enumerated() {
      messages.append(ChatMessage(.user, round[0]))
      messages.append(ChatMessage(.assistant, try answer(round[1], "history[\(index)][1]")))
    }
    return messages
  }

  // MARK: - Token ids

  private func tokens() throws(ExampleError) -> Reading {
    let prompt = try ids("prompt_ids")
    guard !prompt.isEmpty else {
      throw fault(
        .empty, "prompt_ids is empty; what has nothing before it has no probability: begin with the BOS token")
    }
    let answer = try ids("answer_ids")
    guard !answer.isEmpty else { throw fault(.empty, "answer_ids is empty; there must be something to learn") }
    return Reading(
      shape: .tokens, contents: [.tokens(prompt: prompt, answer: answer)],
      unread: try unread(["prompt_ids", "answer_ids"]))
  }

  private func ids(_ name: String) throws(ExampleError) -> [Int32] {
    guard let value = json[name] else { throw fault(.shape, "there is no member \(name)") }
    guard let elements = value.elements else { throw fault(.type, "\(name) must be an array of whole numbers") }
    var ids: [Int32] = []
    ids.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let number = element.integerValue else {
        throw fault(.type, "\(name)[\(index)] must be a whole number without fraction or exponent")
      }
      guard let id = Int32(exactly: number), id >= 0 else {
        throw fault(.tokenID, "\(name)[\(index)] must be a token id, 0 to \(Int32.max), not \(number)")
      }
      ids.append(id)
    }
    return ids
  }
}
