import CKernels
import Core

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// AdamW with bias correction and decoupled weight decay, as PyTorch's: one pass over flat memory.
///
/// Source: Loshchilov and Hutter (arXiv 1711.05101); the defaults are PyTorch's.
public final class AdamW: Optimizer {
  /// The decay rates of the two moments.
  public let betas: (Double, Double)
  /// What is added to the root of the second moment.
  public let epsilon: Double
  /// The weight decay, by which the learning rate is multiplied.
  public let weightDecay: Double
  /// The running mean of the gradient.
  public let firstMoment: Parameters
  /// The running mean of the gradient's square.
  public let secondMoment: Parameters
  /// How many steps have been taken; the correction of the moments depends on it.
  public var stepCount = 0
  /// The moments, `first_moment` and `second_moment`.
  public var state: [(name: String, values: Parameters)] {
    [("first_moment", firstMoment), ("second_moment", secondMoment)]
  }

  /// An optimizer with moments 0.
  public init(
    layout: ParameterLayout, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0.01
  ) {
    self.betas = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    firstMoment = Parameters(layout: layout)
    secondMoment = Parameters(layout: layout)
  }

  /// Takes one step, as ``Optimizer/step(_:gradients:learningRate:scale:workers:)`` describes it.
  public func step(
    _ parameters: Parameters, gradients: Parameters, learningRate: Double, scale: Double = 1, workers: Workers = .all
  ) {
    let count = parameters.elements.count
    precondition(count == gradients.elements.count && count == firstMoment.elements.count, "layouts differ")
    stepCount += 1
    let stepSize = Float(learningRate / (1 - pow(betas.0, Double(stepCount))))
    let correction = Float(1 / (1 - pow(betas.1, Double(stepCount))).squareRoot())
    let decay = Float(1 - learningRate * weightDecay)
    let (keep1, beta2, keep2) = (Float(1 - betas.0), Float(betas.1), Float(1 - betas.1))
    let (clip, epsilon) = (Float(scale), Float(epsilon))
    let (first, second) = (firstMoment, secondMoment)
    forEachChunk(of: count, workers) { range in
      guard let p = parameters.elements.baseAddress, let g = gradients.elements.baseAddress,
        let m = first.elements.baseAddress, let v = second.elements.baseAddress
      else { return }
      let start = range.lowerBound
      ck_adamw(
        range.count, p + start, g + start, m + start, v + start, clip, keep1, beta2, keep2, epsilon, stepSize,
        correction, decay)
    }
  }
}
