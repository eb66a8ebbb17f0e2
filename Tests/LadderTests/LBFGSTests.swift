import Core
import Foundation
import LinearAlgebra
import Testing

@testable import Ladder
@testable import Transformer

@Suite("L-BFGS")
struct LBFGSTests {
  func parameters(_ values: [Double]) -> Parameters {
    let result = Parameters(layout: ParameterLayout(groups: [[("x", [values.count])]]))
    for (index, value) in values.enumerated() { result.elements[index] = Float(value) }
    return result
  }

  /// `sum_i h_i (x_i - c_i)^2 / 2` with h from 1 to 10^3; FP32 resolves its gradient to 10^3 u, some 10^-4.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `finds the minimiser of an ill-conditioned quadratic`(seed: UInt64) {
    var random = RandomGenerator(seed: seed)
    let center = (0..<40).map { _ in Double(Float(random.normal())) }
    let curvatures = (0..<40).map { pow(10, Double($0) / 13) }
    let x = parameters((0..<40).map { _ in random.normal() })
    let reached = LBFGS(tolerance: 1e-3, evaluations: 400).minimise(x) { x, gradient in
      var value = 0.0
      for index in center.indices {
        let difference = Double(x.elements[index]) - center[index]
        value += curvatures[index] * difference * difference / 2
        gradient.elements[index] = Float(curvatures[index] * difference)
      }
      return value
    }
    #expect(reached.isStationary && reached.gradientNorm <= 1e-3)
    // The gradient is h times the error.
    for index in center.indices {
      #expect(abs(Double(x.elements[index]) - center[index]) <= reached.gradientNorm / curvatures[index] * (1 + 1e-6))
    }
  }

  /// Rosenbrock's valley, which steepest descent does not get through in thousands of steps.
  static func rosenbrock(_ x: Parameters, _ gradient: Parameters) -> Double {
    let (a, b) = (Double(x.elements[0]), Double(x.elements[1]))
    gradient.elements[0] = Float(-2 * (1 - a) - 400 * a * (b - a * a))
    gradient.elements[1] = Float(200 * (b - a * a))
    return (1 - a) * (1 - a) + 100 * (b - a * a) * (b - a * a)
  }

  @Test func `gets through a curved valley, and again by the same bits`() {
    let (x, again) = (parameters([-1.2, 1]), parameters([-1.2, 1]))
    let minimiser = LBFGS(tolerance: 1e-4, evaluations: 100)
    let reached = minimiser.minimise(x, Self.rosenbrock)
    #expect(reached.isStationary)
    #expect(reached.evaluations < 100)
    #expect(abs(x.elements[0] - 1) < 1e-3 && abs(x.elements[1] - 1) < 2e-3)
    #expect(minimiser.minimise(again, Self.rosenbrock) == reached)
    #expect(Array(again.elements) == Array(x.elements))
  }

  @Test func `says what it reached where it ran out of evaluations or of digits`() {
    let x = parameters([-1.2, 1])
    let stopped = LBFGS(tolerance: 1e-4, evaluations: 5).minimise(x, Self.rosenbrock)
    #expect(!stopped.isStationary && stopped.gradientNorm > 1e-4)
    // A line search that is under way is finished.
    #expect((5..<5 + 30).contains(stopped.evaluations))
    let gradient = parameters([0, 0])
    #expect(Self.rosenbrock(x, gradient) == stopped.value)
    #expect(abs(hypot(Double(gradient.elements[0]), Double(gradient.elements[1])) - stopped.gradientNorm) < 1e-12)
    // sqrt(2) is no FP32 number: at its neighbours the gradient of (x^2 - 2)^2 / 4 is not below 10^-9.
    let root = parameters([1])
    let stalled = LBFGS(tolerance: 1e-9, evaluations: 1000).minimise(root) { x, gradient in
      let a = Double(x.elements[0])
      gradient.elements[0] = Float(a * (a * a - 2))
      return (a * a - 2) * (a * a - 2) / 4
    }
    #expect(!stalled.isStationary && stalled.evaluations < 1000)
    #expect(abs(Double(root.elements[0]) - 2.squareRoot()) < 0x1p-23)
  }
}
