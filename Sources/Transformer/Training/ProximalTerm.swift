import CKernels
import Core

/// `mu ||theta - theta_prev||^2`, which holds parameters near those of the stage before: a term of a loss, with its
/// gradient `2 mu (theta - theta_prev)`.
///
/// Add it once a step, when the gradient of the data is complete and before ``GradientNorm`` measures it.
public struct ProximalTerm: Sendable {
  /// The factor.
  public let mu: Double
  /// theta_prev, a copy of the term's own.
  public let center: Parameters

  /// A term around a copy of these parameters.
  /// - Parameter mu: The factor, finite and 0 or more.
  public init(mu: Double, center: Parameters) {
    precondition(mu >= 0 && mu.isFinite, "mu is \(mu), not a finite number of 0 or more")
    self.mu = mu
    self.center = Parameters(copying: center)
  }

  /// Adds the term's gradient at `parameters` to `gradients`.
  ///
  /// Results have the same bits for any number of workers.
  /// - Returns: The term's value, summed in Double over all elements.
  public func add(to gradients: Parameters, at parameters: Parameters, workers: Workers = .all) -> Double {
    let count = parameters.elements.count
    precondition(count == gradients.elements.count && count == center.elements.count, "layouts differ")
    let squares = sumOverChunks(of: count, workers) { range in
      guard let g = gradients.elements.baseAddress, let p = parameters.elements.baseAddress,
        let c = center.elements.baseAddress
      else { return 0 }
      let start = range.lowerBound
      return ck_proximal(range.count, g + start, p + start, c + start, 2 * mu)
    }
    return mu * squares
  }
}
