import Transformer

/// Why a model cannot be probed with examples.
public enum ProbeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The engine does not take a batch of examples, of these indices from 0; `sequence` in its error counts from the
  /// first.
  case engine(EngineError, examples: Range<Int>)
  /// A logit at an answer token of the example is not finite; `index` counts examples from 0.
  case notFinite(index: Int)
  /// The numbers that the models gave have no metric.
  case metric(MetricError)

  /// What is wrong with which example.
  public var description: String {
    switch self {
    case .engine(let error, let examples): "in examples \(examples.lowerBound)..<\(examples.upperBound): \(error)"
    case .notFinite(let index): "the logits in the answer of the example at index \(index) are not finite"
    case .metric(let error): "\(error)"
    }
  }
}
