import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import Testing
import Theorems

@Suite("The trade-off of two Gaussians")
struct GaussianTradeOffTests {
  /// What rounding may do to `log delta`. x has a relative error of some eps, so `x^2/2`, the logarithm of the density,
  /// has an error of `eps x^2`, and the sum one of its own; for delta near 1 that is relative to 1 - delta.
  private func tolerance(_ epsilon: Double, _ a: Double, _ logDelta: Double) -> Double {
    let x = epsilon / a - a / 2
    let level = 8 * Double.ulpOfOne
    return x > -1 ? level * (1 + x * x + abs(logDelta)) : level * (1 + x * x) * abs(logDelta)
  }

  @Test func `is mpmath's to rounding, for delta from 10^-10^21 to 1 - 10^-307`() {
    #expect(gaussianTradeOffReferences.count > 60)
    for (epsilon, a, expected) in gaussianTradeOffReferences {
      let found = GaussianTradeOff.logDelta(epsilon: epsilon, distance: a)
      #expect(abs(found - expected) <= tolerance(epsilon, a, expected), "\(epsilon), \(a): \(found), \(expected)")
    }
  }

  @Test func `is 0 for equal laws and 1 for laws infinitely far apart`() {
    for epsilon in [0, 1e-300, 1, 1e300] {
      #expect(GaussianTradeOff.logDelta(epsilon: epsilon, distance: 0) == -.infinity)
      #expect(GaussianTradeOff.logDelta(epsilon: epsilon, distance: .infinity) == 0)
    }
    #expect(GaussianTradeOff.logDelta(epsilon: 1, distance: .leastNonzeroMagnitude) == -.infinity)
    #expect(GaussianTradeOff.logDelta(epsilon: 0, distance: 1e300) == 0)
    // For epsilon = 0 it is the total variation distance, erf(a / (2 sqrt 2)).
    for a in [1e-300, 1e-9, 0.3, 1, 2.5] {
      let expected = log(erf(a / 8.0.squareRoot()))
      #expect(
        abs(GaussianTradeOff.logDelta(epsilon: 0, distance: a) - expected) <= 16 * Double.ulpOfOne * (1 - expected))
    }
  }

  @Test func `grows with the distance and falls with epsilon`() {
    checkProperty("monotone", zip(Gen.logUniform(in: 1e-6...100), .logUniform(in: 1e-3...50))) { epsilon, a in
      let here = GaussianTradeOff.logDelta(epsilon: epsilon, distance: a)
      let farther = GaussianTradeOff.logDelta(epsilon: epsilon, distance: 1.001 * a)
      let looser = GaussianTradeOff.logDelta(epsilon: 1.001 * epsilon, distance: a)
      let level = 2 * tolerance(epsilon, a, here)
      try ensure(farther >= here - level && looser <= here + level, "\(here), \(farther), \(looser)")
      // Strictly, wherever delta is not 1 to rounding: the slope of delta is the density at x.
      if here < -1e-12, here > -1e10 { try ensure(farther > here, "\(farther) is not more than \(here)") }
      // The exact relation of both slopes: d delta/d a = phi(x) makes delta convex up to x = 0 and concave beyond.
      try ensure(here <= 0, "\(here) is a probability")
    }
  }

  @Test func `the distance of a delta is where that delta is reached`() {
    checkProperty("inverse", zip(Gen.logUniform(in: 1e-6...100), .logUniform(in: 1e-30...0.999))) { epsilon, delta in
      let a = GaussianTradeOff.distance(epsilon: epsilon, logDelta: log(delta))
      try ensure(GaussianTradeOff.logDelta(epsilon: epsilon, distance: a) >= log(delta), "not below")
      try ensure(GaussianTradeOff.logDelta(epsilon: epsilon, distance: a.nextDown) < log(delta), "not earlier")
    }
    // Huge and tiny answers.
    #expect(GaussianTradeOff.distance(epsilon: 1e6, logDelta: -1) > 1400)
    #expect(
      abs(GaussianTradeOff.distance(epsilon: 0, logDelta: -230) / exp(-230) - (2 * Double.pi).squareRoot()) < 1e-12)
  }

  @Test func `is what the best event of two million draws finds`() {
    // The best event for P = N(a, 1) against Q = N(0, 1) is z > epsilon/a + a/2, where the density ratio is e^epsilon.
    let (draws, epsilon, a) = (2_000_000, 0.7, 1.3)
    var generator = RandomGenerator(seed: 11)
    let edge = epsilon / a + a / 2
    let noise = generator.normalVector(draws)
    let (p, q) = noise.elements.reduce((0.0, 0.0)) { ($0.0 + ($1 + a > edge ? 1 : 0), $0.1 + ($1 > edge ? 1 : 0)) }
    let found = (p - exp(epsilon) * q) / Double(draws)
    // Two binomial shares with standard deviations below 1/2 and e^epsilon/2, five of them.
    let deviation = 5 * (1 + exp(epsilon)) / 2 / Double(draws).squareRoot()
    #expect(abs(found - exp(GaussianTradeOff.logDelta(epsilon: epsilon, distance: a))) <= deviation)
    // No other half-space does better.
    for other in [edge - 0.4, edge - 0.1, edge + 0.1, edge + 0.4] {
      let gain = noise.elements.reduce(0.0) { $0 + ($1 + a > other ? 1 : 0) - exp(epsilon) * ($1 > other ? 1 : 0) }
      #expect(gain / Double(draws) < found)
    }
  }
}
