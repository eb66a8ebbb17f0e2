import FineTuning
import PostTraining
import TestSupport
import Testing
import Tokenizers

@Suite("Readers of data sets")
struct ReaderTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ name: String, _ text: String) throws -> String { try directory.file(name, text.utf8) }

  @Test func `GSM8K: annotations go, numbers stay`() throws {
    _ = try file("train.jsonl", #"{"question":"Q","answer":"48/2 = <<48/2=24>>24, <<\n#### 1,024"}"# + "\n\n")
    _ = try file("test.jsonl", #"{"question":"R","answer":"<<a>><<b>>x >> y << z\n#### -3","more":1}"#)
    let data = try GSM8K.data(folder: directory.path)
    #expect(
      data
        == StageData(
          "math", train: [Conversation(question: "Q", answer: "48/2 = 24, <<\n#### 1,024")],
          heldOut: [Conversation(question: "R", answer: "x >> y << z\n#### -3")]))
    #expect(data.train[0].finalNumber == 1024 && data.heldOut[0].finalNumber == -3)
    let whole = try GSM8K.data(folder: directory.path, keepingAnnotations: true)
    #expect(whole.train[0].answer == "48/2 = <<48/2=24>>24, <<\n#### 1,024")
  }

  @Test func `TOFU: rephrasings find their questions`() throws {
    _ = try file("full.jsonl", (0..<3).map { #"{"question":"Q\#($0)","answer":"A\#($0)"}"# }.joined(separator: "\n"))
    let line = { (index: Int) in
      #"{"question":"Q\#(index)","answer":"A\#(index)","paraphrased_question":"P\#(index)","#
        + #""paraphrased_answer":"B\#(index)","perturbed_answer":["F\#(index)","G"]}"#
    }
    _ = try file("forget10_perturbed.jsonl", line(2))
    _ = try file("retain_perturbed.jsonl", line(0))
    _ = try file("forget10.jsonl", #"{"question":"Q2","answer":"A2"}"#)
    func conversation(_ index: Int, rephrased: Bool) -> Conversation {
      Conversation(
        question: "Q\(index)", answer: "A\(index)",
        rephrasing: rephrased
          ? Conversation.Rephrasing(question: "P\(index)", answer: "B\(index)", falseAnswers: ["F\(index)", "G"]) : nil)
    }
    #expect(
      try TOFU.data(folder: directory.path)
        == StageData(
          "tofu",
          train: [
            conversation(0, rephrased: true), conversation(1, rephrased: false), conversation(2, rephrased: true),
          ]))
    #expect(try TOFU.conversations(.forget10, folder: directory.path) == [conversation(2, rephrased: false)])
    #expect(throws: ExampleError.self) { try TOFU.conversations(.retain90, folder: directory.path) }
  }

  @Test func `TOFU as the Hub has it: .json, and perturbed files only where there are any`() throws {
    _ = try file("full.json", (0..<3).map { #"{"question":"Q\#($0)","answer":"A\#($0)"}"# }.joined(separator: "\n"))
    #expect(try TOFU.data(folder: directory.path).train.allSatisfy { $0.rephrasing == nil })
    let line = { (index: Int, answer: String) in
      #"{"question":"Q\#(index)","answer":"A\#(index)","paraphrased_question":"P","#
        + #""paraphrased_answer":"\#(answer)","perturbed_answer":["F"]}"#
    }
    _ = try file("forget05_perturbed.json", line(0, "five") + "\n" + line(1, "five"))
    _ = try file("forget01_perturbed.json", line(1, "one"))
    let data = try TOFU.data(folder: directory.path)
    #expect(data.train.map { $0.rephrasing?.answer } == ["five", "five", nil])
    _ = try file("forget01_perturbed.jsonl", line(1, "one"))
    let error = try #require(throws: ExampleError.self) { try TOFU.data(folder: directory.path) }
    #expect(error.description.contains("forget01_perturbed.json beside it"), "\(error)")
  }

  @Test func `The fixed data sets refuse what would change the text`() throws {
    _ = try file("train.jsonl", #"{"question":"Q","context":"C","answer":"A #### 1","id":3}"#)
    _ = try file("full.jsonl", #"{"question":"Q","answer":"A","system":"S"}"#)
    for read in [{ _ = try GSM8K.data(folder: directory.path) }, { _ = try TOFU.data(folder: directory.path) }] {
      #expect(try #require(throws: ExampleError.self) { try read() }.rule == .member)
    }
  }

  @Test func `The fixed data sets tell once which members they pass over`() throws {
    let texts = try file("texts.jsonl", #"{"text":"T","url":"u"}"# + "\n" + #"{"text":"S","url":"v","id":2}"#)
    let tofu = try file("forget05.json", #"[{"question":"Q","answer":"A","author":"B"}]"#)
    let train = try file("train.jsonl", #"{"question":"Q","answer":"A #### 1","level":1}"#)
    _ = try file("test.jsonl", #"{"question":"Q","answer":"A #### 1"}"#)
    for (source, path, names) in [
      (try DataSource(.text, path: texts), texts, #""url", "id""#),
      (try DataSource(.tofu, path: directory.path, ["split": "forget05"]), tofu, #""author""#),
      (try DataSource(.gsm8k, path: directory.path), train, #""level""#),
    ] {
      var notices: [String] = []
      #expect(try source.load(as: "s") { notices.append($0) }.train.count > 0)
      #expect(notices == [#""\#(path)": members that are not read: \#(names)"#])
    }
  }

  @Test func `TOFU: a split of its own`() throws {
    _ = try file("forget01.jsonl", #"{"question":"Q","answer":"A"}"#)
    let source = try DataSource(.tofu, path: directory.path, ["split": "forget01"])
    #expect(try source.load(as: "tofu").train.map(\.answer) == ["A"])
    let whole = try DataSource(.tofu, path: directory.path)
    let error = try #require(throws: ExampleError.self) { try whole.load(as: "tofu") }
    #expect(error.description.contains("full.jsonl"))
  }

  @Test(arguments: [
    Fault("{\"text\":\"a\"}\n{\"text\":", .json, 2, "invalid JSON"),
    Fault("{\"txt\":\"a\"}", .shape, 1, "no member text"),
    Fault("{\"text\":3}", .type, 1, "text must be a string"), Fault("{\"text\":\" \"}", .empty, 1, "text is empty"),
    Fault("{\"text\":\"a\",\"system\":\"s\"}", .member, 1, "system"), Fault("", .noExamples, nil, "no examples"),
  ])
  func `Texts: faults by line`(fault: Fault) throws {
    try check(fault, "t.jsonl") { _ = try DataSource(.text, path: $0).load(as: "text") }
  }

  @Test func `Chats: token ids are refused, members passed over are told once`() throws {
    let ids = try file("ids.jsonl", #"{"prompt_ids":[1],"answer_ids":[2]}"#)
    let error = try #require(throws: ExampleError.self) { try ChatFile.conversations(path: ids) }
    #expect(error.rule == .shape && error.line == 1)
    let line = #"{"question":"Q","answer":"A","id":1,"category":"c"}"# + "\n"
    let path = try file("a.jsonl", line + line)
    var notices: [String] = []
    #expect(try ChatFile.conversations(path: path) { notices.append($0) }.count == 2)
    #expect(notices == [#""\#(path)": members that are not read: "id", "category""#])
  }

  @Test func `Chats: every shape, as an array or line by line`() throws {
    let objects = [
      #"{"messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"},{"role":"assistant","content":"A"}]}"#,
      #"{"instruction":"Q","input":"","output":"A"}"#, #"{"instruction":"Q","input":"I","response":"A"}"#,
      #"{"prompt":"Q","response":"A"}"#, #"{"question":"Q","answer":"A"}"#,
      #"{"instruction":"Q","instances":[{"input":"","output":"A"},{"input":"I","output":"B"}]}"#,
    ]
    let (plain, long) = (Conversation(question: "Q", answer: "A"), "Q\n\nI")
    let expected = [
      Conversation(prompt: [ChatMessage(.system, "S"), ChatMessage(.user, "Q")], answer: "A"), plain,
      Conversation(question: long, answer: "A"), plain, plain, plain, Conversation(question: long, answer: "B"),
    ]
    let array = try file("array.json", " \n[" + objects.joined(separator: ",\n") + "]\n")
    #expect(try ChatFile.conversations(path: array) == expected)
    let lines = try file("lines.jsonl", objects.joined(separator: "\r\n") + "\n \n")
    #expect(try ChatFile.conversations(path: lines) == expected)
  }

  @Test func `XSTest: safe prompts are refused, others passed over`() throws {
    let rows = (0..<20).map { "\($0),\"Is \($0), or not?\",t,\($0 % 4 == 3 ? "unsafe" : "safe")" }
    let path = try file("prompts.csv", "id,prompt,type,label\n" + rows.joined(separator: "\n"))
    let data = try XSTest.data(file: path, heldOut: 4, seed: 1)
    #expect(data.name == "refusal" && data.train.count == 11 && data.heldOut.count == 4)
    let all = data.train + data.heldOut
    #expect(Set(all.map(\.question)) == Set((0..<20).filter { $0 % 4 != 3 }.map { "Is \($0), or not?" }))
    #expect(
      all.allSatisfy {
        $0.answer.hasPrefix(Refusals.sentence + " ") && $0.answer.utf8.count > Refusals.sentence.utf8.count + 1
      })
    #expect(throws: DataSizeError.self) { try XSTest.data(file: path, heldOut: 16) }
  }

  /// A file's content, and what the error must say of it.
  struct Fault: Sendable {
    var text: String
    var rule: ExampleError.Rule
    var line: Int?
    var words: String

    init(_ text: String, _ rule: ExampleError.Rule, _ line: Int?, _ words: String) {
      (self.text, self.rule, self.line, self.words) = (text, rule, line, words)
    }
  }

  private func check(_ fault: Fault, _ name: String, _ read: (String) throws -> Void) throws {
    let path = try file(name, fault.text)
    let error = #expect(throws: ExampleError.self, "\(fault.text)") { try read(path) }
    #expect(
      error?.rule == fault.rule && error?.line == fault.line && error?.path == path, "\(fault.text): \(error as Any)")
    let text = error?.description ?? ""
    #expect(text.contains(fault.words) && text.contains(name) && !text.contains("\n"), "\(text)")
  }

  @Test(arguments: [
    Fault("{\"question\":\"Q\",\"answer\":\"#### 1\"}\n\n{\"question\":\"Q\"}", .shape, 3, "no member answer"),
    Fault(#"{"answer":"A #### 1"}"#, .shape, 1, "no member question"),
    Fault(#"{"question":1,"answer":"A #### 1"}"#, .type, 1, "question must be a string"),
    Fault(#"{"question":"Q","answer":"A"}"#, .number, 1, "#### and a whole number"),
    Fault(#"{"question":"Q","answer":" "}"#, .empty, 1, "answer is empty"),
    Fault("{\"question\":", .json, 1, "invalid JSON"), Fault("[1]", .json, 1, "element 0: expected an object"),
    Fault("[{\"question\":\"Q\"}]", .shape, 1, "element 0: there is no member answer"),
    Fault("", .noExamples, nil, "no examples"), Fault(" \n", .noExamples, nil, "no examples"),
    Fault("[]", .noExamples, nil, "no examples"), Fault("[", .json, 1, "invalid JSON"),
  ])
  func `GSM8K: faults by file and line`(fault: Fault) throws {
    try check(fault, "train.jsonl") { _ in _ = try GSM8K.data(folder: directory.path) }
  }

  @Test(arguments: [
    Fault(#"{"question":"Q","answer":"A"}"#, .shape, 1, "no member paraphrased_question"),
    Fault(#"{"question":"Q","answer":"A","paraphrased_question":"P"}"#, .shape, 1, "no member paraphrased_answer"),
    Fault(
      #"{"question":"Q","answer":"A","paraphrased_question":"P","paraphrased_answer":"B"}"#, .shape, 1,
      "no member perturbed_answer"),
    Fault(
      #"{"question":"Q","answer":"A","paraphrased_question":"P","paraphrased_answer":"B","perturbed_answer":"F"}"#,
      .type,
      1, "perturbed_answer must be an array of strings"),
    Fault(
      #"{"question":"Q","answer":"A","paraphrased_question":"P","paraphrased_answer":"B","perturbed_answer":["F",1]}"#,
      .type, 1, "perturbed_answer must be an array of strings"),
    Fault(
      #"{"question":"Q","answer":"A","paraphrased_question":"P","paraphrased_answer":"B","perturbed_answer":[]}"#,
      .type,
      1, "at least one"),
  ])
  func `TOFU: faults by file and line`(fault: Fault) throws {
    try check(fault, "retain_perturbed.jsonl") { _ in
      _ = try TOFU.conversations(.retainPerturbed, folder: directory.path)
    }
  }

  @Test(arguments: [
    Fault("{\"prompt\":\"Q\",\"answer\":\"A\"}\n{\"text\":\"Q\"}", .shape, 2, "found \"text\""),
    Fault("[{\"prompt\":\"Q\",\"answer\":\"A\"},{}]", .shape, 1, "element 1: expected a member instruction"),
    Fault(#"{"instruction":"Q"}"#, .shape, 1, "expected a member output, response, answer; found \"instruction\""),
    Fault(#"{"instruction":"Q","input":3,"output":"A"}"#, .type, 1, "input must be a string"),
    Fault(#"{"instruction":"Q","output":""}"#, .empty, 1, "output is empty"),
    Fault(#"{"instruction":"Q","instances":{}}"#, .type, 1, "instances must be an array"),
    Fault(#"{"instruction":"Q","instances":[{"input":""}]}"#, .shape, 1, "instances[0]: expected a member output"),
    Fault(#"[{"instruction":"Q","instances":[3]}]"#, .json, 1, "element 0: instances[0]: expected an object"),
    Fault(#"{"messages":[{"role":"user","content":"Q"}]}"#, .conversation, 1, "must end with one of the assistant"),
    Fault(#"{"messages":[{"role":"tool","content":"Q"}]}"#, .conversation, 1, "messages[0].role must be"),
    Fault(#"{"messages":3}"#, .type, 1, "messages must be an array"),
  ])
  func `Chats: faults by line or element`(fault: Fault) throws {
    try check(fault, "chat.json") { _ = try ChatFile.conversations(path: $0) }
  }

  @Test(arguments: [
    Fault("id,label\n1,safe\n", .shape, 1, "no column prompt; found \"id\", \"label\""),
    Fault("prompt\nQ\n", .shape, 1, "no column label"), Fault("", .shape, 1, "no column prompt; found none"),
    Fault("prompt,label\n", .noExamples, nil, "no examples"),
    Fault("prompt,label\nQ,unsafe\n", .noExamples, nil, "no row has the label safe"),
    Fault("prompt,label\nQ,safe\nQ\n", .csv, nil, "row 2 has 1 fields; there are 2 columns"),
    Fault("prompt,label\n\"Q,safe\n", .csv, nil, "quoted field"),
  ])
  func `XSTest: faults by row and column`(fault: Fault) throws {
    try check(fault, "prompts.csv") { _ = try XSTest.data(file: $0) }
  }

  @Test func `A missing folder or file is named`() throws {
    let folder = directory.file("nowhere")
    for (name, read) in [
      ("train.jsonl", { _ = try GSM8K.data(folder: folder) }),
      ("full.jsonl", { _ = try TOFU.data(folder: folder) }),
      ("chat.json", { _ = try ChatFile.conversations(path: "\(folder)/chat.json") }),
      ("p.csv", { _ = try XSTest.data(file: "\(folder)/p.csv") }),
    ] as [(String, () throws -> Void)] {
      let error = #expect(throws: ExampleError.self) { try read() }
      #expect(error?.rule == .system && error?.path == "\(folder)/\(name)")
      #expect(error?.description.hasSuffix("cannot read the file: No such file or directory") == true)
    }
    let error = #expect(throws: ExampleError.self) { try ChatFile.conversations(path: directory.path) }
    #expect(error?.rule == .system && error?.detail.contains("not a regular file") == true)
  }

  @Test func `Files that an unlucky disk or a hostile author might make are read or refused, never fatal`() throws {
    var random = SplitMix64(seed: 1)
    let texts = [
      #"[{"instruction":"Q","instances":[{"input":"","output":"A"}]},{"messages":[{"role":"user","content":"Q"},"#
        + #"{"role":"assistant","content":"A"}]}]"#,
      "{\"question\":\"Q\",\"answer\":\"<<1+1=2>>2\\n#### 2\"}\n{\"question\":\"R\",\"answer\":\"#### 3\"}\n",
      "prompt,label\n\"Q, R\",safe\nS,safe\n",
    ]
    var refused = 0
    for round in 0..<600 {
      var bytes = Array(texts[round % 3].utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[place...].prefix(9), at: place)
        default: bytes = Array(bytes.prefix(max(1, place)))
        }
      }
      let path = try directory.file("train.jsonl", bytes)
      for read in [
        { _ = try ChatFile.conversations(path: path) }, { _ = try GSM8K.data(folder: self.directory.path) },
        { _ = try XSTest.data(file: path, heldOut: 0) },
        { _ = try DataSource(.text, path: path).load(as: "text") },
      ] as [() throws -> Void] {
        do {
          try read()
        } catch let error as ExampleError {
          refused += 1
          #expect(!error.description.contains("\n") && error.description.utf8.count < 400)
        }
      }
    }
    #expect(refused > 600)
  }

  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"))
  func `The published files`() throws {
    let folder = try #require(dataFolder)
    let math = try GSM8K.data(folder: "\(folder)/gsm8k")
    #expect(math.train.count == 7473 && math.heldOut.count == 1319)
    #expect(math.train[0].answer.hasPrefix("Natalia sold 48/2 = 24 clips in May.\n"))
    #expect((math.train + math.heldOut).allSatisfy { !$0.answer.contains("<<") && $0.finalNumber != nil })
    // Known by other means: the sum of the numbers after ####, as Python reads them.
    #expect((math.train + math.heldOut).compactMap(\.finalNumber).reduce(0, +) == 412_124_061)

    let counts: [TOFU.Split: Int] = [
      .full: 4000, .forget10: 400, .retain90: 3600, .forget10Perturbed: 400, .retainPerturbed: 400,
    ]
    for (split, count) in counts {
      #expect(try TOFU.conversations(split, folder: "\(folder)/tofu").count == count)
    }
    let tofu = try TOFU.data(folder: "\(folder)/tofu")
    #expect(tofu.train.count == 4000 && tofu.train.count { $0.rephrasing?.falseAnswers.count == 5 } == 800)

    let xstest = try XSTest.data(file: "\(folder)/xstest/xstest_safe_prompts.csv")
    #expect(xstest.train.count == 200 && xstest.heldOut.count == 50)
    #expect(try ChatFile.conversations(path: "\(folder)/instruct/ism_sda_k2_1000.json").count == 1000)
    let tasks = try ChatFile.conversations(path: "\(folder)/instruct/self_instruct_seed_tasks.jsonl")
    #expect(tasks.count == 175 && tasks[1].question.hasSuffix("\n\nNight : Day :: Right : Left"))
  }
}
