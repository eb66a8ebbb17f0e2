import FileFormats
import Testing

@Suite struct ConfigTests {
  @Test func `a valid file is said to be valid, and printed whole it reads back`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("epochs: 3\nadapter: {rank: 4}\nsystem_prompt: Be &brief\n", to: "c.yaml")
    try Command.fail(65, ["c.yaml:3", "anchors"], ["config", "validate", "c.yaml"], in: directory)
    try directory.write("epochs: 3\nadapter: {rank: 4}\nsystem_prompt: \"Be\\u0020\\u0026brief\"\n", to: "c.yaml")
    #expect(try Command.succeed(["config", "validate", "c.yaml"], in: directory).output == "c.yaml is valid\n")
    #expect(try Command.succeed(["config", "validate", "c.yaml", "--quiet"], in: directory).output == "")
    let arguments = ["--set", "epochs=5", "--set", "adapter.alpha=2", "--set", "epochs=6", "--print"]
    let printed = try Command.succeed(["config", "validate", "c.yaml"] + arguments, in: directory).output
    for line in ["epochs: 6", "  rank: 4", "  alpha: 2.0", "system_prompt: \"Be \\u0026brief\"", "truncate: false"] {
      #expect(printed.split(separator: "\n").contains(Substring(line)), "\(printed)")
    }
    try directory.write(printed, to: "d.yaml")
    #expect(try Command.succeed(["config", "validate", "d.yaml", "--print"], in: directory).output == printed)
  }

  @Test func `keys without effect are warned of, and are no error`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("optimizer:\n  name: sgd\n  betas: [0.9, 0.99]\n", to: "c.yaml")
    let outcome = try Command.run(["config", "validate", "c.yaml"], in: directory)
    #expect(outcome.status == 0 && outcome.output == "c.yaml is valid\n")
    #expect(outcome.complaints == "palimpsest: c.yaml:3: optimizer.betas has no effect: sgd has none\n")
  }

  @Test func `every fault is a line, and the schema is JSON`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("epoch: 3\nbatch_size: 0\nadapter: {rnk: 4}\n", to: "c.yaml")
    let outcome = try Command.run(["config", "validate", "c.yaml"], in: directory)
    #expect(outcome.status == 65 && outcome.output == "")
    let lines = outcome.complaints.split(separator: "\n")
    #expect(
      lines.count == 3 && lines.allSatisfy { $0.hasPrefix("palimpsest: error: c.yaml:") }, "\(outcome.complaints)")
    for (line, words) in zip(lines, ["the nearest is epochs", "batch_size", "the nearest is adapter.rank"]) {
      #expect(line.contains(words))
    }
    #expect(
      try Command.succeed(["config", "validate", "--plan", quickPlan], in: directory).output.hasSuffix("is valid\n"))
    for options in [[], ["--plan"]] {
      let schema = try JSON(parsing: Array(Command.succeed(["config", "schema"] + options, in: directory).output.utf8))
      #expect(schema["$schema"]?.stringValue?.contains("json-schema.org") == true)
      #expect(schema["additionalProperties"] == false)
    }
    let keys = try Command.succeed(["config", "keys", "--plan"], in: directory).lines
    #expect(keys.contains { $0.hasPrefix("studies.NAME.role ") && $0.contains("phrasings") })
    try Command.fail(64, ["--set"], ["config", "validate", "--plan", quickPlan, "--set", "a=1"], in: directory)
  }

  @Test(arguments: [
    ("epoch: 3", [], ["c.yaml:1: epoch: there is no such key; the nearest is epochs"]),
    ("seed: 1\nseed: 2", [], ["c.yaml:2: seed: the key occurs twice"]),
    ("epochs: two", [], ["c.yaml:1", "whole number"]),
    ("", ["--set", "epochs=0"], ["--set epochs=0: epochs: expected whole number"]),
    ("", ["--set", "drop_lst=true"], ["the nearest is drop_last"]), ("", ["--set", "epochs"], ["key=value"]),
    ("epochs: [", [], ["c.yaml"]), ("a: &a [*a]", [], ["anchors"]), ("\u{0}", [], ["c.yaml"]),
  ])
  func `what is wrong is named`(text: String, options: [String], words: [String]) throws {
    let directory = try TemporaryDirectory()
    try directory.write(text, to: "c.yaml")
    try Command.fail(65, words, ["config", "validate", "c.yaml"] + options, in: directory)
  }

  @Test func `a file that cannot be read is named`() throws {
    let directory = try TemporaryDirectory()
    try Command.fail(74, ["absent.yaml", "No such file"], ["config", "validate", "absent.yaml"], in: directory)
    try Command.fail(74, ["not a regular file"], ["config", "validate", "."], in: directory)
  }

  @Test func `every key is listed`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("", to: "c.yaml")
    let listed = try Command.succeed(["config", "keys"], in: directory).lines.dropFirst().map {
      $0.prefix { $0 != " " }
    }
    let printed = try Command.succeed(["config", "validate", "c.yaml", "--print"], in: directory).lines
    for line in printed {
      let key = line.drop { $0 == " " }.prefix { $0 != ":" }
      #expect(listed.contains { $0 == key || $0.hasSuffix(".\(key)") || $0.hasPrefix("\(key).") }, "\(key)")
    }
    #expect(listed.count > 20)
  }
}
