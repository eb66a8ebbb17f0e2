import Transformer

/// An example as token ids, ready for the model.
public struct EncodedExample: Hashable, Sendable {
  /// The line in the data file, counted from 1.
  public let line: Int
  /// The token ids.
  public let tokens: [Int32]
  /// Whether each token is part of an answer, and so to be predicted.
  public let isAnswer: [Bool]
  /// How many tokens were cut off at the end.
  public let droppedTokens: Int

  /// An example of these tokens; the mask has as many entries as there are tokens.
  public init(line: Int, tokens: [Int32], isAnswer: [Bool], droppedTokens: Int = 0) {
    precondition(tokens.count == isAnswer.count, "a mask has as many entries as there are tokens")
    self.line = line
    self.tokens = tokens
    self.isAnswer = isAnswer
    self.droppedTokens = droppedTokens
  }

  /// How many tokens are to be predicted; the first never is, since nothing precedes it.
  public var answerTokens: Int { isAnswer.dropFirst().count { $0 } }

  /// The example for the engine.
  public var sequence: Batch.Sequence { Batch.Sequence(tokens: tokens, isAnswer: isAnswer) }
}
