import LinearAlgebra
import Transformer

/// Minimises a smooth function of FP32 parameters by limited-memory BFGS (Nocedal 1980): each step goes along
/// `-H g`, where the two-loop recursion builds H from the last few changes of the parameters and of the gradient.
///
/// A step's length satisfies the weak Wolfe conditions, found by doubling and bisection (Lewis and Overton 2013).
/// Values carry FP32 rounding, which near a minimum exceeds their differences; there the conditions of Hager and Zhang
/// (2005) ask the slopes alone. All sums are in Double and in one order, so the same function gives the same bits.
public struct LBFGS: Sendable {
  /// How many changes H remembers.
  public var memory = 20
  /// The gradient norm at which it stops.
  public var tolerance: Double
  /// The number of gradients after which no new step begins; a line search that has begun may ask for 30 more.
  public var evaluations: Int

  /// A minimiser with this stopping rule.
  public init(tolerance: Double, evaluations: Int = 2000) {
    (self.tolerance, self.evaluations) = (tolerance, evaluations)
  }

  /// What was reached.
  public struct Result: Sendable, Equatable {
    /// The function's value.
    public let value: Double
    /// The norm of its gradient.
    public let gradientNorm: Double
    /// How many gradients were asked for.
    public let evaluations: Int
    /// Whether the gradient norm is within the tolerance.
    public let isStationary: Bool
  }

  /// A point with its value and gradient.
  private struct Point {
    let x: Vector
    let value: Double
    let gradient: Vector
  }

  /// Moves `parameters` to the point of the smallest gradient that was met.
  /// - Parameter function: Its value at the first, writing its gradient there to the second.
  public func minimise(
    _ parameters: Parameters, _ function: (Parameters, Parameters) throws -> Double
  ) rethrows -> Result {
    let gradients = Parameters(layout: parameters.layout)
    var count = 0
    func evaluate(_ x: Vector) throws -> Point {
      for index in parameters.elements.indices { parameters.elements[index] = Float(x[index]) }
      count += 1
      let value = try function(parameters, gradients)
      // Where FP32 has put it, not where it was meant to be.
      return Point(x: vector(parameters), value: value, gradient: vector(gradients))
    }
    var point = try evaluate(vector(parameters))
    var best = point
    var changes: [(x: Vector, gradient: Vector, inner: Double)] = []
    while best.gradient.norm > tolerance, count < evaluations {
      var direction = -1 * descent(point.gradient, changes)
      if direction.dot(point.gradient) >= 0 {
        changes = []
        direction = -1 * point.gradient
      }
      // Without a memory H has no scale: the first step has length 1 at most.
      let first = changes.isEmpty ? min(1, 1 / direction.norm) : 1
      guard let next = try search(from: point, along: direction, first, evaluate) else {
        if changes.isEmpty { break }
        changes = []
        continue
      }
      let (dx, dg) = (next.x - point.x, next.gradient - point.gradient)
      let inner = dx.dot(dg)
      // Rounding can turn the curvature of a short step around; such a change says nothing.
      if inner > 0x1p-20 * dx.norm * dg.norm { changes.append((dx, dg, inner)) }
      if changes.count > memory { changes.removeFirst() }
      point = next
      if point.gradient.norm < best.gradient.norm { best = point }
    }
    for index in parameters.elements.indices { parameters.elements[index] = Float(best.x[index]) }
    let norm = best.gradient.norm
    return Result(value: best.value, gradientNorm: norm, evaluations: count, isStationary: norm <= tolerance)
  }

  /// H g by the two-loop recursion.
  private func descent(_ gradient: Vector, _ changes: [(x: Vector, gradient: Vector, inner: Double)]) -> Vector {
    var (q, factors) = (gradient, [Double]())
    for change in changes.reversed() {
      factors.append(change.x.dot(q) / change.inner)
      q.add(-(factors.last ?? 0), change.gradient)
    }
    if let last = changes.last { q = (last.inner / last.gradient.dot(last.gradient)) * q }
    for (change, factor) in zip(changes, factors.reversed()) {
      q.add(factor - change.gradient.dot(q) / change.inner, change.x)
    }
    return q
  }

  /// A point along the direction that satisfies the conditions; nil where FP32 has none.
  private func search(
    from start: Point, along direction: Vector, _ first: Double, _ evaluate: (Vector) throws -> Point
  ) rethrows -> Point? {
    let (decrease, flattening) = (1e-4, 0.9)
    let slope = start.gradient.dot(direction)
    let noise = 0x1p-20 * abs(start.value)
    var (low, high, length) = (0.0, Double.infinity, first)
    for _ in 0..<30 {
      var x = start.x
      x.add(length, direction)
      let point = try evaluate(x)
      let found = point.gradient.dot(direction)
      let descends = point.value <= start.value + decrease * length * slope
      let flattens = point.value <= start.value + noise && found <= (2 * decrease - 1) * slope
      if !(descends || flattens) {
        high = length
      } else if found < flattening * slope {
        low = length
      } else {
        return point
      }
      length = high < .infinity ? (low + high) / 2 : 2 * length
    }
    return nil
  }

  private func vector(_ parameters: Parameters) -> Vector { Vector(parameters.elements.map(Double.init)) }
}
