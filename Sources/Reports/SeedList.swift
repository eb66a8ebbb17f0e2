import FileFormats

/// Seeds that replay instances: all are counted, the first are listed.
public struct SeedList: Sendable, Equatable {
  /// The most that are listed.
  public static let limit = 1000

  /// How many there are.
  public private(set) var count = 0
  /// The first of them.
  public private(set) var first: [UInt64] = []

  /// Adds a seed.
  mutating func add(_ seed: UInt64) {
    count += 1
    if first.count < Self.limit { first.append(seed) }
  }

  /// Those that are listed.
  var json: JSON { .array(first.map { .decimal(String($0)) }) }
}
