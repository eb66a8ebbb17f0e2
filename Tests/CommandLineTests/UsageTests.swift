import Foundation
import Testing

@Suite struct UsageTests {
  @Test(arguments: [
    (["theorem"], ["--instance", "--random"]),
    (["theorem", "--random", "--instance", "x"], ["--instance", "--random"]),
    (["theorem", "--random", "--steps", "-1"], ["--steps is -1", "between 0 and 2^53"]),
    (["theorem", "--random", "--steps", "9223372036854775807"], ["--steps is 9223372036854775807"]),
    (["theorem", "--random", "--steps", "9007199254740993"], ["--steps is 9007199254740993"]),
    (["theorem", "--random", "--steps", "9223372036854775808"], ["'9223372036854775808'", "--steps"]),
    (["theorem", "--random", "--steps", "many"], ["'many'", "--steps"]),
    (["theorem", "--random", "--every", "0"], ["--every is 0", "at least 1"]),
    (["theorem", "--random", "--every", "-3"], ["--every is -3"]),
    (["theorem", "--random", "--every", "1", "--steps", "10000000"], ["--every 1", "10000001 rows"]),
    (["theorem", "--random", "--eta", "0"], ["--eta is 0", "greater than 0"]),
    (["theorem", "--random", "--eta", "-0.5"], ["--eta is -0.5"]),
    (["theorem", "--random", "--eta", "nan"], ["--eta is nan"]),
    (["theorem", "--random", "--eta", "inf"], ["--eta is inf"]),
    (["theorem", "--instance", "x", "--eta", "-1"], ["--eta is -1"]),
    (["theorem", "--random", "--epsilon", "0"], ["--epsilon is 0"]),
    (["theorem", "--random", "--epsilon", "-1"], ["--epsilon is -1"]),
    (["theorem", "--random", "--epsilon", "nan"], ["--epsilon is nan"]),
    (["theorem", "--random", "--mu-a", "0"], ["--mu-a is 0"]),
    (["theorem", "--random", "--mu-b", "-1"], ["--mu-b is -1"]),
    (["theorem", "--random", "--dimension", "0"], ["--dimension is 0"]),
    (["theorem", "--random", "--rows-a", "-2"], ["--rows-a is -2"]),
    (["theorem", "--random", "--forget-rows", "0"], ["--forget-rows is 0"]),
    (["theorem", "--random", "--dimension", "99999999999999999999"], ["--dimension"]),
    (["theorem", "--random", "--seed", "18446744073709551616"], ["--seed"]),
    (["theorem", "--random", "--seed=-1"], ["--seed"]),
    (["theorem", "--random", "--threads", "0"], ["--threads is 0"]),
    (["theorem", "--random", "--forget", "all"], ["'all'", "independent", "part-of-b"]),
    (["theorem", "--random", "--forget", "all-of-a", "--forget-rows", "3"], ["--forget-rows"]),
    (["theorem", "--random", "--wide", "--dimension", "3"], ["--wide", "--dimension"]),
    (["theorem", "--random", "--wide", "--eta", "3"], ["--wide", "--eta"]),
    (["theorem", "--instance", "x", "--seed", "1"], ["--seed", "--instance"]),
    (["theorem", "--instance", "x", "--wide"], ["--wide", "--instance"]),
    (["theorem", "--random", "--quiet", "--verbose"], ["--quiet", "--verbose"]),
    (["theorem", "--random", "--bits", "256"], ["--bits", "--certified"]),
    (["theorem", "--random", "--certified", "--bits", "63"], ["--bits is 63", "64"]),
    (["theorem", "--random", "--certified", "--every", "2"], ["--every", "--certified"]),
    (["theorem", "--random", "--certified", "--theorems", "b2"], ["--theorems", "--certified"]),
    (["sweep", "--certified", "--bits", "2000000"], ["--bits is 2000000", "2^20"]),
    (["theorem", "--random", "--colour"], ["--colour"]),
    (["theorem", "--random", "stray"], ["stray"]),
    (["theorem", "--random", "--output"], ["--output"]),
    (["sweep", "--trials", "0"], ["--trials is 0", "at least 1", "10000000"]),
    (["sweep", "--trials", "-5"], ["--trials is -5"]),
    (["sweep", "--trials", "9223372036854775807"], ["--trials is 9223372036854775807"]),
    (["sweep", "--trials", "2", "--seed", "18446744073709551614"], ["--seed", "64 bits"]),
    (["sweep", "--steps", "-1"], ["--steps is -1"]),
    (["sweep", "--eta", "0"], ["--eta is 0"]),
    (["sweep", "--wide", "--mu-a", "1"], ["--wide", "--mu-a"]),
    (["sweep", "--random"], ["--random"]),
    (
      ["figures", "nope"],
      [
        "\"nope\"",
        "divergence, bound-losses, stage-orders, retrain-distance, tolerance-time, step-size, ridge, exact-law",
      ]
    ),
    (["figures", "--frames", "3"], ["--frames"]),
    (["figures", "--seed", "x"], ["--seed"]),
    (["score", "--model", "m", "--data", "d"], ["--output"]), (["score", "--model", "m", "--output", "o"], ["--data"]),
    (["score", "--data", "d", "--output", "o"], ["--model"]),
    (["score", "--model", "m", "--data", "d", "-o", "o", "--max-length", "1"], ["--max-length is 1", "2"]),
    (["score", "--model", "m", "--data", "d", "-o", "o", "--template", "lama2"], ["'lama2'", "llama2"]),
    (["generate", "--model", "m"], ["--prompt", "--data"]),
    (["generate", "--model", "m", "--prompt", "a", "--data", "d"], ["--prompt", "--data"]),
    (["generate", "--model", "m", "--prompt", "a", "--max-new-tokens", "0"], ["--max-new-tokens is 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--temperature", "-1"], ["--temperature is -1"]),
    (["generate", "--model", "m", "--prompt", "a", "--temperature", "nan"], ["--temperature is nan"]),
    (["generate", "--model", "m", "--prompt", "a", "--temperature", "1", "--top-p", "1.5"], ["--top-p is 1.5"]),
    (["generate", "--model", "m", "--prompt", "a", "--temperature", "1", "--top-k", "0"], ["--top-k is 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--top-k", "5"], ["--top-k", "temperature 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--top-p", "0.5"], ["--top-p", "temperature 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--seed", "5"], ["--seed", "temperature 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--samples", "2"], ["--samples", "temperature 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--samples", "0"], ["--samples is 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--slots", "0"], ["--slots is 0"]),
    (["generate", "--model", "m", "--prompt", "a", "--stop-id", "-1"], ["--stop-id"]),
    (["config", "validate"], ["<file>"]), (["config", "validate", "c", "--sets", "a=1"], ["--sets"]),
    (["config", "keys", "all"], ["all"]), (["config", "chek"], ["chek"]),
    (["runs", "show"], ["<key>"]), (["runs", "gc", "--older-than=-1"], ["--older-than is -1"]),
    (["runs", "gc", "--older-than", "nan"], ["--older-than is nan"]), (["runs", "list", "all"], ["all"]),
    (["experiment"], ["<plan.yaml>"]), (["experiment", "p", "q"], ["'q'"]),
    (["experiment", "p", "--seed", "1"], ["--seed"]), (["experiment", "p", "--threads", "0"], ["--threads is 0"]),
    (["falsify"], ["--list"]), (["falsify", "nope"], ["\"nope\"", "ga, npo, simnpo"]),
    (["falsify", "ga", "--list"], ["--list", "ga"]), (["falsify", "ga", "--epsilon", "0"], ["--epsilon is 0"]),
    (["falsify", "ga", "--steps", "-1"], ["--steps is -1", "100000"]),
    (["falsify", "ga", "--instances", "0"], ["--instances is 0"]),
    (["falsify", "ga", "--position", "4"], ["--position is 4", "1, 2 or 3"]),
    (["falsify", "ga", "--property", "beauty"], ["'beauty'", "path-obliviousness"]),
    (["falsify", "ga", "--time-limit", "nan"], ["--time-limit is nan"]),
    (["falsify", "ga", "--replay", "x", "--position", "3"], ["--position", "--replay"]),
    (["dance"], ["dance"]),
  ])
  func `wrong usage is said in two lines`(_ arguments: [String], _ words: [String]) throws {
    // "at least 1" is said as a range where there is an upper end too.
    let words = words.filter { $0 != "at least 1" || !arguments.contains("--trials") }
    let directory = try TemporaryDirectory()
    let commands = [
      "theorem", "sweep", "figures", "score", "generate", "config", "validate", "keys", "runs", "list", "show", "gc",
      "experiment", "falsify",
    ]
    let path = ["palimpsest"] + arguments.prefix { commands.contains($0) } + ["--help"]
    try Command.fail(64, words + ["See \(path.joined(separator: " "))\n"], arguments, in: directory)
  }

