import FileFormats
import Testing

@testable import Tokenizers

@Suite struct ChatTemplateTests {
  private let question = [ChatMessage(.user, "Who are you?")]
  private let exchange = [ChatMessage(.user, "Who are you?"), ChatMessage(.assistant, "A model.")]

  /// The small vocabulary, with the beginning and end that the template's family has.
  private func tokenizer(for template: ChatTemplate) throws -> Tokenizer {
    var result = try TokenizersTests.tokenizer()
    result.beginningOfText = result.id(of: template == .llama2 ? "<s>" : "<|begin_of_text|>")
    result.endOfText = result.id(of: "</s>")
    return result
  }

  @Test(arguments: [ChatTemplate.chatml, .llama2, .llama3])
  func `texts and ids are those of transformers' apply_chat_template`(_ template: ChatTemplate) throws {
    let ours = try tokenizer(for: template)
    let entries = try #require(reference("conversations").elements)
    #expect(entries.count == 4)
    for entry in entries {
      let messages = try #require(entry["messages"]?.elements).map { turn in
        let role = try #require(turn.elements?[0].stringValue.flatMap(ChatMessage.Role.init))
        return ChatMessage(role, try #require(turn.elements?[1].stringValue))
      }
      // Of the three, only Qwen2's own template has a system prompt for those who give none.
      let system = template == .chatml ? "You are a helpful assistant." : nil
      let asks = messages.last?.role == .user
      let expected = try #require(entry["texts"]?[template.rawValue])
      let text = try template.text(messages, for: ours, systemPrompt: system, addingGenerationPrompt: asks)
      #expect(text == expected["text"]?.stringValue)
      let ids = try #require(expected["ids"]?.elements).compactMap(\.integerValue)
      if asks {
        #expect(try template.prompt(messages, with: ours, systemPrompt: system) == ids)
      } else {
        #expect(try template.encode(messages, with: ours, systemPrompt: system).ids == ids)
      }
    }
  }

