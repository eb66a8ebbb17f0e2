import CKernels

/// The SHA-256 hash of FIPS 180-4, for naming contents; not hardened against side channels.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  /// Starts a hash of nothing yet.
  public init() {}

  /// The hash of the bytes in lower-case hexadecimal, 64 digits.
  public static func hex(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }

  /// Adds bytes to what is hashed.
  public mutating func update(_ bytes: [UInt8]) {
    byteCount &+= UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      start = min(64 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[..<start])
      guard pending.count == 64 else { return }
      compress(pending, 0..<64)
      pending.removeAll(keepingCapacity: true)
    }
    let end = bytes.count - (bytes.count - start) % 64
    compress(bytes, start..<end)
    pending.append(contentsOf: bytes[end...])
  }

  /// The hash of all bytes so far; more may be added afterwards.
  public func digest() -> [UInt8] {
    var copy = self
    let bitCount = byteCount &* 8
    let zeroCount = (119 - pending.count) % 64
    copy.update([0x80] + [UInt8](repeating: 0, count: zeroCount))
    copy.update((0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * $0)) })
    return copy.state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
  }

  /// The hash of all bytes so far in lower-case hexadecimal, 64 digits.
  public func hexDigest() -> String {
    digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Takes whole blocks of 64 bytes into the state.
  private mutating func compress(_ bytes: [UInt8], _ range: Range<Int>) {
    bytes.withUnsafeBufferPointer { bytes in
      state.withUnsafeMutableBufferPointer { state in
        ck_sha256(state.baseAddress, bytes.baseAddress.map { $0 + range.lowerBound }, range.count / 64)
      }
    }
  }
}
