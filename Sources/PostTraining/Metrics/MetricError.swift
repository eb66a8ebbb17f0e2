import Unlearning

/// Why a metric has no value.
public enum MetricError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is nothing to measure; the text names what is missing, in the plural.
  case empty(String)
  /// Two inputs that belong together have different sizes; the text names what was counted, in the plural.
  case countsDiffer(String, Int, Int)
  /// A number is infinite or not a number; the text names it, and `index` counts its sequence or row from 0.
  case notFinite(String, index: Int, Double)
  /// A log-likelihood is above 0, which no probability has; `index` counts its sequence from 0.
  case positive(index: Int, Double)
  /// A sequence has no tokens to average over; `index` counts from 0.
  case noTokens(index: Int)
  /// A parameter is out of its range; the texts name it and the range.
  case parameter(String, Double, range: String)
  /// Two models' logits at one token have no distance; `token` counts from 0.
  case distance(REDistanceError, token: Int)
  /// A reference answer has no number after `####`; `index` counts from 0.
  case noNumber(index: Int)

  /// What is wrong with which input.
  public var description: String {
    switch self {
    case .empty(let what): "there are no \(what) to measure"
    case .countsDiffer(let what, let one, let other): "the numbers of \(what) differ: \(one) and \(other)"
    case .notFinite(let what, let index, let value): "the \(what) at index \(index) is \(value), which is not finite"
    case .positive(let index, let value):
      "the log-likelihood at index \(index) is \(value); a log probability is at most 0"
    case .noTokens(let index): "the sequence at index \(index) has no answer tokens"
    case .parameter(let name, let value, let range): "the \(name) is \(value); it must be \(range)"
    case .distance(let error, let token): "at token \(token), \(error)"
    case .noNumber(let index): "the reference answer at index \(index) has no number after ####"
    }
  }

  static func requireSome(_ count: Int, _ what: String) throws(MetricError) {
    guard count > 0 else { throw .empty(what) }
  }

  static func requireEqual(_ one: Int, _ other: Int, _ what: String) throws(MetricError) {
    guard one == other else { throw .countsDiffer(what, one, other) }
  }
}
