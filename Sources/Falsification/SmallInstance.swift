import Core
import LinearAlgebra
import StagedLearners
import Theorems

/// An instance as plain numbers, to be drawn, measured and made simpler.
struct SmallInstance: Sendable, Equatable {
  /// Rows with their labels.
  struct Rows: Sendable, Equatable {
    var features: [[Double]]
    var labels: [Double]
  }

  /// A, B and U.
  var sets: [Rows]
  /// X_test.
  var test: [[Double]]
  /// mu_A, mu_B, mu_U and eta.
  var parameters: [Double]
  /// position_U.
  var position: Int

  var dimension: Int { test.first?.count ?? 0 }

  /// The shape of an instance.
  struct Size: Sendable {
    let dimension: Int
    /// n_A, n_B and k.
    let rows: [Int]
    /// m.
    let testRows: Int

    /// The shapes that are searched, smallest first: d and m up to 3, n_A, n_B and k up to 2.
    static let ascending: [Size] = {
      var sizes: [Size] = []
      for d in 1...3 {
        for (a, b) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
          for k in 1...min(2, d) { for m in k...3 { sizes.append(Size(dimension: d, rows: [a, b, k], testRows: m)) } }
        }
      }
      // Equal ones in the order above; the standard library does not promise a stable sort.
      return sizes.enumerated().sorted { ($0.1.entries, $0.0) < ($1.1.entries, $1.0) }.map(\.1)
    }()

    var entries: Int { (rows.reduce(0, +) + testRows) * dimension + rows.reduce(0, +) }
  }

  /// An instance of this size: entries from -2 to 2, parameters 1, 2 or 1/2, the forget set at one of these positions.
  init(_ size: Size, positions: [Int], from generator: RandomGenerator) {
    var stream = generator
    func integer(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(stream.integer(below: UInt64(range.count)))
    }
    func row(_ count: Int) -> [Double] { (0..<count).map { _ in Double(integer(-2...2)) } }
    sets = size.rows.map { count in
      Rows(features: (0..<count).map { _ in row(size.dimension) }, labels: row(count))
    }
    test = (0..<size.testRows).map { _ in row(size.dimension) }
    parameters = (0..<4).map { _ in Simplicity.parameters[integer(0...2)] }
    position = positions[integer(0...(positions.count - 1))]
  }

  /// The numbers of an instance; nil unless all its stages, the forget set among them, are trained by ridge.
  init?(_ instance: TwoPathInstance) {
    guard case .ridge(let muA) = instance.stageA.trainer, case .ridge(let muB) = instance.stageB.trainer,
      let stage = instance.forgetStage, case .ridge(let muU) = stage.trainer
    else { return nil }
    func rows(_ matrix: Matrix) -> [[Double]] { (0..<matrix.columns).map { matrix.column($0).elements } }
    sets = [instance.stageA.examples, instance.stageB.examples, instance.forget].map {
      Rows(features: rows($0.features), labels: $0.labels.elements)
    }
    test = rows(instance.test)
    parameters = [muA, muB, muU, instance.stepSize]
    position = stage.position
  }

  /// The instance.
  ///
  /// - Throws: `StagedLearnersError` where it breaks a rule.
  func instance() throws -> TwoPathInstance {
    func matrix(_ rows: [[Double]]) -> Matrix {
      Matrix(rows: dimension, columns: rows.count, elements: rows.flatMap(\.self))
    }
    let examples = sets.map { Examples(features: matrix($0.features), labels: Vector($0.labels)) }
    return try TwoPathInstance(
      stageA: LinearStage("A", examples[0], trainer: .ridge(mu: parameters[0])),
      stageB: LinearStage("B", examples[1], trainer: .ridge(mu: parameters[1])), forget: examples[2],
      forgetStage: (.ridge(mu: parameters[2]), position), test: matrix(test), stepSize: parameters[3])
  }
}

extension TwoPathInstance {
  /// Whether Theorem 3.1 applies, by more than rounding: what would have to be 0 for it not to apply is no less than
  /// 2^-20 of its size. Small integers either make it 0 or leave it far above.
  var meetsTheorem31: Bool {
    let least = 0x1p-20
    guard let divergence = try? PathDivergence(self), let theorem = try? Theorem31(divergence),
      let models = try? divergence.trainedModels(), let largest = divergence.testSingularValues.first
    else { return false }
    return theorem.differenceNorm >= least * max(models.ab.norm, models.ba.norm)
      && theorem.projectedDifferenceNorm >= least * theorem.differenceNorm
      && theorem.sigmaU >= least * largest && divergence.span.condition <= 1 / least
  }
}
