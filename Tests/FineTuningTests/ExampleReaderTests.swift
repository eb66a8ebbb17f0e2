import FineTuning
import PropertyTesting
import TestSupport
import Testing
import Tokenizers
import Transformer

private func read(_ text: String) throws -> [Example] {
  let directory = try TemporaryDirectory()
  let path = directory.file("data.jsonl")
  try place(Array(text.utf8), at: path)
  return try ExampleReader.all(path: path)
}

private func encoder(
  _ length: Int? = nil, _ policy: ExampleEncoder.LengthPolicy = .refuse, context: Int = 8, vocabulary: Int = 100,
  _ tokenizer: Tokenizer? = nil, _ template: ChatTemplate = .plain, _ systemPrompt: String? = nil
) throws -> ExampleEncoder {
  let model = try ModelConfiguration(
    vocabularySize: vocabulary, hiddenSize: 2, intermediateSize: 2, layerCount: 1, headCount: 1, contextLength: context)
  return ExampleEncoder(
    path: "d.jsonl", model: model, maximumLength: length, lengthPolicy: policy, tokenizer: tokenizer,
    template: template, systemPrompt: systemPrompt)
}

@Suite struct ExampleReaderTests {
  @Test func `all shapes are read, with their lines`() throws {
    let questions = try read(
      "\n{\"question\": \"a?\", \"answer\": \" b\", \"id\": 7}\r\n \t\n{\"answer\":\"d\",\"question\":\"\"}")
    #expect(questions.map(\.line) == [2, 4])
    #expect(questions.map(\.shape) == [.question, .question])
    #expect(questions[0].content == .chat([ChatMessage(.user, "a?"), ChatMessage(.assistant, " b")]))
    let chats = try read(
      #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},"#
        + #"{"role":"assistant","content":"a"}]}"#
    )
    #expect(
      chats.map(\.content) == [
        .chat([ChatMessage(.system, "s"), ChatMessage(.user, "u"), ChatMessage(.assistant, "a")])
      ])
    let tokens = try read(
      "{\"prompt_ids\": [1, 2], \"answer_ids\": [3]}\n{\"prompt_ids\": [0], \"answer_ids\": [4,5]}\n")
    #expect(tokens.map(\.content) == [.tokens(prompt: [1, 2], answer: [3]), .tokens(prompt: [0], answer: [4, 5])])
  }

  @Test(arguments: [
    ("{", ExampleError.Rule.json, "invalid JSON"), ("[1]", .json, "expected an object"), ("{} {}", .json, "after the"),
    (#"{"question":"a","question":"b","answer":"c"}"#, .json, "twice"),
    ("{}", .shape, "found none"), (#"{"text":"a"}"#, .shape, "\"text\""),
    (#"{"question":"a"}"#, .shape, "expected a member output, response, answer; found \"question\""),
    (#"{"answer_ids":[1]}"#, .shape, "no member prompt_ids"),
    (#"{"question":"a","answer":"b","messages":[{"role":"assistant","content":"c"}]}"#, .member, "\"question\" would"),
    (#"{"question":"a","answer":3}"#, .type, "answer must be a string"),
    (#"{"question":null,"answer":"b"}"#, .shape, "expected a member instruction"),
    (#"{"question":"a","answer":""}"#, .empty, "answer is empty"),
    (#"{"question":"a","answer":" \n\u00a0"}"#, .empty, "answer is empty"),
    (#"{"messages":[]}"#, .empty, "messages must end"), (#"{"messages":3}"#, .type, "messages must be an array"),
    (#"{"messages":[3]}"#, .type, "messages[0]"),
    (#"{"messages":[{"role":"user","content":"a"}]}"#, .conversation, "end with"),
    (#"{"messages":[{"role":"bot","content":"a"}]}"#, .conversation, "not \"bot\""),
    (#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":""}]}"#, .empty, "messages[1].content"),
    (#"{"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]}"#, .conversation, "come first"),
    (#"{"messages":[{"role":"user","content":[]}]}"#, .type, "messages[0].content"),
    (#"{"prompt_ids":[1],"answer_ids":[]}"#, .empty, "answer_ids is empty"),
    (#"{"prompt_ids":[],"answer_ids":[1]}"#, .empty, "prompt_ids is empty"),
    (#"{"prompt_ids":[1],"answer_ids":[1.0]}"#, .type, "answer_ids[0]"),
    (#"{"prompt_ids":[1],"answer_ids":[2,"3"]}"#, .type, "answer_ids[1]"),
    (#"{"prompt_ids":[1,-1],"answer_ids":[1]}"#, .tokenID, "prompt_ids[1]"),
    (#"{"prompt_ids":[2147483648],"answer_ids":[1]}"#, .tokenID, "2147483648"),
    (#"{"prompt_ids":[99999999999999999999],"answer_ids":[1]}"#, .type, "prompt_ids[0]"),
    (#"{"prompt_ids":1,"answer_ids":[1]}"#, .type, "array"),
  ])
  func `a bad line is an error that names it`(line: String, rule: ExampleError.Rule, words: String) throws {
    let good = "\n\n"
    let error = try #require(throws: ExampleError.self) { try read(good + line + "\n") }
    #expect(error.rule == rule, "\(error)")
    #expect(error.line == 3)
    #expect(error.detail.contains(words), "\(error)")
    #expect(error.description.contains("data.jsonl\", line 3: "))
    #expect(!error.description.contains("\n"))
  }

  @Test func `a file has one shape, and examples`() throws {
    let mixed = try #require(throws: ExampleError.self) {
      try read("{\"question\":\"a\",\"answer\":\"b\"}\n\n{\"prompt_ids\":[1],\"answer_ids\":[1]}")
    }
    #expect(mixed.rule == .mixedShapes && mixed.line == 3 && mixed.detail.contains("line 1"))
    let empty = try #require(throws: ExampleError.self) { try read("\n \n") }
    #expect(empty.rule == .noExamples && empty.line == nil)
    let absent = try #require(throws: ExampleError.self) { try ExampleReader.all(path: "/no/such/file") }
    #expect(absent.rule == .system && absent.description.contains("No such file"))
    let utf8 = try TemporaryDirectory()
    try place([0x7B, 0xFF, 0x7D], at: utf8.file("a"))
    #expect(try #require(throws: ExampleError.self) { try ExampleReader.all(path: utf8.file("a")) }.rule == .json)
  }

  /// Lines that straddle the reader's buffer of 1 MiB, and one that is longer than it.
  @Test func `lines across buffers arrive whole`() throws {
    let directory = try TemporaryDirectory()
    var random = SplitMix64(seed: 5)
    var (text, expected) = ([UInt8](), [[Int32]]())
    for count in [3, 300_000, 1, 2, 90_000, 7, 600_000, 4] {
      let ids = (0..<count).map { _ in Int32.random(in: 0..<100_000, using: &random) }
      expected.append(ids)
      text += Array("{\"prompt_ids\":[1],\"answer_ids\":[\(ids.map(String.init).joined(separator: ","))]}\n".utf8)
    }
    try place(text, at: directory.file("a"))
    let examples = try ExampleReader.all(path: directory.file("a"))
    #expect(examples.map(\.content) == expected.map { .tokens(prompt: [1], answer: $0) })
    #expect(examples.map(\.line) == Array(1...8))
  }

  @Test func `a line over the limit is refused before it is in memory`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let line = [UInt8](repeating: UInt8(ascii: " "), count: RecordReader.maximumLineLength + 1)
    try place(Array("\n".utf8) + line, at: path)
    let error = try #require(throws: ExampleError.self) { try ExampleReader.all(path: path) }
    #expect(error.rule == .size && error.line == 2)
  }

  @Test func `mutated files are read or refused`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let originals = [
      "{\"question\":\"wh\\u00e9n\",\"answer\":\"now 12\"}\n\n{\"question\":\"q\",\"answer\":\"a\"}\n",
      "{\"prompt_ids\":[1,2,3],\"answer_ids\":[40,5]}\n{\"prompt_ids\":[7],\"answer_ids\":[8]}",
      "{\"messages\":[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":\"a\"}]}\n",
    ].map { Array($0.utf8) }
    let fragments = [
      "-1", "1e9", "0.5", "[", "]", "{", "}", "\"", "\n", "\r", "\\u", "null", "\"\"", "2147483648", "[[[[[[[[[[[[[[[[",
      "\"answer_ids\":[]",
    ]
    var random = SplitMix64(seed: 20_28)
    var accepted = 0
    for _ in 0..<3000 {
      let bytes = mutated(originals.randomElement(using: &random) ?? [], fragments, with: &random)
      try place(bytes, at: path)
      do throws(ExampleError) {
        let examples = try ExampleReader.all(path: path)
        let lines = bytes.count { $0 == 0x0A } + 1
        #expect(examples.allSatisfy { $0.line <= lines })
        for example in examples {
          if case .tokens(let prompt, let answer) = example.content {
            #expect(!answer.isEmpty && (prompt + answer).allSatisfy { $0 >= 0 })
          }
        }
        accepted += 1
      } catch {
        #expect(error.rule != .system)
        #expect(!error.description.utf8.contains(0x0A))
      }
    }
    #expect(accepted > 100 && accepted < 2900, "\(accepted)")
  }
}

@Suite struct ExampleEncoderTests {
  private let tokens = #"{"prompt_ids": [1, 2, 3], "answer_ids": [4, 5]}"#

  @Test func `token ids need no tokenizer`() throws {
    let encoded = try encoder().encode(try read(tokens)[0])
    #expect(encoded.tokens == [1, 2, 3, 4, 5])
    #expect(encoded.isAnswer == [false, false, false, true, true])
    #expect(encoded.answerTokens == 2 && encoded.droppedTokens == 0 && encoded.line == 1)
    #expect(try encoder().prompt(of: try read(tokens)[0]) == [1, 2, 3])
  }

  @Test func `what is too long is an error, or cut and said to be`() throws {
    let example = try read(tokens)[0]
    #expect(try encoder(5).encode(example).droppedTokens == 0)
    let error = try #require(throws: ExampleError.self) { try encoder(4).encode(example) }
    #expect(error.rule == .length && error.detail.contains("5 tokens") && error.line == 1 && error.path == "d.jsonl")
    let cut = try encoder(4, .cutEnd).encode(example)
    #expect(cut.tokens == [1, 2, 3, 4] && cut.answerTokens == 1 && cut.droppedTokens == 1)
    #expect(try #require(throws: ExampleError.self) { try encoder(3, .cutEnd).encode(example) }.rule == .length)
    // The model's context is a limit too, the smaller one counts.
    #expect(try encoder(9, context: 5).encode(example).droppedTokens == 0)
    #expect(try #require(throws: ExampleError.self) { try encoder(9, context: 4).encode(example) }.rule == .length)
    #expect(try encoder(nil, .cutEnd, context: 4).encode(example) == cut)
    // A prompt leaves room for one token at least.
    #expect(try encoder(4).prompt(of: example) == [1, 2, 3])
    let full = try #require(throws: ExampleError.self) { try encoder(3, .cutEnd).prompt(of: example) }
    #expect(full.rule == .length && full.detail.contains("3 tokens"))
  }

  @Test func `ids must be in the vocabulary`() throws {
    let example = try read(#"{"prompt_ids": [1, 99], "answer_ids": [100]}"#)[0]
    let error = try #require(throws: ExampleError.self) { try encoder().encode(example) }
    #expect(error.rule == .tokenID && error.detail.contains("100"))
  }

  @Test(arguments: [#"{"prompt_ids": [1, 100], "answer_ids": [1]}"#])
  func `ids of a prompt must be in the vocabulary`(line: String) throws {
    let example = try read(line)[0]
    let error = try #require(throws: ExampleError.self) { try encoder().prompt(of: example) }
    #expect(error.rule == .tokenID && error.detail.contains("100"))
  }

  @Test(arguments: ChatTemplate.allCases)
  func `conversations are written by the template, with the system prompt put first`(template: ChatTemplate) throws {
    let special = [
      "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]
    let tokenizer = try BytePairTrainer(vocabularySize: 263, specialTokens: special).train(on: [])
    let (user, assistant) = (ChatMessage(.user, "ab"), ChatMessage(.assistant, "c"))
    let example = try read(#"{"question": "ab", "answer": "c"}"#)[0]
    for system in [nil, "be brief"] {
      let encoder = try encoder(context: 200, vocabulary: 263, tokenizer, template, system)
      let encoded = try encoder.encode(example)
      let messages = (system.map { [ChatMessage(.system, $0)] } ?? []) + [user]
      let expected = try template.encode(messages + [assistant], with: tokenizer)
      #expect(encoded.tokens.map(Int.init) == expected.ids && encoded.isAnswer == expected.isTrained)
      #expect(try encoder.prompt(of: example).map(Int.init) == template.prompt(messages, with: tokenizer))
      let text = try tokenizer.decode(encoded.tokens.map(Int.init))
      #expect(text.contains("be brief") == (system != nil))
      // A conversation's own system message stands alone.
      let own = try read(
        #"{"messages": [{"role": "system", "content": "own"}, {"role": "user", "content": "ab"}, "#
          + #"{"role": "assistant", "content": "c"}]}"#)[0]
      let kept = try tokenizer.decode(encoder.encode(own).tokens.map(Int.init))
      #expect(kept.contains("own") && !kept.contains("be brief"))
    }
  }

  @Test func `what the tokenizer cannot do is told with the line`() throws {
    let example = try read("\n" + #"{"question": "ab", "answer": "c"}"#)[0]
    let bare = try BytePairTrainer(vocabularySize: 257, specialTokens: ["<x>"]).train(on: [])
    for (tokenizer, words) in [(nil, "without a tokenizer"), (bare, "end of a text")] {
      let encoder = try encoder(context: 50, vocabulary: 300, tokenizer)
      for body in [{ _ = try encoder.encode(example) }, { _ = try encoder.prompt(of: example) }] {
        let error = try #require(throws: ExampleError.self) { try body() }
        #expect(error.rule == .tokenizer && error.line == 2 && error.detail.contains(words), "\(error)")
      }
    }
    // A tokenizer that the model has too few ids for.
    let large = try BytePairTrainer(vocabularySize: 257, specialTokens: ["</s>"]).train(on: [])
    let error = try #require(throws: ExampleError.self) {
      try encoder(context: 50, vocabulary: 60, large).encode(example)
    }
    #expect(error.rule == .tokenID)
  }
}
