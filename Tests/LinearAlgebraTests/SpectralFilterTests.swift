import Foundation
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing

/// One row of filterReferences: phi at an eigenvalue, for 7 rows.
struct FilterReference: Sendable {
  let filter: SpectralFilter
  let eigenvalue: Double
  let value: Double
  let sign: Int
  let log: Double

  init(_ filter: SpectralFilter, _ eigenvalue: Double, _ value: Double, _ sign: Int, _ log: Double) {
    (self.filter, self.eigenvalue, self.value, self.sign, self.log) = (filter, eigenvalue, value, sign, log)
  }

  /// A bound on the relative error of phi, from the roundings on the way to it; u = 2^-53.
  var relativeError: Double {
    let growth = value.isFinite ? value * eigenvalue : .infinity
    // Through a LogNumber and back: the logarithms of the growth, of lambda and of phi, an ulp of each, and exp.
    let logs = abs(log) * 2 + (eigenvalue == 0 ? 0 : 2 * abs(Foundation.log(abs(eigenvalue))))
    let throughLog = 2 * roundoff * (logs + 4)
    func flow(_ exponent: Double) -> Double {
      // 2 lambda tau / n takes three roundings; expm1(x) amplifies them by x e^x / (e^x - 1), at most 1 + |x|.
      3 * roundoff * (1 + max(0, exponent)) + 4 * roundoff
    }
    switch filter {
    case .ridge, .interpolation: return 4 * roundoff
    case .gradientDescent(let steps, let size):
      let rate = -2 * size * eigenvalue / 7
      return growthError(rate: rate, steps: steps, growth: -growth, rateError: 3 * roundoff) + throughLog
    case .gradientAscent(let steps, let size):
      let rate = 2 * size * eigenvalue / 7
      return growthError(rate: rate, steps: steps, growth: -growth, rateError: 3 * roundoff) + throughLog
    case .gradientFlow(let time): return flow(-2 * eigenvalue * time / 7)
    case .ascentFlow(let time): return flow(2 * eigenvalue * time / 7) + throughLog
    case .implicitAscent(let steps, let size):
      let rate = 2 * size * eigenvalue / 7
      // x / (1 - x) amplifies the three roundings of x by 1 / (1 - x) and adds two.
      return growthError(
        rate: rate / (1 - rate), steps: steps, growth: -growth, rateError: (3 / abs(1 - rate) + 2) * roundoff)
        + throughLog
    }
  }
}

/// A small regression with its kernel's decomposition.
private struct Problem: Sendable {
  let x: Matrix
  let y: Vector
  let start: Vector
  let eigen: SymmetricEigen
  /// A bound on the backward error of the eigenvalues and vectors, in the Frobenius norm: that of the decomposition
  /// and of forming K.
  let backward: Double

  init(_ rows: Int, _ columns: Int, seed: Int, deficient: Bool = false) throws {
    var x = Matrix.normal(rows, columns, seed: seed)
    if deficient, rows > 1 {
      for column in 0..<columns { x[rows - 1, column] = 2 * x[0, column] }
    }
    self.x = x
    (y, start) = (.normal(rows, seed: seed), .normal(columns, seed: seed + 1))
    eigen = try SymmetricEigen(x.transposed.gram())
    let squared = x.frobenius * x.frobenius
    backward = (factorisationBound(rows, rows) + gamma(columns)) * squared
  }

  static let gen = zip(.int(in: 1...7), .int(in: 1...9), .int(in: 0...1_000_000), Gen<Bool>.bool)

  var n: Int { x.rows }
  var largest: Double { eigen.values.last ?? 0 }
  var residual: Vector { y - x.times(start) }

  /// `theta + X' Q phi(lambda) Q' (y - X theta)`.
  func closedForm(_ filter: SpectralFilter, zeroBelow: Double = 0) -> Vector {
    let coordinates = eigen.vectors.transposeTimes(residual)
    let filtered = eigen.values.enumerated().map { index, value in
      filter.value(at: value, rows: n, zeroBelow: zeroBelow) * coordinates[index]
    }
    return start + x.transposeTimes(eigen.vectors.times(Vector(filtered)))
  }

