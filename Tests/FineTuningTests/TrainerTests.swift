import Core
import FileFormats
import FineTuning
import Foundation
import PropertyTesting
import TestSupport
import Testing
import Transformer
import Unlearning

/// A small model with random weights, and examples of random tokens.
struct Workshop {
  static let tied = Workshop(tiesEmbeddings: true)
  static let untied = Workshop(tiesEmbeddings: false)

  let tiesEmbeddings: Bool

  func model() throws -> ModelConfiguration {
    try ModelConfiguration(
      vocabularySize: 37, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
      contextLength: 32, tiesEmbeddings: tiesEmbeddings)
  }

  func weights() throws -> Parameters {
    let parameters = Parameters(layout: ParameterLayout(try model()))
    var random = RandomGenerator(seed: 11)
    for tensor in parameters.layout.tensors {
      let isNorm = tensor.shape.count == 1
      let elements = parameters.elements(of: tensor)
      for index in elements.indices { elements[index] = Float((isNorm ? 1 : 0) + 0.2 * random.normal()) }
    }
    return parameters
  }

  /// Examples of 3 to 12 tokens each.
  func examples(_ count: Int, seed: UInt64 = 5) -> [EncodedExample] {
    var random = RandomGenerator(seed: seed)
    return (0..<count).map { index in
      let length = 3 + Int(random.next() % 10)
      let answer = 1 + Int(random.next() % UInt64(length - 1))
      return EncodedExample(
        line: index + 1, tokens: (0..<length).map { _ in Int32(random.next() % 37) },
        isAnswer: (0..<length).map { $0 >= answer })
    }
  }

  func trainer(
    _ text: String, examples: [EncodedExample]? = nil, weights: Parameters? = nil, workers: Workers = .one
  ) throws -> Trainer {
    try Trainer(
      model(), weights: weights ?? self.weights(), examples: examples ?? self.examples(11),
      retainExamples: self.examples(5, seed: 6), configuration: configuration(text), workers: workers)
  }
}

func configuration(_ text: String) throws -> TrainingConfiguration {
  try TrainingConfiguration.parse(Array(text.utf8)).configuration
}

func bits(_ parameters: Parameters) -> [UInt32] { parameters.elements.map(\.bitPattern) }

/// A row without its one column that depends on the machine.
func timeless(_ row: MetricsRow) -> MetricsRow {
  var row = row
  row.seconds = 0
  return row
}

@Suite("The training loop")
struct TrainerTests {
  /// One of each: objectives, optimizers, adapters, terms.
  static let configurations = [
    "{epochs: 3, batch_size: 4, optimizer: {learning_rate: 0.01, clip_norm: 0.5}, schedule: {name: cosine, warmup: 2}}",
    "{epochs: 2, batch_size: 2, gradient_accumulation: 2, optimizer: {name: sgd, learning_rate: 0.1, weight_decay: 0.1}}",
    "{epochs: 2, batch_size: 4, objective: {name: npo, beta: 0.3}, proximal: {mu: 0.2}}",
    """
    {epochs: 2, batch_size: 3, adapter: {rank: 3, dropout: 0.3, targets: [q, v, up, down]},
     objective: {name: simnpo, retain_coefficient: 0.5, retain_data: r.jsonl}, schedule: {name: wsd, warmup: 1}}
    """,
    "{epochs: 2, batch_size: 3, shuffle: false, adapter: {rank: 2, targets: [q, k, lm_head]}, objective: {name: ga}}",
    "{epochs: 2, batch_size: 4, objective: {name: wga, beta: 0.5}}",
    """
    {epochs: 2, batch_size: 4, objective: {name: rmu, layer: 1, steering: 2, retain_objective: hidden_states,
     retain_coefficient: 3, retain_data: r.jsonl}}
    """,
    """
    {epochs: 2, batch_size: 3, adapter: {rank: 2, dropout: 0.2, targets: [q, down, lm_head]},
     objective: {name: ga, retain_objective: kl, retain_coefficient: 2, retain_data: r.jsonl}}
    """,
  ]

