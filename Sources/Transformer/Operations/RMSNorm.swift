import CKernels

/// RMSNorm `y = w x / sqrt(mean(x^2) + epsilon)`, row by row: x, y [N, C], w [C]. The reciprocal roots [N] are kept for
/// the backward pass.
enum RMSNorm {
  /// y and the reciprocal roots of these rows.
  static func forward(
    x: View, weight: UnsafePointer<Float>, epsilon: Float, y: View, roots: UnsafeMutablePointer<Float>
  ) {
    ck_rms_norm(x.rows, x.columns, x.base, x.stride, weight, epsilon, y.base, y.stride, roots)
  }

  /// out = base + dLoss/dx; `base` is the gradient that reaches x on another way, and all four have one stride.
  static func backward(
    dy: View, x: View, weight: UnsafePointer<Float>, roots: UnsafePointer<Float>, base: View, out: View
  ) {
    ck_rms_norm_backward(x.rows, x.columns, dy.base, x.base, weight, roots, base.base, out.base, x.stride)
  }

  /// dw for the columns of these views, a sum over all rows.
  static func backward(
    dy: View, x: View, roots: UnsafePointer<Float>, dWeight: UnsafeMutablePointer<Float>, accumulating: Bool
  ) {
    ck_rms_norm_weight(x.rows, x.columns, dy.base, x.base, x.stride, roots, dWeight, accumulating ? 1 : 0)
  }
}
