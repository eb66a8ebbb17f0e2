/// Tokens by id, and ids by the bytes of a token.
///
/// Tokens are told apart byte by byte: Swift's string equality would take a composed and a decomposed letter for one
/// token. All bytes lie in one array, so that a large vocabulary is no heap of small objects.
struct TokenTable: Sendable {
  private var bytes: [UInt8] = []
  /// Where a token's bytes start, by id; -1 where no token has the id.
  private var starts: [Int32] = []
  private var lengths: [Int32] = []
  /// Open addressing by a token's hash; -1 marks a free slot.
  private var slots: [Int32] = []
  /// How many tokens there are.
  private(set) var count = 0

  /// What an insertion may find in its way.
  enum Conflict {
    /// The id has another token.
    case id
    /// The token has another id.
    case token
  }

  /// An empty table with room for some tokens.
  init(capacity: Int = 0) {
    slots = [Int32](repeating: -1, count: Self.slotCount(for: capacity))
    starts.reserveCapacity(capacity)
    lengths.reserveCapacity(capacity)
  }

  /// One more than the largest id.
  var idBound: Int { starts.count }

  /// Adds a token under an id of `0...Tokenizer.maximumID`; the same pair twice is no conflict.
  mutating func insert(_ token: some Collection<UInt8>, id: Int) -> Conflict? {
    let content = Array(token)
    if let present = self.id(of: content) { return present == id ? nil : .token }
    if id < starts.count {
      if starts[id] >= 0 { return .id }
    } else {
      starts.append(contentsOf: repeatElement(-1, count: id + 1 - starts.count))
      lengths.append(contentsOf: repeatElement(0, count: id + 1 - lengths.count))
    }
    starts[id] = Int32(bytes.count)
    lengths[id] = Int32(content.count)
    bytes.append(contentsOf: content)
    count += 1
    if count * 2 > slots.count { grow() }
    place(id)
    return nil
  }

  /// The bytes of a token, or nil where no token has the id.
  func token(_ id: Int) -> ArraySlice<UInt8>? {
    guard starts.indices.contains(id), starts[id] >= 0 else { return nil }
    return bytes[Int(starts[id])..<Int(starts[id]) + Int(lengths[id])]
  }

  /// The id of the token with exactly these bytes.
  func id(of token: [UInt8]) -> Int? { id(of: token, token.indices) }

  /// The id of the token whose bytes are those of a part of `buffer`.
  func id(of buffer: [UInt8], _ range: Range<Int>) -> Int? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(buffer, range)) & mask
    while slots[slot] >= 0 {
      let id = Int(slots[slot])
      if lengths[id] == range.count {
        let start = Int(starts[id])
        var offset = 0
        while offset < range.count, bytes[start + offset] == buffer[range.lowerBound + offset] { offset += 1 }
        if offset == range.count { return id }
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private mutating func place(_ id: Int) {
    let start = Int(starts[id])
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(bytes, start..<start + Int(lengths[id]))) & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(id)
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for id in starts.indices where starts[id] >= 0 { place(id) }
  }

  private static func slotCount(for count: Int) -> Int {
    var slots = 16
    while slots < count * 2 + 2 { slots *= 2 }
    return slots
  }
}

/// A hash of some bytes: multiply and fold, in the manner of wyhash. Not for untrusted collisions: they cost time only.
func hash(_ buffer: [UInt8], _ range: Range<Int>) -> UInt64 {
  var state = 0x9E37_79B9_7F4A_7C15 ^ UInt64(range.count)
  var word: UInt64 = 0
  var filled: UInt64 = 0
  for index in range {
    word |= UInt64(buffer[index]) << filled
    filled += 8
    if filled == 64 {
      state = mixed(state ^ word)
      word = 0
      filled = 0
    }
  }
  return mixed(state ^ word)
}

/// Spreads the bits of a number over all of it.
func mixed(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
  return product.high ^ product.low
}
