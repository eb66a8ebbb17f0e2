import FineTuning

/// Conversations in a JSON array or in JSON lines, in the shapes of `ExampleReader` but for token ids.
public enum ChatFile {
  /// The conversations of a file.
  /// - Parameter notice: Told which members were passed over, if any.
  /// - Throws: `ExampleError` with the file and line where it cannot be read or gives token ids.
  public static func conversations(
    path: String, notice: (String) -> Void = { _ in }
  ) throws(ExampleError) -> [Conversation] {
    var reader = try ExampleReader(path: path)
    var conversations: [Conversation] = []
    for example in try reader.all() {
      guard case .chat(var messages) = example.content, let answer = messages.popLast() else {
        throw ExampleError(.shape, path, line: example.line, "expected text, found token ids")
      }
      conversations.append(Conversation(prompt: messages, answer: answer.content).at(line: example.line))
    }
    if let text = reader.notice { notice(text) }
    return conversations
  }
}

extension DataSource.Kind {
  /// A file of conversations, ``ChatFile``; whether its answers end in numbers is not known before it is read.
  public static let chat = DataSource.Kind(
    "chat", "a file of conversations", isFile: true, keys: [DataSource.Key.heldOutCount(0)], traits: [.numbers]
  ) { source, notice in
    try StageData(
      "chat", ChatFile.conversations(path: source.path ?? "", notice: notice), holdingOut: source.number("held_out"))
  }
}
