import FineTuning
import Foundation
import PostTraining
import TestSupport
import Testing
import Transformer
import Unlearning

@Suite struct PlanTests {
  @Test func `every part arrives`() throws {
    let plan = try parsed(smallPlan)
    #expect(plan.name == "small" && plan.title == "small" && plan.seeds == [3, 4])
    #expect(plan.template == .chatml && plan.systemPrompt == "Be kind.")
    guard case .pretrained(let base) = plan.base else {
      Issue.record("\(plan.base)")
      return
    }
    #expect(
      try base.model
        == ModelConfiguration(
          vocabularySize: 300, hiddenSize: 16, intermediateSize: 32, layerCount: 1, headCount: 2, contextLength: 64))
    #expect(try base.corpus == DataSource(.corpus, ["train": 20, "held_out": 2]))
    #expect(base.training.epochs == 2 && base.training.optimizer.learningRate == 2e-3)
    #expect(base.training.template == .chatml && base.training.systemPrompt == "Be kind.")
    let study = try #require(plan[study: "order"])
    #expect(study.stages.map(\.name) == ["inst", "tofu", "math", "refusal"] && study.forget == "refusal")
    #expect(
      try study.stages.map(\.data) == [
        DataSource(.instructions), DataSource(.authors, ["authors": 3]), DataSource(.problems), DataSource(.refusals),
      ])
    #expect(
      study.paths.map(\.description) == [
        "refusal>inst>tofu>math", "inst>refusal>tofu>math", "inst>tofu>refusal>math", "inst>tofu>math>refusal",
      ])
    #expect(study.runs.map(\.name) == ["npo", "ga", "simnpo", "npo-cosine"])
    #expect(try warnings(smallPlan).isEmpty)
  }

  @Test func `own keys are laid over shared ones, group by group`() throws {
    let study = try #require(try parsed(smallPlan)[study: "order"])
    let (inst, tofu) = (try #require(study[stage: "inst"]).training, try #require(study[stage: "tofu"]).training)
    let (math, refusal) = (try #require(study[stage: "math"]).training, try #require(study[stage: "refusal"]).training)
    #expect([inst, tofu, math, refusal].map(\.epochs) == [10, 1, 1, 1])
    #expect([inst, tofu, math, refusal].allSatisfy { $0.batchSize == 4 && $0.template == .chatml })
    #expect([inst, tofu, math].map(\.optimizer.learningRate) == [1e-3, 1e-5, 1e-3])
    #expect([inst, tofu, math].map(\.optimizer.weightDecay) == [0, 0, 0])
    #expect(inst.schedule.shape == .wsd && inst.schedule.decay == .fraction(0.1))
    #expect(math.schedule.shape == .cosine && math.schedule.decay == nil)
    #expect(try inst.adapter == LoRAConfiguration(rank: 4, alpha: 16, targets: [.q, .v]))
    #expect(try tofu.adapter == LoRAConfiguration(rank: 2, alpha: 16, targets: [.q, .v]))
    #expect(math.adapter == nil && refusal.adapter == inst.adapter)
    #expect(study.unlearning.optimizer.learningRate == 7e-4 && study.unlearning.batchSize == 5)
    #expect(study.unlearning.systemPrompt == "Be kind.")
    let objectives = study.runs.map(\.configuration.objective.main)
    // The shared beta is npo's: it serves other objectives as little as an absent one.
    #expect(
      try objectives == [
        .npo(beta: 0.1), .gradientAscent, .simNPO(beta: 1),
        .npo(beta: 0.1),
      ])
    #expect(study.runs.map(study.deviation) == [.none, .none, .none, .schedule])
  }

  @Test func `what is left out has its default`() throws {
    let measures = try #require(try parsed(smallPlan)[study: "order"]).measures
    var expected = MeasurementPlan(
      [.label, .paraphrases, .utility, .truthRatio, .math, .membership, .stages], label: Refusals.label,
      paraphrases: Refusals.similar, utilityStage: "tofu", mathStage: "math")
    expected.forgetQuestions = 7
    #expect(measures == expected)
    let plain = try parsed(smallPlan("chat: {template: chatml, system_prompt: \"Be kind.\"}\n", ""))
    #expect(plain.template == .plain && plain.systemPrompt == nil)
    #expect(try parsed(smallPlan("    paths: positions\n", "")) == parsed(smallPlan))
    let own = try parsed(smallPlan("utility: tofu", "utility: tofu\n      label: No\n      paraphrases: [Never, Nope]"))
    #expect(own.studies[0].measures.label == "No" && own.studies[0].measures.paraphrases == ["Never", "Nope"])
    let few = try parsed(
      smallPlan("take: [label, paraphrases, utility, truth_ratio, math, membership, stages]", "take: [utility, math]"))
    #expect(few.studies[0].measures.label == nil && few.studies[0].measures.paraphrases.isEmpty)
  }

  @Test(arguments: [
    ("{generator: corpus, seed: 2}", try DataSource(.corpus, ["seed": 2, "train": 3400, "held_out": 170])),
    (
      "{generator: instructions, train: 5, held_out: 0}",
      try DataSource(.instructions, ["seed": 0, "train": 5, "held_out": 0])
    ),
    ("{generator: problems}", try DataSource(.problems, ["train": 600, "held_out": 100])),
    ("{generator: refusals}", try DataSource(.refusals, ["train": 200, "held_out": 40])),
    (
      "{generator: authors, seed: 9, authors: 4, held_out: 3}",
      try DataSource(.authors, ["seed": 9, "authors": 4, "held_out": 3])
    ),
    (
      "{generator: phrasing, phrasing: U, prompts: 8}",
      try DataSource(.phrasing, ["seed": 0, "phrasing": "U", "prompts": 8])
    ),
    (
      "{generator: brands, brand: chris, train: 6}",
      try DataSource(.brands, ["seed": 0, "brand": "chris", "train": 6, "held_out": 12])
    ),
    ("{tofu: a/b}", try DataSource(.tofu, path: "plans/a/b", ["split": "full"])),
    ("{tofu: a/b, split: retain90}", try DataSource(.tofu, path: "plans/a/b", ["split": "retain90"])),
    ("{gsm8k: /a}", try DataSource(.gsm8k, path: "/a")),
    ("{xstest: a}", try DataSource(.xstest, path: "plans/a", ["held_out": 50])),
    ("{xstest: ../a.csv, held_out: 3}", try DataSource(.xstest, path: "plans/../a.csv", ["held_out": 3])),
    ("{chat: a}", try DataSource(.chat, path: "plans/a", ["held_out": 0])),
    ("{chat: a, held_out: 4}", try DataSource(.chat, path: "plans/a", ["held_out": 4])),
  ])
  func `data of every kind`(text: String, expected: DataSource) throws {
    let text = try smallPlan("{generator: instructions}", text)
    let plan = try ExperimentPlan.parse(Array(text.utf8), folder: "plans").plan
    #expect(plan.studies[0].stages[0].data == expected)
  }

  @Test func `data tell whether anything is held out`() throws {
    let generated: [DataSource] = [
      try DataSource(.corpus, ["train": 4, "held_out": 2]), try DataSource(.instructions, ["train": 4, "held_out": 0]),
      try DataSource(.authors, ["authors": 1, "held_out": 1]), try DataSource(.problems, ["train": 3, "held_out": 0]),
      try DataSource(.refusals, ["train": 3, "held_out": 1]),
      try DataSource(.phrasing, ["phrasing": "C", "prompts": 3]),
      try DataSource(.brands, ["brand": "bob", "train": 3, "held_out": 2]),
      try DataSource(.brands, ["brand": "bob", "train": 3, "held_out": 0]),
    ]
    for source in generated { #expect(try source.holdsOut == !source.load(as: "s").heldOut.isEmpty, "\(source)") }
    let files = [
      try DataSource(.gsm8k, path: "a"), try DataSource(.tofu, path: "a"),
      try DataSource(.xstest, path: "a", ["held_out": 0]), try DataSource(.chat, path: "a", ["held_out": 2]),
    ]
    #expect(files.map(\.holdsOut) == [true, false, false, true])
  }

  @Test func `kinds of data have names of their own and say what they are`() {
    let kinds = DataSource.Kind.all
    #expect(Set(kinds.map(\.name)).count == kinds.count)
    #expect(!kinds.contains { $0.name == "generator" })
    for kind in kinds {
      #expect(kind.summary.count > 5 && Set(kind.keys.map(\.name)).count == kind.keys.count, "\(kind.name)")
      for key in kind.keys { #expect((key.range == nil) == !key.words.isEmpty && key.summary.count > 5, "\(key.name)") }
      let listed = ExperimentPlan.referenceText
      #expect(listed.contains(kind.isFile ? "DATA.\(kind.name) " : kind.name), "\(kind.name)")
    }
  }

  @Test func `keys of data that are unknown, missing or out of range are told`() {
    for (kind, given, fault) in [
      (
        DataSource.Kind.problems, ["trian": 3], "data problems: \"trian\" is no key of it; it has seed, train, held_out"
      ),
      (.gsm8k, ["held_out": 3], "data gsm8k: \"held_out\" is no key of it; it has none"),
      (.brands, [:], "data brands: \"brand\" must be given: alice, bob or chris"),
      (.brands, ["brand": "dora"], "data brands: \"brand\" expected alice, bob or chris, found \"dora\""),
      (.phrasing, ["phrasing": 1], "data phrasing: \"phrasing\" expected C, U or R, found \"1\""),
      (
        .problems, ["seed": -1],
        "data problems: \"seed\" expected whole number, 0 to 9223372036854775807, found \"-1\""
      ),
      (.problems, ["train": 0], "data problems: \"train\" expected whole number, 1 to 1000000000, found \"0\""),
    ] as [(DataSource.Kind, [String: DataSource.Value], String)] {
      let error = #expect(throws: DataSourceError.self) { try DataSource(kind, path: kind.isFile ? "a" : nil, given) }
      #expect("\(error.map { "\($0)" } ?? "")" == fault)
    }
  }

  @Test func `texts without turns need a template without turns`() throws {
    let text = try smallPlan("{generator: instructions}", "{text: a, held_out: 1}")
    let plain = text.replacingOccurrences(of: "template: chatml", with: "template: plain")
    #expect(
      try ExperimentPlan.parse(Array(plain.utf8), folder: "p").plan.studies[0].stages[0].data
        == DataSource(.text, path: "p/a", ["held_out": .number(1)]))
    #expect {
      try ExperimentPlan.parse(Array(text.utf8), folder: "")
    } throws: {
      "\($0)".contains("data.text: texts without turns can be written by the template plain alone")
    }
  }

  @Test func `all faults of a plan are told at once`() throws {
    let directory = try TemporaryDirectory()
    let text = try smallPlan("learning_rate: 2e-3", "learning_rate: fast").replacingOccurrences(
      of: "utility: tofu\n", with: "utility: tofu\n      math_problem: 3\n")
    let path = try directory.file("p.yaml", text.utf8)
    let faults = try #require(throws: ConfigurationFaults.self) { try ExperimentPlan.check(path: path) }.faults
    try #require(faults.count == 2)
    #expect(faults[0].keyPath == "base.training.optimizer.learning_rate" && faults[0].rule == .type)
    #expect(faults[1].keyPath?.hasSuffix("measures.math_problem") == true)
    #expect(faults[1].nearest?.hasSuffix("measures.math_problems") == true)
    // A wrong value leaves out what others need: no fault of its own.
    let wrong = try directory.file("w.yaml", smallPlan("generator: refusals", "generator: refusal").utf8)
    let one = try #require(throws: ConfigurationFaults.self) { try ExperimentPlan.check(path: wrong) }
    #expect(one.faults.count == 1 && one.mayBeMore)
  }

  @Test func `the schema knows the values of every key of a plan`() throws {
    for key in ExperimentPlan.keys where !["mapping", "data", "training configuration"].contains(key.values) {
      guard !key.values.hasPrefix("mapping from names") else { continue }
      #expect(key.type.schema != nil, "\(key.path): \(key.values)")
    }
    let study = try #require(ExperimentPlan.schema["properties"]?["studies"]?["additionalProperties"]?["properties"])
    #expect(study["role"]?["enum"] == ["order", "phrasings"])
    #expect(study["stages"]?["additionalProperties"]?["properties"]?["data"]?["$ref"] == "#/$defs/data")
    #expect(ExperimentPlan.schema["required"] == ["name", "seeds", "base", "studies"])
  }

  @Test func `orders of every kind`() throws {
    func paths(_ text: String) throws -> [String] {
      try parsed(smallPlan("paths: positions", "paths: \(text)")).studies[0].paths.map(\.description)
    }
    #expect(try paths("all").count == 24)
    #expect(try Set(paths("all")).count == 24)
    #expect(
      try paths("[refusal>math>tofu>inst, \"inst>tofu>math>refusal\"]")
        == ["refusal>math>tofu>inst", "inst>tofu>math>refusal"])
  }

  @Test func `a base model in a folder`() throws {
    let lines = smallPlan.split(separator: "\n").map(String.init)
    let text = (lines[..<4] + ["  folder: models/Llama"] + lines[7...]).joined(separator: "\n")
    #expect(try ExperimentPlan.parse(Array(text.utf8), folder: "/x").plan.base == .folder("/x/models/Llama"))
    #expect(try fault(text + "\nbase: {}").rule == .duplicateKey)
    let both = try fault(smallPlan("base:\n", "base:\n  folder: a\n"))
    #expect(both.rule == .combination && both.keyPath == "base.model")
  }

  @Test func `keys without effect are warned of once, where they are`() throws {
    #expect(
      try warnings(smallPlan("schedule: {name: wsd, decay: 0.1}", "schedule: {name: cosine, decay: 0.1}")) == [
        "p.yaml:12: studies.order.training.schedule.decay has no effect: cosine has no stretch of decay of its own"
      ])
    #expect(
      try warnings(smallPlan("ga: {objective: {name: ga}}", "ga: {objective: {name: ga, beta: 2}}")) == [
        "p.yaml:21: studies.order.runs.ga.objective.beta has no effect: ga has none"
      ])
    #expect(
      try warnings(smallPlan("truth_ratio, math, ", "truth_ratio, ")) == [
        "p.yaml:27: studies.order.measures.math has no effect: no measure taken asks for it; math would"
      ])
  }

  @Test func `files are read, and paths start from their folder`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file("p.yaml", smallPlan("{generator: instructions}", "{chat: a.jsonl}").utf8)
    #expect(
      try ExperimentPlan.read(path: path).plan.studies[0].stages[0].data
        == DataSource(.chat, path: directory.file("a.jsonl"), ["held_out": 0])
    )
    let absent = try #require(throws: ConfigurationError.self) { try ExperimentPlan.read(path: path + "x") }
    #expect(absent.rule == .system && absent.source == path + "x")
    try place([UInt8](repeating: 0x20, count: ExperimentPlan.maximumByteCount + 1), at: path)
    #expect(try #require(throws: ConfigurationError.self) { try ExperimentPlan.read(path: path) }.rule == .size)
  }

  @Test func `the list of keys names each once and needs only those required`() throws {
    let lines = ExperimentPlan.referenceText.split(separator: "\n").dropFirst()
    let keys = lines.map { String($0.prefix { $0 != " " }) }
    #expect(Set(keys).count == keys.count && keys.count > 50)
    for key in ["seeds", "chat.template", "base.model.hidden_size", "studies.NAME.measures.take", "DATA.brand"] {
      #expect(keys.contains(key))
    }
    let line = try #require(lines.first { $0.hasPrefix("studies.NAME.measures.forget_questions ") })
    #expect(line.contains(" \(MeasurementPlan([]).forgetQuestions) "))
  }
}
