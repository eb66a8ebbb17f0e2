import Checkpoints
import Core
import FileFormats
import FineTuning
import Tokenizers
import Transformer

/// A run that trains a base model from random weights; its results are a model folder.
struct PretrainingRun: Sendable {
  let pretraining: Pretraining
  let corpus: HashedData
  let seed: UInt64
  let tokenizer: RunKey

  private var configuration: TrainingConfiguration {
    var configuration = pretraining.training
    configuration.seed = seed
    return configuration
  }

  var plan: RunPlan {
    RunPlan(
      kind: "base", version: 1, title: "base model, seed \(seed)",
      inputs: [
        "model": ModelConfigurationFile.json(
          for: pretraining.model, format: .float32, specialTokens: SpecialTokens(), keeping: nil),
        "trainer": .integer(Trainer.version),
        "training": .string(configuration.yaml), "data": .string(corpus.digest),
      ], parents: [tokenizer])
  }

  /// How long it takes, in tokens trained.
  var cost: Double { configuration.cost(of: corpus.data.train) }

  func work(_ context: RunContext) throws -> [String]? {
    let folder = try context.store.checkedFolder(of: tokenizer)
    let tokenizer = try Tokenizer(folder: folder)
    let model = pretraining.model
    // Texts of their own, which no template changes.
    let examples = try corpus.data.examples(
      for: model, tokenizer, Writing(template: .plain, systemPrompt: nil), configuration)
    let training = try context.goOn {
      try Trainer(
        model, weights: Parameters(fresh: model, random: RandomStream.weights.generator(seed: seed)),
        examples: examples, configuration: configuration, workers: context.workers)
    } _: {
      try TrainingFolder(path: context.folder, trainer: $0)
    }
    guard try training.train(in: context) == .finished else { return nil }
    if !training.wasFinished {
      let special = SpecialTokens(begin: tokenizer.beginningOfText, end: [tokenizer.endOfText].compactMap { $0 })
      // Each with its hash checked: the run that learned them may have been removed meanwhile.
      let copies = try TokenizerRun.results.map { name in
        OutputFile(
          path: "\(context.folder)/\(name)", bytes: try context.store.bytes(of: name, in: self.tokenizer))
      }
      try training.finish(
        try copies
          + ModelFolder.files(
            model, training.trainer.weights, to: context.folder, specialTokens: special, workers: context.workers)
          + [TrainingCost(of: training.trainer, in: context.folder).file(in: context.folder)])
    }
    return training.results
  }
}
