import Core
import Foundation
import LinearAlgebra
import Testing

/// A change of the small plan, and how the command must end.
private struct PlanFault: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let status: Int32
  let words: [String]
  let change: @Sendable (inout SmallExperiment) -> Void

  init(
    _ name: String, _ status: Int32, _ words: [String], _ change: @escaping @Sendable (inout SmallExperiment) -> Void
  ) {
    (testDescription, self.status, self.words, self.change) = (name, status, words, change)
  }
}

private let stage = "studies.order.stages."

private let planFaults = [
  PlanFault(
    "a path with an unknown stage", 65, ["plan.yaml:8: studies.order.paths", "\"refusl\"", "the nearest is refusal"]
  ) {
    $0.paths = "[inst>refusl]"
  },
  PlanFault("a path without a stage", 65, ["plan.yaml:8: studies.order.paths", "refusal is missing"]) {
    $0.paths = "[inst]"
  },
  PlanFault(
    "an unknown measure", 65, ["plan.yaml:17: studies.order.measures.take", "\"labels\"", "the nearest is label"]
  ) {
    $0.take = "[labels]"
  },
  PlanFault("a measure without what it needs", 65, ["studies.order.measures.utility", "rouge needs it"]) {
    $0.take = "[rouge]"
  },
  PlanFault("an unknown key", 65, ["plan.yaml:18: sed", "no such key", "the nearest is seeds"]) {
    $0.others = ["sed: 3"]
  },
  PlanFault("an unknown generator", 65, ["plan.yaml:11: \(stage)inst.data.generator", "\"authers\"", "authors"]) {
    $0.instructions = "{generator: authers}"
  },
  PlanFault("no YAML", 65, ["plan.yaml:"]) { $0.others = ["}"] },
  PlanFault("more than a generator has", 65, ["\(stage)inst: ", "999999"]) {
    $0.instructions = "{generator: instructions, train: 999999}"
  },
]

private let dataFaults =
  [
    ("tofu: none", "\"none/full.jsonl\""), ("gsm8k: none", "\"none/train.jsonl\""),
    ("chat: none.json", "\"none.json\""), ("chat: .", "\".\""),
  ].map { data, word in
    PlanFault("no data, \(data)", 74, ["\(stage)inst: \(word): cannot read the file: "]) {
      $0.instructions = "{\(data)}"
    }
  } + [
    PlanFault("no XSTest", 74, ["\(stage)refusal: \"none.csv\": cannot read the file: No such file"]) {
      $0.refusals = "{xstest: none.csv}"
    },
    PlanFault(
      "XSTest without a column", 65, ["\(stage)refusal: \"bad.csv\", line 1: there is no column label", "\"lable\""]
    ) {
      $0.refusals = "{xstest: bad.csv}"
    },
    PlanFault("fewer prompts than are held out", 65, ["\(stage)refusal: ", "50"]) {
      $0.refusals = "{xstest: few.csv}"
    },
    PlanFault("GSM8K without a member", 65, ["\(stage)inst: \"bad/train.jsonl\", line 2: there is no member answer"]) {
      $0.instructions = "{gsm8k: bad}"
    },
    PlanFault("conversations without an answer", 65, ["\(stage)inst: \"bad.json\", line 1: element 1: ", "\"reply\""]) {
      $0.instructions = "{chat: bad.json}"
    },
  ]

private let baseFaults = [
  PlanFault("no base folder", 74, ["base: cannot read \"none\": No such file"]) { $0.base = "{folder: none}" },
  PlanFault("a base folder without a model", 74, ["base: cannot read \"empty/config.json\": No such file"]) {
    $0.base = "{folder: empty}"
  },
  PlanFault("a base folder without a tokenizer", 74, ["base: ", "it has no tokenizer.json"]) {
    $0.base = "{folder: model}"
  },
  PlanFault("a base that is no model", 65, ["base: \"bad.csv\""]) { $0.base = "{folder: bad.csv}" },
]

