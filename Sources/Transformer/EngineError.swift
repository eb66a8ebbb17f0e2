/// Why the engine cannot take a batch.
public enum EngineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A batch has no sequence.
  case emptyBatch
  /// The batch exceeds what the engine was sized for.
  case capacity(String, found: Int, limit: Int)
  /// A token id is negative or not in the vocabulary.
  case token(Int32, sequence: Int, position: Int, vocabularySize: Int)
  /// No token of the batch counts, so that there is no gradient.
  case noAnswer
  /// A sequence's log-likelihood is NaN or infinite.
  case notFinite(sequence: Int, logLikelihood: Double)
  /// An example of the batch has no loss, for the reason that the loss itself gives.
  case loss(example: Int, reason: String)

  /// What is wrong with which value.
  public var description: String {
    switch self {
    case .emptyBatch: "the batch has no sequence"
    case .capacity(let what, let found, let limit):
      "the batch has \(found) \(what), but the engine was sized for at most \(limit)"
    case .token(let token, let sequence, let position, let vocabularySize):
      "token \(token) at position \(position) of sequence \(sequence) is not in 0..<\(vocabularySize)"
    case .noAnswer: "no token of the batch is part of an answer, so that there is nothing to learn"
    case .notFinite(let sequence, let logLikelihood):
      "the log-likelihood of sequence \(sequence) is \(logLikelihood)"
    case .loss(let example, let reason): "example \(example) of the batch has no loss: \(reason)"
    }
  }
}
