import CKernels

/// The bias of a linear layer, [out].
enum Bias {
  /// y += bias for each row.
  static func forward(y: View, bias: UnsafePointer<Float>) { ck_add_bias(y.rows, y.columns, y.base, y.stride, bias) }

  /// dBias = the sum of dy over all rows, or that added to it.
  static func backward(dy: View, dBias: UnsafeMutablePointer<Float>, accumulating: Bool) {
    ck_column_sums(dy.rows, dy.columns, dy.base, dy.stride, dBias, accumulating ? 1 : 0)
  }
}
