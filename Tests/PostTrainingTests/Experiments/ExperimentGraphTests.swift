import Checkpoints
import Core
import FileFormats
import FineTuning
import Foundation
import Synchronization
import TestSupport
import Testing
import Tokenizers
import Transformer
import Unlearning

@testable import PostTraining

/// A plan that takes a second: a tiny model, a few conversations, all measures.
private func smallPlan(
  seeds: [UInt64] = [1], adapter: LoRAConfiguration? = try? LoRAConfiguration(rank: 2, alpha: 4, targets: [.q, .v]),
  base: BaseModel? = nil
) throws -> ExperimentPlan {
  func training(epochs: Int, _ objective: ChosenObjective = .sft) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.epochs = epochs
    configuration.batchSize = 4
    configuration.optimizer.learningRate = 1e-2
    configuration.adapter = adapter
    configuration.objective.main = objective
    return configuration
  }
  var pretraining = training(epochs: 1)
  pretraining.adapter = nil
  let model = try ModelConfiguration(
    vocabularySize: 300, hiddenSize: 16, intermediateSize: 16, layerCount: 1, headCount: 2, contextLength: 256,
    tiesEmbeddings: true)
  var measures = MeasurementPlan(
    Set(Measure.all), label: Refusals.label, paraphrases: Array(Refusals.similar.prefix(2)), utilityStage: "tofu",
    mathStage: "math")
  measures.forgetQuestions = 3
  measures.utilityQuestions = 4
  measures.mathProblems = 2
  measures.mathSamples = 2
  measures.stageExamples = 3
  measures.answerTokens = 6
  let study = Study(
    name: "order",
    stages: [
      Stage("tofu", data: try DataSource(.authors, ["authors": 1, "held_out": 1]), training: training(epochs: 1)),
      Stage("math", data: try DataSource(.problems, ["train": 8, "held_out": 4]), training: training(epochs: 1)),
      Stage("refusal", data: try DataSource(.refusals, ["train": 8, "held_out": 4]), training: training(epochs: 2)),
    ], forget: "refusal", paths: try (1...3).map { try Path(["tofu", "math"]).inserting("refusal", at: $0) },
    unlearning: training(epochs: 1),
    runs: [
      UnlearningRecipe("ga", configuration: training(epochs: 2, .gradientAscent)),
      UnlearningRecipe("npo", configuration: training(epochs: 2, try .npo(beta: 0.5))),
    ], measures: measures)
  return ExperimentPlan(
    name: "small", title: "for tests", seeds: seeds,
    base: try base
      ?? .pretrained(
        Pretraining(
          model: model, corpus: try DataSource(.corpus, ["train": 24, "held_out": 0]), training: pretraining)),
    studies: [study])
}

