import CKernels

/// Which elements an adapter's dropout drops in one step: a hash of the step's seed, the adapter's part and the
/// element's row and column, so that the backward pass sees the forward pass's mask without storing it, for any number
/// of workers.
struct DropoutMask: Sendable {
  let seed: UInt64
  private let threshold: UInt32
  private let scale: Float

  /// A mask for one step, or nil where nothing is dropped.
  init?(probability: Double, seed: UInt64) {
    guard probability > 0 else { return nil }
    self.seed = seed
    threshold = UInt32(probability * 0x1p32)
    scale = Float(1 / (1 - probability))
  }

  /// target = x with the mask, scaled by 1 / (1 - p), or target += that.
  /// - Parameters:
  ///   - part: Which adapter's mask.
  ///   - firstRow: The row of the batch that the first row of x is.
  ///   - firstColumn: The column of the adapter's input that the first column of x is.
  func apply(_ x: View, to target: View, part: UInt64, firstRow: Int, firstColumn: Int, accumulating: Bool = false) {
    let key = (seed &+ part &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    ck_dropout(
      x.rows, x.columns, x.base, x.stride, target.base, target.stride, key ^ key >> 31, firstRow, firstColumn,
      threshold, scale, accumulating ? 1 : 0)
  }
}