  @Test(arguments: configurations)
  func `A run restored after any step ends as one that was not stopped`(_ text: String) throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.path, keptCount: 100)
    let whole = try Workshop.untied.trainer(text)
    try store.save(step: 0, files: whole.checkpointFiles())
    var rows: [MetricsRow] = []
    while !whole.isFinished {
      rows.append(timeless(try whole.step()))
      try store.save(step: whole.completedSteps, files: whole.checkpointFiles())
    }
    #expect(rows.count == whole.totalSteps)
    for step in 0...whole.totalSteps {
      let copy = CheckpointStore(directory: directory.file("copy-\(step)"))
      _ = run("mkdir '\(copy.directory)' && cp -r '\(directory.file("step-\(step)"))' '\(copy.directory)'")
      let resumed = try Workshop.untied.trainer(text)
      try resumed.restore(try #require(copy.latest().checkpoint))
      #expect(resumed.completedSteps == step)
      while !resumed.isFinished {
        let row = timeless(try resumed.step())
        #expect(row == rows[row.step - 1])
      }
      #expect(bits(resumed.trained) == bits(whole.trained))
    }
  }

  @Test(arguments: configurations)
  func `The number of workers changes no bit`(_ text: String) throws {
    let runs = try [1, 2, 4].map { count in
      let trainer = try Workshop.untied.trainer(text, workers: Workers(count: count))
      var rows: [MetricsRow] = []
      while !trainer.isFinished { rows.append(timeless(try trainer.step())) }
      return (rows, bits(trainer.trained))
    }
    #expect(runs[1].0 == runs[0].0 && runs[2].0 == runs[0].0)
    #expect(runs[1].1 == runs[0].1 && runs[2].1 == runs[0].1)
  }

  /// What the order of sums may change of a loss and of a gradient's norm: some hundred roundings of FP32.
  private static let rounding = 100 * Double(Float.ulpOfOne)

  @Test(arguments: ["sft", "ga", "npo", "simnpo"])
  func `Four batches of two make the step of one batch of eight`(_ objective: String) throws {
    let rows = try [(8, 1), (2, 4), (1, 8)].map { size, accumulation in
      try Workshop.tied.trainer(
        """
        {batch_size: \(size), gradient_accumulation: \(accumulation), objective: {name: \(objective)}, seed: 3}
        """, examples: Workshop.tied.examples(8)
      ).step()
    }
    for row in rows.dropFirst() {
      #expect(abs(row.loss - rows[0].loss) <= Self.rounding * abs(rows[0].loss))
      #expect(abs(row.gradientNorm - rows[0].gradientNorm) <= Self.rounding * rows[0].gradientNorm)
      #expect(row.tokens == rows[0].tokens)
    }
  }

  @Test func `The order of examples within a step changes it by rounding only`() throws {
    let examples = Workshop.tied.examples(8)
    let text = "{batch_size: 4, gradient_accumulation: 2, shuffle: false, objective: {name: npo}}"
    let one = try Workshop.tied.trainer(text, examples: examples).step()
    let other = try Workshop.tied.trainer(text, examples: examples.reversed()).step()
    #expect(abs(one.loss - other.loss) <= Self.rounding * abs(one.loss))
    #expect(abs(one.gradientNorm - other.gradientNorm) <= Self.rounding * one.gradientNorm)
  }

  @Test func `The proximal term pulls back: a large mu keeps the weights where they were`() throws {
    func moved(_ mu: Double) throws -> Double {
      let trainer = try Workshop.tied.trainer(
        "{max_steps: 30, epochs: 99, proximal: {mu: \(mu)}, optimizer: {name: sgd, learning_rate: 0.01}}")
      let start = try Workshop.tied.weights()
      while !trainer.isFinished { _ = try trainer.step() }
      return zip(trainer.weights.elements, start.elements).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
    let free = try moved(0)
    #expect(free > 0)
    // 2 mu times the learning rate is 0.4: the fixed point is the gradient over 2 mu, a fiftieth of the free way.
    #expect(try moved(20) < free / 25)
  }

  @Test func `NPO's first weights are gradient ascent's`() throws {
    // At the reference every weight is 1, so the gradient is that of the mean over sequences of the log-likelihood.
    let npo = try Workshop.tied.trainer("{batch_size: 11, objective: {name: npo}, shuffle: false}").step()
    let ga = try Workshop.tied.trainer("{batch_size: 11, objective: {name: ga}, shuffle: false}").step()
    let examples = Workshop.tied.examples(11)
    let tokens = Double(examples.reduce(0) { $0 + $1.answerTokens })
    let expected = ga.gradientNorm * tokens / 11
    #expect(abs(npo.gradientNorm - expected) <= Self.rounding * expected)
    // The reference was scored in other batches.
    #expect(try abs(#require(npo.logWeight)) <= Self.rounding)
  }

  @Test func `A fresh adapter changes nothing yet, and lies within PEFT's bounds`() throws {
    let trainer = try Workshop.untied.trainer("{adapter: {rank: 4, targets: [q, down]}, objective: {name: npo}}")
    let adapter = try #require(trainer.adapterWeights)
    for tensor in adapter.layout.tensors {
      let values = adapter.elements(of: tensor)
      if tensor.name.hasSuffix("lora_B.weight") {
        #expect(values.allSatisfy { $0 == 0 })
      } else {
        let bound = 1 / Float(tensor.shape[1]).squareRoot()
        #expect(values.allSatisfy { abs($0) < bound })
        // Of 64 or more uniform numbers, one lies in the outer fifth unless with a probability of 0.8^64 = 6e-7.
        #expect(values.contains { abs($0) > 0.8 * bound })
        #expect(Set(values.map(\.bitPattern)).count > values.count / 2)
      }
    }
    // The reference is the model without the adapter.
    #expect(try abs(#require(trainer.step().logWeight)) <= Self.rounding)
  }

  @Test func `A step that is not finite is not taken, and says where`() throws {
    let weights = try Workshop.tied.weights()
    try #require(weights["model.norm.weight"])[3] = .nan
    let trainer = try Workshop.tied.trainer("{shuffle: false}", weights: weights)
    let before = bits(weights)
    #expect {
      try trainer.step()
    } throws: { error in
      "\(error)".hasPrefix("stopped before step 1: the log-likelihood of the example of line ")
    }
    #expect(bits(weights) == before && trainer.completedSteps == 0)
  }

  @Test func `A learning rate far too high is found at its first or second step`() throws {
    let trainer = try Workshop.tied.trainer("{optimizer: {name: sgd, learning_rate: 1e38}, epochs: 9}")
    #expect(throws: TrainingError.self) {
      _ = try trainer.step()
      try trainer.requireFinite()
      _ = try trainer.step()
    }
  }

  @Test func `What does not fit is refused at the start`() throws {
    #expect(throws: TrainingError.tiedHead) { try Workshop.tied.trainer("{adapter: {targets: [lm_head]}}") }
    #expect(throws: TrainingError.plan(.noExamples)) { try Workshop.tied.trainer("", examples: []) }
    let long = EncodedExample(
      line: 7, tokens: Array(repeating: 1, count: 33), isAnswer: Array(repeating: true, count: 33))
    #expect(throws: TrainingError.length(line: 7, tokens: 33, limit: 32)) {
      try Workshop.tied.trainer("", examples: [long])
    }
    #expect(throws: TrainingError.noRetainExamples) {
      try Trainer(
        Workshop.tied.model(), weights: Workshop.tied.weights(), examples: Workshop.tied.examples(3),
        configuration: configuration("{objective: {retain_coefficient: 1, retain_data: r.jsonl}}"))
    }
    #expect(throws: TrainingError.otherAdapter) {
      let other = try LoRAConfiguration(rank: 2, alpha: 1, targets: [.q])
      let model = try Workshop.tied.model()
      _ = try Trainer(
        model, weights: Workshop.tied.weights(),
        adapterWeights: Parameters(layout: ParameterLayout(model, other)), examples: Workshop.tied.examples(3),
        configuration: configuration("{adapter: {rank: 3, targets: [q]}}"))
    }
  }

  @Test func `A checkpoint of another run is refused`() throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.path)
    let small = try Workshop.tied.trainer("{adapter: {rank: 2}}")
    let checkpoint = try store.save(step: 1, files: small.checkpointFiles())
    let large = try Workshop.tied.trainer("{adapter: {rank: 3}}")
    #expect {
      try large.restore(checkpoint)
    } throws: {
      "\($0)".contains("is none of this run: trained has shape")
    }
    let npo = try Workshop.tied.trainer("{adapter: {rank: 2}, objective: {name: npo}}")
    #expect(throws: TrainingError.self) { try npo.restore(checkpoint) }
  }
}

