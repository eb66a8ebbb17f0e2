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
  /// The answer to avoid, with its prompt, where the example is a pair; the tokens above are then the one to prefer.
  public let rejected: Answer?

  /// The other answer of a pair.
  public struct Answer: Hashable, Sendable {
    /// The token ids, the prompt's first.
    public let tokens: [Int32]
    /// Whether each token is part of the answer.
    public let isAnswer: [Bool]

    /// An answer; the mask has as many entries as there are tokens.
    public init(tokens: [Int32], isAnswer: [Bool]) {
      precondition(tokens.count == isAnswer.count, "a mask has as many entries as there are tokens")
      (self.tokens, self.isAnswer) = (tokens, isAnswer)
    }
  }

  /// An example of these tokens; the mask has as many entries as there are tokens.
  public init(line: Int, tokens: [Int32], isAnswer: [Bool], droppedTokens: Int = 0, rejected: Answer? = nil) {
    precondition(tokens.count == isAnswer.count, "a mask has as many entries as there are tokens")
    self.rejected = rejected
    self.line = line
    self.tokens = tokens
    self.isAnswer = isAnswer
    self.droppedTokens = droppedTokens
  }

  /// How many tokens are to be predicted; the first of a sequence never is, since nothing precedes it.
  public var answerTokens: Int {
    isAnswer.dropFirst().count { $0 } + (rejected?.isAnswer.dropFirst().count { $0 } ?? 0)
  }

  /// How many tokens go through the model.
  public var tokenCount: Int { tokens.count + (rejected?.tokens.count ?? 0) }

  /// The example's own sequence for the engine; of a pair, the answer to prefer.
  public var sequence: Batch.Sequence { Batch.Sequence(tokens: tokens, isAnswer: isAnswer) }

  /// All sequences of the example for the engine.
  public var sequences: [Batch.Sequence] {
    [sequence] + (rejected.map { [Batch.Sequence(tokens: $0.tokens, isAnswer: $0.isAnswer)] } ?? [])
  }
}
