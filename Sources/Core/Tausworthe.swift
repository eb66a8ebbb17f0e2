import CGSL

/// L'Ecuyer's maximally equidistributed combined Tausworthe generator (Math. Comp. 65, 1996), GSL's `taus2`.
///
/// GSL is called through a pointer for every number, which costs several times the arithmetic. This is the same
/// recurrence where the compiler sees it; both can take turns on one state.
struct Tausworthe: Sendable {
  private var words: (UInt32, UInt32, UInt32)

  /// The state made of these words; below 2, 8 and 16 a component would have period 1.
  init(_ first: UInt32, _ second: UInt32, _ third: UInt32) { words = (first, second, third) }

  /// The next 32 bits.
  @inline(__always)
  mutating func next() -> UInt32 {
    words.0 = Self.step(words.0, kept: 0xFFFF_FFFE, 12, 13, 19)
    words.1 = Self.step(words.1, kept: 0xFFFF_FFF8, 4, 2, 25)
    words.2 = Self.step(words.2, kept: 0xFFFF_FFF0, 17, 3, 11)
    return words.0 ^ words.1 ^ words.2
  }

  /// A number uniform in (0, 1), of 32 bits (`gsl_rng_uniform_pos`).
  @inline(__always)
  mutating func uniform() -> Double {
    while true {
      let bits = next()
      if bits > 0 { return Double(bits) * 0x1p-32 }
    }
  }

  /// Runs a function of GSL on this state.
  mutating func withGSL<Result>(_ body: (UnsafePointer<gsl_rng>) -> Result) -> Result {
    // GSL keeps each word in an unsigned long.
    var state = (UInt(words.0), UInt(words.1), UInt(words.2))
    let result = withUnsafeMutableBytes(of: &state) { bytes in
      var generator = gsl_rng(type: gsl_rng_taus2, state: bytes.baseAddress)
      return withUnsafePointer(to: &generator) { body($0) }
    }
    words = (UInt32(state.0), UInt32(state.1), UInt32(state.2))
    return result
  }

  @inline(__always)
  private static func step(_ word: UInt32, kept: UInt32, _ up: UInt32, _ left: UInt32, _ right: UInt32) -> UInt32 {
    ((word & kept) &<< up) ^ (((word &<< left) ^ word) &>> right)
  }
}
