import FileFormats
import FineTuning
import Transformer

/// What a run cost, whatever the machine: its file `cost.json`.
struct TrainingCost: Equatable {
  static let name = "cost.json"

  /// How many tokens went forward and backward.
  var trainedTokens: Int
  /// How many tokens were read to measure.
  var measuredTokens = 0
  /// Floating-point operations of the products with weights.
  var operations: Double

  /// The cost of a trainer's run, by its log of metrics, which has all steps even of a run that was resumed.
  /// - Parameter measuredTokens: What was read beside, each token once through the model.
  init(of trainer: Trainer, in folder: String, measuredTokens: Int = 0) throws {
    let log = try TidyTable(metricsIn: folder)
    let column = log.columns.firstIndex { $0.name == "tokens" } ?? 0
    trainedTokens = log.rows.reduce(0) { if case .integer(let tokens) = $1[column] { $0 + tokens } else { $0 } }
    self.measuredTokens = measuredTokens
    let weights = Double(ParameterLayout(trainer.model).productWeights(of: trainer.model))
    let adapter = Double(trainer.adapterWeights?.layout.parameterCount ?? 0)
    // Forward 2 a weight; backward 2 for the gradient of the inputs, and 2 for that of what is trained.
    let each = trainer.adapterWeights == nil ? 6 * weights : 4 * weights + 6 * adapter
    operations = each * Double(trainedTokens) + 2 * (weights + adapter) * Double(measuredTokens)
  }

  /// The cost of a run that only reads.
  init(reading tokens: Int, with model: ModelConfiguration) {
    (trainedTokens, measuredTokens) = (0, tokens)
    operations = 2 * Double(ParameterLayout(model).productWeights(of: model)) * Double(tokens)
  }

  /// The cost that ``file(in:)`` wrote, or nil where it is none.
  init?(_ json: JSON) {
    guard let trained = json["trained_tokens"]?.integerValue, let measured = json["measured_tokens"]?.integerValue,
      let operations = json["operations"]?.doubleValue
    else { return nil }
    (trainedTokens, measuredTokens, self.operations) = (trained, measured, operations)
  }

  func file(in folder: String) -> OutputFile {
    let json: JSON = [
      "trained_tokens": .integer(trainedTokens), "measured_tokens": .integer(measuredTokens),
      "operations": .number(operations),
    ]
    return OutputFile(path: "\(folder)/\(Self.name)", bytes: json.bytes())
  }
}

extension TidyTable {
  /// A training's log of metrics.
  init(metricsIn folder: String) throws {
    try self.init(
      columns: MetricsRow.columns, csv: InputFile.bytes(of: "\(folder)/\(TrainingFolder.metricsName)"))
  }
}

extension ParameterLayout {
  /// How many weights every token is multiplied with: all matrices but the embedding, which is only looked up, and the
  /// head, be it the embedding again.
  fileprivate func productWeights(of model: ModelConfiguration) -> Int {
    let matrices = tensors.filter { $0.shape.count == 2 }.reduce(0) { $0 + $1.count }
    return model.tiesEmbeddings ? matrices : matrices - model.vocabularySize * model.hiddenSize
  }
}

/// What an experiment cost, whatever the machine.
public struct ExperimentCost: Equatable, Sendable {
  /// How many runs were made.
  public var runs = 0
  /// How many tokens went forward and backward.
  public var trainedTokens = 0
  /// How many tokens were read by measurements or generated.
  public var measuredTokens = 0
  /// Floating-point operations of the matrix products: 2 a weight and token forward, 4 more (2 with an adapter)
  /// backward.
  public var operations = 0.0

  /// Nothing yet.
  public init() {}
}
