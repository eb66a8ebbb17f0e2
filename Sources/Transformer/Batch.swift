/// Token sequences side by side, without any padding: row n of every activation is token n of their concatenation.
///
/// Padding never reaches the engine. What came padded is given to ``init(padded:length:starts:ends:answers:)``, which
/// drops it; so padding, on either side, changes nothing by construction and costs nothing.
public struct Batch: Sendable {
  /// One sequence: a prompt and an answer.
  public struct Sequence: Sendable {
    /// The token ids.
    public var tokens: [Int32]
    /// Whether the log-likelihood of this token given those before it counts; as many as tokens. The first token's
    /// entry is ignored, since nothing precedes it.
    public var isAnswer: [Bool]
    /// The index of an earlier sequence of the batch that stands before this one as well, so that what several have in
    /// common is computed once; nil where this one stands alone. That one has no prefix itself. What follows its last
    /// token is not predicted twice: this one's first token counts as little as any other's.
    public var prefix: Int?

    /// A sequence with a mask.
    public init(tokens: [Int32], isAnswer: [Bool], prefix: Int? = nil) {
      precondition(tokens.count == isAnswer.count, "a mask has as many entries as there are tokens")
      self.tokens = tokens
      self.isAnswer = isAnswer
      self.prefix = prefix
    }

    /// A prompt followed by an answer, of which all tokens count.
    public init(prompt: [Int32], answer: [Int32]) {
      tokens = prompt + answer
      isAnswer = Array(repeating: false, count: prompt.count) + Array(repeating: true, count: answer.count)
    }
  }

  /// The token ids of all sequences, [N].
  public let tokens: [Int32]
  /// The position of each token in its sequence, its prefix included, from 0, [N].
  public let positions: [Int32]
  /// What each row has to predict: the next token where that is part of an answer, else -1, [N].
  public let targets: [Int32]
  /// Where each sequence starts in the concatenation, and at last N; [B + 1].
  public let starts: [Int]
  /// The index of each sequence's prefix, or nil, [B].
  public let prefixes: [Int?]
  /// The sequences of each example, in order: those that a loss looks at together, such as the two of a pair.
  public let examples: [Range<Int>]

  /// These examples side by side, each of one or more sequences.
  public init(examples: [[Sequence]]) {
    self.init(examples.flatMap { $0 }, examples: examples.map(\.count))
  }

  /// These sequences side by side, each an example of its own; none may be empty.
  public init(_ sequences: [Sequence]) {
    self.init(sequences, examples: Array(repeating: 1, count: sequences.count))
  }

  /// - Parameter sizes: How many of the sequences each example has.
  private init(_ sequences: [Sequence], examples sizes: [Int]) {
    var (tokens, positions, targets, starts) = ([Int32](), [Int32](), [Int32](), [0])
    for (index, sequence) in sequences.enumerated() {
      precondition(!sequence.tokens.isEmpty, "a sequence has at least one token")
      precondition(
        sequence.prefix.map { (0..<index).contains($0) && sequences[$0].prefix == nil } ?? true,
        "a prefix is an earlier sequence without a prefix")
      tokens += sequence.tokens
      let first = Int32(sequence.prefix.map { sequences[$0].tokens.count } ?? 0)
      positions += first..<first + Int32(sequence.tokens.count)
      for next in 1..<(sequence.tokens.count + 1) {
        let counts = next < sequence.tokens.count && sequence.isAnswer[next]
        targets.append(counts ? sequence.tokens[next] : -1)
      }
      starts.append(tokens.count)
    }
    self.tokens = tokens
    self.positions = positions
    self.targets = targets
    self.starts = starts
    prefixes = sequences.map(\.prefix)
    precondition(sizes.allSatisfy { $0 > 0 }, "an example has at least one sequence")
    var first = 0
    examples = sizes.map { size in
      defer { first += size }
      return first..<first + size
    }
  }

  /// The sequences of a padded matrix [B, length], each from its start to its end.
  /// - Parameter answers: The mask, of the same shape.
  public init(padded tokens: [Int32], length: Int, starts: [Int], ends: [Int], answers: [Bool]) {
    precondition(tokens.count == starts.count * length && answers.count == tokens.count && ends.count == starts.count)
    self.init(
      starts.indices.map { index in
        let range = (index * length + starts[index])..<(index * length + ends[index])
        return Sequence(tokens: Array(tokens[range]), isAnswer: Array(answers[range]))
      })
  }

  /// N, the number of tokens.
  public var tokenCount: Int { tokens.count }
  /// B, the number of sequences.
  public var sequenceCount: Int { starts.count - 1 }
  /// The rows of a sequence.
  public func rows(of sequence: Int) -> Range<Int> { starts[sequence]..<starts[sequence + 1] }
  /// The number of tokens whose log-likelihood counts.
  public var answerTokenCount: Int { targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }
  /// The tokens of the longest example, all its sequences together.
  public var longestExample: Int { examples.map { starts[$0.upperBound] - starts[$0.lowerBound] }.max() ?? 0 }
  /// The length of the longest sequence, its prefix included.
  public var longestSequence: Int { Int(positions.max() ?? -1) + 1 }
}

/// What a forward pass says of one sequence.
public struct SequenceScore: Hashable, Sendable {
  /// The sum of the answer tokens' log-likelihoods, in nats.
  public var logLikelihood: Double
  /// How many tokens that is.
  public var answerTokens: Int

  /// A score of these numbers.
  public init(logLikelihood: Double, answerTokens: Int) {
    (self.logLikelihood, self.answerTokens) = (logLikelihood, answerTokens)
  }

  /// The mean log-likelihood of an answer token, in nats; NaN for an empty answer.
  public var meanLogLikelihood: Double { logLikelihood / Double(answerTokens) }
}
