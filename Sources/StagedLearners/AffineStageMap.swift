import Core
import LinearAlgebra

/// A stage of training as an affine map of the model, `theta -> theta - S theta + b`.
public protocol AffineStageMap: Sendable {
  /// The name by which a path refers to the stage.
  var name: String { get }
  /// d, the number of parameters.
  var dimension: Int { get }
  /// b: what the stage makes of theta = 0.
  var offset: Vector { get }

  /// `S v`: what the stage takes away.
  func contraction(_ vector: Vector, workers: Workers) -> Vector

  /// `b - S theta`: what the stage adds to the model.
  func change(of theta: Vector, workers: Workers) -> Vector
}

extension AffineStageMap {
  /// The model after the stage, from the model before it.
  public func apply(to theta: Vector, workers: Workers = .one) -> Vector {
    theta + change(of: theta, workers: workers)
  }

  /// `S v` on one thread.
  public func contraction(_ vector: Vector) -> Vector { contraction(vector, workers: .one) }
}