/// Objectives that are no part of the list, as a researcher would write them.
@Suite struct OwnObjectiveTests {
  /// Direct preference optimisation (Rafailov et al., arXiv 2305.18290) times 2/beta, by both answers of a pair.
  private static let dpo = Objective(
    "dpo", label: "DPO", "prefers one answer to another", source: "arXiv 2305.18290",
    parameters: [.init("beta", default: 0.1, .positive, "inverse temperature")], needs: [.reference, .pairs],
    average: .examples
  ) { pair, values in
    let margin = values[0] * (pair[0].logLikelihood - pair[0].reference - pair[1].logLikelihood + pair[1].reference)
    let weight = 2 / (1 + exp(margin))
    return ExampleLoss(
      value: 2 / values[0] * log1p(exp(-margin)),
      weights: [pair[0].tokens.map { _ in -weight }, pair[1].tokens.map { _ in weight }])
  }

  private func trainer(_ objective: Objective, _ examples: [EncodedExample]) throws -> Trainer {
    var configuration = try configuration(
      "{epochs: 8, batch_size: 2, shuffle: false, optimizer: {name: sgd, learning_rate: 0.05}}")
    configuration.objective.main = try ChosenObjective(objective)
    let workshop = Workshop.untied
    return try Trainer(
      workshop.model(), weights: workshop.weights(), examples: examples, configuration: configuration, workers: .one)
  }

