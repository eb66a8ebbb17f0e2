import FileFormats
import Tokenizers
import Transformer

/// Turns examples into token ids that fit the model.
public struct ExampleEncoder: Sendable {
  /// What happens to an example that is too long.
  public enum LengthPolicy: Sendable {
    /// It is an error.
    case refuse
    /// Its end is cut off. Every such example tells by `EncodedExample.droppedTokens`; one of which nothing to learn
    /// would be left is an error still.
    case cutEnd
  }

  /// The most tokens of a sequence.
  public let maximumLength: Int
  /// The number of token ids there are.
  public let vocabularySize: Int
  /// What happens to an example that is too long.
  public let lengthPolicy: LengthPolicy

  private let path: String
  private let tokenizer: Tokenizer?
  private let template: ChatTemplate
  private let systemPrompt: String?

  /// Makes an encoder.
  /// - Parameters:
  ///   - path: The data file, for errors.
  ///   - model: The model, whose vocabulary and context length bound what is encoded.
  ///   - maximumLength: The most tokens of a sequence where that is less than the model's context length.
  ///   - tokenizer: For conversations; nil where there is none, which will do for examples given as token ids.
  ///   - template: How conversations become text.
  ///   - systemPrompt: Put first where a conversation has no system message of its own; nil for none.
  public init(
    path: String, model: ModelConfiguration, maximumLength: Int? = nil, lengthPolicy: LengthPolicy = .refuse,
    tokenizer: Tokenizer?, template: ChatTemplate = .plain, systemPrompt: String? = nil
  ) {
    self.path = path
    self.maximumLength = min(maximumLength ?? .max, model.contextLength)
    vocabularySize = model.vocabularySize
    self.lengthPolicy = lengthPolicy
    self.tokenizer = tokenizer
    self.template = template
    self.systemPrompt = systemPrompt
  }

  /// The example as token ids.
  /// - Throws: `ExampleError` where it cannot be written so, does not fit the model, or leaves nothing to learn.
  public func encode(_ example: Example) throws(ExampleError) -> EncodedExample {
    func fault(_ rule: ExampleError.Rule, _ detail: String) -> ExampleError {
      ExampleError(rule, path, line: example.line, detail)
    }
    var tokens: [Int32]
    var isAnswer: [Bool]
    switch example.content {
    case .tokens(let prompt, let answer):
      tokens = prompt + answer
      isAnswer = Array(repeating: false, count: prompt.count) + Array(repeating: true, count: answer.count)
    case .chat(let messages):
      let encoding = try written(example) { tokenizer throws(TokenizerError) in
        try template.encode(messages, with: tokenizer, systemPrompt: systemPrompt)
      }
      (tokens, isAnswer) = (encoding.ids.map(Int32.init), encoding.isTrained)
    }
    try check(tokens, of: example)
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

  /// The token ids that come before an example's last answer, from which a model would generate its own.
  /// - Throws: `ExampleError` where they cannot be written so, or fill the sequence so that no token could follow.
  public func prompt(of example: Example) throws(ExampleError) -> [Int32] {
    let tokens: [Int32]
    switch example.content {
    case .tokens(let prompt, _): tokens = prompt
    case .chat(let messages):
      tokens = try written(example) { tokenizer throws(TokenizerError) in
        try template.prompt(messages.dropLast(), with: tokenizer, systemPrompt: systemPrompt)
      }.map(Int32.init)
    }
    try check(tokens, of: example)
    guard tokens.count < maximumLength else {
      throw ExampleError(
        .length, path, line: example.line,
        "the prompt has \(tokens.count) tokens and leaves no room for an answer within \(maximumLength)")
    }
    return tokens
  }

  private func check(_ tokens: [Int32], of example: Example) throws(ExampleError) {
    guard let id = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) else { return }
    let name = tokenizer?.token(Int(id)).map { " of \(quoted($0))" } ?? ""
    throw ExampleError(
      .tokenID, path, line: example.line,
      "the token id \(id)\(name) is not in the model's vocabulary of \(vocabularySize)")
  }

  /// What the body writes with the tokenizer, its faults told as the example's.
  private func written<Result>(
    _ example: Example, _ body: (Tokenizer) throws(TokenizerError) -> Result
  ) throws(ExampleError) -> Result {
    guard let tokenizer else {
      throw ExampleError(
        .tokenizer, path, line: example.line, "the example is text; without a tokenizer it must be given as token ids")
    }
    do throws(TokenizerError) {
      return try body(tokenizer)
    } catch {
      throw ExampleError(.tokenizer, path, line: example.line, "\(error)")
    }
  }
}
