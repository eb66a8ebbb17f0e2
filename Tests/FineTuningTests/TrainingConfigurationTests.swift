import FineTuning
import PropertyTesting
import TestSupport
import Testing
import Transformer
import Unlearning

private func parse(_ text: String, _ overrides: [String] = []) throws -> TrainingConfiguration {
  try TrainingConfiguration.parse(Array(text.utf8), source: "c.yaml", overrides: overrides).configuration
}

private func warnings(_ text: String, _ overrides: [String] = []) throws -> [String] {
  try TrainingConfiguration.parse(Array(text.utf8), source: "c.yaml", overrides: overrides).warnings.map(\.description)
}

private func fault(_ text: String, _ overrides: [String] = []) throws -> ConfigurationError {
  try #require(throws: ConfigurationError.self) { try parse(text, overrides) }
}

/// A configuration that is refused, and what the error must say; an empty key and the line 0 leave that open.
struct Fault: Sendable {
  var text: String
  var rule: ConfigurationError.Rule
  var key: String
  var nearest: String?
  var line: Int

  init(_ text: String, _ rule: ConfigurationError.Rule, _ key: String, _ nearest: String?, _ line: Int) {
    (self.text, self.rule, self.key, self.nearest, self.line) = (text, rule, key, nearest, line)
  }
}

private let everything = """
  # Every key there is.
  epochs: 2
  max_steps: 300
  batch_size: 4
  gradient_accumulation: 32
  shuffle: false
  drop_last: true
  seed: 42
  sequence_length: 512
  truncate: true
  template: llama3
  system_prompt: "Answer: briefly."
  optimizer:
    name: adamw
    learning_rate: 1e-5
    betas: [0.9, 0.95]
    epsilon: 1e-6
    weight_decay: 0
    clip_norm: 1
  schedule: {name: wsd_cosine, warmup: 10, decay: 0.25}
  adapter:
    rank: 64
    alpha: 128
    dropout: 0.05
    targets:
      - q
      - v_proj
      - "lm_head"
      - 'down'
  objective:
    name: simnpo_original
    beta: 4.5
    margin: 1.125
    forget_coefficient: 0.125
    retain_coefficient: 0.5
    retain_data: "dir with space/retain.jsonl"
  proximal:
    mu: .1
  """

@Suite struct TrainingConfigurationTests {
  @Test func `nothing means the defaults`() throws {
    for text in ["", "# nothing\n", "---\n...\n", "{}", "null", "adapter:\n", "objective: {}\noptimizer: null"] {
      #expect(try parse(text) == TrainingConfiguration())
    }
    let defaults = TrainingConfiguration()
    #expect(defaults.adapter == nil && defaults.objective.main == .sft)
    #expect(defaults.optimizer.algorithm == .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8))
    #expect(defaults.optimizer.learningRate == 1e-3 && defaults.optimizer.weightDecay == 0.01)
  }

