import FileFormats
import FineTuning
import PostTraining
import PropertyTesting
import TestSupport
import Testing
import Tokenizers
import Transformer
import Unlearning

/// Plans that a reader can give, of whatever values: what decides is drawn from one stream.
private func plan(_ random: inout SplitMix64) throws -> ExperimentPlan {
  func flag() -> Bool { Bool.random(using: &random) }
  func count(_ range: ClosedRange<Int> = 1...40) -> Int { Int.random(in: range, using: &random) }
  func number() -> Double { Double.random(in: 1e-6..<1, using: &random) }
  func seed() -> UInt64 { UInt64.random(in: 0...UInt64(Int.max), using: &random) }
  func choice<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }
  func text() -> String {
    let characters = Array("a \"\\#:'\n\u{1}\u{85}\u{2028}é😀&*{},[]>-")
    return String((0..<count(1...9)).map { _ in choice(characters) })
  }
  let (template, systemPrompt) = (choice(ChatTemplate.allCases), flag() ? text() : nil)

  func training(_ name: Objective, adapted: Bool) throws -> TrainingConfiguration {
    var result = TrainingConfiguration()
    (result.epochs, result.batchSize, result.gradientAccumulation) = (count(), count(), count())
    (result.maxSteps, result.sequenceLength) = (flag() ? count() : nil, flag() ? count(2...900) : nil)
    (result.shuffle, result.dropLast, result.truncate) = (flag(), flag(), flag())
    (result.template, result.systemPrompt) = (template, systemPrompt)
    result.optimizer.algorithm = flag() ? .sgd : .adamW(beta1: number(), beta2: number(), epsilon: number())
    (result.optimizer.learningRate, result.optimizer.weightDecay) = (number(), number())
    result.optimizer.clipNorm = flag() ? number() : nil
    result.schedule.shape = choice(LearningRateSchedule.Shape.allCases)
    result.schedule.warmup = flag() ? .steps(count()) : .fraction(number())
    result.schedule.decay = result.schedule.shape.hasDecaySpan ? .fraction(number()) : nil
    if adapted, flag() {
      let targets = Set(LoRAConfiguration.Target.allCases.filter { _ in flag() } + [.q])
      result.adapter = try LoRAConfiguration(rank: count(), alpha: number(), dropout: number(), targets: targets)
    }
    result.objective.main = try ChosenObjective(
      name, having: ["beta": number(), "margin": number(), "layer": Double(count(0...3))])
    result.proximal.mu = flag() ? number() : 0
    return result
  }
  /// Any kind that the template can write, with any value of each of its keys.
  func data() throws -> DataSource {
    let kind = choice(DataSource.Kind.all.filter { template == .plain || !$0.traits.contains(.texts) })
    var given: [String: DataSource.Value] = [:]
    for key in kind.keys {
      given[key.name] =
        key.range.map { .number(key.name == "seed" ? Int(seed()) : count(max($0.lowerBound, 0)...9)) }
        ?? .word(choice(key.words))
    }
    return try DataSource(kind, path: kind.isFile ? text() : nil, given)
  }
  func base() throws -> BaseModel {
    if flag() { return .folder(text()) }
    let scaling = try RopeScaling(
      factor: number(), lowFrequencyFactor: number(), highFrequencyFactor: 1 + number(), originalContextLength: count())
    let model = try ModelConfiguration(
      vocabularySize: count(), hiddenSize: count(), intermediateSize: count(), layerCount: count(), headCount: 6,
      keyValueHeadCount: choice([1, 2, 3, 6]), headDimension: 2 * count(), contextLength: count(),
      normEpsilon: number(), ropeTheta: number(), ropeScaling: flag() ? scaling : nil, tiesEmbeddings: flag(),
      hasQKVBias: flag())
    return .pretrained(Pretraining(model: model, corpus: try data(), training: try training(.sft, adapted: false)))
  }
  func measures(utility: String, math: String) -> MeasurementPlan {
    // Those that ask nothing of the stages' data.
    let free = Set(Measure.all).subtracting([.truthRatio, .math, .membership]).filter { _ in flag() }
    var result = MeasurementPlan(free.union([.stages]), label: text(), paraphrases: [text(), text()])
    result.utilityStage = utility
    result.mathStage = flag() ? math : nil
    (result.forgetQuestions, result.utilityQuestions, result.mathProblems) = (count(), count(), count())
    (result.mathSamples, result.stageExamples, result.answerTokens) = (count(), count(), flag() ? count() : nil)
    result.countsEndOfTurn = flag()
    return result
  }
  func study(_ name: String) throws -> Study {
    var stages: [Stage] = []
    for name in ["a", "7", "null", "C.d_e-f"].prefix(count(2...4)) {
      stages.append(Stage(name, data: try data(), training: try training(.sft, adapted: true)))
    }
    let order = try Path(stages.map(\.name))
    let paths = flag() ? try order.permutations : [order]
    var runs: [UnlearningRecipe] = []
    let names = Objective.unlearning
    for run in 0..<count(1...4) {
      runs.append(UnlearningRecipe("0.\(run)x", configuration: try training(choice(names), adapted: true)))
    }
    return Study(
      name: name, stages: stages, forget: "7", paths: paths,
      unlearning: try training(choice(Objective.main), adapted: true), runs: runs,
      measures: measures(utility: "a", math: "7"))
  }
  return ExperimentPlan(
    name: "p-1", title: text(), seeds: Array(Set((0..<count(1...3)).map { _ in seed() })), base: try base(),
    template: template, systemPrompt: systemPrompt, studies: [try study("s"), try study("t.2")])
}

