import Checkpoints
import FileFormats
import Foundation
import Testing
import Tokenizers

/// The folder with the stories260K model, or nil where there is none.
private let storiesFolder: String? = {
  let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  let data = ProcessInfo.processInfo.environment["PALIMPSEST_DATA"] ?? "/\(package)/../shared/data"
  let folder = "\(data)/stories260k"
  return FileManager.default.isReadableFile(atPath: "\(folder)/stories260K.bin") ? folder : nil
}()

/// The objects of JSON lines.
private func objects(_ text: String) throws -> [JSON] {
  try text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
}

private func tokens(_ object: JSON) throws -> [Int] {
  try #require(object["tokens"]?.elements).compactMap(\.integerValue)
}

@Suite struct GenerateTests {
  @Test(arguments: ReferenceModel.names)
  func `greedy tokens are PyTorch's`(name: String) throws {
    let directory = try TemporaryDirectory()
    let reference = try ReferenceModel(name)
    let model = try reference.write(to: directory)
    let lines = reference.generated.map { "{\"prompt_ids\": \($0.prompt), \"answer_ids\": [0]}\n" }
    try directory.write(lines.joined(), to: "d.jsonl")
    let count = try #require(reference.generated.first?.tokens.count)
    try Command.succeed(
      ["generate", "--data", "d.jsonl", "--max-new-tokens", "\(count)", "-o", "out/a.jsonl"] + model, in: directory)
    let found = try objects(String(decoding: directory.bytes("out/a.jsonl"), as: UTF8.self))
    #expect(try found.map(tokens) == reference.generated.map(\.tokens))
    #expect(found.map { $0["index"] } == found.indices.map { JSON.integer($0) })
    // There is no tokenizer to tell texts.
    #expect(found.allSatisfy { $0["prompt"] == .null && $0["text"] == .null && $0["ending"] == "length" })
  }

