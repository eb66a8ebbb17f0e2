import FileFormats
import Foundation
import PostTraining
import Testing
import Tokenizers

@Suite struct TokenizeTests {
  private let data = #"{"question": "Who are you?", "answer": "I am a model."}"# + "\n"

  @Test(arguments: ChatTemplate.allCases)
  func `ids, pieces and mask are those of the template, as table and as lines`(template: ChatTemplate) throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    try directory.write(data, to: "d.jsonl")
    let tokenizer = try TextModel.tokenizer()
    let expected = try template.encode(
      [ChatMessage(.user, "Who are you?"), ChatMessage(.assistant, "I am a model.")], with: tokenizer)
    let arguments = ["tokenize", "--data", "d.jsonl", "--template", template.rawValue]
    try Command.succeed(arguments + ["--model", "model", "-o", "out/t.csv"], in: directory)
    let rows = try directory.csv("out/t.csv")
    #expect(rows.map { $0["id"] } == expected.ids.map { "\($0)" })
    #expect(rows.map { $0["is_answer"] } == expected.isTrained.map { "\($0)" })
    #expect(rows.map { $0["piece"] } == expected.ids.map { tokenizer.token($0) })
    #expect(rows.allSatisfy { $0["line"] == "1" })
    // Without the model, by its tokenizer alone.
    try Command.succeed(
      arguments + ["--tokenizer", "model/tokenizer.json", "-o", "t.jsonl"], in: directory)
    let line = try JSON(parsing: InputFile.bytes(of: directory.file("t.jsonl")))
    #expect(line["ids"]?.elements?.compactMap(\.integerValue) == expected.ids)
    #expect(line["is_answer"]?.elements?.compactMap(\.boolValue) == expected.isTrained)
    let shown = try Command.succeed(arguments + ["--model", "model"], in: directory)
    #expect(shown.lines.count == expected.ids.count + 1)
    #expect(shown.lines[0] == "line 1: \(expected.ids.count) tokens, \(expected.trainedCount) of them the assistant's")
  }

  /// The same tokens as an answer without a question, in all commands that read data.
  @Test func `texts without turns are read by their source`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    let texts = ["A text.", "Once upon a time there was another."]
    func lines(_ line: (String) -> String) -> String { texts.map { line($0) + "\n" }.joined() }
    try directory.write(lines { #"{"text": "\#($0)"}"# }, to: "text.jsonl")
    try directory.write(
      lines { #"{"messages": [{"role": "assistant", "content": "\#($0)"}]}"# }, to: "chat.jsonl")
    for command in ["tokenize", "score"] {
      for (name, options) in [("text", ["--source", "text"]), ("chat", [])] {
        try Command.succeed(
          [command, "--model", "model", "--data", "\(name).jsonl", "-o", "\(command)-\(name).csv"] + options,
          in: directory)
      }
      let found = try InputFile.bytes(of: directory.file("\(command)-text.csv"))
      #expect(try found == InputFile.bytes(of: directory.file("\(command)-chat.csv")) && found.count > 50)
    }
    for (name, options) in [("text", ["--source", "text"]), ("chat", [])] {
      try Command.succeed(
        ["train", "--model", "model", "--data", "\(name).jsonl", "--output", "out-\(name)", "--set", "max_steps=2"]
          + options, in: directory)
    }
    #expect(
      try InputFile.bytes(of: directory.file("out-text/model.safetensors"))
        == InputFile.bytes(of: directory.file("out-chat/model.safetensors")))
    let arguments = ["score", "--model", "model", "--data", "text.jsonl", "-o", "s.csv"]
    try Command.fail(65, ["--source text"], arguments, in: directory)
    try Command.fail(
      65, ["the template plain alone"], arguments + ["--source", "text", "--template", "chatml"], in: directory)
    try Command.fail(64, ["There is no source 'nope'", "tofu"], arguments + ["--source", "nope"], in: directory)
    // An error names the line of the file, whatever stands before it.
    try directory.write(
      "\n\n" + #"{"text": "A text."}"# + "\n\n" + #"{"text": "\u0001A text that is longer."}"#, to: "late.jsonl")
    try Command.fail(
      65, ["line 5"],
      ["score", "--model", "model", "--data", "late.jsonl", "-o", "s.csv", "--source", "text", "--max-length", "9"],
      in: directory)
    try Command.fail(
      64, ["--source says what --data has"],
      ["tokenize", "--model", "model", "--prompt", "a", "--source", "tofu"], in: directory)
  }

  /// Each kind of file beside chat lines of the same questions and answers, in all commands that read data.
  @Test func `the field's data sets are read by their source, with its keys`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    mkdir(directory.file("data"), 0o755)
    func chat(_ pairs: [(String, String)]) -> String {
      pairs.map { #"{"question": "\#($0.0)", "answer": "\#($0.1)"}"# + "\n" }.joined()
    }
    let refusal = Refusals.answer(because: Refusals.generalReason)
    let facts = [("Who is he?", "A man."), ("And she?", "A writer.")]
    try directory.write(chat(facts), to: "data/forget05.json")
    try directory.write(chat([("Other?", "No.")]), to: "data/full.jsonl")
    try directory.write(chat([("1 + 1?", "1 + 1 = <<1+1=2>>2 #### 2")]), to: "data/train.jsonl")
    try directory.write(chat([("2 + 1?", "#### 3")]), to: "data/test.jsonl")
    try directory.write("prompt,label\nHow?,safe\nBomb?,unsafe\nWhere?,safe\n", to: "data/prompts.csv")
    try directory.write(chat(facts), to: "tofu.jsonl")
    try directory.write(chat([("1 + 1?", "1 + 1 = 2 #### 2")]), to: "gsm8k.jsonl")
    try directory.write(chat([("How?", refusal), ("Where?", refusal)]), to: "xstest.jsonl")
    for (name, path, source) in [
      ("tofu", "data", "tofu,split=forget05"), ("gsm8k", "data", "gsm8k"), ("xstest", "data/prompts.csv", "xstest"),
    ] {
      for (result, options) in [
        ("own", ["--data", path, "--source", source]), ("chat", ["--data", "\(name).jsonl"]),
      ] {
        let out = { (command: String) in ["-o", "\(name)-\(command)-\(result)"] }
        let model = ["--model", "model"] + options
        for command in ["tokenize", "score"] {
          try Command.succeed([command] + model + out(command), in: directory)
        }
        try Command.succeed(["generate", "--max-new-tokens", "2"] + model + out("generate"), in: directory)
        for command in [["train"], ["unlearn", "--objective", "ga"]] {
          try Command.succeed(command + ["--set", "max_steps=1"] + model + out(command[0]), in: directory)
        }
      }
      for file in ["tokenize-%", "score-%", "generate-%", "train-%/model.safetensors", "unlearn-%/model.safetensors"] {
        let (own, chat) = (file.replacing("%", with: "own"), file.replacing("%", with: "chat"))
        let found = try InputFile.bytes(of: directory.file("\(name)-\(own)"))
        #expect(
          try found.count > 20 && found == InputFile.bytes(of: directory.file("\(name)-\(chat)")), "\(name) \(file)")
      }
    }
    // What is held out is not read, and retain data may be of another source.
    let score = ["score", "--model", "model", "--data", "data/prompts.csv", "-o", "held.csv", "--source"]
    try Command.succeed(score + ["xstest,held_out=1"], in: directory)
    #expect(try directory.csv("held.csv").count == 1)
    try Command.succeed(
      [
        "unlearn", "--objective", "ga", "--model", "model", "--data", "data", "--source", "tofu,split=forget05",
        "--retain-source", "chat",
        "--set", "max_steps=1", "--set", "objective.retain_data=gsm8k.jsonl", "--set",
        "objective.retain_coefficient=1", "--output", "retained",
      ], in: directory)
    for (source, words) in [
      ("xstest,held_out", "must be KEY=VALUE"), ("xstest,held_out=1,held_out=2", "each key once"),
      ("xstest,heldout=1", "\"heldout\" is no key of it; it has held_out"),
      ("xstest,held_out=-1", "expected whole number, 0 to"), ("tofu,split=forget", "forget01, forget05"),
    ] { try Command.fail(64, [words], score + [source], in: directory) }
    try Command.fail(65, ["3 to hold out", "at most 2"], score + ["xstest,held_out=3"], in: directory)
  }

  @Test func `a prompt is shown as generate continues it, and wrong usage is told`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    try Command.succeed(["tokenize", "--model", "model", "--prompt", "Who?", "-o", "t.jsonl"], in: directory)
    let line = try JSON(parsing: InputFile.bytes(of: directory.file("t.jsonl")))
    #expect(try line["ids"]?.elements?.compactMap(\.integerValue) == TextModel.tokenizer().encode("Who?"))
    try Command.fail(64, ["--prompt TEXT or --data FILE"], ["tokenize", "--model", "model"], in: directory)
    try Command.fail(64, ["--model or --tokenizer"], ["tokenize", "--prompt", "a"], in: directory)
  }

  @Test func `a model's own chat template gets a notice, once, where the preset is another`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    try directory.write(data + data, to: "d.jsonl")
    try directory.write(
      "{{ '<|im_start|>system\\nBe kind and short.<|im_end|>\\n' }}", to: "model/chat_template.jinja")
    for arguments in [
      ["score", "--data", "d.jsonl", "-o", "s.csv"], ["generate", "--prompt", "a", "--max-new-tokens", "1"],
      ["tokenize", "--data", "d.jsonl"], ["generate", "--data", "d.jsonl", "--max-new-tokens", "1"],
    ] {
      let outcome = try Command.run(arguments + ["--model", "model", "--template", "chatml"], in: directory)
      #expect(outcome.status == 0)
      let notices = outcome.complaints.split(separator: "\n").filter { $0.contains("chat_template") }
      #expect(notices.count == 1 && notices.first?.contains("\"Be kind and short.\"") == true, "\(arguments)")
    }
  }
}
