import Checkpoints
import Core
import FileFormats
import FineTuning
import Transformer
import Unlearning

/// A run that compares the models of all paths with each other, each pair exactly over the whole vocabulary: its result
/// is `divergence.csv`. The weights of two models are held at a time, and the logits of a few answers.
struct DivergenceRun: Sendable {
  static let name = "divergence.csv"

  /// The model of a path.
  struct PathModel: Sendable {
    let path: Path
    /// The model at the path's end.
    let end: LearnedModel
    /// The run that unlearned from there; nil for the model before.
    var unlearned: RunKey?
  }

  /// All of one base model, and all before unlearning or all after it.
  let models: [PathModel]
  /// The adapter with which models were unlearned; nil where all weights were trained.
  let adapter: LoRAConfiguration?
  /// The columns of the unlearning runs' trajectories.
  let columns: [String]
  /// The study's stages, in its order.
  let stages: [HashedData]
  let forget: String
  let measures: MeasurementPlan
  /// As unlearning does.
  let cutsAnswers: Bool
  let writing: Writing
  let title: String
  let baseDigest: String?

  var plan: RunPlan {
    RunPlan(
      kind: "divergence", version: 1, title: title,
      inputs: [
        "base": baseDigest.map(JSON.string) ?? .null, "paths": .array(models.map { .string("\($0.path)") }),
        "forget": .string(forget), "measures": measures.ofComparisons.json,
        "data": .array(stages.map { .string($0.digest) }), "writing": writing.json, "cuts_answers": .bool(cutsAnswers),
      ],
      parents: models.flatMap { $0.end.runs + [$0.unlearned].compactMap { $0 } })
  }

  var cost: Double {
    Double(models.count * (models.count - 1))
      * measures.ofComparisons.cost(Measure.Stages(stages.map(\.data.name), heldOut: []))
  }

  func work(_ context: RunContext) throws -> [String]? {
    try context.clear()
    guard let first = models.first else { return [] }
    let opened = try first.end.open(in: context.store)
    let encoder = try ConversationEncoder(
      model: opened.files.model, tokenizer: opened.tokenizer, template: writing.template,
      systemPrompt: writing.systemPrompt, cutsAnswers: cutsAnswers)
    let examples = try MeasuredExamples(
      measures.ofComparisons, stages: stages.map(\.data), forget: forget, encoder)
    let reader = try ModelReader(
      encoder, adapter: adapter, examples: examples.list.examples, answers: 0, answerTokens: nil,
      workers: context.workers)
    let step = try first.unlearned.map { key in
      try TrajectoryRecord(columns: columns, of: key, in: context.store).rows.count - 1
    }
    var table = try TidyTable(columns: Self.columns)
    var compared = 0
    for (index, one) in models.enumerated().dropLast() {
      let probe = try self.probe(one, reader, context)
      for other in models[(index + 1)...] {
        if context.shouldStop() { return nil }
        let otherProbe = try self.probe(other, reader, context)
        for part in PathDivergence.Part.allCases {
          let answers = examples[examples.places(of: part)]
          let divergence = try reader.probing(for: "\(one.path) and \(other.path)") { () throws(ProbeError) in
            try probe.comparison(with: otherProbe, on: answers, workers: context.workers).divergence
          }
          try table.append([
            .string("\(one.path)"), .string("\(other.path)"), .integer(step ?? 0), .string(part.rawValue),
            .integer(answers.reduce(0) { $0 + $1.answerTokens }), .number(divergence.jeffreys),
          ])
        }
        compared += 1
        context.report(Double(2 * compared) / Double(models.count * (models.count - 1)))
      }
    }
    try AtomicFile.write([
      OutputFile(path: "\(context.folder)/\(Self.name)", bytes: table.csv()),
      TrainingCost(reading: reader.tokensRead, with: opened.files.model).file(in: context.folder),
    ])
    return [Self.name, TrainingCost.name]
  }

  /// A probe of a path's model; after unlearning with its adapter on the merged model, as it was trained and measured.
  private func probe(_ model: PathModel, _ reader: ModelReader, _ context: RunContext) throws -> ModelProbe {
    let workers = context.workers
    guard let key = model.unlearned else {
      let weights = try model.end.open(in: context.store).mergedWeights(workers: workers)
      return ModelProbe(reader.engine, weights: weights)
    }
    guard adapter != nil else {
      let weights = try LearnedModel(base: model.end.base, stage: key).open(in: context.store)
        .mergedWeights(workers: workers)
      return ModelProbe(reader.engine, weights: weights)
    }
    let start = try model.end.open(in: context.store)
    let weights = try start.mergedWeights(workers: workers)
    let matrices = try AdapterFolder(path: try context.store.checkedFolder(of: key)).loadParameters(
      for: start.files.model, base: weights, workers: workers)
    return ModelProbe(reader.engine, weights: weights, adapterWeights: matrices)
  }

  /// What the finished run found.
  /// - Parameters:
  ///   - run: The name of the unlearning run; models before unlearning are those of all runs.
  func read(in store: RunStore, study: String, seed: UInt64, run: String) throws -> [PathDivergence] {
    let table = try TidyTable(columns: Self.columns, csv: try store.bytes(of: Self.name, in: plan.key))
    let paths = Dictionary(models.map { ("\($0.path)", $0.path) }) { first, _ in first }
    return try table.rows.map { row in
      func path(_ index: Int) -> Path? { if case .string(let text) = row[index] { paths[text] } else { nil } }
      guard let one = path(0), let other = path(1), case .integer(let step) = row[2], case .string(let name) = row[3],
        let part = PathDivergence.Part(rawValue: name), case .integer(let tokens) = row[4]
      else {
        throw ExperimentError.result(
          "\(store.folder(of: plan.key))/\(Self.name)", "it does not compare paths of this plan")
      }
      let jeffreys: Double =
        switch row[5] {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: .nan
        }
      return PathDivergence(
        study: study, seed: seed, run: run, one: one, other: other, step: step, part: part, tokens: tokens,
        jeffreys: jeffreys)
    }
  }

  private static let columns = [
    Column("one", .string, description: "the one path, its stages in the order in which they were learned"),
    Column("other", .string, description: "the other path"),
    Column("step", .integer, unit: "step", description: "unlearning steps that both models have taken"),
    Column("part", .string, description: "forget: answers of the forget stage; kept: of all others"),
    Column("tokens", .integer, unit: "token", description: "how many answer tokens the part has"),
    Column("jeffreys", .number, unit: "nat", description: "mean of KL in both directions, a token"),
  ]
}

extension MeasurementPlan {
  /// What decides on which answers models are compared with each other, and nothing else: the answers of
  /// ``Measure/retrained``.
  fileprivate var ofComparisons: MeasurementPlan {
    var measures = MeasurementPlan([.retrained], utilityStage: utilityStage)
    measures.forgetQuestions = forgetQuestions
    measures.utilityQuestions = utilityQuestions
    measures.stageExamples = stageExamples
    return measures
  }
}

extension MeasuredExamples {
  /// The answers of a part.
  fileprivate func places(of part: PathDivergence.Part) -> [Int] {
    switch part {
    case .forget: forget
    case .kept: kept
    }
  }
}