  @Test func `an objective of pairs starts at log 2 and prefers what it should`() throws {
    let singles = Workshop.untied.examples(8)
    let pairs = (0..<4).map { index in
      let (chosen, rejected) = (singles[2 * index], singles[2 * index + 1])
      return EncodedExample(
        line: index + 1, tokens: chosen.tokens, isAnswer: chosen.isAnswer,
        rejected: .init(tokens: rejected.tokens, isAnswer: rejected.isAnswer))
    }
    let trainer = try trainer(Self.dpo, pairs)
    var rows: [MetricsRow] = []
    while !trainer.isFinished { rows.append(try trainer.step()) }
    // At the reference both margins are 0.
    #expect(abs(rows[0].loss - 20 * log(2)) < 1e-4)
    #expect(rows[0].tokens == pairs[..<2].reduce(0) { $0 + $1.tokenCount })
    #expect(try #require(rows.last).loss < rows[0].loss - 1)
  }

  @Test func `an objective that does not fit the examples is an error, not a weight of 0`() throws {
    let before = bits(try Workshop.untied.weights())
    let own = try trainer(Self.dpo, Workshop.untied.examples(4))
    #expect {
      try own.step()
    } throws: {
      "\($0)" == "step 1, the example of line 1: dpo needs examples of 2 answers, not of one"
    }
    let broken = Objective("broken", label: "Broken", "for a test", source: "none", average: .examples) { example, _ in
      ExampleLoss(value: 0, weight: .nan, of: example[0])
    }
    let trainer = try trainer(broken, Workshop.untied.examples(4))
    #expect {
      try trainer.step()
    } throws: {
      "\($0)" == "step 1, the example of line 1: the token weights that broken gives have nan among them"
    }
    #expect(trainer.completedSteps == 0 && bits(trainer.trained) == before)
  }
}
