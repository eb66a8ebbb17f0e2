/// A fingerprint of results: any other bit anywhere gives another one. It also keeps them from being optimised away.
struct Digest: Sendable {
  /// FNV-1a over the 64-bit patterns.
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ number: Double) { value = (value ^ number.bitPattern) &* 0x100_0000_01B3 }

  mutating func add(_ numbers: [Double]) {
    for number in numbers { add(number) }
  }
}