  /// How far the closed form may be from the exact result. phi is at most `most` and its slope at most `slope` on an
  /// interval that holds the spectrum: in the Frobenius norm `||phi(K + E) - phi(K)|| <= slope ||E||`. Then come Q's
  /// departure from orthogonality, the products with Q', Q, X' and X, the filter's own error and the last sum.
  func closedFormError(slope: Double, most: Double, filter: Double, result: Vector) -> Double {
    let r = y.norm + x.frobenius * start.norm
    let relative = 2 * factorisationBound(n, n) + Double(n) * gamma(4 * n + 2 * x.columns + 8) + filter
    return x.frobenius * r * (slope * backward + most * relative) + 2 * roundoff * (start.norm + result.norm)
  }

  /// `steps` times `theta <- theta - factor X'(X theta - y)` in Double, and a bound on its rounding error: each step
  /// is rounded, and all later steps amplify that by at most `max(1, |1 - factor lambda|)`.
  func iterate(_ factor: Double, steps: Int) -> (Vector, bound: Double, amplification: Double) {
    let spread = largest + backward
    let amplification = max(1, abs(1 - factor * spread))
    var (theta, bound) = (start, 0.0)
    let norm = x.frobenius
    for _ in 0..<steps {
      let error =
        gamma(n + x.columns + 6) * (theta.norm + abs(factor) * norm * (norm * theta.norm + y.norm)) * 2
      let residual = x.naiveTimes(Matrix(column: theta)) - Matrix(column: y)
      theta.add(-factor, Vector(x.naiveTransposed.naiveTimes(residual).elements))
      bound = amplification * bound + error
    }
    return (theta, bound, amplification)
  }
}

@Suite("SpectralFilter")
struct SpectralFilterTests {
  @Test(arguments: filterReferences)
  func `against the formulas in mpmath, down to lambda = 0 and up to 10^6 steps`(reference: FilterReference) {
    let value = reference.filter.value(at: reference.eigenvalue, rows: 7)
    let number = reference.filter.logValue(at: reference.eigenvalue, rows: 7)
    let bound = reference.relativeError
    #expect(number.sign == reference.sign)
    guard reference.sign != 0 else { return #expect(value == 0) }
    #expect(bound < 1e-6, "the bound says nothing")
    if reference.value.isFinite, reference.value != 0 {
      #expect(relativeError(value, reference.value) <= bound, "\(value), should be \(reference.value)")
    } else if !reference.value.isFinite {
      #expect(value == reference.value)
    }
    // The unstable descents overflow value() and have no logarithm beyond; ascents must have one.
    var ascends = false
    switch reference.filter {
    case .gradientAscent, .ascentFlow, .implicitAscent: ascends = true
    default: break
    }
    if ascends || reference.value.isFinite {
      #expect(
        abs(number.logMagnitude - reference.log) <= bound * 1.01 + 2 * roundoff * abs(reference.log),
        "\(number.logMagnitude), should be \(reference.log)")
    }
  }

  @Test func `continuous at 0 through the subnormal numbers`() {
    let filters: [SpectralFilter] = [
      .gradientDescent(steps: 1000, stepSize: 0.003), .gradientAscent(steps: 1000, stepSize: 0.003),
      .gradientFlow(time: 0.04), .ascentFlow(time: 0.04), .ridge(mu: 0.2),
      .implicitAscent(steps: 1000, stepSize: 0.003),
    ]
    let eigenvalues = Gen<Double>.oneOf([
      .logUniform(in: Double.leastNormalMagnitude...1e-280),
      .choice(of: [0x1p-1074, 0x1p-1073, 0x1.8p-1060, 0x1.8p-1030, 3e-308]),
    ])
    checkProperty("limits", zip(Gen<SpectralFilter>.choice(of: filters), eigenvalues, .bool, .int(in: 1...900))) {
      filter, magnitude, negative, rows in
      let (limit, eigenvalue) = (filter.value(at: 0, rows: rows), negative ? -magnitude : magnitude)
      // phi(lambda) = phi(0) (1 + O(1000 lambda)); the logarithms on the way reach 750 and err by an ulp each.
      let bound = 2 * roundoff * (4 * 750 + 10)
      let value = filter.value(at: eigenvalue, rows: rows)
      try ensure(relativeError(value, limit) <= bound, "\(value) at \(eigenvalue), limit \(limit)")
      let number = filter.logValue(at: eigenvalue, rows: rows)
      try ensure(relativeError(number.value, limit) <= bound, "log: \(number.value) at \(eigenvalue), limit \(limit)")
    }
  }

