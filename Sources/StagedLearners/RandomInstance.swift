import Core
import Glibc
import LinearAlgebra

/// The shape and law of a random ``TwoPathInstance``.
///
/// `theta* ~ N(0, I/d)`; rows of A, U and the test set are standard normal, rows of B uniform on
/// `[0.25 - sqrt 3, 0.25 + sqrt 3]` (two stages of different laws, both continuous, as the theorem asks); labels are
/// `X theta* + 0.5 N(0, 1)`. Each row is a random stream of its own, so the same seed gives the same bytes for any
/// number of workers.
public struct RandomInstance: Sendable {
  /// Where the forget rows come from.
  public enum ForgetOrigin: String, Sendable, CaseIterable {
    /// Drawn apart from the stages, as in the theorem.
    case independent
    /// The first k rows of stage A: a part of what was learned.
    case partOfA = "part-of-a"
    /// The first k rows of stage B.
    case partOfB = "part-of-b"
    /// All of stage A (then k is its number of rows).
    case allOfA = "all-of-a"
    /// All of stage B.
    case allOfB = "all-of-b"
  }

  /// d.
  public var dimension = 60
  /// n_A.
  public var rowsA = 15
  /// n_B.
  public var rowsB = 15
  /// k; ignored when the forget set is all of a stage.
  public var forgetRows = 6
  /// m.
  public var testRows = 10
  /// mu of stage A.
  public var muA = 1.0
  /// mu of stage B.
  public var muB = 1.0
  /// eta.
  public var stepSize = 0.01
  /// What the features of A, B, U and the test set are multiplied by.
  public var scales = (a: 1.0, b: 1.0, forget: 1.0, test: 1.0)
  /// Where the forget set comes from.
  public var forgetOrigin = ForgetOrigin.independent

  /// The default shape: d = 60, 15 + 15 stage rows, k = 6, m = 10, mu = 1, eta = 0.01.
  public init() {}

  /// A law drawn over wide ranges, to try a statement where the default shape does not: 1 to 40 rows, dimension from
  /// below to far above them, feature scales, mu and eta over orders of magnitude, the forget set of any origin.
  public static func wide(_ generator: RandomGenerator) -> RandomInstance {
    var stream = generator.child(5)
    func power(_ low: Double, _ high: Double) -> Double { pow(10, low + (high - low) * stream.uniform()) }
    var law = RandomInstance()
    law.forgetOrigin = ForgetOrigin.allCases[Int.random(in: 0..<ForgetOrigin.allCases.count, using: &stream)]
    (law.rowsA, law.rowsB) = (Int.random(in: 1...40, using: &stream), Int.random(in: 1...40, using: &stream))
    let most: Int
    switch law.forgetOrigin {
    case .independent: most = 20
    case .partOfA, .allOfA: most = law.rowsA
    case .partOfB, .allOfB: most = law.rowsB
    }
    let whole = law.forgetOrigin == .allOfA || law.forgetOrigin == .allOfB
    law.forgetRows = whole ? most : Int.random(in: 1...most, using: &stream)
    law.dimension = law.forgetRows + Int(power(0, 2.3))
    law.testRows = law.forgetRows + Int.random(in: 0...30, using: &stream)
    (law.muA, law.muB, law.stepSize) = (power(-3, 4), power(-3, 4), power(-5, 1))
    law.scales = (power(-2, 2), power(-2, 2), power(-2, 2), power(-2, 2))
    return law
  }

  /// Draws the instance of this seed.
  ///
  /// - Throws: ``StagedLearnersError/invalidInstance(_:)`` for a shape that no instance can have.
  public func draw(_ generator: RandomGenerator, workers: Workers = .one) throws -> TwoPathInstance {
    let counts = [("d", dimension), ("rows of A", rowsA), ("rows of B", rowsB), ("k", forgetRows), ("m", testRows)]
    for (name, value) in counts where !(1...1 << 30).contains(value) {
      throw StagedLearnersError.invalidInstance("the number \(name) is \(value); it must be between 1 and 2^30")
    }
    try InstanceSize(dimension: dimension, rows: [rowsA, rowsB, forgetRows, testRows]).requireComputable()
    var stream = generator.child(0)
    let truth = (1 / Double(dimension).squareRoot()) * stream.normalVector(dimension)
    let a = examples(rowsA, generator.child(1), truth, scales.a, workers) { $0.fillNormal($1) }
    let b = examples(rowsB, generator.child(2), truth, scales.b, workers) {
      $0.fillUniform($1, low: 0.25 - 3.0.squareRoot(), high: 0.25 + 3.0.squareRoot())
    }
    let test = features(testRows, generator.child(4), scales.test, workers) { $0.fillNormal($1) }
    let forget = try forgetSet(a, b) {
      examples(forgetRows, generator.child(3), truth, scales.forget, workers) { $0.fillNormal($1) }
    }
    guard test.columns >= forget.count else {
      throw StagedLearnersError.invalidInstance(
        "X_test has \(test.columns) rows and X_U \(forget.count); a law on which Theorem 3.1 is tried needs m >= k")
    }
    return try TwoPathInstance(
      stageA: LinearStage("A", a, trainer: .ridge(mu: muA)), stageB: LinearStage("B", b, trainer: .ridge(mu: muB)),
      forget: forget, test: test, stepSize: stepSize, workers: workers)
  }

  private func forgetSet(_ a: Examples, _ b: Examples, independent: () -> Examples) throws -> Examples {
    switch forgetOrigin {
    case .independent: return independent()
    case .allOfA: return a
    case .allOfB: return b
    case .partOfA, .partOfB:
      let stage = forgetOrigin == .partOfA ? a : b
      guard forgetRows <= stage.count else {
        throw StagedLearnersError.invalidInstance(
          "the forget set has \(forgetRows) rows and its stage only \(stage.count); it must be a part of it")
      }
      return stage.selecting(Array(0..<forgetRows))
    }
  }

  private func examples(
    _ count: Int, _ generator: RandomGenerator, _ truth: Vector, _ scale: Double, _ workers: Workers,
    _ fill: @Sendable (inout RandomGenerator, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> Examples {
    let features = features(count, generator.child(0), scale, workers, fill)
    var noise = generator.child(1)
    var labels = features.transposeTimes(truth, workers: workers)
    labels.add(0.5, noise.normalVector(count))
    return Examples(features: features, labels: labels)
  }

  private func features(
    _ count: Int, _ generator: RandomGenerator, _ scale: Double, _ workers: Workers,
    _ fill: @Sendable (inout RandomGenerator, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> Matrix {
    Matrix(rows: dimension, columns: count, random: generator, workers: workers) { stream, column in
      fill(&stream, column)
      if scale != 1 { for index in column.indices { column[index] *= scale } }
    }
  }
}
