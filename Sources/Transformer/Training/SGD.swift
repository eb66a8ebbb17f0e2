import CKernels
import Core

/// Gradient descent without momentum, as PyTorch's: one pass over flat memory.
///
/// Weight decay adds `weightDecay` times the parameters to the gradient.
public final class SGD: Optimizer {
  /// The weight decay.
  public let weightDecay: Double
  /// How many steps have been taken; no step depends on it.
  public var stepCount = 0
  /// Empty.
  public var state: [(name: String, values: Parameters)] { [] }

  /// An optimizer that has taken no step.
  public init(weightDecay: Double = 0) { self.weightDecay = weightDecay }

  /// Takes one step, as ``Optimizer/step(_:gradients:learningRate:scale:workers:)`` describes it.
  public func step(
    _ parameters: Parameters, gradients: Parameters, learningRate: Double, scale: Double = 1, workers: Workers = .all
  ) {
    let count = parameters.elements.count
    precondition(count == gradients.elements.count, "layouts differ")
    stepCount += 1
    let (clip, decay, stepSize) = (Float(scale), Float(weightDecay), Float(learningRate))
    forEachChunk(of: count, workers) { range in
      guard let p = parameters.elements.baseAddress, let g = gradients.elements.baseAddress else { return }
      let start = range.lowerBound
      ck_sgd(range.count, p + start, g + start, clip, decay, stepSize)
    }
  }
}
