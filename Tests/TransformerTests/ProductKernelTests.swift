import CKernels
import Core
import Testing

@Suite("Products of matrices")
struct ProductKernelTests {
  typealias Product = (
    Int, Int, Int, Float, UnsafePointer<Float>, Int, Int32, UnsafePointer<Float>, Int, Int32, Float,
    UnsafeMutablePointer<Float>, Int
  ) -> Void

  /// Sizes around every edge: of a tile's rows (6 and 12, then 4, then 1) and its columns (16 and 32), of the block
  /// that is turned at once (16), and of the span of the inner dimension and of the block of rows (256).
  static let shapes: [(rows: Int, columns: Int, inner: Int)] = [
    (1, 1, 1), (3, 5, 2), (4, 16, 16), (5, 17, 15), (6, 31, 31), (7, 32, 33), (11, 33, 48), (12, 48, 64), (13, 65, 17),
    (23, 15, 255), (24, 70, 256), (29, 20, 257), (40, 37, 700), (255, 18, 20), (256, 40, 16), (271, 47, 35),
  ]

  @Test(
    arguments: [false, true],
    [(false, false), (false, true), (true, false), (true, true)])
  func `are right to the bound of rounding, turned or not, in rectangles of wider matrices`(
    isNarrow: Bool, turns: (a: Bool, b: Bool)
  ) {
    let product: Product = isNarrow ? ck_narrow_product : ck_product
    for (rows, columns, inner) in Self.shapes {
      let (lda, ldb, ldc) = ((turns.a ? rows : inner) + 3, (turns.b ? inner : columns) + 1, columns + 2)
      let (a, b) = (numbers((turns.a ? inner : rows) * lda, 1), numbers((turns.b ? columns : inner) * ldb, 2))
      for beta: Float in [0, 1, -0.5] {
        // With beta 0 what was there is not read.
        let before = beta == 0 ? Array(repeating: Float.nan, count: rows * ldc) : numbers(rows * ldc, 3)
        var c = before
        product(rows, columns, inner, 0.75, a, lda, turns.a ? 1 : 0, b, ldb, turns.b ? 1 : 0, beta, &c, ldc)
        var isRight = true
        for row in 0..<rows {
          for column in 0..<columns {
            var (sum, size) = (0.0, 0.0)
            for k in 0..<inner {
              let term =
                Double(a[turns.a ? k * lda + row : row * lda + k])
                * Double(b[turns.b ? column * ldb + k : k * ldb + column])
              sum += term
              size += abs(term)
            }
            let start = beta == 0 ? 0 : Double(beta) * Double(before[row * ldc + column])
            // Each of inner + 2 operations rounds by at most half a unit of the sum of magnitudes.
            let bound = Double(inner + 2) * 0x1p-24 * 1.01 * (0.75 * size + abs(start))
            isRight = isRight && abs(Double(c[row * ldc + column]) - (start + 0.75 * sum)) <= bound
          }
          for gap in columns..<ldc {
            #expect(c[row * ldc + gap].bitPattern == before[row * ldc + gap].bitPattern, "wrote beside the rectangle")
          }
        }
        #expect(isRight, "\(rows) x \(columns) x \(inner), beta \(beta)")
      }
    }
  }

  @Test(arguments: [false, true])
  func `have elements whose bits do not depend on the rectangle they are computed in`(isNarrow: Bool) {
    let product: Product = isNarrow ? ck_narrow_product : ck_product
    let (rows, columns) = (271, 47)
    for inner in [5, 64, 300, 700] {
      for (turnsA, turnsB) in [(Int32(0), Int32(0)), (0, 1), (1, 0), (1, 1)] {
        let (a, b) = (numbers(rows * inner, 1), numbers(columns * inner, 2))
        let (lda, ldb) = (turnsA == 1 ? rows : inner, turnsB == 1 ? inner : columns)
        let before = numbers(rows * columns, 3)
        var all = before
        product(rows, columns, inner, 0.7, a, lda, turnsA, b, ldb, turnsB, 0.3, &all, columns)
        for (top, left, height, width) in [(0, 0, 1, 1), (7, 5, 13, 21), (250, 30, 21, 17), (3, 0, 5, 47)] {
          var part = (0..<height * width).map { before[(top + $0 / width) * columns + left + $0 % width] }
          a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
              guard let a = a.baseAddress, let b = b.baseAddress else { return }
              product(
                height, width, inner, 0.7, a + (turnsA == 1 ? top : top * inner), lda, turnsA,
                b + (turnsB == 1 ? left * inner : left), ldb, turnsB, 0.3, &part, width)
            }
          }
          for row in 0..<height {
            for column in 0..<width {
              #expect(part[row * width + column] == all[(top + row) * columns + left + column])
            }
          }
        }
      }
    }
  }

  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = RandomGenerator(seed: seed)
    return (0..<count).map { _ in Float(random.normal()) }
  }
}
