import Core

/// A rule that moves parameters against their gradient.
///
/// To save an optimizer, write ``stepCount`` and ``state``. To resume, make one with the same constants, set
/// ``stepCount``, and fill the buffers of ``state``; the run then goes on with the same bits.
public protocol Optimizer: AnyObject {
  /// How many steps have been taken.
  var stepCount: Int { get set }
  /// The buffers that a step reads and writes besides the parameters, each under its own name and laid out as the
  /// parameters are; not copies. Empty where a step needs nothing of earlier ones.
  var state: [(name: String, values: Parameters)] { get }

  /// Takes one step.
  ///
  /// Results have the same bits for any number of workers.
  /// - Parameters:
  ///   - parameters: What is moved, in place.
  ///   - gradients: The gradient, laid out as the parameters are; it is left as it is.
  ///   - learningRate: The learning rate of this step.
  ///   - scale: What the gradient is multiplied by first; see ``GradientNorm``. Weight decay is not.
  ///   - workers: How many threads work; it decides speed only.
  func step(_ parameters: Parameters, gradients: Parameters, learningRate: Double, scale: Double, workers: Workers)
}
