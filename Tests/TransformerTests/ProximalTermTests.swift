import CKernels
import Core
import Testing

@testable import Transformer

@Suite("Proximal term")
struct ProximalTermTests {
  /// Numbers k/8 with |k| <= 64, for which the value and the gradient are exact.
  func eighths(_ count: Int, seed: UInt64) -> [Double] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { _ in Double(Int.random(in: -64...64, using: &generator)) / 8 }
  }

  func parameters(_ values: [Double]) -> Parameters {
    let result = Parameters(layout: ParameterLayout(groups: [[("x", [values.count])]]))
    result.values = values
    return result
  }

  @Test(arguments: [1, 2, 15, 16, 17, 67, (2 << 16) + 3])
  func `value and gradient are exact where FP32 holds them`(count: Int) {
    let mu = 0.75
    let (x, center, g) = (eighths(count, seed: 1), eighths(count, seed: 2), eighths(count, seed: 3))
    let (start, gradients) = (parameters(center), parameters(g))
    let term = ProximalTerm(mu: mu, center: start)
    start.clear()  // The term has a copy.
    let value = term.add(to: gradients, at: parameters(x))
    #expect(value == mu * zip(x, center).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
    // One Bool for all, because a failed comparison of long arrays would list their differences, which takes too long.
    let isExact = gradients.values == g.indices.map { g[$0] + 2 * mu * (x[$0] - center[$0]) }
    let isCopy = term.center.values == center
    #expect(isExact && isCopy)
    // Between groups nothing is added.
    #expect(gradients.elements[count...].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [0.0, 0.3, 25])
  func `the gradient is that of the value, by finite differences`(mu: Double) {
    let (x, center) = (normals(53, seed: 1), normals(53, seed: 2))
    func value(_ x: [Double]) -> Double { mu * zip(x, center).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let gradients = Parameters(layout: ParameterLayout(groups: [[("x", [53])]]))
    let found = ProximalTerm(mu: mu, center: parameters(center)).add(to: gradients, at: parameters(x))
    // Sums of 53 positive terms in Double, in two orders.
    #expect(abs(found - value(x)) <= 2 * 53 * 0x1p-53 * value(x))
    // One rounding to FP32 each, and the error of the differences.
    #expect(relativeDistance(Array(gradients.elements[..<53]), differences(x, value)) < 0x1p-24 + 1e-9)
  }

  @Test func `a step far smaller than the parameters is not lost`() {
    let center = normals(100, seed: 1, scale: 100)
    let x = center.map { Double(Float($0).nextUp) }
    let gradients = parameters([Double](repeating: 0, count: 100))
    let value = ProximalTerm(mu: 0.5, center: parameters(center)).add(to: gradients, at: parameters(x))
    let differences = zip(x, center).map { $0 - $1 }
    #expect(gradients.values == differences)
    // Squares of powers of two: the sum is exact.
    #expect(value == 0.5 * dot(differences, differences))
  }

  @Test func `the same bits for 1, 2 and 4 workers`() {
    let count = (3 << 16) + 5
    let (x, center) = (Parameters.normal(count, seed: 1), Parameters.normal(count, seed: 2))
    let term = ProximalTerm(mu: 0.3, center: center)
    var first: ([UInt32], UInt64)?
    for workers in [1, 2, 4] {
      let gradients = Parameters.normal(count, seed: 3)
      let value = term.add(to: gradients, at: x, workers: Workers(count: workers))
      let result = (gradients.bits, value.bitPattern)
      first = first ?? result
      let isSame = first.map { $0 == result } == true
      #expect(isSame)
    }
  }

  @Test func `an element's gradient is rounded once and does not depend on how many others there are`() {
    for count in 0...67 {
      // One element more than the kernel is told of.
      let (x, center) = (normals(count + 1, seed: 1).map { Float($0) }, normals(count + 1, seed: 2).map { Float($0) })
      let g = normals(count + 1, seed: 3).map { Float($0) }
      var (whole, single, sum) = (g, g, 0.0)
      let found = ck_proximal(count, &whole, x, center, 0.6)
      for index in 0..<count {
        sum += ck_proximal(1, &single[index], [x[index]], [center[index]], 0.6)
        // One rounding to FP32, after three in Double.
        let step = 0.6 * (Double(x[index]) - Double(center[index]))
        let expected = Double(g[index]) + step
        let bound = 0x1p-24 * abs(expected) + 3 * 0x1p-53 * (abs(Double(g[index])) + abs(step))
        #expect(abs(Double(whole[index]) - expected) <= bound)
      }
      #expect(whole == single)
      #expect(abs(found - sum) <= 2 * Double(count) * 0x1p-53 * sum)
    }
  }
}
