/// One turn of a conversation.
public struct ChatMessage: Hashable, Sendable {
  /// Who speaks.
  public enum Role: String, Sendable {
    /// Instructions that hold for the whole conversation.
    case system
    /// The person who asks.
    case user
    /// The model.
    case assistant
  }

  /// Who speaks.
  public var role: Role
  /// What is said.
  public var content: String

  /// Makes a message.
  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

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
