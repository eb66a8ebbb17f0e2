import BigInt
import Glibc
import LinearAlgebra
import PropertyTesting
import Testing

@testable import Certification

@Suite("Systems and eigenvalues in balls")
struct LinearSystemTests {
  /// Symmetric matrices of small integers, definite or not.
  private let matrices: Gen<[[Int]]> = Gen<Int>.int(in: 1...4).flatMap { order in
    Gen<Int>.int(in: -6...12).array(count: order * order).map { entries in
      (0..<order).map { row in
        (0..<order).map { column in entries[min(row, column) * order + max(row, column)] + (row == column ? 4 : 0) }
      }
    }
  }

  private func matrix(_ entries: [[Int]], bits: Int = 128) -> BallMatrix {
    BallMatrix(rows: entries.count, columns: entries.count) { Ball(entries[$0][$1], bits: bits) }
  }

  /// The pivots of Gaussian elimination in exact fractions, up to the first that is not positive.
  private func pivots(_ entries: [[Fraction]]) -> [Fraction] {
    var (rest, pivots) = (entries, [Fraction]())
    while let first = rest.first {
      pivots.append(first[0])
      guard first[0] > Fraction(0) else { break }
      rest = rest.dropFirst().map { row in zip(row, first).map { $0 - row[0] / first[0] * $1 }.dropFirst().map(\.self) }
    }
    return pivots
  }

  @Test func `A matrix is proved definite when exact elimination says so, and its pivots are enclosed`() {
    checkProperty("definite", count: 400, matrices) { entries in
      let exact = pivots(entries.map { $0.map { Fraction(BigInt($0)) } })
      switch PositiveFactor.factor(matrix(entries), bits: 128) {
      case .positive(let factor):
        try ensure(exact.count == entries.count && exact.allSatisfy { $0 > Fraction(0) }, "not definite: \(exact)")
        for (ball, pivot) in zip(factor.pivots, exact) { try ensure(ball.holds(pivot), "pivot \(pivot)") }
      case .stopped(let pivot):
        guard let last = exact.last else { return try ensure(false, "no pivot") }
        try ensure(last <= Fraction(0) && pivot.holds(last), "definite: \(exact)")
      }
    }
  }

  @Test func `Solutions hold the exact ones, to nearly all bits`() {
    checkProperty("solve", count: 200, zip(matrices, Gen<Int>.int(in: -9...9).array(count: 4))) { entries, solution in
      guard let factor = PositiveFactor(matrix(entries), bits: 128) else { return }
      let exact = solution.prefix(entries.count)
      let right = entries.map { row in Ball(zip(row, exact).reduce(0) { $0 + $1.0 * $1.1 }, bits: 128) }
      for (ball, value) in zip(factor.solve(right), exact) {
        try ensure(ball.holds(Fraction(BigInt(value))), "\(value)")
        // Entries below 20 and pivots that are at least 1 over a product of such numbers lose fewer than 40 bits.
        try ensure(ball.radiusFraction <= .powerOfTwo(-80), "radius \(ball.radiusFraction)")
      }
      let zero = factor.solve(right.map { _ in .zero(bits: 128) })
      try ensure(zero.allSatisfy(\.isZero), "0 does not stay 0")
    }
  }

