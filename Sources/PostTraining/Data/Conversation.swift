import FineTuning
import Tokenizers

/// Something to learn or to forget: what is said to the model, and its answer.
public struct Conversation: Hashable, Sendable {
  /// The same question and answer in other words, and false answers, as TOFU's truth ratio needs them.
  public struct Rephrasing: Hashable, Sendable {
    /// The question in other words.
    public var question: String
    /// The answer in other words.
    public var answer: String
    /// Answers worded as ``answer`` is, of which none is true.
    public var falseAnswers: [String]

    /// Makes a rephrasing.
    public init(question: String, answer: String, falseAnswers: [String]) {
      self.question = question
      self.answer = answer
      self.falseAnswers = falseAnswers
    }
  }

  /// What stands before the answer; empty for a text of its own.
  public var prompt: [ChatMessage]
  /// What the model is to say.
  public var answer: String
  /// Other words for it, where the data has them.
  public var rephrasing: Rephrasing?
  /// The line in the file that it was read from, counted from 1, for errors; nil where it is of none. It is no part of
  /// what the conversation is.
  public var line: Int?

  /// A conversation that ends with this answer.
  public init(prompt: [ChatMessage], answer: String, rephrasing: Rephrasing? = nil) {
    self.prompt = prompt
    self.answer = answer
    self.rephrasing = rephrasing
  }

  /// A question and its answer.
  public init(question: String, answer: String, rephrasing: Rephrasing? = nil) {
    self.init(prompt: [ChatMessage(.user, question)], answer: answer, rephrasing: rephrasing)
  }

  /// A text that answers nothing, such as those a base model learns.
  public init(text: String) {
    self.init(prompt: [], answer: text)
  }

  /// The last thing said to the model; empty for a text of its own.
  public var question: String { prompt.last?.content ?? "" }

  /// The prompt and the answer.
  public var messages: [ChatMessage] { prompt + [ChatMessage(.assistant, answer)] }

  /// The number of a math problem, or nil where the answer ends in none.
  public var finalNumber: Int? { FinalNumber.find(in: answer) }

  /// The conversation as an example to encode.
  /// - Parameter number: Its number, counted from 1, which errors name where it is of no file's line.
  public func example(number: Int) -> Example {
    Example(line: line ?? number, shape: .messages, content: .chat(messages))
  }

  /// Conversations are equal that say the same.
  public static func == (one: Conversation, other: Conversation) -> Bool {
    one.prompt == other.prompt && one.answer == other.answer && one.rephrasing == other.rephrasing
  }

  /// Hashes what is said.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(prompt)
    hasher.combine(answer)
    hasher.combine(rephrasing)
  }

  /// The same, from this line of a file.
  func at(line: Int) -> Conversation {
    var result = self
    result.line = line
    return result
  }
}
