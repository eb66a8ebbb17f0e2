extension Pass {
  /// A piece of one layer's weight gradients.
  struct GradientTask {
    let run: @Sendable (Pass, _ layer: Int) -> Void
  }

  /// Columns of a sum over rows that are one piece.
  static let sumColumns = 64
  /// The projections whose pieces are the largest come first, so that none is left for the end.
  private static let largestFirst: [Projection] = [.gateUp, .down, .qkv, .attentionOutput]

  /// The pieces for one layer.
  func makeGradientTasks() -> [GradientTask] {
    guard adapterConfiguration == nil else { return Self.largestFirst.flatMap(adapterTasks) }
    let norms = blocks(of: model.hiddenSize, length: Pass.sumColumns).map { columns in
      GradientTask { pass, layer in
        for norm in [Norm.attention, .mlp] { pass.weightGradient(of: norm, layer, columns) }
      }
    }
    return Self.largestFirst.flatMap(weightTasks) + norms
  }
}
