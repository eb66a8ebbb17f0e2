import CGSL
import Testing

@testable import Core

@Suite("Random numbers beside GSL's own functions")
struct NormalZigguratTests {
  @Test(arguments: [1, 2, 3, 40, 500])
  func `the generator, the uniform and the normal numbers are GSL's, bit for bit`(seed: UInt32) {
    var ours = Tausworthe(seed &* 2_654_435_761 | 2, seed &* 40503 | 8, seed &* 69069 | 16)
    var theirs = ours
    // 2 million numbers take the rare ways through the ziggurat, tail included, some 20 000 times.
    for _ in 0..<20 {
      let normals = [Double](unsafeUninitializedCapacity: 20_000) { buffer, count in
        NormalZiggurat.shared.fill(UnsafeMutableBufferPointer(rebasing: buffer[..<20_000]), from: &ours)
        count = 20_000
      }
      for number in normals {
        let expected = theirs.withGSL { gsl_ran_gaussian_ziggurat($0, 1) }
        #expect(number.bitPattern == expected.bitPattern)
      }
      #expect(ours.next() == theirs.withGSL { UInt32(gsl_rng_get($0)) })
      #expect(ours.uniform() == theirs.withGSL { gsl_rng_uniform_pos($0) })
    }
  }
}
