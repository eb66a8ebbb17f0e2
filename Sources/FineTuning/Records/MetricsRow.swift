import FileFormats

/// What is recorded of one optimizer step: one line of `metrics.csv`.
public struct MetricsRow: Hashable, Sendable {
  /// The step, counted from 1.
  public var step: Int
  /// The epoch the step's examples belong to, counted from 1.
  public var epoch: Int
  /// The objective on the step's examples before the update, retain and proximal terms included.
  public var loss: Double
  /// The learning rate of the step, the schedule's factor included.
  public var learningRate: Double
  /// The tokens that went through the model, prompts included.
  public var tokens: Int
  /// How long the step took.
  public var seconds: Double
  /// The Euclidean norm of the gradient before clipping.
  public var gradientNorm: Double
  /// The retain term's part of the loss; nil where there is none.
  public var retainLoss: Double?
  /// The mean over the step's sequences of the log of the objective's weight; nil for SFT.
  public var logWeight: Double?

  /// Makes a row.
  public init(
    step: Int, epoch: Int, loss: Double, learningRate: Double, tokens: Int, seconds: Double, gradientNorm: Double,
    retainLoss: Double? = nil, logWeight: Double? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.learningRate = learningRate
    self.tokens = tokens
    self.seconds = seconds
    self.gradientNorm = gradientNorm
    self.retainLoss = retainLoss
    self.logWeight = logWeight
  }

  /// The columns of `metrics.csv`, by which `TidyTable` reads the file.
  public static let columns = [
    Column("step", .integer, description: "Optimizer step, counted from 1."),
    Column("epoch", .integer, description: "Epoch of the step's examples, counted from 1."),
    Column(
      "loss", .number, unit: "nat",
      description: "Minimised objective on the step's examples before its update, all terms included."),
    Column("learning_rate", .number, description: "Learning rate, the schedule's factor included."),
    Column("tokens", .integer, description: "Tokens through the model, prompts included."),
    Column("seconds", .number, unit: "s", description: "Duration of the step."),
    Column("gradient_norm", .number, description: "Euclidean norm of the gradient before clipping."),
    Column("retain_loss", .number, unit: "nat", description: "Retain term's part of the loss."),
    Column("log_weight", .number, description: "Mean log of the objective's weight over the step's sequences."),
  ]

  /// The file's first line.
  static let header = columns.map(\.name).joined(separator: ",") + "\n"

  /// The row's line. No field needs quotes.
  var line: String {
    let fields = [
      "\(step)", "\(epoch)", Self.text(loss), Self.text(learningRate), "\(tokens)", Self.text(seconds),
      Self.text(gradientNorm), retainLoss.map(Self.text) ?? "", logWeight.map(Self.text) ?? "",
    ]
    return fields.joined(separator: ",") + "\n"
  }

  /// Doubles that are not finite are spelt as `TidyTable` spells them.
  private static func text(_ value: Double) -> String {
    value.isFinite ? value.description : value.isNaN ? "NaN" : value < 0 ? "-INF" : "INF"
  }
}
