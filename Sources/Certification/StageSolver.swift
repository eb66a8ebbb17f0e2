import StagedLearners
import Unlearning

/// One ridge stage in the dual, in balls: its model change is `X' (K + mu I)^-1 (y - X theta)` with `K = X X'`.
struct StageSolver: Sendable {
  /// Where its rows stand among the rows of all stages.
  let rows: [Int]
  private let labels: [Ball]
  private let factor: PositiveFactor

  /// Factors a stage; nil where `K + mu I` could not be proved positive definite at this precision.
  init?(_ gram: ExactGram, rows: [Int], labels: [Double], mu: Double, bits: Int) {
    let ridge = Ball(mu, bits: bits)
    let system = BallMatrix(symmetric: rows.count) {
      let product = Ball(gram[rows[$0], rows[$1]], bits: bits)
      return $0 == $1 ? product + ridge : product
    }
    guard let factor = PositiveFactor(system, bits: bits) else { return nil }
    (self.rows, self.factor) = (rows, factor)
    self.labels = labels.map { Ball($0, bits: bits) }
  }

  /// The coefficients of the stage's change on its own rows, where the model before it predicts this.
  func change(predictions: [Ball]) -> [Ball] { factor.solve(labels - predictions) }

  /// How that changes with the predictions.
  func response(_ predictions: [Ball]) -> [Ball] { factor.solve(predictions).map { -$0 } }
}