  @Test func `gradient descent and ascent are their recursions`() {
    // Step factors 2a lambda/n from slow to unstable: 2.4 makes 1 - factor -1.4, alternating and growing.
    let steps = zip(Gen<Int>.int(in: 0...40), Gen<Double>.choice(of: [0.5, 0.01, 1, 1.9, 2.4]), Gen<Bool>.bool)
    checkProperty("recursion", count: 300, zip(Problem.gen, steps)) { shape, run in
      let problem = try Problem(shape.0, shape.1, seed: shape.2, deficient: shape.3)
      let (count, share, ascends) = run
      let size = share * Double(problem.n) / (2 * problem.largest)
      let factor = 2 * size / Double(problem.n)
      let (expected, rounding, amplification) = problem.iterate(ascends ? -factor : factor, steps: count)
      let filter: SpectralFilter =
        ascends ? .gradientAscent(steps: count, stepSize: size) : .gradientDescent(steps: count, stepSize: size)
      let found = problem.closedForm(filter)
      // phi(lambda) = sum of factor (1 - factor lambda)^s over s < t, so phi <= factor t g^t, |phi'| <= factor^2 t^2
      // g^t.
      let (t, power) = (Double(count), pow(amplification, Double(count)))
      // The filter's own error, relative to that bound on phi: (1 + x)^t errs by t |x| u / |1 + x| (1 + x)^t, and
      // through logarithms of size log(phi lambda), below t log 4 + 100.
      let filterError = 2 * roundoff * (8 * t + 200)
      let bound =
        rounding
        + problem.closedFormError(
          slope: factor * factor * t * t * power, most: factor * t * power, filter: filterError, result: found)
      let error = (found - expected).norm
      try ensure(error <= bound, "off by \(error), may be \(bound)")
      // The bound must be small beside what the run did, or this would check nothing.
      try ensure(bound <= 1e-7 * (1 + problem.residual.norm + expected.norm), "the bound \(bound) says nothing")
    }
  }

  @Test func `an unstable descent alternates and grows`() {
    // 1 - 2 a lambda/n = 1 - 2 * 1 * 8 / 4 = -3: (1 - (-3)^T) / 8.
    for (steps, expected) in [(0, 0.0), (1, 0.5), (2, -1.0), (3, 3.5), (4, -10.0), (5, 30.5)] {
      let filter = SpectralFilter.gradientDescent(steps: steps, stepSize: 1)
      #expect(abs(filter.value(at: 8, rows: 4) - expected) <= 2 * roundoff * 30 * max(1, abs(expected)))
      #expect(filter.logValue(at: 8, rows: 4).sign == (expected > 0 ? 1 : expected < 0 ? -1 : 0))
    }
    // At -1 exactly it flips for ever: 2 / lambda, 0, 2 / lambda, ...
    #expect(SpectralFilter.gradientDescent(steps: 1000, stepSize: 1).value(at: 4, rows: 4) == 0)
    #expect(relativeError(SpectralFilter.gradientDescent(steps: 1001, stepSize: 1).value(at: 4, rows: 4), 0.5) < 1e-15)
    // At 0 exactly one step fits the coordinate.
    #expect(SpectralFilter.gradientDescent(steps: 1, stepSize: 1).value(at: 2, rows: 4) == 0.5)
    #expect(SpectralFilter.gradientDescent(steps: 9, stepSize: 1).value(at: 2, rows: 4) == 0.5)
  }

