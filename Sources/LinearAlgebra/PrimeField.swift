/// The integers modulo a prime below 2^61, with the residues of Doubles: a Double is an integer times a power of two.
///
/// A rational expression whose residue is not 0 is not 0. One whose numerator is an integer of at most L bits is 0 as
/// soon as its residue is 0 for primes of L bits together. No rounding is involved anywhere.
public struct PrimeField: Sendable {
  /// p.
  public let prime: UInt64
  /// The residues of `2^e` for the exponents of Doubles, from the least.
  private let powersOfTwo: [UInt64]

  private static let leastExponent = -1074
  private static let largestExponent = 1024

  /// The field of a prime below 2^61, odd; traps otherwise, but does not test that it is a prime.
  public init(prime: UInt64) {
    precondition(prime > 2 && prime < 1 << 61 && prime % 2 == 1, "\(prime) as an odd prime below 2^61")
    self.prime = prime
    // 1/2 is (p + 1)/2.
    var power = Self.power((prime + 1) / 2, UInt64(-Self.leastExponent), prime)
    powersOfTwo = (Self.leastExponent...Self.largestExponent).map { _ in
      defer { power = (2 * power) % prime }
      return power
    }
  }

  /// The primes below 2^61 in descending order.
  public static var primes: some Sequence<UInt64> {
    sequence(first: UInt64(1) << 61 - 1) { last in
      var next = last - 2
      while !isPrime(next) { next -= 2 }
      return next
    }
  }

  /// The product.
  public func times(_ a: UInt64, _ b: UInt64) -> UInt64 { Self.times(a, b, prime) }

  /// The difference.
  public func minus(_ a: UInt64, _ b: UInt64) -> UInt64 { a >= b ? a - b : a + prime - b }

  /// The sum.
  public func plus(_ a: UInt64, _ b: UInt64) -> UInt64 { (a + b) % prime }

  /// The inverse of a residue other than 0, by Fermat.
  public func inverse(_ a: UInt64) -> UInt64 { Self.power(a, prime - 2, prime) }

  /// The residue of a finite Double.
  public func residue(_ value: Double) -> UInt64 {
    guard value != 0 else { return 0 }
    let exponent = Int(value.ulp.exponent)
    let integer = UInt64(abs(value) / value.ulp)
    let magnitude = times(integer, powersOfTwo[exponent - Self.leastExponent])
    return value < 0 ? minus(0, magnitude) : magnitude
  }

  /// The inner product of two pieces of the same length.
  public func dot(_ a: ArraySlice<UInt64>, _ b: ArraySlice<UInt64>) -> UInt64 {
    precondition(a.count == b.count, "pieces of \(a.count) and \(b.count) residues")
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in a.indices {
          // Products stay below 2^122, so that 64 of them fit into 128 bits.
          let product = a[index].multipliedFullWidth(by: b[index])
          let (sum, carry) = low.addingReportingOverflow(product.low)
          (low, high) = (sum, high &+ product.high &+ (carry ? 1 : 0))
          if index % 32 == 31 { (high, low) = (0, prime.dividingFullWidth((high % prime, low)).remainder) }
        }
        return prime.dividingFullWidth((high % prime, low)).remainder
      }
    }
  }

  private static func times(_ a: UInt64, _ b: UInt64, _ prime: UInt64) -> UInt64 {
    prime.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder
  }

  private static func power(_ base: UInt64, _ exponent: UInt64, _ prime: UInt64) -> UInt64 {
    var (result, square, rest) = (UInt64(1), base % prime, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = times(result, square, prime) }
      square = times(square, square, prime)
      rest >>= 1
    }
    return result
  }

  /// The test of Miller and Rabin, which with the first twelve primes as bases errs nowhere below 2^64 (Sorenson and
  /// Webster, Math. Comp. 86, 2017).
  private static func isPrime(_ n: UInt64) -> Bool {
    let bases: [UInt64] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
    if let divisor = bases.first(where: { n % $0 == 0 }) { return n == divisor }
    let twos = (n - 1).trailingZeroBitCount
    return bases.allSatisfy { base in
      var power = power(base, (n - 1) >> UInt64(twos), n)
      if power == 1 || power == n - 1 { return true }
      for _ in 1..<max(1, twos) {
        power = times(power, power, n)
        if power == n - 1 { return true }
      }
      return false
    }
  }
}
