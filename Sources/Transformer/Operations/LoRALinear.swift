import CKernels

/// The adapters of layers that share their input, such as q, k and v: `y += scale B (A dropout(x))`.
///
/// A is [r, in] for each part, B [out, r]. `u = A dropout(x)` [N, parts r] is kept for the backward pass, and so is
/// `du = scale B' dy`. Offsets count from the start of the adapter's flat buffer.
struct LoRALinear: Sendable {
  struct Part: Sendable {
    /// Tells the parts of a model apart, for their dropout masks.
    let key: UInt64
    /// Which of the joint layer's outputs are this part's.
    let outputs: Range<Int>
    let a: Int
    let b: Int
  }

  let parts: [Part]
  let rank: Int
  /// in
  let inputWidth: Int
  let scale: Float
  /// The columns of the layer's `u` that are this adapter's.
  let columns: Range<Int>

  /// u of these rows; `scratch` has room for x.
  func forward(
    x: View, u: View, weights: UnsafeMutablePointer<Float>, dropout: DropoutMask?, firstRow: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard let dropout else {
      // The parts' matrices are adjacent: one product for all.
      return Linear.forward(x: x, weight: View(weights + parts[0].a, rows: u.columns, columns: inputWidth), y: u)
    }
    let dropped = View(scratch, rows: x.rows, columns: inputWidth)
    for (index, part) in parts.enumerated() {
      dropout.apply(x, to: dropped, part: part.key, firstRow: firstRow, firstColumn: 0)
      Linear.forward(x: dropped, weight: a(index, weights), y: u(columns: columns(index)))
    }
  }

  /// y += scale B u for these rows and for `outputs` of the joint layer, which are the columns of y.
  func addOutput(u: View, y: View, outputs: Range<Int>, weights: UnsafeMutablePointer<Float>) {
    for (index, part) in parts.enumerated() {
      let shared = part.outputs.clamped(to: outputs)
      guard !shared.isEmpty else { continue }
      let b = b(index, weights)(rows: shared.shifted(by: -part.outputs.lowerBound))
      Linear.forward(
        x: u(columns: columns(index)), weight: b, y: y(columns: shared.shifted(by: -outputs.lowerBound)), scale: scale,
        beta: 1)
    }
  }

  /// du of these rows, for dy of the joint layer.
  func backward(dy: View, du: View, weights: UnsafeMutablePointer<Float>) {
    for (index, part) in parts.enumerated() {
      Linear.backward(
        dy: dy(columns: part.outputs), weight: b(index, weights), dx: du(columns: columns(index)), scale: scale)
    }
  }

  /// dx += A' du through the masks, for these rows and for `inputs` of the layer, which are the columns of dx.
  func addInputGradient(
    du: View, dx: View, inputs: Range<Int>, weights: UnsafeMutablePointer<Float>, dropout: DropoutMask?, firstRow: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard let dropout else {
      let stacked = View(weights + parts[0].a, rows: du.columns, columns: inputWidth)
      return Linear.backward(dy: du, weight: stacked(columns: inputs), dx: dx, beta: 1)
    }
    let masked = View(scratch, rows: dx.rows, columns: dx.columns)
    for (index, part) in parts.enumerated() {
      Linear.backward(dy: du(columns: columns(index)), weight: a(index, weights)(columns: inputs), dx: masked)
      dropout.apply(
        masked, to: dx, part: part.key, firstRow: firstRow, firstColumn: inputs.lowerBound, accumulating: true)
    }
  }

  /// dA for `inputs` of one part, a sum over all rows; `scratch` has room for those columns of x.
  func backwardA(
    _ index: Int, du: View, x: View, inputs: Range<Int>, gradients: UnsafeMutablePointer<Float>, beta: Float,
    dropout: DropoutMask?, firstRow: Int = 0, scratch: UnsafeMutablePointer<Float>
  ) {
    var seen = x(columns: inputs)
    if let dropout {
      let dropped = View(scratch, rows: x.rows, columns: inputs.count)
      dropout.apply(seen, to: dropped, part: parts[index].key, firstRow: firstRow, firstColumn: inputs.lowerBound)
      seen = dropped
    }
    Linear.backward(
      dy: du(columns: columns(index)), x: seen, dWeight: a(index, gradients)(columns: inputs), beta: beta)
  }

  /// dB for `outputs` of one part (counted from the part's first), a sum over all rows.
  func backwardB(
    _ index: Int, dy: View, u: View, outputs: Range<Int>, gradients: UnsafeMutablePointer<Float>, beta: Float
  ) {
    Linear.backward(
      dy: dy(columns: outputs.shifted(by: parts[index].outputs.lowerBound)), x: u(columns: columns(index)),
      dWeight: b(index, gradients)(rows: outputs), scale: scale, beta: beta)
  }

  /// The columns of u and du that are this part's.
  private func columns(_ index: Int) -> Range<Int> { index * rank..<(index + 1) * rank }

  private func a(_ index: Int, _ base: UnsafeMutablePointer<Float>) -> View {
    View(base + parts[index].a, rows: rank, columns: inputWidth)
  }

  private func b(_ index: Int, _ base: UnsafeMutablePointer<Float>) -> View {
    View(base + parts[index].b, rows: parts[index].outputs.count, columns: rank)
  }
}

extension Range<Int> {
  /// Both bounds moved by this much.
  func shifted(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
}