  @Test func `flows are the limit of many small steps, of first order`() {
    let cases = zip(
      Gen<Double>.double(in: 0.2...2), Gen<Double>.logUniform(in: 1e-3...1e3), .int(in: 1...50), Gen<Bool>.bool)
    checkProperty("order of convergence", cases) { x, eigenvalue, rows, ascends in
      // x = 2 lambda tau / n.
      let time = x * Double(rows) / (2 * eigenvalue)
      let flow: SpectralFilter = ascends ? .ascentFlow(time: time) : .gradientFlow(time: time)
      func gap(_ steps: Int) -> Double {
        let size = time / Double(steps)
        let run: SpectralFilter =
          ascends ? .gradientAscent(steps: steps, stepSize: size) : .gradientDescent(steps: steps, stepSize: size)
        return abs(run.value(at: eigenvalue, rows: rows) - flow.value(at: eigenvalue, rows: rows)) * eigenvalue
      }
      for steps in [64, 512, 4096] {
        let t = Double(steps)
        // With s = -+ x: t log(1 + s/t) = s - d, d = x^2 / 2t (1 +- 2x/3t -+ ...), between x^2/2t (1 -+ x/t). The gap
        // is e^s |1 - exp(-d)|, between e^s d (1 - d) and e^s d (1 + d); the ratio of two gaps follows.
        let (coarse, fine) = (gap(steps), gap(2 * steps))
        let slack = 2 * x / t + x * x / t
        // Each gap is the difference of two values, each within 16 u of itself by steps of rounding on x, and t x u.
        let rounding = 2 * roundoff * 16 * (1 + x) * exp(x) / fine
        try ensure(abs(coarse / fine - 2) <= 2 * slack + 4 * rounding, "steps \(steps): ratio \(coarse / fine)")
        let leading = exp(ascends ? x : -x) * x * x / (2 * t)
        try ensure(abs(coarse / leading - 1) <= slack + 2 * rounding, "steps \(steps): constant \(coarse / leading)")
      }
    }
  }

  @Test func `ridge satisfies its normal equations`() {
    checkProperty("ridge", zip(Problem.gen, Gen<Double>.logUniform(in: 0.1...1e3))) { shape, mu in
      let problem = try Problem(shape.0, shape.1, seed: shape.2, deficient: shape.3)
      let found = problem.closedForm(.ridge(mu: mu))
      // (X'X + mu) theta = X'y + mu theta_0, formed row by row.
      let x = problem.x
      let normal = x.naiveTransposed.naiveTimes(x) + Matrix(identity: x.columns).scaled(mu)
      let target = x.transposeTimes(problem.y) + mu * problem.start
      let residual = (normal.times(found) - target).norm
      let squared = x.frobenius * x.frobenius
      let scale = (squared + mu) * (found.norm + problem.start.norm) + x.frobenius * problem.y.norm
      // phi <= 1/mu and its slope <= 1/mu^2; computed eigenvalues may be below 0 by the backward error.
      let least = mu - problem.backward
      let error = problem.closedFormError(
        slope: 1 / (least * least), most: 1 / least, filter: 4 * roundoff, result: found)
      let bound = (squared + mu) * error + 2 * gamma(problem.n + 2 * x.columns + 6) * scale
      try ensure(residual <= bound, "residual \(residual), may be \(bound)")
      try ensure(bound <= 1e-5 * scale, "the bound says nothing")
    }
  }

