import ArgumentParser
import Checkpoints
import FileFormats
import FineTuning
import PostTraining
import Transformer

/// What `train` and `unlearn` do: read all input, take the steps, write the model or adapter.
struct FineTuningJob {
  let options: FineTuningOptions
  let common: CommonOptions
  /// The word for the progress display.
  let label: String

  private var console: Console { common.console }

  /// - Parameter configuration: What the options say of the configuration.
  func run(_ configuration: TrainingConfiguration) throws {
    let files = try options.model.open()
    var configuration = configuration
    try useAdapter(of: files, &configuration)
    guard configuration.adapter != nil || !options.merge else {
      throw ValidationError("--merge needs an adapter; without one the result is a whole model anyway.")
    }
    for input in [options.model.model, options.model.adapter].compactMap({ $0 }) where isSame(input, options.output) {
      throw ValidationError("--output is \(quotedPath(input)), what training starts from; choose another folder.")
    }
    let (examples, notice) = try encode(options.data, options.source.source, files, configuration)
    let retain =
      try configuration.objective.retainCoefficient > 0
      ? configuration.objective.retainData.map {
        try encode($0, options.retainSource ?? options.source.source, files, configuration)
      } : nil
    for notice in Set([notice, retain?.templateNotice].compactMap { $0 }) { console.notice(notice) }
    let model = files.model
    let weightCount = ParameterLayout(model).count
    let trainedCount = configuration.adapter.map { ParameterLayout(model, $0).count } ?? weightCount
    try Memory.require(
      Double(weightCount) + Double(trainedCount) * Double(configuration.copiesOfTrained),
      "\(label) \(trainedCount) of \(weightCount) parameters")
    let (weights, adapterWeights) = try files.loadWeights(workers: common.workers)
    let trainer = try Trainer(
      model, weights: weights, adapterWeights: adapterWeights, examples: examples,
      retainExamples: retain?.examples ?? [], configuration: configuration, workers: common.workers)

    let folder = try TrainingFolder(path: options.output, trainer: trainer, startsAnew: options.overwrite)
    let result = configuration.adapter == nil || options.merge ? "model" : "adapter"
    guard !folder.wasFinished else {
      guard folder.results.contains(result == "model" ? "model.safetensors" : "adapter_model.safetensors") else {
        throw Failure.Data(
          description: "the run in \(quotedPath(folder.path)) is finished and its result is no \(result); "
            + "--overwrite starts it anew")
      }
      console.notice("the run in \(quotedPath(folder.path)) is finished; --overwrite starts it anew")
      return
    }
    if let idle = trainer.idleSteps { console.notice("\(idle)") }
    for warning in folder.warnings { console.notice("\(warning)") }
    if !folder.warnings.isEmpty, folder.resumedStep == 0 {
      console.notice("no checkpoint is whole: starting at step 1")
    }
    if folder.resumedStep > 0 { console.notice("going on after step \(folder.resumedStep) of \(trainer.totalSteps)") }
    let last = try train(folder)
    try folder.finish(results(of: trainer, files))
    console.result(
      "\(trainer.totalSteps) steps\(last.map { ", the last with loss \($0.loss)" } ?? ""); wrote "
        + "the \(result) to \(printablePath(options.output))")
  }

  /// Takes the steps that are left; gives the last one's record.
  private func train(_ folder: TrainingFolder) throws -> MetricsRow? {
    let trainer = folder.trainer
    if trainer.needsReferences {
      let bar = ProgressBar("scoring the start model", total: trainer.exampleCount, console: console)
      defer { bar.finish() }
      try trainer.scoreReferences { bar.set($0) }
    }
    Interruption.watch()
    let bar = ProgressBar(label, total: trainer.totalSteps, done: folder.resumedStep, console: console)
    defer { bar.finish() }
    var last: MetricsRow?
    do {
      let outcome = try folder.train(
        checkpoints: options.checkpointEvery.map { .steps($0) } ?? .automatic,
        shouldStop: { Interruption.exitStatus != nil }
      ) { row in
        last = row
        bar.set(row.step)
        console.detail("step \(row.step) loss \(row.loss) learning rate \(row.learningRate)")
      }
      guard outcome == .stopped, let status = Interruption.exitStatus else { return last }
      bar.finish()
      console.notice("stopped after step \(trainer.completedSteps); the same command goes on from there")
      throw ExitCode(status)
    } catch let error as TrainingError {
      let checkpoint = folder.lastCheckpoint.map { "the last checkpoint is of step \($0)" } ?? "there is no checkpoint"
      throw Failure.Data(description: "\(error); \(checkpoint)")
    }
  }

  /// Lets training go on with the adapter of `--adapter`, if there is one.
  private func useAdapter(of files: ModelFiles, _ configuration: inout TrainingConfiguration) throws {
    guard let start = files.adapter else { return }
    guard let wanted = configuration.adapter else {
      configuration.adapter = start
      return
    }
    guard (wanted.rank, wanted.alpha, wanted.targets) == (start.rank, start.alpha, start.targets) else {
      throw Failure.Data(
        description:
          "\(quotedPath(options.model.adapter ?? "")): the adapter has rank, alpha or targets other than the "
          + "configuration's; leave the key adapter out to go on with it as it is")
    }
  }

  private func encode(
    _ path: String, _ source: NamedSource?, _ files: ModelFiles, _ configuration: TrainingConfiguration
  ) throws -> (examples: [EncodedExample], templateNotice: String?) {
    let (_, examples, notice) = try files.examples(
      of: path, source, template: configuration.template, systemPrompt: configuration.systemPrompt,
      maximumLength: configuration.sequenceLength, lengthPolicy: configuration.truncate ? .cutEnd : .refuse,
      console: console
    ) { encoder, example throws(ExampleError) in try encoder.encode(example) }
    let cut = examples.count { $0.droppedTokens > 0 }
    if cut > 0 { console.notice("\(quotedPath(path)): the ends of \(cut) of \(examples.count) examples were cut off") }
    return (examples, notice)
  }

  /// The files of the result. With `--merge`, this changes the trainer's weights.
  private func results(of trainer: Trainer, _ files: ModelFiles) throws -> [OutputFile] {
    if let adapter = trainer.configuration.adapter, let matrices = trainer.adapterWeights {
      guard options.merge else {
        return try AdapterFolder.files(
          adapter, matrices, to: options.output, format: options.format, baseModel: files.path,
          workers: common.workers)
      }
      try adapter.merge(matrices, into: trainer.weights, of: trainer.model, workers: common.workers)
    }
    return try files.savedFiles(
      with: trainer.weights, to: options.output, format: options.format, workers: common.workers)
  }
}
