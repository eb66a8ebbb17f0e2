import LinearAlgebra
import StagedLearners
import TestSupport
import Testing
import Theorems

/// Rows of Doubles that no sum leaves exact, and labels.
private func examples(_ rows: Int, _ dimension: Int, _ generator: inout SplitMix64) -> Examples {
  func draw() -> Double { Double.random(in: -1...1, using: &generator) }
  return Examples(
    features: Matrix(rows: dimension, columns: rows, elements: (0..<(rows * dimension)).map { _ in draw() }),
    labels: Vector((0..<rows).map { _ in draw() }))
}

private func twoPaths(
  _ a: Examples, _ b: Examples, mu: (Double, Double), forget: Examples, muU: Double? = nil, position: Int = 1,
  test: Matrix, eta: Double = 0.05
) throws -> TwoPathInstance {
  try TwoPathInstance(
    stageA: LinearStage("A", a, trainer: .ridge(mu: mu.0)), stageB: LinearStage("B", b, trainer: .ridge(mu: mu.1)),
    forget: forget, forgetStage: muU.map { (trainer: .ridge(mu: $0), position: position) }, test: test, stepSize: eta)
}

@Suite("What is exactly 0 is told from rounding")
struct ExactZeroTests {
  /// Families in which algebra says what Delta_0 is: with the same features up to a factor, both stages are functions
  /// of the same X'X, which commute, and the labels of the same model that do not change it.
  enum Family: CaseIterable { case otherMu, doubled, orthogonal, zeroLabels }

  @Test(arguments: Family.allCases)
  func `Delta_0 = 0 by algebra is refused in every instance of a family`(_ family: Family) throws {
    for seed in 0..<15 as Range<UInt64> {
      var generator = SplitMix64(seed: seed)
      let (d, k) = (7, 2)
      var a = examples(3, d, &generator)
      var b: Examples
      let (forget, test) = (examples(k, d, &generator), examples(4, d, &generator).features)
      var mu = (0.7, 0.7)
      switch family {
      case .otherMu: (b, mu.1) = (a, 3.1)
      case .doubled: (b, mu.1) = (Examples(features: a.features.scaled(byPowerOfTwo: 1), labels: 2 * a.labels), 2.8)
      case .orthogonal:
        b = examples(3, d, &generator)
        // The first three features for A, the others for B.
        var (first, second) = (a.features, b.features)
        for row in 0..<3 {
          for entry in 0..<d { if entry < 3 { second[entry, row] = 0 } else { first[entry, row] = 0 } }
        }
        (a, b) = (Examples(features: first, labels: a.labels), Examples(features: second, labels: b.labels))
      case .zeroLabels:
        b = Examples(features: examples(3, d, &generator).features, labels: Vector(zeros: 3))
        a = Examples(features: a.features, labels: Vector(zeros: 3))
      }
      let instance = try twoPaths(a, b, mu: mu, forget: forget, test: test)
      #expect(ExactZeros(instance).difference == .zero, "seed \(seed)")
      let divergence = try PathDivergence(instance)
      #expect(divergence.differenceSignificance == .zero && divergence.difference.norm == 0)
      #expect(throws: HypothesisFailure.self, "seed \(seed)") { try Theorem31(divergence) }
      // One label more, by the least that a Double can tell, is another matter.
      guard family == .otherMu else { continue }
      var labels = b.labels
      labels[0] = labels[0].nextUp
      let other = try twoPaths(a, Examples(features: b.features, labels: labels), mu: mu, forget: forget, test: test)
      #expect(ExactZeros(other).difference == .nonzero)
      #expect(try PathDivergence(other).differenceSignificance == .lost)
    }
  }

  @Test func `With the forget set learned first, labels of 0 in both stages leave the orders apart`() throws {
    for seed in 0..<15 as Range<UInt64> {
      var generator = SplitMix64(seed: seed)
      let (a, b) = (examples(3, 7, &generator), examples(3, 7, &generator))
      let zeros = Vector(zeros: 3)
      let instance = try twoPaths(
        Examples(features: a.features, labels: zeros), Examples(features: b.features, labels: zeros), mu: (1, 2),
        forget: examples(2, 7, &generator), muU: 1, test: examples(4, 7, &generator).features)
      let theorem = try Theorem31(PathDivergence(instance))
      #expect(theorem.differenceNorm > 1e-6 && theorem.check(through: 400).verdict != Verdict.violated)
    }
  }

  @Test func `P_U Delta_0, the part off the span and the rank of X_test P_U are decided exactly`() throws {
    var generator = SplitMix64(seed: 3)
    let (d, a, b) = (6, examples(2, 6, &generator), examples(2, 6, &generator))
    let test = examples(5, d, &generator).features
    // The stages see the first four features, the forget set the last two.
    func cut(_ data: Examples, _ kept: Range<Int>) -> Examples {
      var features = data.features
      for row in 0..<data.count { for entry in 0..<d where !kept.contains(entry) { features[entry, row] = 0 } }
      return Examples(features: features, labels: data.labels)
    }
    let forget = examples(2, d, &generator)
    let away = try twoPaths(cut(a, 0..<4), cut(b, 0..<4), mu: (1, 1), forget: cut(forget, 4..<6), test: test)
    #expect(ExactZeros(away).projectedDifference == .zero && ExactZeros(away).difference == .nonzero)
    #expect(throws: HypothesisFailure.self) { try Theorem31(PathDivergence(away)) }
    // Delta_0 in the span of the forget rows: C_0 is exactly 0.
    let within = try twoPaths(cut(a, 0..<2), cut(b, 0..<2), mu: (1, 1), forget: cut(forget, 0..<2), test: test)
    #expect(ExactZeros(within).offSpan == .zero)
    let theorem = try Theorem31(PathDivergence(within))
    #expect(theorem.c0 == 0 && theorem.t0 == -.infinity && theorem.check(through: 100).verdict == Verdict.holds)
    // Twice the same test row, and a multiple of it.
    let row = test.column(0)
    let flat = Matrix(rows: d, columns: 2, elements: row.elements + (3 * row).elements.map { $0 })
    let exact = Matrix(rows: d, columns: 2, elements: row.elements + (2 * row).elements)
    #expect(ExactZeros(try twoPaths(a, b, mu: (1, 1), forget: forget, test: exact)).testRankDeficit == .zero)
    // Three times a Double is rounded: the rank is 2, of which no Double can tell.
    #expect(ExactZeros(try twoPaths(a, b, mu: (1, 1), forget: forget, test: flat)).testRankDeficit == .nonzero)
    for test in [exact, flat] {
      #expect(throws: HypothesisFailure.self) {
        try Theorem31(PathDivergence(twoPaths(a, b, mu: (1, 1), forget: forget, test: test)))
      }
    }
  }

  @Test func `A question that would take too long stays open, and the instance is not accepted`() throws {
    var generator = SplitMix64(seed: 9)
    let (a, forget) = (examples(3, 7, &generator), examples(2, 7, &generator))
    let instance = try twoPaths(a, a, mu: (1, 5), forget: forget, test: examples(3, 7, &generator).features)
    #expect(ExactZeros(instance, mostWork: 10).difference == .undecided)
    #expect(ExactZeros(instance).difference == .zero)
  }
}
