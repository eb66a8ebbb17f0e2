import CKernels

/// A linear layer `y = x W'`: x [N, in], W [out, in], y [N, out].
///
/// Each call is one product on the calling thread. An element's bits depend on its row of one operand and its column of
/// the other alone, not on how the product is cut into blocks.
enum Linear {
  /// y = x W' + beta y.
  static func forward(x: View, weight: View, y: View, scale: Float = 1, beta: Float = 0) {
    product(x, false, weight, true, y, inner: x.columns, scale, beta)
  }

  /// dx = dy W + beta dx.
  static func backward(dy: View, weight: View, dx: View, scale: Float = 1, beta: Float = 0) {
    product(dy, false, weight, false, dx, inner: dy.columns, scale, beta)
  }

  /// dW = dy' x + beta dW, a sum over all rows.
  static func backward(dy: View, x: View, dWeight: View, scale: Float = 1, beta: Float) {
    product(dy, true, x, false, dWeight, inner: dy.rows, scale, beta)
  }

  /// c = scale op(a) op(b) + beta c.
  @inline(__always)
  private static func product(
    _ a: View, _ turnsA: Bool, _ b: View, _ turnsB: Bool, _ c: View, inner: Int, _ scale: Float, _ beta: Float
  ) {
    ck_product(
      c.rows, c.columns, inner, scale, a.base, a.stride, turnsA ? 1 : 0, b.base, b.stride, turnsB ? 1 : 0, beta, c.base,
      c.stride)
  }
}
