import CKernels
import Core

/// The global norm of a gradient, and clipping by it.
public struct GradientNorm: Sendable {
  /// The Euclidean norm of all elements together, summed in Double in an order that no worker count changes.
  public let value: Double

  /// The norm of everything in the buffer.
  public init(of gradients: Parameters, workers: Workers = .all) {
    let sum = sumOverChunks(of: gradients.elements.count, workers) { range in
      guard let base = gradients.elements.baseAddress else { return 0 }
      return ck_sum_of_squares(range.count, base + range.lowerBound)
    }
    value = sum.squareRoot()
  }

  /// What PyTorch's `clip_grad_norm_` multiplies the gradient by: `min(1, limit / (norm + 1e-6))`.
  public func scale(clippingTo limit: Double) -> Double { min(1, limit / (value + 1e-6)) }
}
