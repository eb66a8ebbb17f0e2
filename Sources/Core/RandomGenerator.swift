import CGSL

/// A seeded, splittable source of random numbers: GSL's `taus2`, L'Ecuyer's maximally equidistributed combined
/// Tausworthe generator (Math. Comp. 65, 1996; period 2^88), behind a value type.
///
/// A generator is named by a 64-bit key. Its 88 bits of state are filled from the key by SplitMix64 (GSL's own
/// seeding takes only 32 bits, so that among some 10^5 streams two would coincide). ``child(_:)`` mixes an index into
/// the key and does not depend on what was drawn before: child 7 of seed 1 is the same stream wherever and on
/// whichever thread it is used. Equal keys and equal calls give equal bits.
public struct RandomGenerator: RandomNumberGenerator, Sendable {
  private let key: UInt64
  private var state: Tausworthe

  /// The generator named by this seed.
  public init(seed: UInt64) {
    // Seeds in the upper half are mixed twice: `~index` lies there for the indices of ``child(_:)``, and a seed of the
    // same bits would share streams with others.
    self.init(key: seed >> 63 == 0 ? mix(seed) : mix(mix(seed)))
  }

  private init(key: UInt64) {
    self.key = key
    func word(_ index: UInt64, least: UInt32) -> UInt32 {
      let bits = UInt32(truncatingIfNeeded: mix(key &+ index) >> 32)
      return bits < least ? bits + least : bits
    }
    // Below these values a component has period 1.
    state = Tausworthe(word(1, least: 2), word(2, least: 8), word(3, least: 16))
  }

  /// An independent stream for this index, whatever has been drawn from this one.
  public func child(_ index: UInt64) -> RandomGenerator { RandomGenerator(key: mix(key ^ mix(~index))) }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    UInt64(state.next()) << 32 | UInt64(state.next())
  }

  /// A number uniform in (0, 1), of 32 bits.
  public mutating func uniform() -> Double { state.uniform() }

  /// A standard normal number, by the ziggurat of Marsaglia and Tsang (GSL's `gsl_ran_gaussian_ziggurat`).
  public mutating func normal() -> Double { state.withGSL { gsl_ran_gaussian_ziggurat($0, 1) } }

  /// Fills the memory with numbers uniform in (low, high).
  public mutating func fillUniform(_ target: UnsafeMutableBufferPointer<Double>, low: Double, high: Double) {
    let scale = high - low
    // A local copy stays in registers; the memory written to could hold the state for all the compiler knows.
    var state = state
    for index in target.indices { target[index] = low + scale * state.uniform() }
    self.state = state
  }

  /// Fills the memory with standard normal numbers.
  public mutating func fillNormal(_ target: UnsafeMutableBufferPointer<Double>) {
    NormalZiggurat.shared.fill(target, from: &state)
  }
}

/// SplitMix64's step and output function (Steele, Lea, Flood 2014): a bijection of 64 bits that mixes them well.
private func mix(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