  @Test func `interpolation is the change of least norm, for full and deficient rank`() {
    let kinds = zip(.int(in: 2...6), .int(in: 3...14), .int(in: 0...1_000_000), Gen<Bool>.bool)
    checkProperty("interpolation", kinds) { rows, columns, seed, deficient in
      let problem = try Problem(rows, columns, seed: seed, deficient: deficient)
      let reference = try LeastSquares(problem.x, problem.residual)
      let level = problem.backward
      let kept = problem.eigen.values.count { $0 > level }
      let smallest = problem.eigen.values[rows - kept]
      // Wedin: ||(K + E)^+ - K^+|| <= 2 ||E|| / (smallest eigenvalue that counts)^2, where the rank is clear; the same
      // for X in dgelsd, with E the factorisation bound and the truncation.
      guard smallest > 1e4 * level else { return }
      try ensure(reference.rank == kept, "rank \(reference.rank) and \(kept)")
      let found = problem.closedForm(.interpolation, zeroBelow: level)
      let error = problem.closedFormError(
        slope: 2 / (smallest * smallest), most: 1 / smallest, filter: 4 * roundoff, result: found)
      let perturbed = 2 * factorisationBound(rows, columns) * problem.x.frobenius
      let bound = 2 * error + 4 * perturbed / smallest * problem.residual.norm
      let distance = (found - problem.start - reference.solution).norm
      try ensure(distance <= bound, "off by \(distance), may be \(bound)")
    }
    let exact = SpectralFilter.interpolation
    #expect(exact.value(at: 4, rows: 3) == 0.25 && exact.value(at: 0, rows: 3) == 0)
    #expect(exact.value(at: -1e-18, rows: 3) == 0)
    #expect(exact.value(at: 0.5, rows: 3, zeroBelow: 0.5) == 0)
    #expect(exact.value(at: 0.5.nextUp, rows: 3, zeroBelow: 0.5) == 1 / 0.5.nextUp)
    #expect(exact.logValue(at: 0.25, rows: 3, zeroBelow: 0.5) == .zero)
    #expect(exact.logValue(at: 4, rows: 3) == LogNumber(0.25))
  }

  @Test func `interpolation is where ridge, descent and flow end`() {
    let cases = zip(Gen<Double>.logUniform(in: 1e-3...1e3), .int(in: 1...90))
    checkProperty("limits", cases) { eigenvalue, rows in
      let limit = SpectralFilter.interpolation.value(at: eigenvalue, rows: rows)
      for mu in [1e-3, 1e-6, 1e-9].map({ $0 * eigenvalue }) {
        // 1 / (lambda + mu) = (1 / lambda) (1 - mu / (lambda + mu)).
        let gap = 1 - SpectralFilter.ridge(mu: mu).value(at: eigenvalue, rows: rows) / limit
        try ensure(abs(gap - mu / (eigenvalue + mu)) <= 8 * roundoff, "mu \(mu): gap \(gap)")
      }
      let size = 0.25 * Double(rows) / eigenvalue
      for steps in [10, 20, 40] {
        // 2 a lambda / n = 1/2, up to three roundings that each step adds.
        let value = SpectralFilter.gradientDescent(steps: steps, stepSize: size).value(at: eigenvalue, rows: rows)
        try ensure(abs(1 - value / limit - pow(0.5, Double(steps))) <= 2 * roundoff * 20, "descent \(steps)")
        let time = size * Double(steps)
        let flow = SpectralFilter.gradientFlow(time: time).value(at: eigenvalue, rows: rows)
        try ensure(abs(1 - flow / limit - exp(-0.5 * Double(steps))) <= 2 * roundoff * 20, "flow \(steps)")
      }
    }
  }

  @Test func `flow composes: tau then sigma is tau + sigma; ascent undoes descent`() {
    let cases = zip(Gen<Double>.double(in: 0.01...3), .double(in: 0...2), .double(in: 0...2))
    checkProperty("composition", cases) { eigenvalue, first, second in
      // A run multiplies the residual's coordinate by 1 - lambda phi.
      func left(_ filter: SpectralFilter) -> Double { 1 - eigenvalue * filter.value(at: eigenvalue, rows: 3) }
      let composed = left(.gradientFlow(time: first)) * left(.gradientFlow(time: second))
      // 1 - lambda phi cancels to an absolute error of some u; exponents here stay below 8.
      try ensure(abs(composed - left(.gradientFlow(time: first + second))) <= 2 * roundoff * 40, "flow")
      let undone = left(.gradientFlow(time: first)) * left(.ascentFlow(time: first))
      try ensure(abs(undone - 1) <= 2 * roundoff * 40 * exp(2 * eigenvalue * first / 3), "ascent after descent")
    }
  }

