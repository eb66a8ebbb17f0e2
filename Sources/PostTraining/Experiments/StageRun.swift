import Checkpoints
import Core
import FileFormats
import FineTuning
import Transformer

/// A run that learns one stage after others: its results are the adapter that lives through all stages, or a model
/// where all weights are trained.
struct StageRun: Sendable {
  /// What it starts from.
  let start: LearnedModel
  let data: HashedData
  /// With the seed of this run.
  let training: TrainingConfiguration
  /// Names the adapter's first values, which are the same whatever stage comes first.
  let seed: UInt64
  let writing: Writing
  let title: String
  /// What tells apart base models that are no runs.
  let baseDigest: String?

  var plan: RunPlan {
    RunPlan(
      kind: "stage", version: 1, title: title,
      inputs: [
        "trainer": .integer(Trainer.version),
        "base": baseDigest.map(JSON.string) ?? .null, "training": .string(training.yaml),
        "seed": .decimal("\(seed)"), "data": .string(data.digest), "writing": writing.json,
      ], parents: start.runs)
  }

  var cost: Double { training.cost(of: data.data.train) }

  /// The model at the end of this run.
  var end: LearnedModel { LearnedModel(base: start.base, stage: plan.key, adapter: training.adapter) }

  func work(_ context: RunContext) throws -> [String]? {
    let start = try start.open(in: context.store)
    let model = start.files.model
    let examples = try data.data.examples(for: model, start.tokenizer, writing, training)
    let folder = try context.goOn {
      var (weights, matrices) = try start.files.loadWeights(workers: context.workers)
      if matrices == nil, let adapter = training.adapter {
        matrices = Parameters(fresh: adapter, of: model, random: RandomStream.adapter.generator(seed: seed))
      }
      return try Trainer(
        model, weights: weights, adapterWeights: matrices, examples: examples, configuration: training,
        workers: context.workers)
    } _: {
      try TrainingFolder(path: context.folder, trainer: $0)
    }
    guard try folder.train(in: context) == .finished else { return nil }
    if !folder.wasFinished {
      try folder.finish(
        try folder.trainer.resultFiles(in: context.folder, start.files, workers: context.workers)
          + [TrainingCost(of: folder.trainer, in: context.folder).file(in: context.folder)])
    }
    return folder.results
  }
}

extension TrainingFolder {
  /// Takes the steps that are left, telling the run's progress.
  /// - Parameter onStep: Called after each step, before a checkpoint of it is saved.
  func train(in context: RunContext, onStep: () throws -> Void = {}) throws -> Outcome {
    try train(shouldStop: context.shouldStop) { row in
      try onStep()
      context.report(Double(row.step) / Double(trainer.totalSteps))
    }
  }
}

extension Trainer {
  /// The files of what was trained: the adapter's, or the model's.
  func resultFiles(in folder: String, _ start: ModelFiles, workers: Workers) throws -> [OutputFile] {
    if let adapter = configuration.adapter, let adapterWeights {
      return try AdapterFolder.files(adapter, adapterWeights, to: folder, workers: workers)
    }
    return try ModelFolder.files(
      model, weights, to: folder, specialTokens: start.specialTokens, workers: workers)
  }
}

extension TrainingConfiguration {
  /// How long training on conversations takes compared with other runs: about the number of tokens, thrice.
  func cost(of conversations: [Conversation]) -> Double {
    let characters = conversations.reduce(0) { $0 + $1.messages.reduce(0) { $0 + $1.content.utf8.count } }
    let share = maxSteps.map {
      min(1, Double($0 * batchSize * gradientAccumulation) / Double(conversations.count * epochs))
    }
    return Double(characters * epochs) * (share ?? 1)
  }
}
