import Core
import FileFormats
import FineTuning
import Unlearning

/// A run that asks a model about every stage: its result is `quality.csv`.
struct QualityRun: Sendable {
  static let name = "quality.csv"
  /// How many examples are read and asked of each stage, of those learned and of those held out.
  static let exampleCount = 32

  let model: LearnedModel
  let stages: [HashedData]
  let measures: MeasurementPlan
  /// As the stages' training does.
  let cutsAnswers: Bool
  let writing: Writing
  /// What the model was trained for, with which seed and in what order.
  let study: String
  let seed: UInt64
  let path: Path
  let baseDigest: String?

  var plan: RunPlan {
    RunPlan(
      kind: "quality", version: 2, title: "\(study), seed \(seed): quality after \(path)",
      inputs: [
        "base": baseDigest.map(JSON.string) ?? .null, "examples": .integer(Self.exampleCount),
        "answer_tokens": measures.answerTokens.map(JSON.integer) ?? .null,
        "data": .array(stages.map { .string($0.digest) }),
        "writing": writing.json, "cuts_answers": .bool(cutsAnswers),
      ], parents: model.runs)
  }

  var cost: Double { Double(stages.count * Self.exampleCount) * 300 }

  func work(_ context: RunContext) throws -> [String]? {
    try context.clear()
    let opened = try model.open(in: context.store)
    let (weights, matrices) = try opened.files.loadWeights(workers: context.workers)
    var table = try TidyTable(columns: Self.columns)
    let examiner = try StageExaminer(
      stages: stages.map(\.data), count: Self.exampleCount, answerTokens: measures.answerTokens,
      model: opened.files.model,
      adapter: opened.files.adapter, tokenizer: opened.tokenizer, template: writing.template,
      systemPrompt: writing.systemPrompt, cutsAnswers: cutsAnswers, workers: context.workers)
    for quality in try examiner.qualities(of: weights, adapterWeights: matrices, study: study, seed: seed, path: path) {
      func cell(_ value: Double?) -> Cell { value.map(Cell.number) ?? .missing }
      try table.append([
        .string(quality.stage), .number(quality.learnedLogLikelihood), cell(quality.heldOutLogLikelihood),
        .number(quality.learnedRight), cell(quality.heldOutRight),
        .number(quality.learnedCut), cell(quality.heldOutCut),
        .number(quality.referenceCut), .integer(quality.longestReference),
      ])
    }
    try AtomicFile.write([
      OutputFile(path: "\(context.folder)/\(Self.name)", bytes: table.csv()),
      TrainingCost(reading: examiner.tokensRead, with: opened.files.model).file(in: context.folder),
    ])
    return [Self.name, TrainingCost.name]
  }

  /// What the finished run found.
  func read(in store: RunStore) throws -> [StageQuality] {
    let table = try TidyTable(columns: Self.columns, csv: try store.bytes(of: Self.name, in: plan.key))
    return table.rows.map { row in
      func number(_ index: Int) -> Double? {
        switch row[index] {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
      }
      let stage = if case .string(let text) = row[0] { text } else { "" }
      return StageQuality(
        study: study, seed: seed, path: path, stage: stage, learnedLogLikelihood: number(1) ?? .nan,
        heldOutLogLikelihood: number(2), learnedRight: number(3) ?? .nan, heldOutRight: number(4),
        learnedCut: number(5) ?? .nan, heldOutCut: number(6), referenceCut: number(7) ?? .nan,
        longestReference: number(8).map { Int($0) } ?? 0)
    }
  }

  private static let columns = [
    Column("stage", .string, description: "the stage that is asked about"),
    Column("learned_log_likelihood", .number, unit: "nat", description: "a token's, of what was learned"),
    Column("held_out_log_likelihood", .number, unit: "nat", description: "a token's, of what was held out"),
    Column("learned_right", .number, description: "share of right greedy answers to what was learned"),
    Column("held_out_right", .number, description: "share of right greedy answers to what was held out"),
    Column("learned_cut", .number, description: "share of greedy answers to what was learned that were cut off"),
    Column("held_out_cut", .number, description: "share of greedy answers to what was held out that were cut off"),
    Column("reference_cut", .number, description: "share of true answers that are longer than answers may be"),
    Column(
      "longest_reference", .integer, unit: "token", description: "the longest true answer with the end of its turn"),
  ]
}