  @Test func `shapes that no memory can hold are refused`() throws {
    let directory = try TemporaryDirectory()
    for (options, words) in [
      (["--dimension", "1000000000", "--rows-a", "1000000000"], ["d = 1000000000", "GB of memory"]),
      (["--dimension", "2", "--rows-a", "1000000000"], ["1000000000, 15, 6, 10 rows", "GB of memory"]),
      (["--dimension", "2147483648"], ["the number d is 2147483648", "2^30"]),
      (["--dimension", "\(Int.max)", "--rows-a", "\(Int.max)"], ["the number d is", "2^30"]),
      (["--test-rows", "1073741824"], ["GB of memory"]),
    ] {
      try Command.fail(
        65, ["the random instance of seed 1: "] + words, ["theorem", "--random", "-o", "r"] + options, in: directory)
      try Command.fail(65, ["seed 1: "] + words, ["sweep", "-o", "r", "--trials", "3"] + options, in: directory)
    }
  }

  @Test func `data that cannot be computed with are named by their seed`() throws {
    let directory = try TemporaryDirectory()
    // More rows than features and hardly any mu: what normal equations cannot do, singular values do.
    let outcome = try Command.succeed(
      ["sweep", "--trials", "2", "--seed", "5", "--mu-a", "1e-300", "--rows-a", "100"], in: directory)
    #expect(outcome.output.hasPrefix("2 instances: holds on 2, violated on 0"))
    try Command.fail(
      65, ["the random instance of seed 5: ", "only 15", "part"],
      ["theorem", "--random", "--seed", "5", "--forget", "part-of-b", "--forget-rows", "16"], in: directory)
    try Command.fail(
      65, ["the random instance of seed 1: X_test has 5 rows and X_U 6", "m >= k"],
      ["theorem", "--random", "--test-rows", "5"], in: directory)
    // The default of m follows k.
    try Command.succeed(["theorem", "--random", "--forget", "all-of-b", "--steps", "9"], in: directory)
  }

