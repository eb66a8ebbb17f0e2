import FineTuning
import Tokenizers
import Transformer

/// Conversations as token ids of which the last answer counts, and nothing else.
struct ConversationEncoder {
  let model: ModelConfiguration
  let tokenizer: Tokenizer
  let template: ChatTemplate
  let systemPrompt: String?
  /// Whether an answer that is too long has its end cut off, as training may do; otherwise it is an error.
  let cutsAnswers: Bool
  /// What ends an answer.
  let endOfTurn: Int32

  init(
    model: ModelConfiguration, tokenizer: Tokenizer, template: ChatTemplate, systemPrompt: String?,
    cutsAnswers: Bool = false
  ) throws(ExaminerError) {
    do throws(TokenizerError) {
      endOfTurn = Int32(try template.endOfTurn(in: tokenizer))
    } catch {
      throw .tokenizer(error)
    }
    (self.model, self.tokenizer, self.template, self.systemPrompt) = (model, tokenizer, template, systemPrompt)
    self.cutsAnswers = cutsAnswers
  }

  /// The prompt and the answer with the end of its turn.
  ///
  /// Its line is 0, so that examples are equal where their tokens are.
  func example(_ conversation: Conversation, of stage: String, at index: Int) throws(ExaminerError) -> EncodedExample {
    let encoded = try written { () throws(ExampleError) in
      try encoder(stage).encode(conversation.example(number: index + 1))
    }
    // A text of its own has no prompt. The last token of a prompt may be another once the answer follows.
    let prompt = conversation.prompt.isEmpty ? [] : try prompt(conversation, of: stage, at: index)
    let start = zip(prompt, encoded.tokens).prefix { $0 == $1 }.count
    return EncodedExample(
      line: 0, tokens: encoded.tokens,
      isAnswer: encoded.isAnswer.enumerated().map { place, isAnswer in isAnswer && place >= start })
  }

  /// The prompt and this text as the beginning of its answer, without the end of its turn.
  func beginning(
    _ text: String, answering conversation: Conversation, of stage: String, at index: Int
  ) throws(ExaminerError) -> EncodedExample {
    var conversation = conversation
    conversation.answer = text
    let whole = try example(conversation, of: stage, at: index)
    guard let end = whole.tokens.indices.last(where: { whole.isAnswer[$0] && whole.tokens[$0] == endOfTurn }) else {
      return whole
    }
    return EncodedExample(line: 0, tokens: Array(whole.tokens[..<end]), isAnswer: Array(whole.isAnswer[..<end]))
  }

  /// How many tokens the answer has, with the end of its turn; of one that is too long, as many as are left of it.
  func answerTokens(_ conversation: Conversation, of stage: String, at index: Int) throws(ExaminerError) -> Int {
    try example(conversation, of: stage, at: index).answerTokens
  }

  /// What stands before the answer.
  func prompt(_ conversation: Conversation, of stage: String, at index: Int) throws(ExaminerError) -> [Int32] {
    try written { () throws(ExampleError) in
      try encoder(stage).prompt(of: conversation.example(number: index + 1))
    }
  }

  /// The text of an answer's tokens. Ids that the model has and the tokenizer has not spell nothing.
  func text(_ tokens: [Int32]) -> String {
    let known = tokens.map(Int.init).filter { tokenizer.token($0) != nil }
    return (try? tokenizer.decode(known, skippingSpecial: true)) ?? ""
  }

  private func encoder(_ stage: String) -> ExampleEncoder {
    ExampleEncoder(
      path: stage, model: model, lengthPolicy: cutsAnswers ? .cutEnd : .refuse, tokenizer: tokenizer,
      template: template,
      systemPrompt: systemPrompt)
  }

  private func written<Result>(_ body: () throws(ExampleError) -> Result) throws(ExaminerError) -> Result {
    do throws(ExampleError) {
      return try body()
    } catch {
      throw .conversation(error)
    }
  }
}
