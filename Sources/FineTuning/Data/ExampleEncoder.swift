/// Turns examples into token ids that fit the model.
public struct ExampleEncoder {
  /// What happens to an example that is too long.
  public enum LengthPolicy: Sendable {
    /// It is an error.
    case refuse
    /// Its end is cut off. Every such example tells by `EncodedExample.droppedTokens`; one of which nothing to learn
    /// would be left is an error still.
    case cutEnd
  }

  /// Writes a conversation as token ids, with the mask of those that are answers.
  public typealias Tokenizer = (_ turns: [ChatTurn]) throws -> (tokens: [Int32], isAnswer: [Bool])

  /// The most tokens of a sequence.
  public let maximumLength: Int
  /// The number of token ids there are.
  public let vocabularySize: Int
  /// What happens to an example that is too long.
  public let lengthPolicy: LengthPolicy

  private let path: String
  private let tokenizer: Tokenizer?

  /// Makes an encoder.
  /// - Parameters:
  ///   - path: The data file, for errors.
  ///   - tokenizer: For conversations; nil where there is none, which will do for examples given as token ids.
  public init(
    path: String, maximumLength: Int, vocabularySize: Int, lengthPolicy: LengthPolicy = .refuse, tokenizer: Tokenizer?
  ) {
    self.path = path
    self.maximumLength = maximumLength
    self.vocabularySize = vocabularySize
    self.lengthPolicy = lengthPolicy
    self.tokenizer = tokenizer
  }

  /// The example as token ids.
  /// - Throws: `ExampleError` where it cannot be written so, does not fit the model, or leaves nothing to learn.
  public func encode(_ example: Example) throws(ExampleError) -> EncodedExample {
    func fault(_ rule: ExampleError.Rule, _ detail: String) -> ExampleError {
      ExampleError(rule, path, line: example.line, detail)
    }
    var (tokens, isAnswer) = try sequence(example)
    guard tokens.count == isAnswer.count else {
      throw fault(.tokenizer, "there are \(tokens.count) tokens and a mask of \(isAnswer.count)")
    }
    if let id = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
      throw fault(.tokenID, "the token id \(id) is not in the model's vocabulary of \(vocabularySize)")
    }
    let dropped = max(0, tokens.count - maximumLength)
    if dropped > 0 {
      guard lengthPolicy == .cutEnd else {
        throw fault(.length, "the sequence has \(tokens.count) tokens, more than the limit of \(maximumLength)")
      }
      tokens.removeLast(dropped)
      isAnswer.removeLast(dropped)
    }
    let result = EncodedExample(line: example.line, tokens: tokens, isAnswer: isAnswer, droppedTokens: dropped)
    guard result.answerTokens > 0 else {
      throw dropped > 0
        ? fault(.length, "the limit of \(maximumLength) tokens leaves nothing of the answer, which begins after it")
        : fault(.empty, "no token of the sequence is to be predicted")
    }
    return result
  }

  private func sequence(_ example: Example) throws(ExampleError) -> (tokens: [Int32], isAnswer: [Bool]) {
    switch example.content {
    case .tokens(let prompt, let answer):
      let mask = Array(repeating: false, count: prompt.count) + Array(repeating: true, count: answer.count)
      return (prompt + answer, mask)
    case .chat(let turns):
      guard let tokenizer else {
        throw ExampleError(
          .tokenizer, path, line: example.line, "the example is text; without a tokenizer it must be given as token ids"
        )
      }
      do {
        return try tokenizer(turns)
      } catch {
        throw ExampleError(.tokenizer, path, line: example.line, "\(error)")
      }
    }
  }
}
