import Checkpoints
import FileFormats
import Foundation
import Testing
import Tokenizers
import Transformer

/// A line of token ids.
private func line(_ prompt: [Int], _ answer: [Int]) -> String {
  "{\"prompt_ids\": \(prompt), \"answer_ids\": \(answer)}\n"
}

private let question = #"{"question": "Who are you?", "answer": "I am a model."}"# + "\n"

extension TemporaryDirectory {
  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }
}

@Suite struct ScoreTests {
  /// The bound on log-likelihoods is that of the engine's own tests.
  @Test(arguments: ReferenceModel.names)
  func `log-likelihoods are PyTorch's`(name: String) throws {
    let directory = try TemporaryDirectory()
    let reference = try ReferenceModel(name)
    let model = try reference.write(to: directory)
    let expected = try reference.scored()
    try directory.write(expected.map { line($0.prompt, $0.answer) }.joined(separator: "\n"), to: "d.jsonl")
    let outcome = try Command.succeed(["score", "--data", "d.jsonl", "-o", "out/s.csv"] + model, in: directory)
    let rows = try directory.csv("out/s.csv")
    #expect(rows.map { $0["index"] } == ["0", "1", "2"])
    #expect(rows.map { $0["line"] } == ["1", "3", "5"])
    for (row, expected) in zip(rows, expected) {
      #expect(row["tokens"] == "\(expected.prompt.count + expected.answer.count)")
      #expect(row["answer_tokens"] == "\(expected.answer.count)")
      #expect(row["dropped_tokens"] == "0")
      let sum = try #require(row["log_likelihood"].flatMap(Double.init))
      #expect(agree(sum, expected.logLikelihood, within: 1e-5))
      #expect(row["mean_log_likelihood"] == "\(sum / Double(expected.answer.count))")
    }
    let (sum, tokens) = expected.reduce((0, 0)) { ($0.0 + $1.logLikelihood, $0.1 + $1.answer.count) }
    #expect(outcome.output.hasPrefix("scored 3 examples with \(tokens) answer tokens: mean log-likelihood "))
    let words = outcome.output.split(separator: " ")
    let mean = try #require(words.firstIndex(of: "log-likelihood").flatMap { Double(words[$0 + 1]) })
    #expect(agree(mean, sum / Double(tokens), within: 1e-5))
    // Without the adapter it is another model.
    if model.contains("--adapter") {
      try Command.succeed(["score", "--data", "d.jsonl", "-o", "base.csv", "--model", "model"], in: directory)
      #expect(try directory.csv("base.csv")[0]["log_likelihood"] != rows[0]["log_likelihood"])
    }
  }