  @Test func `every key arrives`() throws {
    let found = try parse(everything)
    var expected = TrainingConfiguration()
    expected.epochs = 2
    expected.maxSteps = 300
    expected.batchSize = 4
    expected.gradientAccumulation = 32
    expected.shuffle = false
    expected.dropLast = true
    expected.seed = 42
    expected.sequenceLength = 512
    expected.truncate = true
    expected.template = .llama3
    expected.systemPrompt = "Answer: briefly."
    expected.optimizer.algorithm = .adamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-6)
    expected.optimizer.learningRate = 1e-5
    expected.optimizer.weightDecay = 0
    expected.optimizer.clipNorm = 1
    expected.schedule.shape = .wsdCosine
    expected.schedule.warmup = .steps(10)
    expected.schedule.decay = .fraction(0.25)
    expected.adapter = try LoRAConfiguration(rank: 64, alpha: 128, dropout: 0.05, targets: [.q, .v, .head, .down])
    expected.objective.main = try .simNPOOriginal(beta: 4.5, margin: 1.125)
    expected.objective.forgetCoefficient = 0.125
    expected.objective.retainCoefficient = 0.5
    expected.objective.retainData = "dir with space/retain.jsonl"
    expected.proximal.mu = 0.1
    #expect(found == expected)
    #expect(try warnings(everything).isEmpty)
  }

  @Test func `defaults that depend on other keys`() throws {
    #expect(try parse("schedule: {name: wsd}").schedule.warmup == .fraction(0.02))
    #expect(try parse("schedule: {name: wsd}").schedule.decay == .fraction(0.02))
    #expect(try parse("schedule: {name: cosine}").schedule.warmup == .steps(0))
    // The name that the line had while wsd was the wave; it is not written any more.
    #expect(try parse("schedule: {name: wsd_linear}") == parse("schedule: {name: wsd}"))
    #expect(try parse("schedule: {name: wsd_linear}").yaml.contains("name: wsd\n"))
    #expect(try parse("optimizer: {name: sgd}").optimizer.weightDecay == 0)
    #expect(try parse("objective: {name: npo}").objective.main == .npo(beta: 0.5))
    #expect(try parse("objective: {name: simnpo}").objective.main == .simNPO(beta: 1))
    #expect(try parse("objective: {name: ga}").objective.main == .gradientAscent)
    #expect(
      try parse("objective: {name: simnpo_original}").objective.main
        == .simNPOOriginal(beta: 2.5, margin: 0))
    let adapter = try #require(try parse("adapter: {}").adapter)
    #expect(adapter == (try LoRAConfiguration(rank: 8, alpha: 8, targets: [.q, .v])))
  }

  @Test(arguments: [
    Fault("epoch: 3", .unknownKey, "epoch", "epochs", 1),
    Fault("\n\noptimizer:\n  lr: 1", .unknownKey, "optimizer.lr", "optimizer.learning_rate", 4),
    Fault("learning_rate: 1", .unknownKey, "learning_rate", "optimizer.learning_rate", 1),
    Fault("optimiser: {name: sgd}", .unknownKey, "optimiser", "optimizer", 1),
    Fault("optimizer: {nmae: sgd}", .unknownKey, "optimizer.nmae", "optimizer.name", 1),
    Fault("gradient_accumulation_steps: 2", .unknownKey, "gradient_accumulation_steps", "gradient_accumulation", 1),
    Fault("\"optimizer.name\": 3", .unknownKey, "optimizer.name", nil, 1),
    Fault("optimizer: {a.b: 3}", .unknownKey, "optimizer.a.b", "optimizer.name", 1),
    Fault("seed: 1\nseed: 2", .duplicateKey, "seed", nil, 2),
    Fault("seed: 1\nadapter:\n  rank: 4\n  alpha: 1\n  \"rank\": 5", .duplicateKey, "adapter.rank", nil, 5),
    Fault("adapter: {rank: 4,\n 'rank': 5}", .duplicateKey, "adapter.rank", nil, 2),
    Fault("epochs: 1\nepochs: 1\nseed: 1\nseed: 2", .duplicateKey, "", nil, 0),
    Fault("epochs: two", .type, "epochs", nil, 1), Fault("epochs: \"2\"", .type, "epochs", nil, 1),
    Fault("epochs: 2.0", .type, "epochs", nil, 1), Fault("epochs: [2]", .type, "epochs", nil, 1),
    Fault("epochs:", .type, "epochs", nil, 1), Fault("epochs: true", .type, "epochs", nil, 1),
    Fault("epochs: 0x10", .type, "epochs", nil, 1), Fault("epochs: 1_000", .type, "epochs", nil, 1),
    Fault("epochs: 0", .range, "epochs", nil, 1), Fault("epochs: -1", .range, "epochs", nil, 1),
    Fault("epochs: 99999999999999999999", .range, "epochs", nil, 1), Fault("max_steps: 0", .range, "max_steps", nil, 1),
    Fault("batch_size: 0", .range, "batch_size", nil, 1),
    Fault("gradient_accumulation: 0", .range, "gradient_accumulation", nil, 1),
    Fault("shuffle: yes", .type, "shuffle", nil, 1), Fault("shuffle: 1", .type, "shuffle", nil, 1),
    Fault("drop_last: 1", .type, "drop_last", nil, 1), Fault("droplast: true", .unknownKey, "droplast", "drop_last", 1),
    Fault("truncate: yes", .type, "truncate", nil, 1), Fault("truncate: null", .type, "truncate", nil, 1),
    Fault("system_prompt: ''", .range, "system_prompt", nil, 1),
    Fault("system_prompt: 3", .type, "system_prompt", nil, 1),
    Fault("systemprompt: a", .unknownKey, "systemprompt", "system_prompt", 1),
    Fault("seed: -1", .range, "seed", nil, 1), Fault("sequence_length: 1", .range, "sequence_length", nil, 1),
    Fault("template: lama2", .range, "template", "llama2", 1), Fault("template: 3", .type, "template", nil, 1),
    Fault("optimizer: adamw", .type, "optimizer", nil, 1),
    Fault("optimizer: {name: adam}", .range, "optimizer.name", "adamw", 1),
    Fault("optimizer: {learning_rate: -1}", .range, "optimizer.learning_rate", nil, 1),
    Fault("optimizer: {learning_rate: .nan}", .range, "optimizer.learning_rate", nil, 1),
    Fault("optimizer: {learning_rate: .inf}", .range, "optimizer.learning_rate", nil, 1),
    Fault("optimizer: {learning_rate: 1e999}", .range, "optimizer.learning_rate", nil, 1),
    Fault("optimizer: {learning_rate: '1e-3'}", .type, "optimizer.learning_rate", nil, 1),
    Fault("optimizer: {betas: 0.9}", .type, "optimizer.betas", nil, 1),
    Fault("optimizer: {betas: [0.9]}", .range, "optimizer.betas", nil, 1),
    Fault("optimizer:\n  betas:\n  - 0.9\n  - 1", .range, "optimizer.betas", nil, 4),
    Fault("optimizer: {betas: [0.9, -0.1]}", .range, "optimizer.betas", nil, 1),
    Fault("optimizer: {epsilon: 0}", .range, "optimizer.epsilon", nil, 1),
    Fault("optimizer: {weight_decay: -0.1}", .range, "optimizer.weight_decay", nil, 1),
    Fault("optimizer: {clip_norm: 0}", .range, "optimizer.clip_norm", nil, 1),
    Fault("schedule: {name: cosinus}", .range, "schedule.name", "cosine", 1),
    Fault("schedule: {warmup: 1.5}", .range, "schedule.warmup", nil, 1),
    Fault("schedule: {name: wsd, decay: -0.1}", .range, "schedule.decay", nil, 1),
    Fault("adapter: {rank: 0}", .range, "adapter.rank", nil, 1),
    Fault("adapter: {alpha: 0}", .range, "adapter.alpha", nil, 1),
    Fault("adapter: {dropout: 1}", .range, "adapter.dropout", nil, 1),
    Fault("adapter: {targets: q}", .type, "adapter.targets", nil, 1),
    Fault("adapter: {targets: []}", .range, "adapter.targets", nil, 1),
    Fault("adapter: {targets: [q, q_proj]}", .range, "adapter.targets", nil, 1),
    Fault("adapter: {targets: [q, qate]}", .range, "adapter.targets", "gate", 1),
    Fault("adapter: 8", .type, "adapter", nil, 1),
    Fault("objective: {name: nop}", .range, "objective.name", "npo", 1),
    Fault("objective: npo", .type, "objective", nil, 1),
    Fault("objective: {name: npo, beta: 0}", .range, "objective.beta", nil, 1),
    Fault("objective: {name: ga, beta: -3}", .range, "objective.beta", nil, 1),
    Fault("objective: {margin: .nan}", .range, "objective.margin", nil, 1),
    Fault("objective: {forget_coefficient: 0}", .range, "objective.forget_coefficient", nil, 1),
    Fault("objective: {name: simnpo_original, gamma: 0.125}", .unknownKey, "objective.gamma", nil, 1),
    Fault("objective: {delta: 0}", .unknownKey, "objective.delta", nil, 1),
    Fault("objective: {alpha: 1}", .unknownKey, "objective.alpha", nil, 1),
    Fault("objective: {retain_coefficient: -1}", .range, "objective.retain_coefficient", nil, 1),
    Fault("objective: {retain_coefficient: 1}", .combination, "objective.retain_coefficient", nil, 1),
    Fault("objective: {retain_data: ''}", .range, "objective.retain_data", nil, 1),
    Fault("objective: {retain_data: 3}", .type, "objective.retain_data", nil, 1),
    Fault("proximal: {mu: -1}", .range, "proximal.mu", nil, 1), Fault("proximal: 0.1", .type, "proximal", nil, 1),
  ])
  func `what is wrong is an error that names the line, the key and the nearest`(
    expected: Fault
  ) throws {
    let error = try fault(expected.text)
    #expect(error.rule == expected.rule, "\(error)")
    #expect(error.source == "c.yaml")
    if !expected.key.isEmpty { #expect(error.keyPath == expected.key, "\(error)") }
    #expect(error.nearest == expected.nearest, "\(error)")
    if expected.line > 0 { #expect(error.line == expected.line, "\(error)") }
    #expect(error.description.hasPrefix("c.yaml:"))
    if let nearest = expected.nearest { #expect(error.description.hasSuffix("; the nearest is \(nearest)")) }
    #expect(!error.description.contains("\n"))
  }

  @Test func `messages read well`() throws {
    // Copied from OpenUnlearning, whose gamma is a factor.
    let copied = try fault("objective: {name: simnpo_original, beta: 4.5, gamma: 0.125}").description
    for key in ["objective.margin", "times beta", "objective.forget_coefficient"] { #expect(copied.contains(key)) }
    #expect(
      try fault("optimizer:\n  lr: 1").description
        == "c.yaml:2: optimizer.lr: there is no such key; the nearest is optimizer.learning_rate")
    #expect(
      try fault("epochs: 0").description == "c.yaml:1: epochs: expected whole number, 1 to 1000000000, found 0")
    #expect(
      try fault("adapter:\n  rank: 1\n  rank: 2").description
        == "c.yaml:3: adapter.rank: the key occurs twice, in lines 2 and 3; keep one")
    #expect(
      try fault("", ["epoch=3"]).description == "--set epoch=3: epoch: there is no such key; the nearest is epochs")
  }

  @Test(arguments: [
    "epochs: [", "\"", "a: b: c", "\tepochs: 1", "epochs: 1\n  seed: 2", "epochs: 1\n---\nepochs: 2", "- 1", "3",
    "%FOO",
    "epochs: !!int 3", "? [1, 2]\n: 3", "? {epochs: 1}\n: 3", "epochs: *x", "a: &x 1", "\u{0}", "epochs: \u{7}",
    "{\"epochs\": 1", "epochs: \"\\ud800\"", "!foo {}", "!!set {epochs}", "epochs: !foo", "!!str seed: 1\nseed: 2",
  ])
  func `what is no configuration at all is a typed error`(text: String) throws {
    let error = try fault(text)
    #expect([.syntax, .type, .unknownKey, .duplicateKey].contains(error.rule), "\(error)")
    #expect(!error.description.contains("\n"))
  }

  @Test func `overrides take effect in order, before validation`() throws {
    #expect(try parse("epochs: 0", ["epochs=4"]).epochs == 4)
    #expect(try parse("epochs: 1", ["epochs=4", "epochs=5"]).epochs == 5)
    #expect(try parse("", ["adapter.rank=4"]).adapter?.rank == 4)
    #expect(try parse(everything, ["adapter=null"]).adapter == nil)
    #expect(try parse(everything, ["adapter="]).adapter == nil)
    let replaced = try parse(everything, ["adapter={rank: 2, targets: [k]}"]).adapter
    #expect(replaced == (try LoRAConfiguration(rank: 2, alpha: 8, targets: [.k])))
    #expect(try parse(everything, ["adapter=null", "adapter.alpha=3"]).adapter?.rank == 8)
    #expect(try parse("", ["objective.name=npo", "objective.beta=0.1"]).objective.main == .npo(beta: 0.1))
    #expect(try parse("", ["optimizer.betas=[0.5, 0.6]"]).optimizer.algorithm == .adamW(beta1: 0.5, beta2: 0.6))
    #expect(try parse("max_steps: 3", ["max_steps="]).maxSteps == nil)
    #expect(try parse("", ["objective.retain_data=a=b.jsonl"]).objective.retainData == "a=b.jsonl")
    // What the file says wrongly is no matter where it is overridden; a key that does not exist is.
    #expect(try fault("foo: 1", ["epochs=2"]).rule == .unknownKey)
    for (override, rule) in [
      ("epochs", ConfigurationError.Rule.syntax), ("epochs=0", .range), ("epochs=[", .syntax), ("=3", .unknownKey),
      ("optimizer=3", .type), ("optimizer.name.x=3", .unknownKey), ("epochs=&a 3", .syntax), (".=", .unknownKey),
      ("adapter={rank: 1, rank: 2}", .duplicateKey), ("adapter={foo: 1}", .unknownKey),
    ] {
      let error = try fault("", [override])
      #expect(error.rule == rule && error.source == "--set \(override)" && error.line == nil, "\(error)")
    }
  }

  @Test func `keys without effect are warned of`() throws {
    #expect(
      try warnings("optimizer:\n  name: sgd\n  betas: [0.9, 0.99]")
        == ["c.yaml:3: optimizer.betas has no effect: sgd has none"])
    #expect(try warnings("schedule: {name: cosine, decay: 0.1}").count == 1)
    #expect(try warnings("objective: {name: ga, beta: 1, margin: 2}").count == 2)
    #expect(try warnings("objective: {name: npo, margin: 2}").count == 1)
    #expect(try warnings("objective: {retain_data: a}").count == 1)
    #expect(try warnings("objective: {retain_objective: kl}").count == 1)
    #expect(try warnings("objective: {retain_data: null, retain_objective: sft}").isEmpty)
    #expect(try warnings("objective: {forget_coefficient: 2}").count == 1)
    #expect(
      try warnings("", ["objective.beta=1"]) == ["--set objective.beta=1: objective.beta has no effect: sft has none"])
  }

  @Test func `the record of a run reads back as the same configuration`() throws {
    let scales = Gen<Double>.logUniform(in: 1e-30...1e6)
    let targets = Gen<[LoRAConfiguration.Target]>.shuffled(LoRAConfiguration.Target.allCases)
    checkProperty(
      "round trip",
      zip(
        scales.array(count: 6), Gen<Int>.int(in: 1...5000).array(count: 4), Gen<Bool>.bool.array(count: 8),
        zip(
          Gen.choice(of: LearningRateSchedule.Shape.allCases), Gen.choice(of: Objective.main),
          Gen.choice(of: Objective.retaining), Gen<Double>.double(in: 0.001...0.999)), targets,
        Gen<String>.string(of: "a \"\\#:'\n\u{1}\u{7F}\u{85}\u{2028}\u{FFFF}é😀&*", count: 1...9))
    ) { scales, counts, flags, choices, targets, text in
      var configuration = TrainingConfiguration()
      configuration.epochs = counts[0]
      configuration.maxSteps = flags[0] ? counts[1] : nil
      configuration.seed = UInt64(counts[2])
      configuration.shuffle = flags[1]
      configuration.dropLast = flags[6]
      configuration.truncate = flags[7]
      configuration.systemPrompt = flags[0] ? text : nil
      configuration.template = flags[2] ? .llama2 : .chatml
      if flags[3] { configuration.optimizer.algorithm = .sgd }
      configuration.optimizer.learningRate = scales[0]
      configuration.optimizer.weightDecay = scales[1]
      configuration.optimizer.clipNorm = flags[4] ? scales[2] : nil
      let (shape, name, retain, fraction) = choices
      configuration.schedule.shape = shape
      configuration.schedule.warmup = flags[5] ? .steps(counts[3]) : .fraction(fraction)
      configuration.schedule.decay = shape.hasDecaySpan ? .fraction(fraction) : nil
      let parameters = ["beta": scales[3], "margin": -scales[4], "layer": Double(counts[0]), "steering": scales[4]]
      configuration.objective.main = try ChosenObjective(name, having: parameters)
      configuration.objective.retain = try ChosenObjective(retain, having: parameters)
      if name != .sft { configuration.objective.forgetCoefficient = scales[2] }
      configuration.objective.retainCoefficient = scales[5]
      configuration.objective.retainData = text
      configuration.adapter =
        flags[0] ? nil : try LoRAConfiguration(rank: counts[0], alpha: scales[0], targets: Set(targets.prefix(3)))
      let (found, warnings) = try TrainingConfiguration.parse(Array(configuration.yaml.utf8))
      try ensure(found == configuration, "\(configuration.yaml)")
      try ensure(warnings.isEmpty, "\(warnings)")
      try ensure(found.yaml == configuration.yaml, "texts differ")
    }
  }

  @Test func `all faults are told at once, each where it is`() throws {
    let directory = try TemporaryDirectory()
    let text = """
      epoch: 2
      batch_size: 0
      optimizer: {learning_rate: fast, clip_norm: 1}
      objective: {name: npoo, beta: -1}
      """
    let path = try directory.file("run.yaml", text.utf8)
    let faults = try #require(throws: ConfigurationFaults.self) { try TrainingConfiguration.check(path: path) }
    #expect(
      faults.faults.map(\.keyPath) == [
        "epoch", "batch_size", "optimizer.learning_rate", "objective.name", "objective.beta",
      ])
    #expect(faults.faults.map(\.line) == [1, 2, 3, 4, 4] && !faults.mayBeMore)
    #expect(faults.faults.map(\.nearest) == ["epochs", nil, nil, "npo", nil])
    // The first is what reading alone says.
    let first = try #require(throws: ConfigurationError.self) { try TrainingConfiguration.read(path: path) }
    #expect(first == faults.faults[0])
    let good = try directory.file("good.yaml", "epochs: 2".utf8)
    #expect(try TrainingConfiguration.check(path: good).configuration.epochs == 2)
    let overridden = try #require(throws: ConfigurationFaults.self) {
      try TrainingConfiguration.check(path: good, overrides: ["epochs=0"])
    }
    #expect(overridden.faults.map(\.keyPath) == ["epochs"])
  }

  @Test func `the schema knows the values of every key`() throws {
    for key in TrainingConfiguration.keys { #expect(key.type.schema != nil, "\(key.values)") }
    let properties = try #require(TrainingConfiguration.schema["properties"])
    #expect(properties["epochs"]?["minimum"] == 1 && properties["shuffle"]?["type"] == "boolean")
    #expect(properties["max_steps"]?["anyOf"]?.elements?.last == ["type": "null"])
    let objective = try #require(properties["objective"]?["properties"])
    #expect(objective["name"]?["enum"]?.elements == Objective.main.map { .string($0.name) })
    #expect(objective["beta"]?["exclusiveMinimum"] == 0)
    #expect(properties["optimizer"]?["properties"]?["betas"]?["maxItems"] == 2)
    // Every key is there, in its group.
    for key in TrainingConfiguration.keys {
      let parts = key.path.split(separator: ".").map(String.init)
      let found = parts.count == 1 ? properties[parts[0]] : properties[parts[0]]?["properties"]?[parts[1]]
      #expect(found?["description"]?.stringValue?.hasPrefix(key.summary) == true, "\(key.path)")
    }
  }

  @Test func `the list of keys is complete and its defaults are true`() throws {
    let keys = TrainingConfiguration.keys
    #expect(keys.count == 34)
    #expect(Set(keys.map(\.path)).count == keys.count)
    let listed = Set(keys.map(\.path))
    // `adapter: null` stands for a whole group.
    let written = Set(try parse(everything).yaml.split(separator: "\n").compactMap { $0.split(separator: ":").first })
    #expect(written.count >= 25)
    for key in keys where !key.defaultText.contains(" for ") && !key.path.hasPrefix("adapter.") {
      var overrides = ["\(key.path)=\(key.defaultText)"]
      if key.path == "objective.margin" { overrides.append("objective.name=simnpo_original") }
      var expected = TrainingConfiguration()
      if key.path == "objective.margin" {
        expected.objective.main = try .simNPOOriginal(beta: 2.5, margin: 0)
      }
      #expect(try parse("", overrides) == expected, "\(key.path)")
    }
    for name in ["rank", "alpha", "dropout", "targets"] {
      let key = try #require(keys.first { $0.path == "adapter.\(name)" })
      #expect(try parse("", ["\(key.path)=\(key.defaultText)"]).adapter == parse("adapter: {}").adapter)
    }
    for line in TrainingConfiguration.referenceText.split(separator: "\n").dropFirst() {
      #expect(listed.contains(String(line.prefix { $0 != " " })))
    }
  }

  @Test func `steps of a run`() {
    var configuration = TrainingConfiguration()
    configuration.epochs = 3
    #expect(configuration.totalSteps(stepsPerEpoch: 7) == 21)
    configuration.maxSteps = 10
    #expect(configuration.totalSteps(stepsPerEpoch: 7) == 10)
    #expect(configuration.totalSteps(stepsPerEpoch: .max) == 10)
  }

  @Test func `files are read and written`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("c.yaml")
    let configuration = try parse(everything)
    try configuration.write(to: path)
    #expect(try TrainingConfiguration.read(path: path).configuration == configuration)
    #expect(try TrainingConfiguration.read(path: path, overrides: ["epochs=9"]).configuration.epochs == 9)
    let absent = try #require(throws: ConfigurationError.self) { try TrainingConfiguration.read(path: path + "x") }
    #expect(absent.rule == .system && absent.source == path + "x")
    try place([UInt8](repeating: 0x20, count: TrainingConfiguration.maximumByteCount + 1), at: path)
    #expect(try #require(throws: ConfigurationError.self) { try TrainingConfiguration.read(path: path) }.rule == .size)
  }
}
