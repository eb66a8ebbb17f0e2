/// FP32 numbers in one flat buffer, 64-byte aligned and laid out by a ``ParameterLayout``: weights, gradients or an
/// optimizer's moments.
///
/// It has reference semantics, because a copy of a model must never be made by accident. A reader and a writer must not
/// use one at the same time; the engine and the optimizers write only during their calls.
public final class Parameters: @unchecked Sendable {
  /// Which tensor lies where.
  public let layout: ParameterLayout
  /// The numbers, ``ParameterLayout/count`` of them.
  public let elements: UnsafeMutableBufferPointer<Float>

  /// All zero.
  public init(layout: ParameterLayout) {
    self.layout = layout
    elements = allocateZeros(layout.count)
  }

  /// A copy with memory of its own.
  public convenience init(copying other: Parameters) {
    self.init(layout: other.layout)
    _ = elements.update(fromContentsOf: other.elements)
  }

  deinit { elements.deallocate() }

  /// The tensor's part of the buffer, row-major.
  public func elements(of tensor: ParameterLayout.Tensor) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: elements[tensor.range])
  }

  /// The part of the tensor of this name, row-major, or nil where there is none.
  public subscript(name: String) -> UnsafeMutableBufferPointer<Float>? { layout[name].map { elements(of: $0) } }

  /// Makes every number 0.
  public func clear() { elements.update(repeating: 0) }
}

/// Zeroed memory for this many numbers, 64-byte aligned.
func allocateZeros(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
  let bytes = UnsafeMutableRawBufferPointer.allocate(
    byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
  bytes.initializeMemory(as: UInt8.self, repeating: 0)
  let elements = bytes.bindMemory(to: Float.self)
  return UnsafeMutableBufferPointer(rebasing: elements[0..<count])
}
