/// Why no text can be generated.
public enum GenerationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The context asked for is not in 1...the model's.
  case contextLength(Int, limit: Int)
  /// There is no room for even one sequence.
  case noSequences(Int)
  /// A prompt has no token.
  case emptyPrompt(sequence: Int)
  /// A token id is negative or not in the vocabulary.
  case token(Int32, sequence: Int, position: Int, vocabularySize: Int)
  /// A sequence would be longer than the context.
  case contextOverflow(sequence: Int, promptTokens: Int, newTokens: Int, contextLength: Int)
  /// More sequences than there is room for, or the same one twice in a step.
  case slot(Int, limit: Int)
  /// A setting of the sampling is not a number that makes sense.
  case setting(String, Double)
  /// The model's logits are NaN or infinite.
  case notFinite(sequence: Int, position: Int)

  /// What is wrong with which value.
  public var description: String {
    switch self {
    case .contextLength(let found, let limit):
      "a context of \(found) tokens; the model's positions allow 1 to \(limit)"
    case .noSequences(let count): "room for \(count) sequences; at least 1 is needed"
    case .emptyPrompt(let sequence): "prompt \(sequence) has no token"
    case .token(let token, let sequence, let position, let vocabularySize):
      "token \(token) at position \(position) of sequence \(sequence) is not in 0..<\(vocabularySize)"
    case .contextOverflow(let sequence, let promptTokens, let newTokens, let contextLength):
      "sequence \(sequence) has \(promptTokens) tokens; with \(newTokens) new ones it exceeds the context of "
        + "\(contextLength)"
    case .slot(let slot, let limit): "slot \(slot) is not in 0..<\(limit), or is given twice in one step"
    case .setting(let name, let value): "the \(name) of the sampling cannot be \(value)"
    case .notFinite(let sequence, let position):
      "the logits after position \(position) of sequence \(sequence) are not finite"
    }
  }
}
