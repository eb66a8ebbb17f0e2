import CKernels
import Core
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite("Decoding kernels")
struct DecodingKernelTests {
  func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = RandomGenerator(seed: seed)
    return (0..<count).map { _ in Float(random.normal()) }
  }

  @Test(arguments: [1, 3, 4, 5, 8, 9], [1, 4, 11, 25])
  func `row products are right and have the same bits in every tile`(rows: Int, outputs: Int) {
    for inner in [1, 7, 16, 17, 31, 64, 131] {
      let (x, w) = (numbers(rows * inner, seed: 1), numbers(outputs * inner, seed: 2))
      let bias = numbers(outputs, seed: 3)
      for accumulate: Int32 in [0, 1] {
        var y = numbers(rows * outputs, seed: 4)
        let before = y
        ck_row_products(rows, outputs, inner, x, inner, w, inner, &y, outputs, bias, 0.75, accumulate)
        for row in 0..<rows {
          for output in 0..<outputs {
            var (sum, size) = (0.0, 0.0)
            for k in 0..<inner {
              let product = Double(x[row * inner + k]) * Double(w[output * inner + k])
              sum += product
              size += abs(product)
            }
            let start = accumulate == 0 ? bias[output] : before[row * outputs + output]
            let found = y[row * outputs + output]
            #expect(abs(Double(found) - (Double(start) + 0.75 * sum)) < 1e-6 * (1 + size))
            // Alone.
            var single = start
            ck_row_products(
              1, 1, inner, Array(x[row * inner..<(row + 1) * inner]), inner,
              Array(w[output * inner..<(output + 1) * inner]), inner, &single, 1, [bias[output]], 0.75, accumulate)
            #expect(single.bitPattern == found.bitPattern)
          }
        }
      }
    }
  }

  @Test(arguments: [2, 14, 16, 40, 64, 70, 128])
  func `cached attention is softmax(q k' / sqrt D) v over the first positions`(width: Int) {
    let heads = 3
    let stride = (width + 15) / 16 * 16
    for count in [1, 2, 15, 16, 17, 64, 65, 100] {
      let blocks = (count + 15) / 16 + 1
      let q = numbers(heads * width, seed: 1)
      // Positions that are not to be seen hold numbers that would show.
      var keys = [Float](repeating: 1e30, count: blocks * 16 * width)
      var values = [Float](repeating: 1e30, count: blocks * 16 * stride)
      let (k, v) = (numbers(count * width, seed: 2), numbers(count * width, seed: 3))
      for t in 0..<count {
        for d in 0..<stride {
          values[t * stride + d] = d < width ? v[t * width + d] : 0
          if d < width { keys[(t / 16 * width + d) * 16 + t % 16] = k[t * width + d] }
        }
      }
      let scale = 1 / Double(width).squareRoot()
      var scores = [Float](repeating: 0, count: heads * blocks * 16)
      var out = [Float](repeating: 0, count: heads * width + 1)
      out[heads * width] = 7
      ck_cached_attention(heads, width, count, q, keys, values, stride, Float(scale), &scores, blocks * 16, &out)
      #expect(out[heads * width] == 7)
      for head in 0..<heads {
        let e = (0..<count).map { t in
          exp(scale * (0..<width).reduce(0) { $0 + Double(q[head * width + $1]) * Double(k[t * width + $1]) })
        }
        let total = e.reduce(0, +)
        for d in 0..<width {
          let expected = (0..<count).reduce(0) { $0 + e[$1] / total * Double(v[$1 * width + d]) }
          #expect(abs(Double(out[head * width + d]) - expected) < 2e-5)
        }
      }
    }
  }
}
