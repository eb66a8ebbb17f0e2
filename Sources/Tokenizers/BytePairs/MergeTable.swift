/// Which pairs of tokens join, in what order of preference, and into what.
struct MergeTable: Sendable {
  /// One way to join two tokens.
  struct Merge: Sendable {
    /// Lower joins earlier.
    var rank: Int32
    /// The token made.
    var id: Int32
  }

  private static let free: UInt64 = .max

  private var keys: [UInt64]
  private var merges: [Merge]
  /// How many pairs there are.
  private(set) var count = 0

  /// An empty table with room for some pairs.
  init(capacity: Int = 0) {
    var slots = 16
    while slots < capacity * 2 + 2 { slots *= 2 }
    keys = [UInt64](repeating: Self.free, count: slots)
    merges = [Merge](repeating: Merge(rank: 0, id: 0), count: slots)
  }

  /// The pair's merge; setting it again replaces it.
  subscript(left: Int32, right: Int32) -> Merge? {
    get {
      let slot = slot(Self.key(left, right))
      return keys[slot] == Self.free ? nil : merges[slot]
    }
    set {
      guard let newValue else { return }
      let key = Self.key(left, right)
      var slot = slot(key)
      if keys[slot] == Self.free {
        count += 1
        if count * 2 > keys.count {
          grow()
          slot = self.slot(key)
        }
        keys[slot] = key
      }
      merges[slot] = newValue
    }
  }

  /// All pairs in the order of their ranks.
  var inOrder: [(left: Int32, right: Int32)] {
    zip(keys, merges).filter { $0.0 != Self.free }.sorted { $0.1.rank < $1.1.rank }.map { key, _ in
      (Int32(truncatingIfNeeded: key >> 32), Int32(truncatingIfNeeded: key))
    }
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Where the key is, or the free slot where it would go.
  private func slot(_ key: UInt64) -> Int {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: mixed(key ^ 0x2545_F491_4F6C_DD1D)) & mask
    while keys[slot] != key && keys[slot] != Self.free { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = (keys, merges)
    keys = [UInt64](repeating: Self.free, count: old.0.count * 2)
    merges = [Merge](repeating: Merge(rank: 0, id: 0), count: keys.count)
    for (key, merge) in zip(old.0, old.1) where key != Self.free {
      let slot = slot(key)
      keys[slot] = key
      merges[slot] = merge
    }
  }
}
