import CKernels

/// SwiGLU `out = silu(gate) up`: a row of gateUp [N, 2 F] is the gate followed by up, out [N, F].
enum SwiGLU {
  /// out of these rows.
  static func forward(gateUp: View, out: View) {
    ck_swiglu(out.rows, out.columns, out.columns, gateUp.base, gateUp.stride, out.base, out.stride)
  }

  /// out of these rows for some columns of the F.
  static func forward(gateUp: View, out: View, columns: Range<Int>) {
    let start = columns.lowerBound
    ck_swiglu(out.rows, columns.count, out.columns, gateUp.base + start, gateUp.stride, out.base + start, out.stride)
  }

  /// gateUp becomes dLoss/d gateUp.
  static func backward(dout: View, gateUp: View) {
    ck_swiglu_backward(
      dout.rows, dout.columns, dout.columns, gateUp.base, gateUp.stride, dout.base, dout.stride)
  }
}
