import FineTuning
import TestSupport
import Testing
import Tokenizers

private func read(_ text: String) throws -> (examples: [Example], notice: String?) {
  try read(Array(text.utf8))
}

private func read(_ bytes: [UInt8]) throws -> (examples: [Example], notice: String?) {
  let directory = try TemporaryDirectory()
  let path = directory.file("data")
  try place(bytes, at: path)
  var reader = try ExampleReader(path: path)
  return (try reader.all(), reader.notice)
}

private func chat(_ turns: (ChatMessage.Role, String)...) -> Example.Content {
  .chat(turns.map { ChatMessage($0.0, $0.1) })
}

/// The members by which published data sets say what is learned: Alpaca and LLaMA-Factory (`input`, `system`,
/// `history`), Dolly and SQuAD (`context`), OpenOrca (`system_prompt`), ShareGPT and the paper's own code
/// (`conversations`), OpenAI (`messages`, `weight`).
@Suite struct ExampleShapesTests {
  @Test func `what is said beside a question is part of its prompt`() throws {
    let plain = chat((.user, "Q"), (.assistant, "A"))
    let long = chat((.user, "Q\n\nC"), (.assistant, "A"))
    let cases: [(String, Example.Content)] = [
      (#"{"question":"Q","answer":"A"}"#, plain), (#"{"question":"Q","context":"C","answer":"A"}"#, long),
      (#"{"instruction":"Q","context":"C","response":"A"}"#, long),
      (#"{"instruction":"Q","input":"C","output":"A","context":null}"#, long),
      (#"{"prompt":"Q","input":"","response":"A","system":"","history":[],"tools":[]}"#, plain),
      (#"{"question":"Q","answer":"A","prompt":"Q","response":"A","weight":1,"train":true}"#, plain),
      (
        #"{"system":"S","instruction":"Q","input":"C","output":"A","history":[["q","a"],["r","b"]]}"#,
        chat(
          (.system, "S"), (.user, "q"), (.assistant, "a"), (.user, "r"), (.assistant, "b"), (.user, "Q\n\nC"),
          (.assistant, "A"))
      ),
      (
        #"{"system_prompt":"S","question":"Q","response":"A"}"#, chat((.system, "S"), (.user, "Q"), (.assistant, "A"))
      ),
      (
        #"{"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"A"}],"system":"S"}"#,
        chat((.system, "S"), (.user, "Q"), (.assistant, "A"))
      ),
      (
        #"{"messages":[{"role":"user","content":"Q","weight":0},{"role":"assistant","content":"A","weight":1}]}"#, plain
      ),
      (
        #"{"messages":[{"role":"user","content":"Q","name":null},"#
          + #"{"role":"assistant","content":"A","tool_calls":[]}]}"#, plain
      ),
      // The paper's own converter leaves the members it made the conversation of.
      (
        #"{"input":"Q","output":"A","conversations":[{"role":"user","content":"Q"},"#
          + #"{"role":"assistant","content":"A"}]}"#, plain
      ),
    ]
    for (line, expected) in cases {
      let (examples, notice) = try read(line)
      #expect(examples.map(\.content) == [expected], "\(line)")
      #expect(notice == nil || line.contains("conversations") || line.contains(#""prompt":"Q","r"#), "\(line)")
    }
    let (instances, _) = try read(
      #"{"instruction":"Q","system":"S","instances":[{"input":"","output":"A"},{"input":"C","output":"B"}]}"#)
    #expect(
      instances.map(\.content) == [
        chat((.system, "S"), (.user, "Q"), (.assistant, "A")),
        chat((.system, "S"), (.user, "Q\n\nC"), (.assistant, "B")),
      ])
    #expect(instances.map(\.line) == [1, 1])
  }

  @Test(arguments: [
    (#"{"question":"Q","answer":"A","tools":[{}]}"#, ExampleError.Rule.member, "\"tools\""),
    (#"{"question":"Q","answer":"A","images":["a.png"]}"#, .member, "\"images\""),
    (#"{"question":"Q","answer":"A","choices":["x"]}"#, .member, "\"choices\""),
    (#"{"question":"Q","answer":"A","weight":0}"#, .member, "\"weight\""),
    (#"{"question":"Q","answer":"A","train":false}"#, .member, "\"train\""),
    (#"{"question":"Q","answer":"A","Context":"C"}"#, .member, "\"Context\""),
    (#"{"prompt_ids":[1],"answer_ids":[2],"weight":0.5}"#, .member, "\"weight\""),
    (#"{"prompt_ids":[1],"answer_ids":[2],"question":"Q"}"#, .member, "\"question\""),
    (#"{"question":"Q","input":"I","context":"C","answer":"A"}"#, .shape, "both input and context"),
    (#"{"question":"Q","instruction":"R","answer":"A"}"#, .shape, "both instruction and question"),
    (#"{"question":"Q","answer":"A","output":"B"}"#, .shape, "both output and answer"),
    (#"{"question":"Q","answer":"A","system":3}"#, .type, "system must be a string"),
    (#"{"question":"Q","answer":"A","history":["q","a"]}"#, .type, "array of pairs"),
    (#"{"question":"Q","answer":"A","history":[["q","a"],["r"]]}"#, .type, "array of pairs"),
    (#"{"question":"Q","answer":"A","history":[["q",1]]}"#, .type, "array of pairs"),
    (#"{"question":"Q","answer":"A","history":[["q",""]]}"#, .empty, "history[0][1]"),
    (#"{"instruction":"Q","input":"I","instances":[{"input":"","output":"A"}]}"#, .member, "\"input\""),
    (#"{"instruction":"Q","instances":[{"input":"","output":"A","context":"C"}],"tools":["t"]}"#, .member, "\"tools\""),
    (#"{"instruction":"Q","instances":[]}"#, .empty, "instances is empty"),
    (#"{"messages":[{"role":"assistant","content":"A"}],"context":"C"}"#, .member, "\"context\""),
    (
      #"{"messages":[{"role":"system","content":"T"},{"role":"assistant","content":"A"}],"system":"S"}"#, .member,
      "\"system\""
    ),
    (#"{"messages":[{"role":"assistant","content":"A","weight":0}]}"#, .member, "messages[0] has a member \"weight\""),
    (
      #"{"messages":[{"role":"user","content":"Q","name":"Ann"},{"role":"assistant","content":"A"}]}"#, .member,
      "\"name\""
    ),
    (#"{"messages":[{"role":"assistant","content":"A","train":false}]}"#, .member, "\"train\""),
    (#"{"messages":[{"role":"assistant","content":"A","tool_calls":[{}]}]}"#, .member, "\"tool_calls\""),
    (#"{"messages":[{"role":"gpt","content":"A"}]}"#, .conversation, "not \"gpt\""),
    (#"{"conversations":[{"from":"observation","value":"A"}]}"#, .conversation, "system, human or gpt"),
    (#"{"conversations":["Q","A"]}"#, .type, "conversations[0]"),
    (#"{"text":"A text."}"#, .shape, "give --source text"),
    (#"["A text.", "Another."]"#, .json, "element 0: expected an object"),
    (#""A text.""#, .json, "give --source text"), ("Once upon a time", .json, "give --source text"),
  ])
  func `what would change the text and is not understood is refused by name`(
    line: String, rule: ExampleError.Rule, words: String
  ) throws {
    let error = try #require(throws: ExampleError.self) { try read("\n" + line) }
    #expect(error.rule == rule && error.line == 2 && error.detail.contains(words), "\(error)")
    #expect(!error.description.contains("\n") && error.description.utf8.count < 400)
  }

  @Test func `other members are passed over and named once`() throws {
    let line = #"{"id":1,"question":"Q","answer":"A","category":"c","text":"all of it"}"#
    let (examples, notice) = try read(line + "\n" + line)
    #expect(examples.count == 2)
    let words = #"data": members that are not read: "id", "category", "text""#
    #expect(notice?.hasSuffix(words) == true, "\(notice ?? "")")
    #expect(try read(#"{"question":"Q","answer":"A","context":""}"#).notice == nil)
  }

  @Test func `an array gives what its elements give as lines`() throws {
    let objects = [
      #"{"question":"a [\"?","answer":" b}\\"}"#, #"{"instruction":"u","input":"i","output":"o"}"#,
      #"{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]}"#,
    ]
    let lines = try read(objects.joined(separator: "\r\n") + "\n").examples
    for text in [
      "[" + objects.joined(separator: ",") + "]", " \n[\n  " + objects.joined(separator: ",\n  ") + "\n]\n",
      "[\n" + objects.map { $0.replacing(",", with: ",\n\t") }.joined(separator: " ,\n\n") + "\n]",
    ] {
      for mark in [[], [0xEF, 0xBB, 0xBF]] as [[UInt8]] {
        #expect(try read(mark + Array(text.utf8)).examples.map(\.content) == lines.map(\.content), "\(text)")
      }
    }
    #expect(try read("\n[" + objects.joined(separator: ",\n") + "]").examples.map(\.line) == [2, 3, 4])
    #expect(try read([0xEF, 0xBB, 0xBF] + Array(objects[0].utf8)).examples.count == 1)
  }

  @Test(arguments: [
    ("[\n{\"question\":\"a\",\"answer\":\"b\"},\n{\"question\":}\n]", 3, "byte 12: expected a value"),
    ("[\n{\"question\":\"a\",\"answer\":\"b\"}\n{\"question\":\"a\"}]", 3, "expected ',' or ']'"),
    ("[{\"question\":\"a\",\"answer\":\"b\"},\n]", 2, "expected a value, found ']'"),
    ("[,]", 1, "expected a value, found ','"), ("[", 1, "the text ends where a value should be"),
    ("[{\"question\":\"a\",\"answer\":\"b\"}\n", 2, "found the end of the text"),
    ("[{\"question\":\"a\",\"answer\":\"b\"}\n]\n\nx", 4, "found 'x' after the value"),
    ("[{\"question\":\"a\",\n\"answer\":\"b", 2, "ends within a string"),
    ("{\n\"question\":\"a\",\"answer\":\"b\"}", 1, "each line is an object of its own, or the whole file one array"),
  ])
  func `a broken array names the line of the fault`(text: String, line: Int, words: String) throws {
    let error = try #require(throws: ExampleError.self) { try read(text) }
    #expect(error.rule == .json && error.line == line && error.detail.contains(words), "\(error)")
  }

  @Test func `UTF-16 is named`() throws {
    for mark in [[0xFF, 0xFE, 0x7B, 0], [0xFE, 0xFF, 0, 0x7B]] as [[UInt8]] {
      #expect(try #require(throws: ExampleError.self) { try read(mark) }.detail.contains("UTF-16"))
    }
  }
}
