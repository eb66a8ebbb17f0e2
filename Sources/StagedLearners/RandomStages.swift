import Core
import LinearAlgebra

/// The law of four random stages with the paper's names, for ``StagedUnlearning``: `inst`, `tofu` and `math` are
/// retained, `U` is forgotten. Rows are standard normal and labels `X theta* + 0.5 N(0, 1)`, `theta* ~ N(0, I/d)`.
public struct RandomStages: Sendable {
  /// d.
  public var dimension = 80
  /// Rows of each retained stage.
  public var rows = 12
  /// k, the rows of the forget stage.
  public var forgetRows = 8
  /// m.
  public var testRows = 30
  /// mu of every stage.
  public var mu = 0.7

  /// The default shape: d = 80, three retained stages of 12 rows, k = 8, m = 30, mu = 0.7.
  public init() {}

  /// The names of the stages, U last.
  public static let names = ["inst", "tofu", "math", "U"]

  /// Draws the stages and X_test' (d x m).
  public func draw(_ generator: RandomGenerator) -> (stages: [LinearStage], test: Matrix) {
    var stream = generator.child(0)
    let truth = (1 / Double(dimension).squareRoot()) * stream.normalVector(dimension)
    let stages = Self.names.enumerated().map { index, name in
      let source = generator.child(UInt64(index + 1))
      let count = name == "U" ? forgetRows : rows
      let features = Matrix(rows: dimension, columns: count, random: source.child(0)) { $0.fillNormal($1) }
      var noise = source.child(1)
      var labels = features.transposeTimes(truth)
      labels.add(0.5, noise.normalVector(count))
      return LinearStage(name, Examples(features: features, labels: labels), trainer: .ridge(mu: mu))
    }
    let test = Matrix(rows: dimension, columns: testRows, random: generator.child(9)) { $0.fillNormal($1) }
    return (stages, test)
  }
}
