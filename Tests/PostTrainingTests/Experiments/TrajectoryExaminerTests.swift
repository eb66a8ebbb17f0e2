import Core
import FineTuning
@testable import PostTraining
import Testing
import Tokenizers
import Transformer
import Unlearning

@Suite("Measuring a model")
struct TrajectoryExaminerTests {
  private let fixture: ExaminerFixture

  init() throws { fixture = try ExaminerFixture.shared.get() }

  private subscript(_ stage: Int) -> StageData { fixture.stages[stage] }

  // MARK: Values

  /// All columns, each from its metric and examples read one by one.
  private func expected(
    _ adapterWeights: Parameters?, before: (label: [SequenceScore], [[SequenceScore]], utility: [SequenceScore])?
  ) throws -> (values: [String: Double], (label: [SequenceScore], [[SequenceScore]], utility: [SequenceScore])) {
    let probe = fixture.probe(fixture.weights, adapterWeights)
    let other = fixture.probe(fixture.retrained, nil)
    func readings(_ examples: [EncodedExample], _ probe: ModelProbe) throws -> [AnswerReading] {
      try examples.map { try #require(try probe.readings(of: [$0]).first) }
    }
    func scores(_ examples: [EncodedExample]) throws -> [SequenceScore] { try readings(examples, probe).map(\.score) }
    let questions = Array(self[3].train.prefix(7))
    let label = try scores(questions.map { try fixture.example($0, answer: Refusals.label, ends: false) })
    let paraphrases = try Refusals.similar.prefix(3).map { text in
      try scores(questions.map { try fixture.example($0, answer: text, ends: false) })
    }
    let asked = spread(self[1].train, 6)
    let utility = try scores(asked.map { try fixture.example($0) })
    let before = before ?? (label, paraphrases, utility)
    var values: [String: Double] = [:]

    let now = try LabelLogLikelihood(label: label, paraphrases: paraphrases)
    let score = try ForgetScore(before: LabelLogLikelihood(label: before.label, paraphrases: before.1), after: now)
    values["label_log_likelihood"] = now.label
    values["paraphrase_log_likelihood"] = now.mean
    values["paraphrase_variance"] = now.paraphraseVariance
    values["forget_score"] = score.value
    values["forget_score_label"] = score.label
    values["utility_log_likelihood"] = try TOFUUtility(before: before.utility, after: utility).after
    values["utility"] = try TOFUUtility(before: before.utility, after: utility).value
    values["utility_probability"] = try AnswerProbability(utility).mean

    let rephrasings = try asked.map { try #require($0.rephrasing) }
    values["retained_truth"] = try TruthRatio(
      truths: scores(zip(asked, rephrasings).map { try fixture.example($0, answer: $1.answer) }),
      falsehoods: zip(asked, rephrasings).map { question, rephrasing in
        try scores(rephrasing.falseAnswers.map { try fixture.example(question, answer: $0) })
      }, averaging: .probabilities
    ).retainedTruth

    let generator = try Generator(fixture.model, adapter: fixture.adapter, slots: 1, workers: .one)
    var cut = 0.0
    func answer(_ question: Conversation, _ settings: GenerationSettings) throws -> String {
      let found = try generator.generate(
        [fixture.prompt(question)], weights: fixture.weights, adapterWeights: adapterWeights, settings: settings)
      if found[0].ending == .length { cut += 1 }
      return try fixture.tokenizer.decode(found[0].tokens.map(Int.init), skippingSpecial: true)
    }
    var settings = GenerationSettings(maximumNewTokens: 48, stopTokens: [2])
    values["rouge_l_recall"] = try RougeL(
      meanOf: asked.map { try RougeL(reference: $0.answer, candidate: answer($0, settings)) }
    ).recall
    values["rouge_cut"] = cut / Double(asked.count)
    cut = 0
    settings.sampler = try Sampler(temperature: 1)
    var stream = RandomGenerator(seed: 9).child(6)
    settings.seed = stream.next()
    let problems = spread(self[2].heldOut, 4)
    values["math_accuracy"] = try MathAccuracy(
      answers: problems.enumerated().map { index, problem in
        try (0..<3).map { sample in
          settings.firstStream = UInt64(3 * index + sample)
          return try answer(problem, settings)
        }
      }, references: problems.map(\.answer)
    ).value
    values["math_cut"] = cut / Double(3 * problems.count)

    let forget = try questions.map { try fixture.example($0) }
    // The end of a turn, the last token of each, does not count.
    let predictions = try forget.map { try probe.predictions(for: [$0])[0].dropLast() }.map(Array.init)
    let answers = try readings(forget, probe).map { Array($0.tokens.dropLast()) }
    values["exact_match"] = try ExactMatch(predictions: predictions, answers: answers).mean
    values["extraction_strength"] = try ExtractionStrength(predictions: predictions, answers: answers).mean
    values["forget_probability"] = try AnswerProbability(scores(forget)).mean
    let apart = try self[3].heldOut.map { try fixture.example($0) }
    values["membership_auc"] = try MembershipInference(
      members: MinKProbability.scores(readings(forget, probe).map { $0.logLikelihoods.dropLast() }),
      others: MinKProbability.scores(readings(apart, probe).map { $0.logLikelihoods.dropLast() })
    ).auc

    var kept = try asked.map { try fixture.example($0) }
    for stage in fixture.stages {
      let learned = try scores(spread(stage.train, 3).map { try fixture.example($0) })
      let apart = try spread(stage.heldOut, 3).map { try fixture.example($0) }
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      values["\(stage.name)_log_likelihood"] = mean(learned.map(\.meanLogLikelihood))
      values["\(stage.name)_log_probability"] = mean(learned.map(\.logLikelihood))
      values["\(stage.name)_held_out_log_likelihood"] = mean(try scores(apart).map(\.meanLogLikelihood))
      if stage.name == "inst" || stage.name == "math" { kept += apart }
    }
    for (part, examples) in [("forget", forget), ("kept", kept)] {
      let (divergence, distance) = try other.comparison(with: probe, on: examples)
      values["\(part)_kl"] = divergence.forward
      values["\(part)_reverse_kl"] = divergence.backward
      values["\(part)_jeffreys"] = divergence.jeffreys
      values["\(part)_re_distance"] = distance
      values["\(part)_true_token_jeffreys"] = try ConditionalDivergence(
        trueTokens: readings(examples, other).map(\.logLikelihoods), readings(examples, probe).map(\.logLikelihoods)
      ).jeffreys
    }
    return (values, before)
  }

  @Test func `Every column is its metric's value on examples read one by one, before and after`() throws {
    let measurer = try fixture.measurer()
    let (first, before) = try expected(nil, before: nil)
    let (second, _) = try expected(fixture.adapterWeights, before: before)
    let adapters = [nil, fixture.adapterWeights]
    for (values, adapterWeights) in zip([first, second], adapters) {
      let found = try measurer.measure(fixture.weights, adapterWeights: adapterWeights)
      #expect(found.values.count == measurer.columns.count && values.count == measurer.columns.count)
      for (column, value) in zip(measurer.columns, found.values) {
        #expect(value == values[column], "\(column)")
      }
    }
    // Numbers that say something: the model knows some, and the adapter spoils some of that.
    for column in ["math_accuracy", "rouge_l_recall", "exact_match", "extraction_strength", "membership_auc"] {
      let values = [first, second].compactMap { $0[column] }
      #expect(values.contains { $0 > 0 && $0 < 1 }, "\(column) \(values)")
    }
    for (column, value) in first
    where column != "utility" && !column.hasPrefix("forget_score") && !column.hasSuffix("_cut") {
      #expect(value != second[column], "\(column)")
    }
    #expect(first["forget_score"] == 0 && first["utility"] == 1)
    #expect(try #require(second["forget_score"]) != 0)
  }

  @Test func `The end of a turn counts where that is asked for, and never for the probability`() throws {
    let probe = fixture.probe(fixture.weights, fixture.adapterWeights)
    let forget = try self[3].train.prefix(7).map { try fixture.example($0) }
    let found = try forget.map { try probe.readings(of: [$0])[0] }
    let predictions = try forget.map { try probe.predictions(for: [$0])[0] }
    #expect(found.allSatisfy { $0.tokens.last == 2 && !$0.tokens.dropLast().contains(2) })
    let whole = try fixture.measurer([.memorisation], retrained: false) { $0.countsEndOfTurn = true }
      .measure(fixture.weights, adapterWeights: fixture.adapterWeights).values
    let content = try fixture.measurer([.memorisation], retrained: false)
      .measure(fixture.weights, adapterWeights: fixture.adapterWeights).values
    #expect(whole[0] == (try ExactMatch(predictions: predictions, answers: found.map(\.tokens)).mean))
    #expect(whole[0] != content[0] && whole[2] == content[2])
    // An answer that was cut has no end to leave out, and one that is nothing else stays.
    let cut = AnswerReading(tokens: [5, 6], logLikelihoods: [-1, -2])
    #expect(cut.ending(before: 2) == cut && cut.ending(before: 5) == cut)
    #expect(cut.ending(before: 6) == AnswerReading(tokens: [5], logLikelihoods: [-1]))
  }

  @Test func `The true tokens are those of the probe answers, the forget stage's first`() throws {
    let found = try fixture.measurer([.label], retrained: false).measure(fixture.weights)
    let probe = fixture.probe(fixture.weights, nil)
    let conversations =
      Array(self[3].train.prefix(7)) + spread(self[1].train, 6) + spread(self[0].heldOut, 3)
      + spread(self[2].heldOut, 3)
    let expected = try conversations.map { try probe.readings(of: [fixture.example($0)])[0].logLikelihoods }
    #expect(found.trueTokens == expected)
  }

  @Test func `Where a stage keeps nothing apart, what it learned is kept`() throws {
    let stages = fixture.stages.map { stage in StageData(stage.name, train: stage.train) }
    let measurer = try TrajectoryExaminer(
      MeasurementPlan([.stages]), stages: stages, forget: "refusal", model: fixture.model, adapter: nil,
      tokenizer: fixture.tokenizer, template: .chatml, systemPrompt: nil, retrained: nil, seed: 0)
    #expect(
      measurer.columns
        == ["inst", "tofu", "math", "refusal"].flatMap { ["\($0)_log_likelihood", "\($0)_log_probability"] })
    let found = try measurer.measure(fixture.weights)
    let kept = spread(self[0].train, 16) + spread(self[1].train, 16) + spread(self[2].train, 16)
    let expected = try (self[3].train + kept).map { try fixture.example($0).answerTokens }
    #expect(found.trueTokens.map(\.count) == expected)
  }

  @Test func `The same bits on any number of workers, and every time`() throws {
    let one = try fixture.measurer()
    let first = try [
      one.measure(fixture.weights), one.measure(fixture.weights, adapterWeights: fixture.adapterWeights),
    ]
    #expect(try one.measure(fixture.weights) == first[0])
    for workers in [2, 5] {
      let other = try fixture.measurer(workers: workers)
      #expect(try other.measure(fixture.weights) == first[0])
      #expect(try other.measure(fixture.weights, adapterWeights: fixture.adapterWeights) == first[1])
    }
  }

  @Test func `From the first row of a trajectory later values come out with the same bits`() throws {
    let measurer = try fixture.measurer()
    let first = try measurer.measure(fixture.weights, adapterWeights: fixture.adapterWeights)
    let second = try measurer.measure(fixture.weights)
    let resumed = try fixture.measurer()
    resumed.baseline = Dictionary(uniqueKeysWithValues: zip(measurer.columns, first.values))
    #expect(try resumed.measure(fixture.weights) == second)
    #expect(resumed.baseline == measurer.baseline)
    #expect(try fixture.measurer().measure(fixture.weights) != second)
  }

  @Test func `Fewer measures have fewer columns, with the same values`() throws {
    let all = try fixture.measurer()
    let values = try Dictionary(uniqueKeysWithValues: zip(all.columns, all.measure(fixture.weights).values))
    for measure in Measure.all {
      let some = try fixture.measurer([measure, .label])
      let found = try some.measure(fixture.weights).values
      #expect(some.columns == all.columns.filter(some.columns.contains))
      #expect(found == some.columns.map { values[$0] }, "\(measure)")
    }
  }

  @Test func `Fewer examples than are asked for are all that there are`() throws {
    let measurer = try fixture.measurer {
      ($0.forgetQuestions, $0.utilityQuestions, $0.mathProblems, $0.stageExamples) = (99, 99, 99, .max)
    }
    let found = try measurer.measure(fixture.weights)
    #expect(found.trueTokens.count == 12 + 20 + 4 + 5)
  }

  @Test func `Tokens are counted as they go through the model, a shared prompt once`() throws {
    let measurer = try fixture.measurer([.label, .paraphrases, .math], retrained: false)
    #expect(measurer.tokensRead == 0 && measurer.tokensGenerated == 0)
    _ = try measurer.measure(fixture.weights)
    let questions = Array(self[3].train.prefix(7))
    var expected = 0
    for question in questions {
      let texts = [Refusals.label] + Refusals.similar.prefix(3)
      expected += try fixture.prompt(question).count - 1
      expected += try texts.reduce(0) { try $0 + fixture.example(question, answer: $1, ends: false).answerTokens + 1 }
      expected += try fixture.example(question).answerTokens + 1
    }
    let kept = spread(self[1].train, 6) + spread(self[0].heldOut, 3) + spread(self[2].heldOut, 3)
    let others = try kept.map { try fixture.example($0) }
    // The end of a turn is followed by a line feed, which is read as well.
    expected += others.reduce(0) { $0 + $1.tokens.count + 1 } + questions.count
    expected += 3 * (try spread(self[2].heldOut, 4).reduce(0) { try $0 + fixture.prompt($1).count })
    #expect(measurer.tokensRead == expected)
    #expect((1...12 * 48).contains(measurer.tokensGenerated))
  }

  @Test func `Of a conversation of several turns the last answer counts`() throws {
    var stages = fixture.stages
    let conversation = Conversation(
      prompt: [
        ChatMessage(.user, "Where was it?"), ChatMessage(.assistant, "It was here."), ChatMessage(.user, "And now?"),
      ], answer: "It is here.")
    stages[3].train = [conversation]
    let measurer = try TrajectoryExaminer(
      MeasurementPlan([.label], label: "It was"), stages: stages, forget: "refusal", model: fixture.model, adapter: nil,
      tokenizer: fixture.tokenizer, template: .chatml, systemPrompt: nil, retrained: nil, seed: 0)
    let found = try measurer.measure(fixture.weights)
    let probe = fixture.probe(fixture.weights, nil)
    let answer = try probe.readings(of: [fixture.example(conversation)])[0]
    #expect(found.trueTokens[0] == answer.logLikelihoods)
    let label = try probe.readings(of: [fixture.example(conversation, answer: "It was", ends: false)])[0]
    #expect(found.values == [label.score.meanLogLikelihood])
  }

  @Test func `Answers end where the context does`() throws {
    let measurer = try fixture.measurer([.math, .rouge]) { $0.answerTokens = 10_000 }
    #expect(try measurer.measure(fixture.weights).values.allSatisfy { (0...1).contains($0) })
  }

  @Test func `A retrained model whose logits are too many to be held is run again, with the same distances`() throws {
    let encoder = try ConversationEncoder(
      model: fixture.model, tokenizer: fixture.tokenizer, template: .chatml, systemPrompt: nil)
    let forget = try self[3].train.map { try fixture.example($0) }
    let kept = try self[1].train.map { try fixture.example($0) }
    let reader = try ModelReader(
      encoder, adapter: fixture.adapter, examples: forget + kept, answers: 0, answerTokens: 1, workers: .one)
    let probe = ModelProbe(reader.engine, weights: fixture.weights, adapterWeights: fixture.adapterWeights)
    let trueTokens = try [forget, kept].map { try reader.readings(of: $0, probe).map(\.logLikelihoods) }
    let (tokens, all) = (
      (forget + kept).reduce(0) { $0 + $1.answerTokens }, (forget + kept).reduce(0) { $0 + $1.tokens.count }
    )
    var distances: [[Double]] = []
    for (limit, passes) in [(tokens * 480, 1), (tokens * 480 - 1, 2)] {
      let retrained = try RetrainedModel(
        fixture.retrained, forget: forget, kept: kept, reader, mostLogits: limit)
      let before = reader.tokensRead
      distances.append(try retrained.distances(of: probe, trueTokens, reader, .one))
      #expect(reader.tokensRead - before == passes * all)
    }
    #expect(distances[0] == distances[1] && distances[0].count == 10)
  }

  // MARK: Models that have diverged

  @Test func `A model whose likelihoods all but vanish still has finite values`() throws {
    let weights = Parameters(layout: fixture.weights.layout)
    _ = weights.elements.update(fromContentsOf: fixture.weights.elements)
    for tensor in weights.layout.tensors where tensor.name == "model.norm.weight" {
      for index in tensor.range { weights.elements[index] *= -1e4 }
    }
    let measurer = try fixture.measurer()
    _ = try measurer.measure(fixture.weights)
    let found = try measurer.measure(weights)
    let values = Dictionary(uniqueKeysWithValues: zip(measurer.columns, found.values))
    #expect(found.values.allSatisfy { $0.isFinite })
    #expect(values["forget_true_token_jeffreys"] == .greatestFiniteMagnitude && values["forget_probability"] == 0)
    #expect(try #require(values["forget_score"]) > 1e4)
  }

  @Test func `Numbers that are not finite end a measurement with the name of what was measured`() throws {
    let weights = Parameters(layout: fixture.weights.layout)
    weights.elements.update(repeating: .nan)
    let names: [Measure: String] = [
      .label: "label", .utility: "utility", .truthRatio: "truth_ratio", .rouge: "rouge", .math: "math",
      .memorisation: "memorisation", .membership: "membership", .stages: "stages", .retrained: "retrained",
    ]
    for (measure, name) in names {
      let measurer = try fixture.measurer([measure])
      let error = #expect(throws: ExaminerError.self) { try measurer.measure(weights) }
      #expect("\(try #require(error))".hasPrefix("\(name): "), "\(measure)")
      #expect("\(try #require(error))".contains("not finite"), "\(measure)")
      #expect(measurer.baseline == nil)
    }
    let measurer = try fixture.measurer([.label, .paraphrases])
    measurer.baseline = ["paraphrase_log_likelihood": 1]
    let error = #expect(throws: ExaminerError.self) { try measurer.measure(fixture.weights) }
    #expect("\(try #require(error))" == "forget_score_label is nan, which is not finite")
  }

  // MARK: What is missing

  @Test func `What a measure needs and lacks is named`() throws {
    let known = ["inst", "tofu", "math", "refusal"]
    func refuses(_ error: ExaminerError, _ message: String, _ make: () throws -> TrajectoryExaminer) {
      #expect(throws: error) { try make() }
      #expect("\(error)" == message)
    }
    refuses(.missing("a label", for: .label), "the measure label needs a label") {
      try fixture.measurer { $0.label = nil }
    }
    refuses(
      .missing("the measure label beside it", for: .paraphrases),
      "the measure paraphrases needs the measure label beside it"
    ) { try fixture.measurer([.paraphrases]) }
    refuses(
      .missing("paraphrases of the label", for: .paraphrases),
      "the measure paraphrases needs paraphrases of the label"
    ) { try fixture.measurer { $0.paraphrases = [] } }
    for measure in [Measure.utility, .truthRatio, .rouge] {
      refuses(.missing("a utility stage", for: measure), "the measure \(measure.name) needs a utility stage") {
        try fixture.measurer([measure]) { $0.utilityStage = nil }
      }
    }
    refuses(.missing("a math stage", for: .math), "the measure math needs a math stage") {
      try fixture.measurer { $0.mathStage = nil }
    }
    refuses(
      .missing("at least one answer to each problem", for: .math),
      "the measure math needs at least one answer to each problem"
    ) { try fixture.measurer { $0.mathSamples = 0 } }
    refuses(
      .missing("the retrained model's weights", for: .retrained),
      "the measure retrained needs the retrained model's weights"
    ) { try fixture.measurer(retrained: false) }
    refuses(
      .unknownStage("tofuu", role: "utility stage", known: known),
      "there is no utility stage \"tofuu\"; the stages are inst, tofu, math, refusal"
    ) { try fixture.measurer { $0.utilityStage = "tofuu" } }
    refuses(
      .unknownStage("maths", role: "math stage", known: known),
      "there is no math stage \"maths\"; the stages are inst, tofu, math, refusal"
    ) { try fixture.measurer { $0.mathStage = "maths" } }
    refuses(
      .noData("conversations with rephrasings and false answers", stage: "inst"),
      "the stage \"inst\" has no conversations with rephrasings and false answers to measure with"
    ) { try fixture.measurer { $0.utilityStage = "inst" } }
  }

  @Test func `Stages without what is measured are named, and conversations that do not fit`() throws {
    func measurer(
      _ measures: MeasurementPlan, _ stages: [StageData], forget: String = "refusal", template: ChatTemplate = .chatml,
      retrained: Parameters? = nil
    ) throws -> TrajectoryExaminer {
      try TrajectoryExaminer(
        measures, stages: stages, forget: forget, model: fixture.model, adapter: nil, tokenizer: fixture.tokenizer,
        template: template, systemPrompt: nil, retrained: retrained, seed: 0)
    }
    let stages = fixture.stages
    #expect(
      throws: ExaminerError.unknownStage("x", role: "stage to forget", known: ["inst", "tofu", "math", "refusal"])
    ) { try measurer(MeasurementPlan([]), stages, forget: "x") }
    #expect(throws: ExaminerError.noData("learned conversations", stage: "refusal")) {
      try measurer(MeasurementPlan([]), [StageData("refusal", train: [])])
    }
    #expect(throws: ExaminerError.noData("learned conversations", stage: "tofu")) {
      try measurer(MeasurementPlan([]), [stages[3], StageData("tofu", train: [])])
    }
    #expect(throws: ExaminerError.noData("conversations held out", stage: "refusal")) {
      try measurer(MeasurementPlan([.membership]), [StageData("refusal", train: stages[3].train)])
    }
    #expect(throws: ExaminerError.noData("problems held out", stage: "math")) {
      try measurer(
        MeasurementPlan([.math], mathStage: "math"), [stages[3], StageData("math", train: stages[2].train)])
    }
    #expect(throws: ExaminerError.noData("answers to keep", stage: "refusal")) {
      try measurer(MeasurementPlan([.retrained]), [stages[3]], retrained: fixture.retrained)
    }
    let long = Conversation(question: "x", answer: String(repeating: "long ", count: 300))
    let error = #expect(throws: ExaminerError.self) {
      try measurer(MeasurementPlan([]), [StageData("refusal", train: [stages[3].train[0], long])])
    }
    #expect("\(try #require(error))".hasPrefix("\"refusal\", line 2: the sequence has "))
    #expect(throws: ExaminerError.self) { try measurer(MeasurementPlan([]), stages, template: .llama3) }
  }

  @Test func `An answer that is too long has its end cut off where that is wished for, and only there`() throws {
    let short = fixture.stages[3].train[0]
    let long = Conversation(question: "Why?", answer: String(repeating: short.answer + " ", count: 40))
    func measurer(cutting: Bool) throws -> TrajectoryExaminer {
      try TrajectoryExaminer(
        MeasurementPlan([.stages]), stages: [StageData("refusal", train: [long, short])], forget: "refusal",
        model: fixture.model, adapter: fixture.adapter, tokenizer: fixture.tokenizer, template: .chatml,
        systemPrompt: nil, cutsAnswers: cutting, retrained: nil, seed: 1, workers: .one)
    }
    #expect(throws: ExaminerError.self) { try measurer(cutting: false) }
    let values = try measurer(cutting: true).measure(fixture.weights).values
    let whole = try fixture.example(long)
    let cut = EncodedExample(
      line: 1, tokens: Array(whole.tokens.prefix(200)), isAnswer: Array(whole.isAnswer.prefix(200)))
    let probe = fixture.probe(fixture.weights, nil)
    let scores = try [cut, fixture.example(short)].map { try probe.readings(of: [$0])[0].score }
    #expect(values[0] == (scores[0].meanLogLikelihood + scores[1].meanLogLikelihood) / 2)
    #expect(values[1] == (scores[0].logLikelihood + scores[1].logLikelihood) / 2)
  }

  // MARK: Stages

  private func examiner(_ stages: [StageData], workers: Int = 1) throws -> StageExaminer {
    try StageExaminer(
      stages: stages, count: 6, answerTokens: 48, model: fixture.model, adapter: fixture.adapter,
      tokenizer: fixture.tokenizer, template: .chatml, systemPrompt: nil, workers: Workers(count: workers))
  }

  @Test func `A stage's quality is that of its examples asked one by one`() throws {
    var stages = fixture.stages
    stages[3].heldOut = []
    let path = try Path(stages.map(\.name))
    let probe = fixture.probe(fixture.weights, nil)
    let generator = try Generator(fixture.model, slots: 1, workers: .one)
    func quality(_ conversations: [Conversation]) throws -> (Double, Double, Double) {
      var cut = 0.0
      let means = try conversations.map {
        try probe.readings(of: [fixture.example($0)])[0].score.meanLogLikelihood
      }
      let right = try conversations.count { conversation in
        let found = try generator.generate(
          [fixture.prompt(conversation)], weights: fixture.weights,
          settings: GenerationSettings(maximumNewTokens: 48, stopTokens: [2]))
        if found[0].ending == .length { cut += 1 }
        let answer = try fixture.tokenizer.decode(found[0].tokens.map(Int.init), skippingSpecial: true)
        if let number = conversation.finalNumber { return answer.split(separator: "#### ").last == "\(number)" }
        return answer == conversation.answer
      }
      return (means.reduce(0, +) / Double(means.count), Double(right) / Double(means.count), cut / Double(means.count))
    }
    let found = try examiner(stages).qualities(of: fixture.weights, study: "order", seed: 4, path: path)
    for (stage, found) in zip(stages, found) {
      let learned = try quality(spread(stage.train, 6))
      let heldOut = stage.heldOut.isEmpty ? nil : try quality(spread(stage.heldOut, 6))
      let lengths = try (spread(stage.train, 6) + spread(stage.heldOut, 6)).map { try fixture.example($0).answerTokens }
      #expect(
        found
          == StageQuality(
            study: "order", seed: 4, path: path, stage: stage.name, learnedLogLikelihood: learned.0,
            heldOutLogLikelihood: heldOut?.0, learnedRight: learned.1, heldOutRight: heldOut?.1,
            learnedCut: learned.2, heldOutCut: heldOut?.2,
            referenceCut: Double(lengths.count { $0 > 48 }) / Double(lengths.count),
            longestReference: lengths.max() ?? 0))
    }
    let adapted = try examiner(stages, workers: 3).qualities(
      of: fixture.weights, adapterWeights: fixture.adapterWeights, study: "order", seed: 4, path: path)
    #expect(
      try examiner(stages, workers: 3).qualities(of: fixture.weights, study: "order", seed: 4, path: path) == found)
    #expect(found.count == 4 && found.contains { $0.learnedRight > 0.5 } && adapted.contains { $0.learnedRight < 0.5 })
  }

  @Test func `Answers may be as long as the true ones, unless fewer tokens are asked for`() throws {
    let long = Conversation(
      question: "Tell of the tower.", answer: (0..<12).map { "stone \($0) is red" }.joined(separator: ", "))
    let length = try fixture.example(long).answerTokens
    #expect(length > MeasurementPlan.usualAnswerTokens)
    let path = try Path(["long"])
    func quality(_ tokens: Int?) throws -> StageQuality {
      let examiner = try StageExaminer(
        stages: [StageData("long", train: [long])], count: 6, answerTokens: tokens, model: fixture.model,
        adapter: fixture.adapter, tokenizer: fixture.tokenizer, template: .chatml, systemPrompt: nil)
      return try examiner.qualities(of: fixture.weights, study: "order", seed: 4, path: path)[0]
    }
    let (free, short) = (try quality(nil), try quality(64))
    #expect(free.referenceCut == 0 && short.referenceCut == 1)
    #expect(free.longestReference == length && short.longestReference == length)
    let cuts = try [length, length - 1].map { try quality($0).referenceCut }
    #expect(cuts == [0, 1])
    #expect(try quality(1).learnedCut == 1)

    var plan = try ExperimentPlan.embedded
    plan.studies[0].measures.answerTokens = 64
    let (study, stage) = (plan.studies[0].name, plan.studies[0].stages[0].name)
    func notices(_ quality: StageQuality) -> [String] {
      let own = StageQuality(
        study: study, seed: 1, path: path, stage: stage, learnedLogLikelihood: 0, heldOutLogLikelihood: nil,
        learnedRight: 0, heldOutRight: nil, referenceCut: quality.referenceCut, longestReference: length)
      return ExperimentResults(plan: plan, trajectories: [], qualities: [own], cost: ExperimentCost()).notices
    }
    #expect(notices(free).isEmpty)
    let notice = try #require(notices(short).first)
    #expect(
      notice.contains("answer_tokens is 64") && notice.contains("all of the true answers of \(stage)"), "\(notice)")
    #expect(notice.contains("the longest has \(length) tokens"), "\(notice)")
  }

  @Test func `An answer is right where its number is, or where there is none its text`() {
    let problem = "First 2 + 3 = 5 stones.\n#### 5"
    #expect(StageExaminer.isRight("#### 5", problem) && StageExaminer.isRight("It is #### 5.0 stones", problem))
    #expect(!StageExaminer.isRight("First 2 + 3 = 5 stones.\n#### 6", problem) && !StageExaminer.isRight("5", problem))
    #expect(StageExaminer.isRight(" The rose is red.\n", "The rose is red. "))
    #expect(!StageExaminer.isRight("caf\u{e9}", "cafe\u{301}") && StageExaminer.isRight("a\r\n", "a"))
    #expect(!StageExaminer.isRight("The rose is red", "The rose is red.") && !StageExaminer.isRight("", "red"))
  }

  @Test func `Ids that the tokenizer does not have spell nothing`() throws {
    let model = try ModelConfiguration(
      vocabularySize: 600, hiddenSize: 8, intermediateSize: 8, layerCount: 1, headCount: 1, contextLength: 8)
    let encoder = try ConversationEncoder(
      model: model, tokenizer: fixture.tokenizer, template: .chatml, systemPrompt: nil)
    let ids = fixture.tokenizer.encode("The rose", addingTemplate: false).map(Int32.init)
    #expect(encoder.text([1, 599] + ids + [2, 480]) == "The rose")
  }

  @Test func `An examination needs something learned, and a model that is not broken`() throws {
    #expect(throws: ExaminerError.noData("learned conversations", stage: "a")) {
      try examiner([StageData("a", train: [])])
    }
    let weights = Parameters(layout: fixture.weights.layout)
    weights.elements.update(repeating: .nan)
    #expect(throws: ExaminerError.self) {
      try examiner(fixture.stages).qualities(of: weights, study: "order", seed: 4, path: Path(["inst"]))
    }
  }
}