  @Test(arguments: ChatTemplate.allCases, [nil, "Be brief."])
  func `questions, conversations and token ids are alike`(template: ChatTemplate, system: String?) throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    let messages = [ChatMessage(.user, "Who are you?"), ChatMessage(.assistant, "I am a model.")]
    let ids = try template.encode(messages, with: TextModel.tokenizer(), systemPrompt: system)
    let first = try #require(ids.isTrained.firstIndex(of: true))
    let last = try #require(ids.isTrained.lastIndex(of: true))
    try directory.write(question, to: "question.jsonl")
    try directory.write(
      #"{"messages": [{"role": "user", "content": "Who are you?"}, "#
        + #"{"role": "assistant", "content": "I am a model."}]}"#, to: "messages.jsonl")
    try directory.write(line(Array(ids.ids[..<first]), Array(ids.ids[first...last])), to: "ids.jsonl")
    let options = ["--template", template.rawValue] + (system.map { ["--system-prompt", $0] } ?? [])
    for name in ["question", "messages", "ids"] {
      try Command.succeed(
        ["score", "--model", "model", "--data", "\(name).jsonl", "-o", "\(name).csv"] + (name == "ids" ? [] : options),
        in: directory)
    }
    let row = try directory.csv("question.csv")[0]
    #expect(try directory.csv("messages.csv")[0] == row)
    let other = try directory.csv("ids.csv")[0]
    #expect(row["tokens"] == "\(ids.ids.count)" && row["answer_tokens"] == "\(ids.trainedCount)")
    #expect(other["answer_tokens"] == row["answer_tokens"])
    // What follows the answer, as chatml's line feed, is not scored.
    #expect(
      agree(
        other["log_likelihood"].flatMap(Double.init), row["log_likelihood"].flatMap(Double.init), within: 1e-5))
  }

  @Test func `the number of threads changes no byte, and long files are scored in order`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    var random = SystemRandomNumberGenerator()
    // Several batches.
    let examples = (0..<300).map { index in
      (0..<(2 + index % 90)).map { _ in Int.random(in: 0..<300, using: &random) }
    }
    try directory.write(examples.map { line([$0[0]], Array($0[1...])) }.joined(), to: "d.jsonl")
    for threads in ["1", "3"] {
      try Command.succeed(
        ["score", "--model", "model", "--data", "d.jsonl", "-o", "\(threads)/s.csv", "--threads", threads],
        in: directory)
    }
    #expect(try directory.contents("1") == directory.contents("3"))
    let rows = try directory.csv("1/s.csv")
    #expect(rows.map { $0["index"] } == (0..<300).map(String.init))
    #expect(rows.map { $0["tokens"] } == examples.map { "\($0.count)" })
    // An example alone has the same log-likelihood but for rounding.
    for index in [0, 150, 299] {
      try directory.write(line([examples[index][0]], Array(examples[index][1...])), to: "one.jsonl")
      try Command.succeed(["score", "--model", "model", "--data", "one.jsonl", "-o", "one.csv"], in: directory)
      let alone = try directory.csv("one.csv")[0]["log_likelihood"].flatMap(Double.init)
      #expect(agree(alone, rows[index]["log_likelihood"].flatMap(Double.init), within: 1e-5))
    }
  }

  @Test func `what is too long is refused, or cut and said to be`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory, context: 8, hasTokenizer: false)
    try directory.write(line([1, 2], [3, 4]) + line([1, 2], [3, 4, 5, 6, 7, 8, 9, 10, 11]), to: "d.jsonl")
    let arguments = ["score", "--model", "model", "--data", "d.jsonl", "-o", "s.csv"]
    try Command.fail(65, ["\"d.jsonl\", line 2: the sequence has 11 tokens", "limit of 8"], arguments, in: directory)
    try Command.fail(65, ["line 1", "limit of 3"], arguments + ["--max-length", "3"], in: directory)
    // More than the context cannot be had.
    try Command.fail(65, ["line 2", "limit of 8"], arguments + ["--max-length", "100"], in: directory)
    let outcome = try Command.succeed(arguments + ["--truncate"], in: directory)
    #expect(outcome.lines[0] == "cut 1 examples by 3 tokens in all")
    #expect(try directory.csv("s.csv").map { $0["dropped_tokens"] } == ["0", "3"])
    #expect(try directory.csv("s.csv").map { $0["tokens"] } == ["4", "8"])
    try Command.fail(
      65, ["line 1", "leaves nothing of the answer"], arguments + ["--truncate", "--max-length", "2"], in: directory)
  }

  @Test func `options that token ids have no use for are said to have no effect`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory, hasTokenizer: false)
    try directory.write(line([1], [2]), to: "d.jsonl")
    let outcome = try Command.run(
      ["score", "--model", "model", "--data", "d.jsonl", "-o", "s.csv", "--template", "chatml"], in: directory)
    #expect(outcome.status == 0)
    #expect(outcome.complaints == "palimpsest: --template has no effect: the data are token ids\n")
  }

  @Test(arguments: [
    ("", "no examples"), ("\n \n", "no examples"), ("{", "line 1"), ("[]", "no examples"),
    ("[1]", "line 1: element 0: expected an object"),
    ("\u{0}\u{1}", "line 1"), (line([1], []), "answer_ids is empty"), (line([], [1]), "prompt_ids is empty"),
    (line([300], [1]), "line 1: the token id 300 is not in the model's vocabulary of 300"),
    (line([1], [1]) + line([1], [2, 4000]), "line 2: the token id 4000"), (line([1], [-1]), "line 1"),
    (line([1], [1]) + question, "line 2: the line gives question and answer"),
    (#"{"question": "a", "answer": ""}"#, "answer is empty"), (#"{"question": "a", "answer": 1}"#, "must be a string"),
    (#"{"messages": [{"role": "user", "content": "a"}]}"#, "must end with one of the assistant"),
    (#"{"text": "a"}"#, "\"text\""), (String(repeating: "[", count: 100_000), "line 1"),
    (#"{"prompt_ids": [1e0], "answer_ids": [1]}"#, "whole number"),
    (#"{"prompt_ids": [99999999999999999999], "answer_ids": [1]}"#, "prompt_ids[0]"),
  ])
  func `bad data are an error that names the line, and nothing is written`(text: String, words: String) throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    try directory.write(text, to: "d.jsonl")
    try Command.fail(
      65, ["\"d.jsonl\"", words], ["score", "--model", "model", "--data", "d.jsonl", "-o", "s.csv"], in: directory)
    // Of an answer, generation needs no more than that it is one.
    if words.contains("4000") { return }
    try Command.fail(
      65, ["\"d.jsonl\"", words], ["generate", "--model", "model", "--data", "d.jsonl", "-o", "a.jsonl"], in: directory)
  }

  @Test func `files that are missing or wrong are named`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    try directory.write(question, to: "d.jsonl")
    try directory.write("seven words that are no model", to: "text.bin")
    func fails(_ status: Int32, _ words: [String], _ change: [String: String]) throws {
      let options = ["--model": "model", "--data": "d.jsonl", "--output": "s.csv"].merging(change) { $1 }
      try Command.fail(
        status, words, ["score"] + options.sorted { $0.key < $1.key }.flatMap { [$0, $1] }, in: directory)
    }
    try fails(74, ["\"absent\"", "No such file"], ["--model": "absent"])
    try fails(74, ["\"./config.json\"", "No such file"], ["--model": "."])
    try fails(65, ["\"text.bin\""], ["--model": "text.bin"])
    try fails(74, ["\"absent\"", "No such file"], ["--data": "absent"])
    try fails(74, ["\"model\"", "not a regular file"], ["--data": "model"])
    try fails(74, ["\"model\"", "directory"], ["--output": "model"])
    try fails(74, ["\"d.jsonl/s.csv\"", "Not a directory"], ["--output": "d.jsonl/s.csv"])
    try fails(74, ["\"absent/adapter_config.json\""], ["--adapter": "absent"])
    try fails(74, ["\"absent.json\"", "No such file"], ["--tokenizer": "absent.json"])
    try fails(65, ["\"text.bin\"", "bytes"], ["--tokenizer": "text.bin"])
    try fails(65, ["\"d.jsonl\""], ["--tokenizer": "d.jsonl"])
    try fails(64, ["--max-length is 1", "at least 2"], ["--max-length": "1"])
    // A tokenizer and an adapter of other models.
    let large = try BytePairTrainer(vocabularySize: 301, specialTokens: TextModel.special + ["</x>"])
      .train(on: [
        "ababab cdcdcdcd efefef ghghgh abcdefghijklmnopqrstuvwxyz 1212 3434 5656 7878 ab ab cd ef gh 12 34 zx zy"
      ])
    try large.write(to: directory.file("large.json"))
    // It may have more tokens than the model, which no text may use.
    let last = large.idBound - 1
    let text: JSON = ["question": "Who?", "answer": .string(try large.decode([last]))]
    try directory.write(text.text(.compact), to: "x.jsonl")
    try fails(
      65, ["\"x.jsonl\", line 1: the token id \(last) of ", "vocabulary of 300"],
      ["--tokenizer": "large.json", "--data": "x.jsonl"])
    let other = try TemporaryDirectory()
    _ = try ReferenceModel("llama_lora").write(to: other)
    try fails(65, ["adapter_model.safetensors", "shape"], ["--adapter": other.file("adapter")])
    // Without a tokenizer, text cannot be scored, and token ids can.
    try FileManager.default.removeItem(atPath: directory.file("model/tokenizer.json"))
    try fails(74, ["\"model\"", "no tokenizer.json"], [:])
    try directory.write(line([1], [2]), to: "d.jsonl")
    try Command.succeed(["score", "--model", "model", "--data", "d.jsonl", "-o", "s.csv"], in: directory)
  }

  @Test(arguments: [Float.nan, .infinity, 3e38])
  func `weights that are not finite are an error, not a number`(value: Float) throws {
    let directory = try TemporaryDirectory()
    let model = try TextModel.configuration()
    let weights = TextModel.parameters(ParameterLayout(model))
    weights["model.norm.weight"]?.update(repeating: value)
    try ModelFolder.save(model, weights, to: directory.file("model"))
    try directory.write(line([1], [2]) + line([3], [4]), to: "d.jsonl")
    try Command.fail(
      65, ["\"d.jsonl\", line 1: the log-likelihood is", "not finite"],
      ["score", "--model", "model", "--data", "d.jsonl", "-o", "s.csv"], in: directory)
    try Command.fail(
      65, ["not finite"], ["generate", "--model", "model", "--data", "d.jsonl", "-o", "a.jsonl"], in: directory)
  }

  @Test(.enabled(if: Tools.frictionless, "needs frictionless"))
  func `the data package is valid`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    try directory.write(question, to: "d.jsonl")
    try Command.succeed(["score", "--model", "model", "--data", "d.jsonl", "-o", "s.csv"], in: directory)
    let outcome = try Command.start(
      "/usr/bin/env", ["frictionless", "validate", "s.datapackage.json"], in: directory.path)
    #expect(outcome.status == 0, "\(outcome.output)")
  }
}
