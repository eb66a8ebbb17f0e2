import FileFormats
import FineTuning
import Tokenizers
import Transformer

/// Why a model cannot be measured.
public enum ExaminerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no stage of this name; the text tells what it should be, such as "stage to forget".
  case unknownStage(String, role: String, known: [String])
  /// A measure needs something that was not given, which the text names.
  case missing(String, for: Measure)
  /// There is nothing of a stage to measure with; the text names what is missing, in the plural.
  case noData(String, stage: String)
  /// A conversation cannot be written for the model; the error names its stage as the file.
  case conversation(ExampleError)
  /// The template has no end of a turn in this tokenizer.
  case tokenizer(TokenizerError)
  /// The model cannot read the examples; a model that has diverged is one reason.
  case reading(ProbeError, for: String)
  /// The model cannot answer; a model that has diverged is one reason.
  case answering(GenerationError, for: String)
  /// What was read has no metric; a model that has diverged is one reason.
  case metric(MetricError, for: String)
  /// A measure failed for another reason, or gave values that do not belong to its columns.
  case other(String, for: String)
  /// A value is not a number or infinite.
  case notFinite(column: String, Double)

  /// What is wrong with which measure.
  public var description: String {
    switch self {
    case .unknownStage(let name, let role, let known):
      "there is no \(role) \(quoted(name)); the stages are \(known.joined(separator: ", "))"
    case .missing(let what, let measure): "the measure \(measure.name) needs \(what)"
    case .noData(let what, let stage): "the stage \(quoted(stage)) has no \(what) to measure with"
    case .conversation(let error): "\(error)"
    case .tokenizer(let error): "\(error)"
    case .reading(let error, let reader): "\(reader): \(error)"
    case .answering(let error, let reader): "\(reader): \(error)"
    case .metric(let error, let reader): "\(reader): \(error)"
    case .other(let reason, let reader): "\(reader): \(reason)"
    case .notFinite(let column, let value): "\(column) is \(value), which is not finite"
    }
  }
}
