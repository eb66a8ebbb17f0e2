/// A conversation as token ids, and which of them a model is to learn.
public struct ChatEncoding: Sendable, Equatable {
  /// The token ids.
  public var ids: [Int]
  /// For each id whether it is the assistant's, and so counts in the loss as a token to predict.
  public var isTrained: [Bool]

  /// Makes an encoding; both lists are of one length.
  public init(ids: [Int] = [], isTrained: [Bool] = []) {
    self.ids = ids
    self.isTrained = isTrained
  }

  /// How many tokens count in the loss.
  public var trainedCount: Int { isTrained.count { $0 } }
}
