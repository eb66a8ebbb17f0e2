import Checkpoints
import Core
import FileFormats
import FineTuning
import Transformer
import Unlearning

/// A run that unlearns the forget stage from the end of a path and measures after every step: its results are the
/// trajectory, what each step did, and the fresh adapter, which belongs on the merged model it started from.
struct UnlearnRun: Sendable {
  /// What each step did: the log of metrics, whose weights say when an objective has extinguished itself.
  static let stepsName = "steps.csv"

  let start: LearnedModel
  /// The model of the path without the forget stage; nil where nothing is measured against it.
  let retrained: LearnedModel?
  /// The study's stages, in its order.
  let stages: [HashedData]
  let forget: String
  let measures: MeasurementPlan
  /// With the seed of this run.
  let configuration: TrainingConfiguration
  let seed: UInt64
  let writing: Writing
  let title: String
  let baseDigest: String?

  var plan: RunPlan {
    RunPlan(
      kind: "unlearn", version: 1, title: title,
      inputs: [
        "trainer": .integer(Trainer.version),
        "base": baseDigest.map(JSON.string) ?? .null, "training": .string(configuration.yaml),
        "seed": .decimal("\(seed)"), "forget": .string(forget), "measures": measures.json,
        "data": .array(stages.map { .string($0.digest) }), "writing": writing.json,
      ], parents: start.runs + [retrained?.stage].compactMap { $0 })
  }

  private var forgetSet: StageData? { stages.first { $0.data.name == forget }?.data }

  var cost: Double {
    guard let forgetSet else { return 0 }
    let steps = configuration.epochs * (forgetSet.train.count / configuration.batchSize + 1)
    return configuration.cost(of: forgetSet.train)
      + Double(min(steps, configuration.maxSteps ?? .max) + 1)
      * measures.cost(Measure.Stages(stages.map(\.data.name), heldOut: []))
  }

  func work(_ context: RunContext) throws -> [String]? {
    let start = try start.open(in: context.store)
    let model = start.files.model
    let examples = try forgetSet.map { data throws(ExampleError) in
      try data.examples(for: model, start.tokenizer, writing, configuration)
    }
    let measurer = try TrajectoryExaminer(
      measures, stages: stages.map(\.data), forget: forget, model: model, adapter: configuration.adapter,
      tokenizer: start.tokenizer, template: writing.template, systemPrompt: writing.systemPrompt,
      cutsAnswers: configuration.truncate,
      retrained: try retrained?.open(in: context.store).mergedWeights(workers: context.workers), seed: seed,
      workers: context.workers)
    var (folder, record) = try context.goOn {
      try Trainer(
        model, weights: try start.mergedWeights(workers: context.workers), examples: examples ?? [],
        configuration: configuration, workers: context.workers)
    } _: { trainer in
      let folder = try TrainingFolder(path: context.folder, trainer: trainer)
      let rows = folder.wasFinished || folder.resumedStep == 0 ? 0 : folder.resumedStep + 1
      return (
        folder,
        try TrajectoryRecord(
          columns: measurer.columns, in: context.folder, rows: rows, hasTrueTokens: measurer.readsTrueTokens)
      )
    }
    if folder.wasFinished { return folder.results }
    let trainer = folder.trainer
    // The same at every measurement, so that a run that was resumed says the same.
    var tokensRead = 0
    func measure() throws {
      let before = measurer.tokensRead
      defer { tokensRead = measurer.tokensRead - before }
      record.append(try measurer.measure(trainer.weights, adapterWeights: trainer.adapterWeights))
    }
    if let first = record.rows.first {
      measurer.baseline = Dictionary(uniqueKeysWithValues: zip(measurer.columns, first))
    } else {
      try measure()
    }
    let outcome = try folder.train(in: context) {
      do {
        try measure()
      } catch let error as ExaminerError {
        throw ExperimentError.measuring(step: trainer.completedSteps, error)
      }
      // Before the checkpoint of this step, after which nobody would measure it again.
      try record.write(to: context.folder)
    }
    guard outcome == .finished else { return nil }
    try folder.finish(
      try trainer.resultFiles(in: context.folder, start.files, workers: context.workers)
        + record.files(in: context.folder)
        + [
          OutputFile(
            path: "\(context.folder)/\(Self.stepsName)", bytes: TidyTable(stepsIn: context.folder).csv()),
          TrainingCost(of: trainer, in: context.folder, measuredTokens: record.rows.count * tokensRead).file(
            in: context.folder),
        ])
    return folder.results
  }
}

extension TidyTable {
  /// A training's log of metrics but for how long each step took, which no two runs have alike.
  fileprivate init(stepsIn folder: String) throws {
    let log = try TidyTable(metricsIn: folder)
    let places = log.columns.indices.filter { log.columns[$0].name != "seconds" }
    try self.init(places.map { log.columns[$0] }, rows: log.rows.map { row in places.map { row[$0] } })
  }
}
