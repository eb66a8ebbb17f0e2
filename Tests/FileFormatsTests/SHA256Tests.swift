import CKernels
import FileFormats
import TestSupport
import Testing

@Suite struct SHA256Tests {
  // The examples of FIPS 180-4 and the NIST test vectors for long messages.
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
      (
        String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func `known messages have their known hashes`(_ message: String, _ hash: String) {
    #expect(SHA256.hex(Array(message.utf8)) == hash)
  }

  @Test func `pieces of any size hash as the whole`() {
    let message = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for size in 1...130 {
      var hash = SHA256()
      for start in stride(from: 0, to: message.count, by: size) {
        hash.update(Array(message[start..<min(start + size, message.count)]))
      }
      #expect(hash.hexDigest() == SHA256.hex(message))
    }
  }

  @Test func `both ways of compressing agree on random blocks`() {
    var random = SplitMix64(seed: 4)
    for blocks in 0..<20 {
      let bytes = (0..<64 * blocks).map { _ in UInt8.random(in: 0...255, using: &random) }
      let start = (0..<8).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
      var (one, other) = (start, start)
      ck_sha256(&one, bytes, blocks)
      ck_plain_sha256(&other, bytes, blocks)
      #expect(one == other, "\(blocks) blocks")
    }
  }
}
