import Core

/// A kind of item that a generator makes, of which there are so many different ones.
struct ItemKind<Item>: Sendable {
  /// How many different items there are: the product of the digits that ``make`` takes.
  let count: Int
  /// Makes the item of these choices.
  let make: @Sendable (_ choices: inout ItemChoices) -> Item

  init(_ count: Int, _ make: @escaping @Sendable (_ choices: inout ItemChoices) -> Item) {
    self.count = count
    self.make = make
  }
}

extension [ItemKind<Conversation>] {
  /// A stage of items of these kinds in turn.
  /// - Throws: `DataSizeError` where there are not as many different ones.
  func stage(
    _ name: String, train: Int, heldOut: Int, random: RandomGenerator
  ) throws(DataSizeError) -> StageData {
    let items = try split(name, train: train, heldOut: heldOut, random: random)
    return StageData(name, train: items.train, heldOut: items.heldOut)
  }
}

extension Array {
  /// Items of these kinds in turn, all different.
  ///
  /// Each kind's items are put in an order drawn from its stream; what is learned comes from its beginning and what is
  /// held out from its end. So item i is the same whatever the number of items, and none is in both parts.
  /// - Throws: `DataSizeError` where there are not as many different ones.
  func split<Item>(
    _ name: String, train: Int, heldOut: Int, random: RandomGenerator
  ) throws(DataSizeError) -> (train: [Item], heldOut: [Item]) where Element == ItemKind<Item> {
    // Both parts may end within a turn, and then take one more of some kind than of others.
    let limit = count * ((map(\.count).min() ?? 0) - 2) + 2
    guard train >= 0, heldOut >= 0, train <= limit, heldOut <= limit - train else {
      throw DataSizeError(name: name, train: train, heldOut: heldOut, limit: limit)
    }
    let streams = indices.map { random.child(UInt64($0)) }
    let orders = indices.map { kind in
      var stream = streams[kind]
      return stream.permutation(of: self[kind].count)
    }
    func item(_ kind: Int, _ index: Int) -> Item {
      var choices = ItemChoices(index: index, random: streams[kind])
      return self[kind].make(&choices)
    }
    return (
      (0..<train).map { item($0 % count, orders[$0 % count][$0 / count]) },
      (0..<heldOut).map { item($0 % count, orders[$0 % count][orders[$0 % count].count - 1 - $0 / count]) }
    )
  }
}

/// The random streams of generated data, each a child of the data's seed and none of those of `RandomStream`, so that a
/// run may use one seed for its data and its training.
enum DataStream: UInt64 {
  case base = 101
  case instructions = 102
  case authors = 103
  case problems = 104
  case refusals = 105
  case phrasings = 106
  case brands = 107
  case split = 108

  func generator(seed: UInt64) -> RandomGenerator { RandomGenerator(seed: seed).child(rawValue) }
}
