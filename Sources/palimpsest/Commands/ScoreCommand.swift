import ArgumentParser
import FileFormats
import FineTuning
import PostTraining
import Transformer

/// `palimpsest score`: log-likelihoods of answers.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Compute the log-likelihood of every answer of a data file under a model.",
    discussion: """
      The data are JSON lines or one JSON array of {"question": ..., "answer": ...}, maybe with "context" and \
      "system", \
      {"messages": [{"role": ..., "content": ...}, ...]} or {"prompt_ids": [...], "answer_ids": [...]}; token ids need \
      no tokenizer. What else would change the text is refused by name, other members are passed over. The table has \
      one row for each example, \
      in the file's order, and a data package beside it says what the columns are. An example's numbers depend \
      on it, the model and the options alone: not on --threads, nor on the other examples.

      EXAMPLE
        palimpsest score --model stories260K.bin --data ids.jsonl -o scores.csv
        palimpsest score --model dir --data qa.jsonl --template chatml -o qa.csv
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(help: ArgumentHelp("The examples, JSON lines or a JSON array.", valueName: "file"))
  var data: String

  @OptionGroup var source: SourceOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The table to write, a CSV file.", valueName: "file"), transform: path)
  var output: String

  @OptionGroup(title: "Text") var chat: ChatOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most tokens of an example, if fewer than the model's context.", valueName: "n"))
  var maxLength: Int?

  @Flag(help: "Cut the end off examples that are too long, instead of refusing them.")
  var truncate = false

  @OptionGroup var common: CommonOptions

  private func check() throws {
    if let maxLength, maxLength < 2 {
      throw ValidationError("--max-length is \(maxLength); it must be at least 2: a prompt and an answer.")
    }
  }

  func run() throws {
    try Failure.reporting {
      let console = common.console
      try check()
      guard !isSame(data, output) else { throw ValidationError("--output is the data; choose another file.") }
      try AtomicFile.requireWritable(output)
      let files = try model.open()
      let (shape, examples, templateNotice) = try files.examples(
        of: data, source.source, template: chat.template ?? .plain, systemPrompt: chat.systemPrompt,
        maximumLength: maxLength,
        lengthPolicy: truncate ? .cutEnd : .refuse, console: console
      ) { encoder, example throws(ExampleError) in try encoder.encode(example) }
      chat.noticeUnused(with: shape, console)
      if let templateNotice { console.notice(templateNotice) }
      let scores = try scores(of: examples, files, console)
      let report = ScoreReport(examples, scores)
      try AtomicFile.write(report.files(at: output))
      if report.cutExamples > 0 {
        console.result("cut \(report.cutExamples) examples by \(report.droppedTokens) tokens in all")
      }
      console.result(
        "scored \(examples.count) examples with \(report.answerTokens) answer tokens: mean log-likelihood "
          + "\(report.meanLogLikelihood) nats a token; wrote \(printablePath(output))")
    }
  }

  /// The scores in the order of the examples.
  private func scores(
    of examples: [EncodedExample], _ files: ModelFiles, _ console: Console
  ) throws -> [SequenceScore] {
    let batches = Self.batches(of: examples)
    let capacity = EngineCapacity(
      sequences: batches.map(\.count).max() ?? 1, longestSequence: examples.map(\.tokens.count).max() ?? 1,
      tokens: batches.map { Self.tokens(of: examples[$0]) }.max() ?? 1, training: false)
    let model = files.model
    try Memory.require(
      Double(capacity.tokens) * Double(5 * model.hiddenSize + model.qkvWidth + 3 * model.intermediateSize)
        + Double(capacity.longestSequence) * Double(model.vocabularySize),
      "scoring an example of \(capacity.longestSequence) tokens")
    let (weights, adapterWeights) = try files.loadWeights(workers: common.workers)
    let engine = Engine(model, adapter: files.adapter, capacity: capacity, workers: common.workers)
    let bar = ProgressBar("scoring", total: Self.tokens(of: examples[...]), console: console)
    defer { bar.finish() }
    var scores: [SequenceScore] = []
    for batch in batches {
      scores += try engine.score(
        Batch(examples[batch].map(\.sequence)), weights: weights, adapterWeights: adapterWeights)
      for (example, score) in zip(examples[batch], scores[batch]) where !score.logLikelihood.isFinite {
        throw Failure.Data(
          description: "\(quotedPath(data)), line \(example.line): the log-likelihood is \(score.logLikelihood); "
            + "the weights of the model or adapter are not finite or too large")
      }
      bar.advance(Self.tokens(of: examples[batch]))
    }
    return scores
  }

  /// Neighbours side by side, in batches large enough for efficient products.
  private static func batches(of examples: [EncodedExample]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (start, tokens) = (0, 0)
    for (index, example) in examples.enumerated() {
      if index > start, tokens + example.tokens.count > batchTokens {
        batches.append(start..<index)
        (start, tokens) = (index, 0)
      }
      tokens += example.tokens.count
    }
    return batches + [start..<examples.count]
  }

  private static func tokens(of examples: ArraySlice<EncodedExample>) -> Int {
    examples.reduce(0) { $0 + $1.tokens.count }
  }

  /// The tokens of a batch, unless one example alone has more.
  private static let batchTokens = 8192
}
