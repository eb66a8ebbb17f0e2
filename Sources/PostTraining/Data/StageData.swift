import FileFormats

/// What a stage of training learns, and what is held out to test it.
public struct StageData: Hashable, Sendable {
  /// The stage's name, as paths write it.
  public var name: String
  /// What is learned.
  public var train: [Conversation]
  /// What is held out: no question of it is learned.
  public var heldOut: [Conversation]

  /// Makes a stage's data.
  public init(_ name: String, train: [Conversation], heldOut: [Conversation] = []) {
    self.name = name
    self.train = train
    self.heldOut = heldOut
  }

  /// A stage's data from conversations, of which some are drawn to be held out.
  ///
  /// What asks as one of those does is not learned either, so there may be fewer conversations than were given.
  /// - Throws: `DataSizeError` where as many cannot be held out.
  public init(
    _ name: String, _ conversations: [Conversation], holdingOut count: Int, seed: UInt64 = 0
  ) throws(DataSizeError) {
    guard (0...conversations.count).contains(count) else {
      throw DataSizeError(name: name, train: 0, heldOut: count, limit: conversations.count)
    }
    var random = DataStream.split.generator(seed: seed)
    let apart = random.permutation(of: conversations.count).prefix(count).sorted()
    let heldOut = apart.map { conversations[$0] }
    let asked = Set(heldOut.map(\.prompt))
    // Texts of their own ask nothing, and are told apart by what they say.
    let texts = Set(heldOut.filter(\.prompt.isEmpty).map(\.answer))
    func isHeldOut(_ conversation: Conversation) -> Bool {
      conversation.prompt.isEmpty ? texts.contains(conversation.answer) : asked.contains(conversation.prompt)
    }
    self.init(name, train: conversations.filter { !isHeldOut($0) }, heldOut: heldOut)
  }
}

/// More items were asked for than a generator has different ones.
public struct DataSizeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stage's name.
  public let name: String
  /// How many items to learn were asked for.
  public let train: Int
  /// How many items to hold out were asked for.
  public let heldOut: Int
  /// The largest sum of both.
  public let limit: Int

  /// One line: the stage and the numbers.
  public var description: String {
    "\(quoted(name)): \(train) items to learn and \(heldOut) to hold out; both must be at least 0, and their sum at "
      + "most \(limit)"
  }
}