  @Test func `the version is a number`() throws {
    let directory = try TemporaryDirectory()
    for arguments in [["--version"], ["theorem", "--version"]] {
      let outcome = try Command.succeed(arguments, in: directory)
      #expect(outcome.lines.count == 1)
      let numbers = outcome.lines[0].split(separator: ".")
      #expect(numbers.count == 3)
      for number in numbers { #expect(Int(number) != nil) }
    }
  }

  @Test(arguments: [
    ["--help"], ["theorem", "--help"], ["sweep", "--help"], ["falsify", "--help"], ["figures", "--help"],
    ["score", "--help"], ["experiment", "--help"],
    ["generate", "--help"], ["config", "--help"], ["config", "validate", "--help"], ["config", "keys", "--help"],
    ["config", "schema", "--help"],
    ["runs", "--help"], ["runs", "list", "--help"], ["runs", "show", "--help"], ["runs", "verify", "--help"],
    ["runs", "gc", "--help"], ["help", "sweep"], [],
  ])
  func `every help has an example that is not broken over lines`(_ arguments: [String]) throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(arguments, in: directory)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: "EXAMPLE"))
    let examples = lines[(start + 1)...].prefix { !$0.isEmpty }
    #expect((2...4).contains(examples.count))
    for example in examples { #expect(example.hasPrefix("  palimpsest ")) }
    #expect(outcome.output.contains("OPTIONS:"))
    // No option goes without a word of help.
    for line in lines where line.hasPrefix("  --") && !line.dropFirst(2).contains("  ") {
      let index = try #require(lines.firstIndex(of: line))
      #expect(lines[index + 1].hasPrefix("          "), "\(line)")
    }
  }

  @Test func `figures says how it makes an experiment's exhibits`() throws {
    let help = try Command.succeed(["figures", "--help"], in: try TemporaryDirectory()).output
    for words in ["--plan <plan.yaml>", "plans/embedded.yaml", "--store <dir>", "PALIMPSEST_RUNS"] {
      #expect(help.contains(words))
    }
  }

  @Test(arguments: [
    "theorem", "figures", "sweep", "score", "generate", "config", "config validate", "config keys",
    "config schema", "experiment",
  ])
  func `the examples work`(_ command: String) throws {
    let directory = try TemporaryDirectory()
    let help = try Command.succeed(command.split(separator: " ").map(String.init) + ["--help"], in: directory).lines
    try TextModel.write(to: directory)
    try directory.write("epochs: 2\n", to: "run.yaml")
    try directory.write(#"{"prompt_ids": [1, 2], "answer_ids": [3]}"#, to: "ids.jsonl")
    try directory.write(#"{"question": "Who are you?", "answer": "I am a model."}"#, to: "qa.jsonl")
    try directory.makeFolder("plans")
    try FileManager.default.copyItem(atPath: quickPlan, toPath: directory.file("plans/quick.yaml"))
    let start = try #require(help.firstIndex(of: "EXAMPLE"))
    for example in help[(start + 1)...].prefix(2) {
      var line = example.replacing("palimpsest", with: Command.path).replacing(#/dir|stories260K.bin/#, with: "model")
      // Fewer trials, no drawing: what is tested is that the options exist.
      line.replace(#/--trials \d+/#, with: "--trials 50")
      if ["figures", "experiment"].contains(command) { line += " --no-render --quiet" }
      let outcome = try Command.start("/bin/sh", ["-c", String(line)], in: directory.path)
      #expect(outcome.status == 0 && outcome.complaints == "", "\(outcome.complaints)")
    }
  }

  @Test func `nothing but text is written where there is no terminal`() throws {
    let directory = try TemporaryDirectory()
    for arguments in [
      ["theorem", "--random", "--steps", "300000"], ["sweep", "--trials", "300"], ["figures", "ridge", "--no-render"],
    ] {
      let outcome = try Command.succeed(arguments, in: directory)
      #expect(!outcome.output.isEmpty)
      #expect(!outcome.output.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0.value == 127 })
      let quiet = try Command.succeed(arguments + ["--quiet"], in: directory)
      #expect(quiet.output == "")
    }
  }
}