@Suite struct PlanRoundTripTests {
  @Test func `a plan reads back from its own text`() throws {
    checkProperty("round trip", count: 300, Gen<Int>.int(in: 0...1_000_000)) { seed in
      var random = SplitMix64(seed: UInt64(seed))
      let expected = try plan(&random)
      let found = try ExperimentPlan.parse(Array(expected.yaml.utf8)).plan
      try ensure(found == expected, expected.yaml)
      try ensure(found.yaml == expected.yaml, "texts differ")
    }
  }

  /// A plan may be longer than a training configuration, so that what takes long must not take longer here.
  @Test func `hostile plans of the greatest length end in an error, soon`() async {
    await #expect(processExitsWith: .success) {
      let limit = ExperimentPlan.maximumByteCount
      func filled(_ text: String) -> String { String(repeating: text, count: limit / text.utf8.count) }
      let deep = (0..<15).map { String(repeating: " ", count: $0) + String(repeating: "k", count: 250) + ":\n" }
        .joined()
      let hostile = [
        filled("["), filled("{a: "), filled("seeds: [1]\n"), filled("- "), filled("? "), "seeds: [" + filled("1,"),
        (0..<20_000).map { "k\($0): 1\n" }.joined(), deep + String(filled("               - 1\n").dropLast(5000)),
        "studies:\n" + (0..<9000).map { "  s\($0): {stages: {}}\n" }.joined(),
      ]
      for text in hostile {
        let clock = ContinuousClock()
        var error: ConfigurationError?
        let duration = clock.measure {
          do throws(ConfigurationError) { _ = try ExperimentPlan.parse(Array(text.utf8)) } catch let found {
            error = found
          }
        }
        #expect(error != nil && duration < .seconds(5), "\(text.prefix(20)): \(duration)")
      }
    }
  }

  @Test func `mutated plans are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let original = Array(try ExperimentPlan.parse(Array(smallPlan.utf8)).plan.yaml.utf8)
      let embedded = try InputFile.bytes(of: "\(plansFolder)/embedded.yaml")
      let fragments = [
        "&a ", "*a", "<<: ", "? ", ": ", "- ", "[", "]", "{", "}", "!!int ", "---\n", "|\n", "'", "\"", "\\U0010FFFF",
        "\t", "\n", "  ", "null", ".nan", "1e999", "99999999999999999999", "\u{85}", "\0", "seeds: [1]\n", "all", ">",
        "refusal", "generator: ", "objective: {name: npo}", "adapter: null",
      ]
      var random = SplitMix64(seed: 20_31)
      var accepted = 0
      for turn in 0..<4000 {
        let bytes = mutated(turn.isMultiple(of: 4) ? original : embedded, fragments, with: &random)
        do throws(ConfigurationError) {
          let plan = try ExperimentPlan.parse(bytes).plan
          // What is accepted must survive its own writer.
          #expect(try ExperimentPlan.parse(Array(plan.yaml.utf8)).plan == plan)
          accepted += 1
        } catch {
          #expect(error.rule != .system)
          #expect(!error.description.utf8.contains(0x0A))
          #expect(error.description.utf8.count < 1500)
        }
      }
      #expect(accepted > 100 && accepted < 3900, "\(accepted)")
    }
  }
}
