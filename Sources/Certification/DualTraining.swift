/// Training in the dual, in balls: every model is a combination `theta = sum_i c_i x_i` of the rows of its stages, and
/// only inner products of rows are ever needed.
struct DualTraining: Sendable {
  private let gram: BallMatrix
  private let bits: Int

  /// Training over stages whose rows have these inner products.
  init(_ gram: BallMatrix, bits: Int) { (self.gram, self.bits) = (gram, bits) }

  /// The coefficients of the model that these stages train, one after another, from 0.
  func train(_ path: [StageSolver]) -> [Ball] {
    path.reduce(into: zero) { model, stage in
      let change = stage.change(predictions: predictions(stage, model))
      for (row, value) in zip(stage.rows, change) { model[row] = value }
    }
  }

  /// The coefficients of the difference between the models of two orders of the same stages.
  ///
  /// A stage's block of coefficients is `R (y - sum of G c over the stages before it)`, so the labels cancel:
  ///
  ///     delta_i = -R_i (sum over j before i in both of G_ij delta_j + in the first only of G_ij c_j
  ///                     - in the second only of G_ij c'_j).
  ///
  /// Without cancellation of digits, and exactly 0 where the stages do not see each other.
  func difference(_ first: [StageSolver], _ second: [StageSolver]) -> [Ball] {
    let (one, other) = (train(first), train(second))
    var difference = zero
    for (place, stage) in first.enumerated() {
      let before = first[..<place]
      let beforeInSecond = second.prefix { $0.rows != stage.rows }
      // What the stage sees of the difference of the two models that it starts from.
      var seen = zero
      for earlier in before {
        let inBoth = beforeInSecond.contains { $0.rows == earlier.rows }
        for row in earlier.rows { seen[row] = inBoth ? difference[row] : one[row] }
      }
      for earlier in beforeInSecond where !before.contains(where: { $0.rows == earlier.rows }) {
        for row in earlier.rows { seen[row] = -other[row] }
      }
      for (row, value) in zip(stage.rows, stage.response(predictions(stage, seen))) { difference[row] = value }
    }
    return difference
  }

  /// The coefficients of the difference between the model of a path and that of the same path without some of its rows,
  /// exactly 0 as long as both have learned nothing but 0.
  ///
  /// A stage that both have on the same rows changes the difference by its response to it, from which labels cancel.
  func difference(_ path: [StageSolver], retained: [StageSolver]) -> [Ball] {
    var (model, other, difference) = (zero, zero, zero)
    var rest = retained[...]
    for stage in path {
      let change = stage.change(predictions: predictions(stage, model))
      // The same stage on all its rows, on some, or not at all.
      let counterpart = rest.first.flatMap { Set($0.rows).isSubset(of: stage.rows) ? $0 : nil }
      if counterpart != nil { rest = rest.dropFirst() }
      let kept = counterpart?.change(predictions: predictions(counterpart ?? stage, other)) ?? []
      let isShared = counterpart?.rows == stage.rows
      let response = isShared ? stage.response(predictions(stage, difference)) : change
      for (row, value) in zip(stage.rows, response) { difference[row] = value }
      for (row, value) in zip(stage.rows, change) { model[row] = value }
      for (row, value) in zip(counterpart?.rows ?? [], kept) {
        other[row] = value
        if !isShared { difference[row] = model[row] - value }
      }
    }
    return difference
  }

  private var zero: [Ball] { [Ball](repeating: .zero(bits: bits), count: gram.columns) }

  private func predictions(_ stage: StageSolver, _ model: [Ball]) -> [Ball] {
    stage.rows.map { Ball.dot(gram.row($0), model, bits: bits) }
  }
}
