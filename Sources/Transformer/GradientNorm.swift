import CKernels
import LinearAlgebra

/// The global norm of a gradient, and clipping by it.
public struct GradientNorm: Sendable {
  /// The Euclidean norm of all elements together, summed in Double in an order that no worker count changes.
  public let value: Double

  /// The norm of everything in the buffer.
  public init(of gradients: Parameters, workers: Workers = .all) {
    let count = gradients.elements.count
    let pieces = (count + chunkLength - 1) / chunkLength
    let sums = [Double](unsafeUninitializedCapacity: pieces) { buffer, initialised in
      nonisolated(unsafe) let target = buffer
      forEachChunk(of: count, workers) { range in
        guard let base = gradients.elements.baseAddress else { return }
        target[range.lowerBound / chunkLength] = ck_sum_of_squares(range.count, base + range.lowerBound)
      }
      initialised = pieces
    }
    value = sums.reduce(0, +).squareRoot()
  }

  /// What PyTorch's `clip_grad_norm_` multiplies the gradient by: `min(1, limit / (norm + 1e-6))`.
  public func scale(clippingTo limit: Double) -> Double { min(1, limit / (value + 1e-6)) }
}