  @Test func `logValue is the logarithm of value`() {
    let filters = Gen<SpectralFilter>.oneOf([
      zip(.int(in: 0...50), .double(in: 0.001...0.3)).map { .gradientAscent(steps: $0, stepSize: $1) },
      zip(.int(in: 0...50), .double(in: 0.001...0.3)).map { .gradientDescent(steps: $0, stepSize: $1) },
      Gen<Double>.double(in: 0...5).map { .ascentFlow(time: $0) },
      Gen<Double>.double(in: 0...5).map { .gradientFlow(time: $0) },
      Gen<Double>.logUniform(in: 1e-5...1e5).map { .ridge(mu: $0) },
      .constant(.interpolation),
    ])
    checkProperty("log and value", zip(filters, Gen<Double>.logUniform(in: 1e-9...1e2), .int(in: 1...40))) {
      filter, eigenvalue, rows in
      let value = filter.value(at: eigenvalue, rows: rows)
      let number = filter.logValue(at: eigenvalue, rows: rows)
      try ensure(value.isFinite, "overflow")
      // A logarithm, an exp.
      let bound = 2 * roundoff * (abs(value == 0 ? 0 : log(abs(value))) + 3)
      try ensure(abs(number.value - value) <= bound * abs(value), "\(number.value) and \(value)")
      var ascends = false
      switch filter {
      case .gradientAscent, .ascentFlow, .implicitAscent: ascends = true
      default: break
      }
      if value != 0, case .gradientDescent = filter {
      } else if value != 0 {
        try ensure((value < 0) == ascends, "ascent is negative, training positive")
      }
    }
  }

  @Test func `what is left of the residual is 1 - lambda phi, without cancellation`() {
    let cases = zip(Self.trainings, Gen<Double>.logUniform(in: 1e-6...1e2), .int(in: 1...9))
    checkProperty("remainder", cases) { filter, eigenvalue, rows in
      let left = filter.remainder(at: eigenvalue, rows: rows)
      let plain = 1 - eigenvalue * filter.value(at: eigenvalue, rows: rows)
      // phi comes through logarithms of size |log phi| + |log lambda|; the remainder through t log(1 + rate).
      let phi = abs(filter.value(at: eigenvalue, rows: rows))
      let bound = 2 * roundoff * (20 + (abs(log(max(phi, 1e-300))) + abs(log(eigenvalue)) + 60) * eigenvalue * phi)
      try ensure(abs(left - plain) <= bound + 200 * roundoff * abs(left), "\(left), plainly \(plain)")
    }
    // Where almost everything was learned the plain expression would be rounding.
    #expect(relativeError(SpectralFilter.ridge(mu: 1e-20).remainder(at: 4, rows: 3), 2.5e-21) < 1e-15)
    #expect(relativeError(SpectralFilter.gradientFlow(time: 30).remainder(at: 4, rows: 3), exp(-80)) < 1e-15)
    let descent = SpectralFilter.gradientDescent(steps: 90, stepSize: 0.5)
    #expect(relativeError(descent.remainder(at: 1, rows: 2), 0x1p-90) < 1e-13)
    #expect(descent.remainder(at: 2, rows: 2) == 0)
    #expect(SpectralFilter.interpolation.remainder(at: 3, rows: 2) == 0)
    #expect(SpectralFilter.interpolation.remainder(at: 3, rows: 2, zeroBelow: 3) == 1)
  }