  @Test func `a seed gives the same texts for any number of threads and slots`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    let arguments = [
      "generate", "--model", "model", "--prompt", "Who", "--prompt", "It is what", "--temperature", "1.5", "--samples",
      "3", "--max-new-tokens", "20",
    ]
    let first = try Command.succeed(arguments + ["--seed", "7"], in: directory).output
    for options in [["--threads", "1"], ["--slots", "1"], ["--slots", "5", "--threads", "2"]] {
      #expect(try Command.succeed(arguments + ["--seed", "7"] + options, in: directory).output == first)
    }
    let found = try objects(first)
    #expect(found.compactMap { $0["index"]?.integerValue } == [0, 0, 0, 1, 1, 1])
    #expect(found.compactMap { $0["sample"]?.integerValue } == [0, 1, 2, 0, 1, 2])
    #expect(Set(try found.map(tokens)).count == 6)
    #expect(try Command.succeed(arguments + ["--seed", "8"], in: directory).output != first)
    // The restrictions arrive: one token to choose from is the likeliest one.
    let greedy = try Command.succeed(
      ["generate", "--model", "model", "--prompt", "Who", "--prompt", "It is what", "--max-new-tokens", "20"],
      in: directory
    ).output
    for option in [["--top-k", "1"], ["--top-p", "0"]] {
      let restricted = try objects(Command.succeed(arguments + option, in: directory).output)
      #expect(try restricted.map(tokens) == objects(greedy).map(tokens).flatMap { [$0, $0, $0] })
    }
  }

  @Test(arguments: ChatTemplate.allCases)
  func `prompts are written by the template, and texts are those of the tokens`(template: ChatTemplate) throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    let tokenizer = try TextModel.tokenizer()
    try directory.write(#"{"question": "Who are you?", "answer": "I am a model."}"#, to: "d.jsonl")
    try directory.write(
      #"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who are you?"}, "#
        + #"{"role": "assistant", "content": "I"}]}"#, to: "m.jsonl")
    let user = ChatMessage(.user, "Who are you?")
    let arguments = ["generate", "--model", "model", "--template", template.rawValue, "--max-new-tokens", "30"]
    let prompted = try tokenizer.decode(template.prompt([user], with: tokenizer))
    let plain = "<s>Who are you?"
    for (options, expected) in [
      (["--data", "d.jsonl"], prompted),
      (
        ["--data", "m.jsonl"],
        try tokenizer.decode(template.prompt([ChatMessage(.system, "Be brief."), user], with: tokenizer))
      ),
      (["--prompt", "Who are you?"], template == .plain ? plain : prompted),
    ] {
      try Command.succeed(arguments + options + ["-o", "a.jsonl"], in: directory)
      let found = try objects(String(decoding: directory.bytes("a.jsonl"), as: UTF8.self))[0]
      #expect(found["prompt"]?.stringValue == expected)
      // Ids that pad the vocabulary have no text.
      let ids = try tokens(found).filter { $0 < tokenizer.idBound }
      #expect(try found["text"]?.stringValue == tokenizer.decode(ids, skippingSpecial: true))
      // A single text is printed as it is.
      let printed = try Command.succeed(arguments + options, in: directory).output
      #expect(printed == (found["text"]?.stringValue ?? "") + "\n")
    }
  }

  @Test func `a text ends where it is told to`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    let tokenizer = try TextModel.tokenizer()
    let arguments = ["generate", "--model", "model", "--prompt", "It is", "-o", "a.jsonl", "--temperature", "2"]
    func generated(_ options: [String]) throws -> JSON {
      try Command.succeed(arguments + options, in: directory)
      return try objects(String(decoding: directory.bytes("a.jsonl"), as: UTF8.self))[0]
    }
    let whole = try generated(["--max-new-tokens", "200", "--no-stop"])
    let ids = try tokens(whole)
    #expect(ids.count == 200 && whole["ending"] == "length")
    // The model's own end, and that of the template.
    for (options, ends) in [([], [1]), (["--template", "chatml"], [1, 3])] as [([String], Set<Int>)] {
      let free = try tokens(generated(["--max-new-tokens", "200", "--no-stop"] + options))
      let ended = try generated(["--max-new-tokens", "200"] + options)
      #expect(try tokens(ended) == Array(free.prefix { !ends.contains($0) }))
      #expect(ended["ending"] == (free.contains { ends.contains($0) } ? "stop_token" : "length"))
    }
    // A token that occurs.
    let stop = ids[100]
    let byID = try generated(["--max-new-tokens", "200", "--no-stop", "--stop-id", "\(stop)"])
    #expect(try tokens(byID) == Array(ids.prefix { $0 != stop }) && byID["ending"] == "stop_token")
    // A text over several tokens, and a special token by its spelling.
    let text = try #require(whole["text"]?.stringValue)
    let middle = text.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 }
    let end = String(String.UnicodeScalarView(middle.dropFirst(40).prefix(1)))
    let byText = try generated(["--max-new-tokens", "200", "--no-stop", "--stop", end, "--stop", "never to be seen"])
    #expect(byText["ending"] == "stop_text")
    #expect(byText["text"]?.stringValue == text.components(separatedBy: end)[0])
    #expect(try ids.starts(with: tokens(byText)))
    let special = try #require(ids.first { tokenizer.isSpecial($0) })
    let bySpelling = try generated(
      ["--max-new-tokens", "200", "--no-stop", "--stop", try #require(tokenizer.token(special))])
    #expect(try tokens(bySpelling) == Array(ids.prefix { $0 != special }) && bySpelling["ending"] == "stop_token")
  }

  @Test func `a context that is too short is named`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory, context: 32)
    try directory.write(
      #"{"prompt_ids": [1, 2], "answer_ids": [1]}"# + "\n" + #"{"prompt_ids": [1, 2, 3], "answer_ids": [1]}"#,
      to: "d.jsonl")
    let arguments = ["generate", "--model", "model", "--data", "d.jsonl"]
    try Command.fail(
      65, ["\"d.jsonl\", line 2: the prompt has 3 tokens", "leaves 29", "context of 32", "30 new"],
      arguments + ["--max-new-tokens", "30"], in: directory)
    // Where nothing is said, it is what each prompt leaves room for.
    let found = try objects(Command.succeed(arguments + ["--no-stop"], in: directory).output)
    #expect(try found.map { try tokens($0).count } == [30, 29])
    let ids = Array(repeating: 5, count: 32)
    try directory.write("{\"prompt_ids\": \(ids), \"answer_ids\": [1]}", to: "d.jsonl")
    try Command.fail(65, ["line 1: the prompt has 32 tokens", "no room"], arguments, in: directory)
    try Command.fail(
      65, ["--prompt", "leaves 0"],
      ["generate", "--model", "model", "--prompt", String(repeating: "q", count: 40)], in: directory)
  }

  @Test func `bad options and files are named`() throws {
    let directory = try TemporaryDirectory()
    try TextModel.write(to: directory)
    let arguments = ["generate", "--model", "model", "--prompt", "a"]
    try Command.fail(64, ["--stop-id is 300", "300 tokens"], arguments + ["--stop-id", "300"], in: directory)
    try Command.fail(64, ["--stop is empty"], arguments + ["--stop", ""], in: directory)
    try Command.fail(74, ["\"x/\"", "No such file"], ["generate", "--prompt", "a", "--model", "x/"], in: directory)
    try Command.fail(74, ["\"model\"", "directory"], arguments + ["-o", "model"], in: directory)
    try Command.fail(
      74, ["\"b.json\"", "No such file"], arguments + ["--tokenizer", "b.json"], in: directory)
    try FileManager.default.removeItem(atPath: directory.file("model/tokenizer.json"))
    try Command.fail(74, ["\"model\"", "no tokenizer.json"], arguments, in: directory)
    try directory.write(#"{"prompt_ids": [1, 2], "answer_ids": [1]}"#, to: "d.jsonl")
    let ids = ["generate", "--model", "model", "--data", "d.jsonl"]
    try Command.fail(64, ["--stop needs a tokenizer"], ids + ["--stop", "a"], in: directory)
    try Command.succeed(ids, in: directory)
  }

  @Test(.enabled(if: storiesFolder != nil, "no stories260k in PALIMPSEST_DATA or ../shared/data"))
  func `the stories model tells its published story`() throws {
    let folder = try #require(storiesFolder)
    let directory = try TemporaryDirectory()
    let published = try String(contentsOfFile: "\(folder)/stories260K.md", encoding: .utf8)
    let start = try #require(published.range(of: "Once upon a time")?.lowerBound)
    let end = try #require(published.range(of: "\n```", range: start..<published.endIndex)?.lowerBound)
    let model = ["generate", "--model", "\(folder)/stories260K.bin"]
    let whole = try Command.succeed(model + ["--prompt", ""], in: directory).output
    // The published text ends after 256 steps, of which the first only reads the beginning of the text.
    #expect(whole.hasPrefix(published[start..<end]))
    // The text goes on with a space, which a text of its own would not begin with.
    let rest = try Command.succeed(model + ["--prompt", "Once upon a"], in: directory).output
    #expect(("Once upon a" + rest).hasPrefix(published[start..<end]))
    try directory.write(#"{"question": "Who was Lily?", "answer": "A little girl."}"#, to: "d.jsonl")
    try Command.succeed(
      ["score", "--model", "\(folder)/stories260K.bin", "--data", "d.jsonl", "-o", "s.csv"], in: directory)
    try Command.succeed(
      [
        "score", "--model", "\(folder)/stories260K.bin", "--tokenizer", "\(folder)/tok512.bin", "--data", "d.jsonl",
        "-o", "t.csv",
      ], in: directory)
    #expect(try directory.bytes("s.csv") == directory.bytes("t.csv"))
  }
}
