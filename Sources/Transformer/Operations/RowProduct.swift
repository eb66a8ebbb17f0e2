import CKernels

/// A linear layer `y = x W'` for few rows: x [N, in], W [out, in], y [N, out].
///
/// An element's bits depend on its row of x and its row of W alone. So they are the same for any batch that the row is
/// part of and however outputs are cut into blocks. Unlike ``Linear`` it copies nothing first: for one row it runs at
/// the speed of memory.
enum RowProduct {
  /// y = bias + scale x W'.
  static func forward(x: View, weight: View, y: View, bias: UnsafePointer<Float>? = nil, scale: Float = 1) {
    product(x, weight, y, bias, scale, accumulating: false)
  }

  /// y += scale x W'.
  static func add(x: View, weight: View, y: View, scale: Float = 1) {
    product(x, weight, y, nil, scale, accumulating: true)
  }

  @inline(__always)
  private static func product(
    _ x: View, _ weight: View, _ y: View, _ bias: UnsafePointer<Float>?, _ scale: Float, accumulating: Bool
  ) {
    ck_row_products(
      x.rows, weight.rows, weight.columns, x.base, x.stride, weight.base, weight.stride, y.base, y.stride, bias, scale,
      accumulating ? 1 : 0)
  }
}