  @Test func `the inverse of a stage is -phi / (1 - lambda phi), and undoes it`() {
    let cases = zip(Self.trainings, Gen<Double>.logUniform(in: 1e-6...1e2), .int(in: 1...9))
    checkProperty("inverse", cases) { filter, eigenvalue, rows in
      guard let inverse = filter.inverse(rows: rows) else {
        return try ensure(filter == .interpolation, "\(filter) has no inverse")
      }
      let left = filter.remainder(at: eigenvalue, rows: rows)
      let share = eigenvalue * inverse.value(at: eigenvalue, rows: rows)
      guard left != 0, share.isFinite else { return }
      // 1 - lambda psi = 1 / (1 - lambda phi): errors of the rates, amplified near 2 a lambda/n = 1, and of logarithms.
      var sensitivity = 100 + 4 * abs(log(abs(left)))
      if case .gradientDescent(let steps, let size) = filter {
        let x = 2 * size * eigenvalue / Double(rows)
        sensitivity += 8 * Double(steps) * x / abs(1 - x)
      }
      let expected = (left - 1) / left
      let bound = 2 * roundoff * sensitivity * max(1, abs(1 / left))
      try ensure(abs(share - expected) <= bound, "\(filter) at \(eigenvalue): \(share), not \(expected)")
    }
    #expect(SpectralFilter.ridge(mu: 0.25).inverse(rows: 3) == .gradientAscent(steps: 1, stepSize: 6))
    #expect(SpectralFilter.interpolation.inverse(rows: 3) == nil)
    #expect(SpectralFilter.gradientAscent(steps: 1, stepSize: 1).inverse(rows: 3) == nil)
    // One implicit step from 2 with 2 a lambda/n = 1/2: r' = r / (1 - 1/2).
    #expect(SpectralFilter.implicitAscent(steps: 1, stepSize: 0.5).value(at: 0.5, rows: 1) == -2)
    // Beyond 1 it alternates: (1 - 3)^-2 - 1 = -3/4.
    #expect(relativeError(SpectralFilter.implicitAscent(steps: 2, stepSize: 3).value(at: 1, rows: 2), 0.75) < 1e-15)
    #expect(SpectralFilter.implicitAscent(steps: 2, stepSize: 1).value(at: 1, rows: 2).isInfinite)
  }

  private static let trainings = Gen<SpectralFilter>.oneOf([
    zip(.int(in: 0...50), .double(in: 0.001...0.3)).map { .gradientDescent(steps: $0, stepSize: $1) },
    Gen<Double>.double(in: 0...5).map { .gradientFlow(time: $0) },
    Gen<Double>.logUniform(in: 1e-5...1e5).map { .ridge(mu: $0) },
    .constant(.interpolation),
  ])

  @Test func `parameters out of range are named`() throws {
    let valid: [SpectralFilter] = [
      .ridge(mu: 1e-300), .gradientDescent(steps: 0, stepSize: 1e-9), .gradientFlow(time: 0), .interpolation,
      .gradientAscent(steps: 0, stepSize: 3), .ascentFlow(time: 0), .ascentFlow(time: 1e300),
      .implicitAscent(steps: 0, stepSize: 3),
    ]
    for filter in valid { try filter.validate() }
    let invalid: [(SpectralFilter, String)] = [
      (.ridge(mu: 0), "mu is 0.0; it must be finite and greater than 0 (for mu -> 0 use interpolation)"),
      (.ridge(mu: -1), "mu is -1.0"), (.ridge(mu: .nan), "mu is nan"), (.ridge(mu: .infinity), "mu is inf"),
      (.gradientDescent(steps: -1, stepSize: 1), "the number of steps is -1.0; it must be finite and at least 0"),
      (.gradientDescent(steps: 1, stepSize: 0), "the step size is 0.0; it must be finite and greater than 0"),
      (.gradientDescent(steps: 1, stepSize: .infinity), "the step size is inf"),
      (.gradientAscent(steps: -3, stepSize: 1), "the number of steps is -3.0"),
      (.gradientAscent(steps: 3, stepSize: -0.5), "the step size is -0.5"),
      (.gradientAscent(steps: 3, stepSize: .nan), "the step size is nan"),
      (.implicitAscent(steps: -1, stepSize: 1), "the number of steps is -1.0"),
      (.implicitAscent(steps: 1, stepSize: 0), "the step size is 0.0"),
      (.gradientFlow(time: -1), "the time is -1.0; it must be finite and at least 0"),
      (.gradientFlow(time: .nan), "the time is nan"),
      (.ascentFlow(time: -2), "the time is -2.0"), (.ascentFlow(time: .infinity), "the time is inf"),
    ]
    for (filter, start) in invalid {
      let error = #expect(throws: LinearAlgebraError.self) { try filter.validate() }
      guard case .invalidParameter(let text) = error else {
        Issue.record("\(filter): \(String(describing: error))")
        continue
      }
      #expect(text.hasPrefix(start))
    }
  }
}
