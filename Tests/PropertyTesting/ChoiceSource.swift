/// Steele, Lea and Flood's SplitMix64: every seed is a good seed, and one seed gives the same numbers everywhere.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in `0...limit`, uniform to within `limit / 2^64`.
  mutating func next(upTo limit: UInt64) -> UInt64 {
    limit == .max ? next() : next().multipliedFullWidth(by: limit + 1).high
  }
}

/// Where generators take their decisions from, and the record of the decisions taken.
///
/// A generated value is a function of its choices alone. Replaying an edited record yields another value of the same
/// generator, which is how one shrinker serves every generator. Zero is always the simplest choice, and a replay that
/// runs out of choices goes on with zeros, so every sequence of numbers is a valid record.
public struct ChoiceSource {
  private(set) var choices: [UInt64] = []
  private var random: SplitMix64?
  private let replayed: [UInt64]

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    replayed = []
  }

  init(replaying choices: [UInt64]) {
    replayed = choices
  }

  /// Takes one decision among `0...limit`.
  ///
  /// Fresh decisions are uniform, except that one in sixteen is an end of the range, where faults gather.
  public mutating func choose(upTo limit: UInt64) -> UInt64 {
    decide(upTo: limit) { random in
      let end = random.next(upTo: 31)
      return end < 2 ? end * limit : random.next(upTo: limit)
    }
  }

  /// Calls `body` between `count.lowerBound` and `count.upperBound` times, every number being equally likely.
  ///
  /// The length is not a choice of its own: each optional turn is announced by a 1 and the end by a 0, so that deleting
  /// a turn's choices from the record deletes the turn.
  mutating func repeating(_ count: ClosedRange<Int>, _ body: (inout ChoiceSource) -> Void) {
    let optional = UInt64(count.upperBound - count.lowerBound)
    let wanted = random?.next(upTo: optional) ?? 0
    for _ in 0..<count.lowerBound { body(&self) }
    for turn in 0..<optional {
      guard decide(upTo: 1, fresh: { _ in turn < wanted ? 1 : 0 }) == 1 else { return }
      body(&self)
    }
  }

  private mutating func decide(upTo limit: UInt64, fresh: (inout SplitMix64) -> UInt64) -> UInt64 {
    let choice: UInt64
    if var generator = random {
      choice = fresh(&generator)
      random = generator
    } else {
      choice = choices.count < replayed.count ? min(replayed[choices.count], limit) : 0
    }
    choices.append(choice)
    return choice
  }
}
