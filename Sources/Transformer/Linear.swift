import CLapacke

/// A linear layer `y = x W'`: x [N, in], W [out, in], y [N, out]. Each call is one sgemm on the calling thread.
enum Linear {
  /// y = x W' + beta y.
  static func forward(x: View, weight: View, y: View, scale: Float = 1, beta: Float = 0) {
    product(x, CblasNoTrans, weight, CblasTrans, y, inner: x.columns, scale, beta)
  }

  /// dx = dy W + beta dx.
  static func backward(dy: View, weight: View, dx: View, scale: Float = 1, beta: Float = 0) {
    product(dy, CblasNoTrans, weight, CblasNoTrans, dx, inner: dy.columns, scale, beta)
  }

  /// dW = dy' x + beta dW, a sum over all rows.
  static func backward(dy: View, x: View, dWeight: View, scale: Float = 1, beta: Float) {
    product(dy, CblasTrans, x, CblasNoTrans, dWeight, inner: dy.rows, scale, beta)
  }

  /// c = scale op(a) op(b) + beta c.
  @inline(__always)
  private static func product(
    _ a: View, _ opA: CBLAS_TRANSPOSE, _ b: View, _ opB: CBLAS_TRANSPOSE, _ c: View, inner: Int, _ scale: Float,
    _ beta: Float
  ) {
    cblas_sgemm(
      CblasRowMajor, opA, opB, Int32(c.rows), Int32(c.columns), Int32(inner), scale, a.base, Int32(a.stride), b.base,
      Int32(b.stride), beta, c.base, Int32(c.stride))
  }
}