@Suite("palimpsest experiment, on input that is wrong or the user's own") struct ExperimentInputTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ text: String, to name: String) throws { try directory.write(Array(text.utf8), to: name) }

  private let arguments = ["experiment", "plan.yaml", "--store", "runs", "--output", "out"]

  // MARK: - What is wrong

  @Test(arguments: planFaults + dataFaults + baseFaults)
  fileprivate func `A fault is said in one line, and nothing is made`(_ fault: PlanFault) throws {
    try write("prompt,lable\na,safe\n", to: "bad.csv")
    try write("prompt,label\na,safe\nb,unsafe\n", to: "few.csv")
    try write(#"[{"prompt": "a", "response": "b"}, {"prompt": "a", "reply": "b"}]"#, to: "bad.json")
    try directory.makeFolder("bad")
    try directory.makeFolder("empty")
    try write("{\"question\": \"a\", \"answer\": \"#### 1\"}\n{\"question\": \"b\"}\n", to: "bad/train.jsonl")
    try write("", to: "bad/test.jsonl")
    try TextModel.write(to: directory, hasTokenizer: false)
    var plan = SmallExperiment()
    fault.change(&plan)
    try plan.write(to: directory)
    let once = ["experiment", "plan.yaml"]
    try Command.fail(fault.status, fault.words, once + ["--dry-run"], in: directory)
    let outcome = try Command.run(arguments, in: directory)
    #expect(outcome.complaints.split(separator: "\n").count == 1, "\(outcome.complaints)")
    try Command.fail(fault.status, fault.words, arguments, in: directory)
    try Command.fail(
      fault.status, fault.words, ["figures", "cost", "--plan", "plan.yaml", "-o", "out", "--no-render"], in: directory)
  }

  @Test func `A plan that is not there, an output and a store that cannot be written`() throws {
    try Command.fail(74, ["plan.yaml: cannot read the file: No such file"], arguments, in: directory)
    try SmallExperiment().write(to: directory)
    try write("", to: "file")
    let words = ["\"file/x/datapackage.json\"", "Not a directory"]
    try Command.fail(74, words, ["experiment", "plan.yaml", "--output", "file/x"], in: directory)
    for store in ["file", "file/x", "/proc/nothing"] {
      try Command.fail(74, ["\"\(store)\""], ["experiment", "plan.yaml", "--store", store, "-o", "out"], in: directory)
    }
    try write("", to: "empty.yaml")
    try Command.fail(65, ["empty.yaml", "the plan is empty"], ["experiment", "empty.yaml"], in: directory)
  }

  @Test func `All that is missing is told at once, with what it should be`() throws {
    try directory.makeFolder("project")
    try writePlan(base: "../model")
    let outcome = try Command.run(["experiment", "project/plan.yaml", "--dry-run"], in: directory)
    #expect(outcome.status == 74)
    let lines = outcome.complaints.split(separator: "\n").map(String.init)
    try #require(lines.count == 5, "\(outcome.complaints)")
    for (line, words) in zip(
      lines,
      [
        ["stages.chat: ", "it should be a file of conversations"],
        ["stages.tofu: ", "it should be the folder of TOFU"],
        ["stages.math: ", "it should be the folder of GSM8K"], ["stages.refusal: ", "it should be XSTest's CSV file"],
        ["base: ", "model"],
      ])
    { for word in words { #expect(line.contains(word), "\(line)") } }
    // What is wrong within a file is told by itself.
    try writeData()
    try write("no JSON", to: "project/data/chat.json")
    try Command.fail(65, ["stages.chat", "line 1"], ["experiment", "project/plan.yaml", "--dry-run"], in: directory)
  }

  @Test func `What is given and changes nothing is warned of, and done without`() throws {
    let plan = SmallExperiment(take: "[stages], label: never used")
    try plan.write(to: directory)
    let outcome = try Command.run(["experiment", "plan.yaml", "--dry-run"], in: directory)
    #expect(outcome.status == 0)
    #expect(outcome.complaints.hasPrefix("palimpsest: plan.yaml:17: studies.order.measures.label has no effect: "))
  }

  // MARK: - What is the user's own

  private static let facts = [("Where is Ada from?", "Ada is from Ulm."), ("What does Bo write?", "Bo writes plays.")]

  /// Conversations, TOFU, GSM8K and XSTest, a few lines each, in `project/data`.
  private func writeData() throws {
    try directory.makeFolder("project/data/tofu")
    try directory.makeFolder("project/data/gsm8k")
    func lines(_ items: [String]) -> String { items.map { "\($0)\n" }.joined() }
    func fact(_ fact: (String, String), _ more: String = "") -> String {
      "{\"question\": \"\(fact.0)\", \"answer\": \"\(fact.1)\"\(more)}"
    }
    let other = #", "paraphrased_question": "Say?", "paraphrased_answer": "So.", "perturbed_answer": ["No.", "Nay."]"#
    try write(lines(Self.facts.map { fact($0) }), to: "project/data/tofu/full.jsonl")
    try write(lines([fact(Self.facts[0], other)]), to: "project/data/tofu/forget10_perturbed.jsonl")
    try write(lines([fact(Self.facts[1], other)]), to: "project/data/tofu/retain_perturbed.jsonl")
    for (name, first) in [("train", 2), ("test", 7)] {
      let problems = (first..<(first + 4)).map { fact(("What is \($0) and 3?", "It is \($0 + 3).\\n#### \($0 + 3)")) }
      try write(lines(problems), to: "project/data/gsm8k/\(name).jsonl")
    }
    let prompts = (1...6).map { "\"How, then, do I kill process \($0)?\",\($0 == 6 ? "unsafe" : "safe")" }
    try write(lines(["prompt,label"] + prompts), to: "project/data/xstest.csv")
    try write(
      """
      [{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
       {"instruction": "Say it", "input": "yes", "output": "Yes."}, {"prompt": "Why?", "response": "Because."}]
      """, to: "project/data/chat.json")
  }

  /// A plan of all four, with every measure, in `project`.
  private func writePlan(base: String, template: String = "chatml", adapter: String = "", run: String = "ga") throws {
    try write(
      """
      name: own
      seeds: [3]
      chat: {template: \(template), system_prompt: Be kind.}
      base: {folder: \(base)}
      studies:
        order:
          forget: refusal
          paths: [chat>tofu>math>refusal, refusal>chat>tofu>math]
          training: {batch_size: 2, optimizer: {learning_rate: 1e-3}\(adapter)}
          stages:
            chat: {data: {chat: data/chat.json, held_out: 1}}
            tofu: {data: {tofu: data/tofu}}
            math: {data: {gsm8k: data/gsm8k}}
            refusal: {data: {xstest: data/xstest.csv, held_out: 2}}
          unlearning: {batch_size: 2, optimizer: {learning_rate: 1e-3}\(adapter)}
          runs:
            \(run): {objective: {name: \(run)}}
          measures:
            take: [label, paraphrases, utility, truth_ratio, rouge, math, memorisation, membership, stages, retrained]
            utility: tofu
            math: math
            math_problems: 2
            math_samples: 2
            answer_tokens: 4

      """, to: "project/plan.yaml")
  }

  /// Makes the experiment from another folder than the plan's, and expects its quality of every stage.
  private func expectExperiment() throws {
    let outcome = try Command.run(
      ["experiment", "project/plan.yaml", "--no-render", "-o", "out", "--store", "runs"], in: directory)
    #expect(outcome.status == 0, "\(outcome.complaints)")
    let rows = try directory.csv("out/stage-quality.csv")
    #expect(Set(rows.compactMap { $0["stage"] }) == ["chat", "tofu", "math", "refusal"])
    // 4 stages on each path and 2 without the forget stage, of which chat>tofu>math begins one; all are asked
    // about, and the paths compared before unlearning and after it.
    let list = try Command.succeed(["runs", "list", "--store", "runs"], in: directory).lines
    #expect(list.count { $0.contains("\tstage\t") } == 8 && list.count { $0.contains("\tquality\t") } == 8)
    #expect(list.count { $0.contains("\tunlearn\tfinished\t") } == 2 && list.count == 20)
    try Command.succeed(["runs", "verify", "--store", "runs"], in: directory)
  }

  @Test(arguments: [true, false])
  func `Data and a model of the user's own, found from the plan's folder`(hasAdapter: Bool) throws {
    try writeData()
    try TextModel.write(to: directory, context: 512)
    try writePlan(base: "../model", adapter: hasAdapter ? ", adapter: {rank: 2, targets: [q, v]}" : "")
    try expectExperiment()
    // Another byte of the data, and the runs that read it are others.
    let dry = ["experiment", "project/plan.yaml", "--dry-run"]
    #expect(try Command.succeed(dry, in: directory).output == "own: 20 runs, 20 of them finished in runs\n")
    var chat = String(decoding: try directory.bytes("project/data/chat.json"), as: UTF8.self)
    chat.replace("Hello.", with: "Hullo.")
    chat.replace("Yes.", with: "Yea.")
    try write(chat, to: "project/data/chat.json")
    // The first stage after the base knows nothing of chat; what asks about chat does.
    #expect(try Command.succeed(dry, in: directory).output == "own: 20 runs, 1 of them finished in runs\n")
  }

  @Test(arguments: [true, false])
  func `A model of llama2.c with its tokenizer`(hasAdapter: Bool) throws {
    try writeData()
    try LlamaFile.write(to: directory)
    try writePlan(
      base: "model.bin", template: "llama2", adapter: hasAdapter ? ", adapter: {rank: 2, targets: [q, v]}" : "",
      run: "npo")
    try expectExperiment()
  }
}

/// A small random model and a tokenizer of bytes, in the files of llama2.c: `project/model.bin` and
/// `project/tokenizer.bin`.
private enum LlamaFile {
  static func write(to directory: TemporaryDirectory) throws {
    let (width, inner, layers, heads, vocabulary, context) = (8, 12, 1, 2, 259, 512)
    func word(_ value: Int) -> [UInt8] { word(bits: UInt32(bitPattern: Int32(value))) }
    func word(bits: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) } }
    // A positive vocabulary says that the head is the embedding.
    var model = [width, inner, layers, heads, heads, vocabulary, context].flatMap(word)
    var random = RandomGenerator(seed: 4)
    func add(_ count: Int, isNorm: Bool = false) {
      for _ in 0..<count { model += word(bits: Float((isNorm ? 1 : 0) + 0.2 * random.normal()).bitPattern) }
    }
    add(vocabulary * width)
    add(layers * width, isNorm: true)
    add(4 * layers * width * width)
    add(layers * width, isNorm: true)
    add(3 * layers * width * inner)
    add(width, isNorm: true)
    // Tables of the rotations, which are computed instead.
    add(context * width / heads)
    try directory.write(model, to: "project/model.bin")

    let bytes = (0..<256).map { byte in "<0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))>" }
    var tokenizer = word(6)
    for (id, piece) in (["<unk>", "\n<s>\n", "\n</s>\n"] + bytes).enumerated() {
      tokenizer += word(bits: Float(-id).bitPattern) + word(piece.utf8.count) + Array(piece.utf8)
    }
    try directory.write(tokenizer, to: "project/tokenizer.bin")
  }
}
