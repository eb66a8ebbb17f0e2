import FileFormats

/// More items were asked for than a generator has different ones.
public struct DataSizeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stage's name.
  public let name: String
  /// How many items to learn were asked for.
  public let train: Int
  /// How many items to keep apart were asked for.
  public let heldOut: Int
  /// The largest sum of both.
  public let limit: Int

  /// One line: the stage and the numbers.
  public var description: String {
    "\(quoted(name)): \(train) items to learn and \(heldOut) to keep apart; both must be at least 0, and their sum at "
      + "most \(limit)"
  }
}
