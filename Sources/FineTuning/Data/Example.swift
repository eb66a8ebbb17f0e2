import Tokenizers

/// One example of a data file: something to learn or to forget.
public struct Example: Hashable, Sendable {
  /// How a line of a data file gives an example.
  public enum Shape: String, CaseIterable, Sendable {
    /// `{"question": "...", "answer": "..."}`.
    case question = "question and answer"
    /// `{"messages": [{"role": "...", "content": "..."}, ...]}`.
    case messages
    /// `{"prompt_ids": [...], "answer_ids": [...]}`.
    case tokens = "prompt_ids and answer_ids"
  }

  /// What is to be learned or forgotten.
  public enum Content: Hashable, Sendable {
    /// A conversation, in which the assistant's turns are the answers; a question and its answer are one of two turns.
    case chat([ChatMessage])
    /// Tokens, which need no tokenizer.
    case tokens(prompt: [Int32], answer: [Int32])
  }

  /// The line in the data file, counted from 1.
  public let line: Int
  /// How the line gives the example.
  public let shape: Shape
  /// What is to be learned or forgotten.
  public let content: Content

  /// An example of this content, as if the line gave it in this shape.
  package init(line: Int, shape: Shape, content: Content) {
    self.line = line
    self.shape = shape
    self.content = content
  }
}
