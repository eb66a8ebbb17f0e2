import Core
import FineTuning
import PostTraining
import Testing
import Tokenizers
import Transformer

/// A small model that has learned four small stages, an adapter that spoils it a little, and what reads them one
/// example at a time.
struct ExaminerFixture {
  static let shared = Result { try ExaminerFixture() }

  let stages: [StageData]
  let tokenizer: Tokenizer
  let model: ModelConfiguration
  let adapter: LoRAConfiguration
  let weights: Parameters
  let adapterWeights: Parameters
  /// Other weights, as if retrained.
  let retrained: Parameters

  private init() throws {
    stages = try [
      InstructionPairs(train: 10, heldOut: 4).data(), FictitiousAuthors(authors: 2, heldOutAuthors: 1).data(),
      WordProblems(train: 12, heldOut: 5).data(), Refusals(train: 12, heldOut: 5).data(),
    ]
    let special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    var tokenizer = try BytePairTrainer(vocabularySize: 480, specialTokens: special).train(
      on: stages.flatMap { $0.train.flatMap { [$0.question, $0.answer] } } + Refusals.similar)
    tokenizer.endOfText = 0
    self.tokenizer = tokenizer
    model = try ModelConfiguration(
      vocabularySize: 480, hiddenSize: 32, intermediateSize: 64, layerCount: 2, headCount: 2, contextLength: 200,
      tiesEmbeddings: true)
    adapter = try LoRAConfiguration(rank: 2, alpha: 4, targets: [.q, .v, .down])
    var random = RandomGenerator(seed: 5)
    func parameters(_ layout: ParameterLayout, spread: Double) -> Parameters {
      let parameters = Parameters(layout: layout)
      for tensor in layout.tensors {
        for index in tensor.range {
          parameters.elements[index] = Float((tensor.name.contains("norm") ? 1 : 0) + spread * random.normal())
        }
      }
      return parameters
    }
    weights = parameters(ParameterLayout(model), spread: 0.1)
    retrained = Parameters(layout: weights.layout)
    adapterWeights = parameters(ParameterLayout(model, adapter), spread: 0.12)

    // What was held out is learned as well, so that all answers are known a little.
    let template = ChatTemplate.chatml
    let sequences = try stages.flatMap { $0.train + $0.heldOut }.map { conversation in
      let encoding = try template.encode(conversation.messages, with: tokenizer)
      return Batch.Sequence(tokens: encoding.ids.map(Int32.init), isAnswer: encoding.isTrained)
    }
    let batch = Batch(sequences)
    let engine = Engine(
      model, capacity: EngineCapacity(sequences: batch.sequenceCount, longestSequence: 200, tokens: batch.tokenCount),
      workers: .one)
    let (gradients, optimizer) = (Parameters(layout: weights.layout), AdamW(layout: weights.layout))
    for step in 0..<Self.steps {
      let count = Double(batch.answerTokenCount)
      try engine.gradient(of: batch, weights: weights, into: gradients) { _, _ in -1 / count }
      optimizer.step(weights, gradients: gradients, learningRate: 6e-3, workers: .one)
      if step == Self.steps / 2 { _ = retrained.elements.update(fromContentsOf: weights.elements) }
    }
  }

  private static let steps = 120

  /// A measurer of all measures, or of these.
  func measurer(
    _ kinds: Set<Measure> = Set(Measure.all), workers: Int = 1, retrained: Bool = true,
    _ change: (inout MeasurementPlan) -> Void = { _ in }
  ) throws -> TrajectoryExaminer {
    var measures = MeasurementPlan(
      kinds, label: Refusals.label, paraphrases: Array(Refusals.similar.prefix(3)), utilityStage: "tofu",
      mathStage: "math")
    (measures.forgetQuestions, measures.utilityQuestions, measures.stageExamples) = (7, 6, 3)
    (measures.mathProblems, measures.mathSamples, measures.answerTokens) = (4, 3, 48)
    change(&measures)
    return try TrajectoryExaminer(
      measures, stages: stages, forget: "refusal", model: model, adapter: adapter, tokenizer: tokenizer,
      template: .chatml, systemPrompt: nil, retrained: retrained ? self.retrained : nil, seed: 9,
      workers: Workers(count: workers))
  }

  // MARK: One example at a time

  /// The prompt's tokens.
  func prompt(_ conversation: Conversation) throws -> [Int32] {
    try ChatTemplate.chatml.prompt(conversation.prompt, with: tokenizer).map(Int32.init)
  }

  /// The conversation, or its prompt with another answer, as tokens.
  /// - Parameter ends: Whether the answer's end of turn counts.
  func example(_ conversation: Conversation, answer: String? = nil, ends: Bool = true) throws -> EncodedExample {
    let prompt = try prompt(conversation)
    let answer =
      tokenizer.encode(answer ?? conversation.answer, addingTemplate: false).map(Int32.init) + (ends ? [2] : [])
    return EncodedExample(
      line: 1, tokens: prompt + answer, isAnswer: prompt.map { _ in false } + answer.map { _ in true })
  }

  /// A probe with room for one example.
  func probe(_ weights: Parameters, _ adapterWeights: Parameters?) -> ModelProbe {
    ModelProbe(
      Engine(
        model, adapter: adapter, capacity: EngineCapacity(sequences: 1, longestSequence: 200, training: false),
        workers: .one),
      weights: weights, adapterWeights: adapterWeights)
  }
}

/// Every k-th of an array, as evenly as can be.
func spread<Element>(_ all: [Element], _ count: Int) -> [Element] {
  count >= all.count ? all : (0..<count).map { all[Int(Double(all.count) * Double($0) / Double(count))] }
}