  @Test(
    arguments: [
      (ChatTemplate.plain, "You are terse.\nWho are you?\n", "A model.</s>", ""),
      (
        .chatml,
        "<|im_start|>system\nYou are terse.<|im_end|>\n<|im_start|>user\nWho are you?<|im_end|>\n"
          + "<|im_start|>assistant\n", "A model.<|im_end|>", "\n"
      ),
      (
        .llama2, "<s>[INST] <<SYS>>\nYou are terse.\n<</SYS>>\n\nWho are you? [/INST]",
        " A model. </s>", ""
      ),
      (
        .llama3,
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nYou are terse.<|eot_id|>"
          + "<|start_header_id|>user<|end_header_id|>\n\nWho are you?<|eot_id|>"
          + "<|start_header_id|>assistant<|end_header_id|>\n\n", "A model.<|eot_id|>", ""
      ),
    ])
  func `the mask holds the answer and the end of its turn`(
    _ template: ChatTemplate, _ before: String, _ answer: String, _ after: String
  ) throws {
    let ours = try tokenizer(for: template)
    let encoding = try template.encode(exchange, with: ours, systemPrompt: "You are terse.")
    #expect(encoding.ids.count == encoding.isTrained.count)
    let trained = zip(encoding.ids, encoding.isTrained).filter(\.1).map(\.0)
    #expect(try ours.decode(trained) == answer)
    #expect(trained.count == encoding.trainedCount)
    #expect(try trained.last == template.endOfTurn(in: ours))
    let prompt = try template.prompt(question, with: ours, systemPrompt: "You are terse.")
    #expect(try ours.decode(prompt) == before)
    #expect(Array(encoding.ids.prefix(prompt.count)) == prompt)
    #expect(
      encoding.isTrained == prompt.map { _ in false } + trained.map { _ in true }
        + encoding.isTrained.dropFirst(prompt.count + trained.count).map { _ in false })
    #expect(try template.text(exchange, for: ours, systemPrompt: "You are terse.") == before + answer + after)
    #expect(try ours.decode(encoding.ids) == before + answer + after)
  }

  @Test(arguments: ChatTemplate.allCases)
  func `every answer of several turns is trained and its prompt is a prefix`(_ template: ChatTemplate) throws {
    let ours = try tokenizer(for: template)
    let turns = [
      ChatMessage(.system, "Be brief."), ChatMessage(.user, "1 + 1?"), ChatMessage(.assistant, "2"),
      ChatMessage(.user, "2 + 2?"), ChatMessage(.assistant, "\n\n4"),
    ]
    let whole = try template.encode(turns, with: ours)
    for end in [2, 4] {
      let prompt = try template.prompt(Array(turns[..<end]), with: ours)
      #expect(Array(whole.ids.prefix(prompt.count)) == prompt)
      #expect(!whole.isTrained[prompt.count - 1] && whole.isTrained[prompt.count])
    }
    let runs = zip([false] + whole.isTrained, whole.isTrained).filter { !$0 && $1 }.count
    #expect(runs == 2)
    #expect(try ours.decode(whole.ids).contains("Be brief."))
  }

  @Test func `a SentencePiece answer goes on without a space put before it`() throws {
    var ours = try variant("llama2")
    ours.beginningOfText = 1
    ours.endOfText = 2
    let encoding = try ChatTemplate.llama2.encode(exchange + exchange, with: ours, systemPrompt: nil)
    let text = try ChatTemplate.llama2.text(exchange + exchange, for: ours, systemPrompt: nil)
    #expect(text == "<s>[INST] Who are you? [/INST] A model. </s><s>[INST] Who are you? [/INST] A model. </s>")
    #expect(encoding.ids == ours.encode(text, addingTemplate: false))
  }

  /// llama2.c spells its tokens for beginning and end as a text could spell them too, and does not look for them.
  @Test(arguments: [ChatTemplate.plain, .llama2])
  func `llama2_c's tokens for beginning and end arrive as ids`(_ template: ChatTemplate) throws {
    let pieces = llama2cTokens(["a", " a", "\n", "[", "]", "/", " ", "<s>", "\n<s>", "s>", "b", "ab"])
    let ours = try Tokenizer(llama2c: llama2c(pieces), path: "t.bin")
    let turns = [ChatMessage(.user, "a"), ChatMessage(.assistant, "ab"), ChatMessage(.user, "b"), exchange[1]]
    let encoding = try template.encode(turns, with: ours)
    let isMark = encoding.ids.map { $0 == 1 || $0 == 2 }
    #expect(encoding.ids.first == 1 && encoding.ids.last == 2)
    #expect(isMark.count { $0 } == (template == .plain ? 3 : 4))
    #expect(zip(encoding.ids, encoding.isTrained).allSatisfy { ($0 != 1 || !$1) && ($0 != 2 || $1) })
    // As llama2.c does, a space goes before the text that follows a beginning; the answer goes on without one.
    let between = encoding.ids.dropFirst().prefix { $0 != 2 }
    #expect(Array(between) == ours.encode(template == .plain ? "a\nab" : "[INST] a [/INST] ab ", addingTemplate: false))
    #expect(try Array(encoding.ids.prefix(between.count)).starts(with: template.prompt([turns[0]], with: ours)))
  }

  @Test func `a token over the border of an answer is the answer's`() throws {
    let ours = try variant("qwen2")
    let answer = [ChatMessage(.user, "a"), ChatMessage(.assistant, "\n\nb")]
    let encoding = try ChatTemplate.chatml.encode(answer, with: ours)
    let prompt = try ChatTemplate.chatml.prompt([answer[0]], with: ours)
    let text = try ChatTemplate.chatml.text(answer, for: ours)
    #expect(encoding.ids == ours.encode(text, addingTemplate: false))
    let before = zip(encoding.ids, prompt).prefix { $0 == $1 }.count
    #expect(encoding.isTrained.firstIndex(of: true) == before)
  }

  /// The template llama3 of a tokenizer that names a beginning has it, and plain text only where the tokenizer adds it.
  @Test func `a beginning that the tokenizer merely names does not come before plain text`() throws {
    let special = ["<s>", "</s>"]
    let names = try BytePairTrainer(vocabularySize: 300, specialTokens: special).train(on: ["Who?"])
    let adds = try BytePairTrainer(vocabularySize: 300, specialTokens: special, beginning: "<s>").train(on: ["Who?"])
    #expect(names.beginningOfText == 0 && adds.beginningOfText == 0)
    #expect(try ChatTemplate.plain.prompt(question, with: names) == names.encode("Who are you?\n"))
    #expect(try ChatTemplate.plain.prompt(question, with: adds) == [0] + names.encode("Who are you?\n"))
    #expect(try adds.encode("a") == Tokenizer(parsing: adds.json().bytes()).encode("a") && adds.encode("a").first == 0)
    #expect(throws: TokenizerError.self) {
      try BytePairTrainer(vocabularySize: 300, specialTokens: special, beginning: "<x>").train(on: [])
    }
  }

  @Test func `conversations in a wrong order are refused`() throws {
    let ours = try tokenizer(for: .llama2)
    let system = ChatMessage(.system, "s")
    let wrong: [(ChatTemplate, [ChatMessage])] = [
      (.plain, []), (.chatml, [system]), (.llama3, [question[0], system]), (.chatml, [system, system]),
      (.llama2, question + question), (.llama2, [exchange[1]]),
    ]
    for (template, messages) in wrong {
      let error = #expect(throws: TokenizerError.self) { try template.encode(messages, with: ours) }
      #expect(error?.rule == .conversation)
    }
    let error = #expect(throws: TokenizerError.self) { try ChatTemplate.chatml.prompt(exchange, with: ours) }
    #expect(error?.rule == .conversation)
  }

  @Test(arguments: ChatTemplate.allCases)
  func `a tokenizer without the template's tokens is refused`(_ template: ChatTemplate) throws {
    let bare = try BytePairTrainer(vocabularySize: 300, specialTokens: ["<x>"]).train(on: ["abc"])
    let error = #expect(throws: TokenizerError.self) { try template.encode(exchange, with: bare) }
    #expect(error?.rule == .conversation)
    #expect(error?.description.contains(template.rawValue) == true)
  }
}
