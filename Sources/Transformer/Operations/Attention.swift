import CKernels

/// Causal attention of one head over one sequence, in blocks of queries and keys with a running softmax: of the T x T
/// scores only a tile is ever in memory.
///
/// Queries, keys and values are [T, D] views into the joint q/k/v matrix, after the rotary embedding. Source: Dao et
/// al. (arXiv 2205.14135), with the logarithm of the softmax's sum kept for the backward pass (arXiv 2307.08691).
struct Attention: Sendable {
  /// Rows of a tile.
  static let queryBlock = 64
  /// Columns of a tile.
  static let keyBlock = 256
  /// Numbers of scratch memory that a call needs.
  static let scratchCount = 2 * queryBlock * keyBlock + 3 * queryBlock

  /// The factor on the scores, 1 / sqrt(D).
  let scale: Float

  init(headDimension: Int) { scale = 1 / Float(headDimension).squareRoot() }

  /// out [T, D] and lse, the logarithm of each row's sum of exponentials, at distance `lseStride`.
  ///
  /// Rows of `q` are the last positions of those of `k` and `v`; with fewer queries than keys the first keys are a
  /// cache.
  func forward(
    q: View, k: View, v: View, out: View, lse: UnsafeMutablePointer<Float>, lseStride: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let cached = k.rows - q.rows
    let maxima = scratch + 2 * Self.queryBlock * Self.keyBlock
    let sums = maxima + Self.queryBlock
    for queries in blocks(of: q.rows, length: Self.queryBlock) {
      let rows = out(rows: queries)
      let visible = cached + queries.upperBound
      for keys in blocks(of: visible, length: Self.keyBlock) {
        let scores = View(scratch, rows: queries.count, columns: keys.count)
        Linear.forward(x: q(rows: queries), weight: k(rows: keys), y: scores, scale: scale)
        let first = keys.lowerBound == 0
        ck_attention_tile(
          scores.rows, scores.columns, cached + queries.lowerBound + 1 - keys.lowerBound, scores.base, scores.stride,
          maxima, sums, rows.base, rows.stride, rows.columns, first ? 1 : 0)
        Linear.backward(dy: scores, weight: v(rows: keys), dx: rows, beta: first ? 0 : 1)
      }
      ck_attention_finish(
        rows.rows, rows.columns, maxima, sums, rows.base, rows.stride, lse + queries.lowerBound * lseStride, lseStride)
    }
  }

  /// dq = dLoss/dq, and dk and dv, to which this head adds, for dout = dLoss/d out.
  func backward(
    q: View, k: View, v: View, out: View, lse: UnsafePointer<Float>, lseStride: Int, dout: View, dq: View, dk: View,
    dv: View, scratch: UnsafeMutablePointer<Float>
  ) {
    let deltas = scratch + 2 * Self.queryBlock * Self.keyBlock
    for queries in blocks(of: q.rows, length: Self.queryBlock) {
      let (rows, drows) = (out(rows: queries), dout(rows: queries))
      ck_row_dots(rows.rows, rows.columns, rows.base, rows.stride, drows.base, drows.stride, deltas)
      for keys in blocks(of: queries.upperBound, length: Self.keyBlock) {
        let p = View(scratch, rows: queries.count, columns: keys.count)
        let ds = View(scratch + Self.queryBlock * Self.keyBlock, rows: queries.count, columns: keys.count)
        Linear.forward(x: q(rows: queries), weight: k(rows: keys), y: p, scale: scale)
        Linear.forward(x: drows, weight: v(rows: keys), y: ds)
        ck_attention_backward_tile(
          p.rows, p.columns, queries.lowerBound + 1 - keys.lowerBound, scale, p.base, ds.base, p.stride,
          lse + queries.lowerBound * lseStride, lseStride, deltas)
        Linear.backward(dy: ds, weight: k(rows: keys), dx: dq(rows: queries), beta: keys.lowerBound == 0 ? 0 : 1)
        Linear.backward(dy: ds, x: q(rows: queries), dWeight: dk(rows: keys), beta: 1)
        Linear.backward(dy: p, x: drows, dWeight: dv(rows: keys), beta: 1)
      }
    }
  }
}

/// The even pieces of 0..<count.
@inline(__always)
func blocks(of count: Int, length: Int) -> LazyMapSequence<StrideTo<Int>, Range<Int>> {
  stride(from: 0, to: count, by: length).lazy.map { $0..<min(count, $0 + length) }
}