@Suite("Experiments")
struct ExperimentGraphTests {
  @Test func `trainings with steps at rate 0 are named before they start`() throws {
    var plan = try smallPlan()
    #expect(try ExperimentGraph(plan).notices.isEmpty)
    plan.studies[0].stages[0].training.schedule.warmup = .steps(2)
    plan.studies[0].runs[1].configuration.optimizer.learningRate = 0
    let examples = try plan.studies[0].stages[0].data.load(as: "tofu").train.count
    #expect(
      try ExperimentGraph(plan).notices == [
        "the learning rate is 0 in every step, so that nothing changes, of order/npo (4 steps)",
        "the learning rate is 0 in step 1, where the warm-up starts, of order/tofu (\((examples + 3) / 4) steps)",
      ])
  }

  /// `wsd` has meant another curve: what was trained by it must not be taken for what is asked for.
  @Test func `a run's key changes with the way of training`() throws {
    let plan = try smallPlan()
    let (study, writing) = (plan.studies[0], Writing(template: .plain, systemPrompt: nil))
    let (start, data) = (LearnedModel(base: .folder("base")), HashedData(StageData("refusal", train: [])))
    let stage = StageRun(
      start: start, data: data, training: study.stages[2].training, seed: 1, writing: writing, title: "",
      baseDigest: "base")
    let unlearning = UnlearnRun(
      start: start, retrained: nil, stages: [data], forget: "refusal", measures: study.measures,
      configuration: study.runs[0].configuration, seed: 1, writing: writing, title: "", baseDigest: "base")
    guard case .pretrained(let pretraining) = plan.base else { return }
    let base = PretrainingRun(pretraining: pretraining, corpus: data, seed: 1, tokenizer: stage.plan.key)
    for plan in [stage.plan, unlearning.plan, base.plan] {
      #expect(plan.inputs["trainer"] == .integer(Trainer.version) && Trainer.version == 2, "\(plan.kind)")
    }
  }

  @Test func `share the common beginnings of paths, and have one trajectory for each seed, path and run`() throws {
    let folder = try TemporaryDirectory()
    let plan = try smallPlan(seeds: [1, 2])
    let graph = try ExperimentGraph(plan)
    // A tokenizer; of each seed the base; 3 + 3 + 3 stages of the three paths, of which tofu is learned once for two of
    // them, and the model without the forget stage is one of them; as many questionings; 2 runs from each path; the
    // paths compared before and after each.
    #expect(graph.count == 1 + 2 * (1 + 8 + 8 + 6 + 3))
    let store = RunStore(directory: folder.file("runs"))
    let results = try #require(try graph.run(in: store))
    #expect(results.trajectories.count == 12)
    #expect(results.qualities.count == 2 * 8 * 3)
    // Of both seeds and runs, three pairs before and after on two parts.
    #expect(results.divergences.count == 2 * 2 * 3 * 2 * 2)
    for trajectory in results.trajectories {
      #expect(trajectory.rows.count == 5)
      #expect(trajectory.rows.allSatisfy { $0.count == trajectory.columns.count && $0.allSatisfy(\.isFinite) })
      #expect(trajectory.trueTokens.count == 5)
      #expect(trajectory["forget_score"]?.first == 0)
      #expect(trajectory["utility"]?.first == 1)
    }
    // Unlearning did something, and from the same model to begin with.
    let (ga, npo) = (results.trajectories[0], results.trajectories[1])
    #expect((ga.run, npo.run, ga.path) == ("ga", "npo", npo.path))
    #expect(ga.rows[0] == npo.rows[0])
    #expect(ga.rows[4] != npo.rows[4])
    #expect(ga["label_log_likelihood"]?.last != ga["label_log_likelihood"]?.first)
    // Seeds differ from the start.
    let other = try #require(results.trajectories.first { $0.seed == 2 })
    #expect(other.rows[0] != ga.rows[0])
    #expect(results.cost.runs == graph.count)
    #expect(results.cost.trainedTokens > 0 && results.cost.measuredTokens > 0)
    // Every unlearning run says what its steps did: gradient ascent has the weight 1, NPO from its reference on less.
    let logs = try tree(store.directory).filter { $0.key.hasSuffix("/\(UnlearnRun.stepsName)") }.values.map {
      try TidyTable(columns: MetricsRow.columns.filter { $0.name != "seconds" }, csv: $0)
    }
    #expect(logs.count == 12 && logs.allSatisfy { $0.rows.count == 4 })
    let weights = logs.map { log in
      log.rows.map { row in if case .number(let value)? = row.last { value } else { Double.nan } }
    }
    #expect(weights.count { $0 == [0, 0, 0, 0] } == 6)
    #expect(weights.count { $0[0] == 0 && $0.dropFirst().allSatisfy { $0 < 0 } } == 6, "\(weights)")
  }

  @Test func `give the same bytes for any number of threads, and when they are stopped again and again`() throws {
    let folder = try TemporaryDirectory()
    let graph = try ExperimentGraph(try smallPlan())
    var options = RunOptions()
    options.workers = Workers(count: 1)
    let (one, three, stopped) = (folder.file("one"), folder.file("three"), folder.file("stopped"))
    let first = try graph.run(in: RunStore(directory: one), options: options)
    options.workers = Workers(count: 3)
    let second = try graph.run(in: RunStore(directory: three), options: options)
    #expect(first == second)
    #expect(try tree(one) == tree(three))

    var starts = 0
    var results: ExperimentResults?
    while results == nil, starts < 400 {
      starts += 1
      // Asked before every step, and by the scheduler as often as runs report, which is more on a busy machine: each
      // start comes a few steps further.
      let asked = Mutex(0)
      let most = 9 + starts / 20
      options.shouldStop = {
        asked.withLock { asked in
          asked += 1; return asked > most
        }
      }
      results = try graph.run(in: RunStore(directory: stopped), options: options)
    }
    #expect(starts > 10)
    #expect(results == first)
    #expect(try tree(stopped) == tree(one))
  }

  @Test func `make a damaged run again, with the same bytes`() throws {
    let folder = try TemporaryDirectory()
    let graph = try ExperimentGraph(try smallPlan())
    let path = folder.file("runs")
    let first = try #require(try graph.run(in: RunStore(directory: path)))
    let before = try tree(path)
    let name = try #require(before.keys.filter { $0.hasSuffix("trajectory.csv") }.min())
    try AtomicFile.write("step\n", to: "\(path)/\(name)")
    let told = Mutex(0)
    var options = RunOptions()
    options.onDamage = { _ in told.withLock { $0 += 1 } }
    #expect(try graph.run(in: RunStore(directory: path), options: options) == first)
    #expect(told.withLock { $0 } == 1)
    #expect(try tree(path) == before)
  }

  @Test func `learn stage after stage as one adapter trained by hand does, with a fresh optimizer each`() throws {
    let folder = try TemporaryDirectory()
    let plan = try smallPlan()
    let store = RunStore(directory: folder.file("runs"))
    _ = try ExperimentGraph(plan).run(in: store)
    let base = try #require(try key(of: "base model, seed 1", in: store))
    let model = try ModelFiles(path: store.checkedFolder(of: base))
    let (weights, _) = try model.loadWeights(workers: .all)
    let adapter = try #require(plan.studies[0].stages[0].training.adapter)
    var matrices = Parameters(
      fresh: adapter, of: model.model, random: RandomStream.adapter.generator(seed: 1))
    let encoder = ExampleEncoder(path: "", model: model.model, tokenizer: try model.loadTokenizer())
    for (index, name) in [(0, "tofu"), (1, "math")] {
      let stage = plan.studies[0].stages[index]
      var configuration = stage.training
      configuration.seed = SeedPurpose.stage(index).seed(1)
      let examples = try stage.data.load(as: name).train.enumerated().map {
        try encoder.encode($1.example(number: $0 + 1))
      }
      let trainer = try Trainer(
        model.model, weights: weights, adapterWeights: Parameters(copying: matrices), examples: examples,
        configuration: configuration)
      while !trainer.isFinished { _ = try trainer.step() }
      matrices = try #require(trainer.adapterWeights)
    }
    let key = try #require(try key(of: "order, seed 1: tofu>math", in: store))
    let stored = try AdapterFolder(path: store.checkedFolder(of: key)).loadParameters(for: model.model)
    #expect(Array(stored.elements) == Array(matrices.elements))
  }

  /// The logits of the model at a path's end, and after unlearning from there where a run is named.
  private func answerLogits(
    _ path: Path, _ run: String?, _ plan: ExperimentPlan, _ store: RunStore,
    _ examples: (Tokenizer) throws -> [EncodedExample]
  ) throws -> [[[Float]]] {
    let study = plan.studies[0]
    let base = try store.checkedFolder(of: try #require(try key(of: "base model, seed 1", in: store)))
    let end = try store.checkedFolder(of: try #require(try key(of: "order, seed 1: \(path)", in: store)))
    let unlearned = try run.map {
      try store.checkedFolder(of: try #require(try key(of: "order, seed 1: \($0) after \(path)", in: store)))
    }
    let opened = try ModelFiles(path: base)
    let model = opened.model
    var (weights, matrices): (Parameters, Parameters?)
    if let adapter = study.unlearning.adapter {
      let files = try ModelFiles(path: base, adapter: end)
      (weights, matrices) = try files.loadWeights(workers: .all)
      try adapter.merge(try #require(matrices), into: weights, of: model, workers: .all)
      matrices = try unlearned.map { try AdapterFolder(path: $0).loadParameters(for: model) }
    } else {
      (weights, matrices) = try ModelFiles(path: unlearned ?? end).loadWeights(workers: .all)
    }
    let engine = Engine(
      model, adapter: study.unlearning.adapter,
      capacity: EngineCapacity(sequences: 1, longestSequence: 256, tokens: 256, training: false))
    let v = model.vocabularySize
    // One example at a time.
    return try examples(try opened.loadTokenizer()).map { example in
      let batch = Batch([example.sequence])
      let logits = try engine.logits(batch, weights: weights, adapterWeights: matrices)
      return batch.targets.indices.filter { batch.targets[$0] >= 0 }.map { Array(logits[$0 * v..<($0 + 1) * v]) }
    }
  }

  @Test(arguments: [true, false])
  func `compare the paths' models as their logits do`(adapts: Bool) throws {
    let folder = try TemporaryDirectory()
    let plan = adapts ? try smallPlan() : try smallPlan(adapter: nil)
    let study = plan.studies[0]
    let store = RunStore(directory: folder.file("runs"))
    let results = try #require(try ExperimentGraph(plan).run(in: store))
    let data = try study.stages.map { try $0.data.load(as: $0.name) }
    #expect(
      results.divergences.map(\.step)
        == (["ga", "npo"].flatMap { _ in [0, 4].flatMap { Array(repeating: $0, count: 6) } }))
    let model = try ModelFiles(
      path: store.checkedFolder(of: try #require(try key(of: "base model, seed 1", in: store)))
    )
    .model
    func logSoftmax(_ logits: [Float]) -> [Double] {
      let sum = log(logits.reduce(0) { $0 + exp(Double($1)) })
      return logits.map { Double($0) - sum }
    }
    var known: [String: [[[Float]]]] = [:]
    func logits(_ divergence: PathDivergence, _ path: Path) throws -> [[[Float]]] {
      let run = divergence.step == 0 ? nil : divergence.run
      let name = "\(path) \(run ?? "") \(divergence.part)"
      if let found = known[name] { return found }
      let found = try answerLogits(path, run, plan, store) { tokenizer in
        let encoder = ExampleEncoder(path: "", model: model, tokenizer: tokenizer)
        let conversations =
          divergence.part == .forget
          ? Array(data[2].train.prefix(3)) : spread(data[0].train, 4) + spread(data[1].heldOut, 3)
        return try conversations.map { try encoder.encode($0.example(number: 1)) }
      }
      known[name] = found
      return found
    }
    for found in results.divergences {
      let (one, other) = (try logits(found, found.one).joined(), try logits(found, found.other).joined())
      #expect(found.tokens == one.count && one.count == other.count)
      let sum = zip(one, other).reduce(0.0) { sum, rows in
        let (logP, logQ) = (logSoftmax(rows.0), logSoftmax(rows.1))
        return sum + zip(logP, logQ).reduce(0.0) { $0 + (exp($1.0) - exp($1.1)) * ($1.0 - $1.1) } / 2
      }
      // With all |log p| below 32, each is rounded by at most 64 units, of two a difference by 128, times |p - q|,
      // whose sum is at most 2; and p and q are, relative to themselves, by 64 units times a difference of at most 32.
      let expected = sum / Double(one.count)
      #expect(abs(found.jeffreys - expected) < (128 + 2048) * .ulpOfOne, "\(found)")
      #expect(found.jeffreys > 1e-9)
    }
    // What true tokens prove is never more; they are of 24 bits.
    for run in study.runs {
      for (index, one) in study.paths.enumerated() {
        for other in study.paths[(index + 1)...] {
          let tokens = try [one, other].map { path in
            try #require(results.trajectories.first { $0.run == run.name && $0.path == path }).trueTokens
          }
          for step in [0, 4] {
            let parts = results.divergences.filter {
              $0.run == run.name && $0.one == one && $0.other == other && $0.step == step
            }
            #expect(parts.map(\.part) == [.forget, .kept])
            let count = tokens[0][step].reduce(0) { $0 + $1.count }
            #expect(parts.reduce(0) { $0 + $1.tokens } == count)
            let exact = parts.reduce(0) { $0 + Double($1.tokens) * $1.jeffreys } / Double(count)
            let least = try ConditionalDivergence.jeffreysLowerBound(trueTokens: tokens[0][step], tokens[1][step])
            #expect(least <= exact * (1 + 1e-4) && least > 0)
          }
        }
      }
    }
  }

  @Test func `train all weights where there is no adapter, and start from a folder`() throws {
    let folder = try TemporaryDirectory()
    let store = RunStore(directory: folder.file("runs"))
    _ = try ExperimentGraph(try smallPlan()).run(in: store)
    let base = try #require(try key(of: "base model, seed 1", in: store))
    let path = try store.checkedFolder(of: base)
    let plan = try smallPlan(adapter: nil, base: .folder(path))
    let results = try #require(try ExperimentGraph(plan).run(in: RunStore(directory: folder.file("full"))))
    #expect(results.trajectories.count == 6)
    #expect(
      results.trajectories[0]["label_log_likelihood"]?.last != results.trajectories[0]["label_log_likelihood"]?.first)
    // Another base model makes other runs.
    let count = try RunStore(directory: folder.file("full")).keys().count
    try AtomicFile.write("{}", to: "\(path)/generation_config.json")
    _ = try ExperimentGraph(plan).run(in: RunStore(directory: folder.file("full")))
    #expect(try RunStore(directory: folder.file("full")).keys().count == 2 * count)
  }

  @Test func `refuse stages with different adapters, and data that are not there`() throws {
    var plan = try smallPlan()
    plan.studies[0].stages[1].training.adapter = nil
    let difference = #expect(throws: ExperimentError.self) { try ExperimentGraph(plan) }
    #expect(difference?.description.contains("those of tofu and math differ") == true)
    plan = try smallPlan()
    plan.studies[0].stages[0].data = try DataSource(.tofu, path: "/nowhere")
    let error = #expect(throws: ExperimentError.self) { try ExperimentGraph(plan) }
    #expect(
      error?.description.hasPrefix("studies.order.stages.tofu: \"/nowhere/full.jsonl\"") == true,
      "\(error as Any)")
    plan = try smallPlan(base: .folder("/nowhere"))
    #expect(throws: ExperimentError.self) { try ExperimentGraph(plan) }
  }

  private func key(of title: String, in store: RunStore) throws -> RunKey? {
    try store.keys().first { try store.plan(of: $0).title == title }
  }
}