  @Test func `The least eigenvalue of a pencil lies in its enclosure, which tightens with the bits`() throws {
    // det(N - s G) changes its sign at the least eigenvalue and nowhere before.
    let n = [[2, 1, 0], [1, 3, 1], [0, 1, 4]], g = [[3, 1, 0], [1, 2, 0], [0, 0, 1]]
    var last = Fraction(1)
    for bits in [64, 128, 256, 1024, 4096] {
      let ball = try #require(
        LeastEigenvalue.enclose(matrix(n, bits: bits), relativeTo: matrix(g, bits: bits), bits: bits))
      let (low, _, high) = ball.ends
      func leastPivot(_ s: Fraction) -> [Fraction] {
        pivots((0..<3).map { row in (0..<3).map { Fraction(BigInt(n[row][$0])) - s * Fraction(BigInt(g[row][$0])) } })
      }
      #expect(leastPivot(low).allSatisfy { $0 > Fraction(0) } && leastPivot(low).count == 3)
      #expect(leastPivot(high).contains { $0 <= Fraction(0) })
      #expect(high - low <= .powerOfTwo(32 - bits) && high - low < last)
      last = high - low
    }
    // (2, 1; 1, 2) has 1 and 3, twice; a double least eigenvalue is as good as any.
    let twice = [[2, 1, 0, 0], [1, 2, 0, 0], [0, 0, 2, 1], [0, 0, 1, 2]]
    let ball = try #require(LeastEigenvalue.enclose(matrix(twice, bits: 256), bits: 256))
    #expect(ball.holds(Fraction(1)) && ball.radiusFraction <= .powerOfTwo(-220))
    // 0 and negative ones.
    let singular = try #require(LeastEigenvalue.enclose(matrix([[1, 1], [1, 1]]), bits: 128))
    #expect(singular.holds(Fraction(0)) && singular.radiusFraction <= .powerOfTwo(-100))
    let negative = try #require(LeastEigenvalue.enclose(matrix([[-5, 0], [0, 7]]), bits: 128))
    #expect(negative.holds(Fraction(-5)) && negative.isNegative)
  }

  @Test func `sigma_U^2 is proved positive where forget rows are of rank 2 but for noise that Double cannot see`() {
    let numbers = Gen<Double>.double(in: -1...1).array(count: 2 * 8 + 2 * 2 + 4 * 8 + 6 * 8)
    let cases = zip(Gen<Int>.int(in: 3...14), numbers)
    checkProperty("nearly dependent", count: 40, cases) { digits, numbers in
      let forget = (0..<4).map { row in
        (0..<8).map { column in
          let rest = numbers[20 + 8 * row + column] * pow(10, -Double(digits))
          guard row >= 2 else { return numbers[8 * row + column] }
          return numbers[10 + 2 * row] * numbers[column] + numbers[11 + 2 * row] * numbers[8 + column] + rest
        }
      }
      let test = (0..<6).map { row in Array(numbers[(52 + 8 * row)..<(60 + 8 * row)]) }
      let gram = ExactGram([Matrix(rows: forget).transposed, Matrix(rows: test).transposed])
      let bits = 512
      let seen = gram.balls(Array(0..<4), Array(4..<10), bits: bits).gram(bits: bits)
      let own = gram.balls(Array(0..<4), Array(0..<4), bits: bits)
      guard PositiveFactor(own, bits: bits) != nil, PositiveFactor(seen, bits: bits) != nil else { return }
      let sigma = LeastEigenvalue.enclose(seen, relativeTo: own, bits: bits)
      try ensure(sigma?.isPositive == true, "10^-\(digits): \(String(describing: sigma?.decimalEnclosure()))")
      // The aim is 2^-488 of the scale; a condition of 10^28 of each matrix, squared, costs less than 188 places.
      let width = sigma?.radiusFraction ?? Fraction(1)
      try ensure(width < .powerOfTwo(-300), "10^-\(digits): \(String(describing: sigma?.decimalEnclosure()))")
    }
  }

  @Test func `Inner products of Doubles come out exactly, whatever their exponents`() {
    let values = Gen<Double>.oneOf([.double(in: -2...2), .logUniform(in: 1e-290...1e290), .constant(0)])
    checkProperty("gram", count: 60, values.array(count: 6)) { entries in
      let rows = [Array(entries[..<3]), Array(entries[3...])]
      let gram = ExactGram([.init(rows: rows).transposed])
      for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let exact = zip(rows[i], rows[j]).reduce(Fraction(0)) { $0 + Fraction(Dyadic($1.0)) * Fraction(Dyadic($1.1)) }
        try ensure(Fraction(gram[i, j]) == exact, "entry \(i), \(j)")
      }
    }
  }
}
