/// A model that does not change while another is trained.
public struct FrozenModel: Sendable {
  /// The model's weights.
  public let weights: Parameters
  /// The adapter's, or nil where it is switched off.
  public let adapterWeights: Parameters?

  /// A model of these weights, which the caller leaves alone.
  public init(weights: Parameters, adapterWeights: Parameters? = nil) {
    (self.weights, self.adapterWeights) = (weights, adapterWeights)
  }
}

extension Engine {
  /// What a loss of rows reads of each.
  public enum RowValues: Hashable, Sendable {
    /// The logits, [V].
    case logits
    /// The residual stream as it leaves a layer, counted from 0, [C]: before the next layer's norm, and before the
    /// final norm for the last layer.
    case hiddenStates(layer: Int)
  }

  /// Overwrites a row's values by dLoss/d them.
  /// - Parameters:
  ///   - index: An index into the rows that the loss reads.
  ///   - values: That row's logits or hidden states.
  ///   - reference: The same of the frozen model; empty where there is none.
  public typealias RowLoss = (
    _ index: Int, _ values: UnsafeMutableBufferPointer<Float>, _ reference: UnsafeBufferPointer<Float>
  ) -> Void

  /// The gradient of a loss of logits or of hidden states, a sum over some rows of what each row's values give.
  ///
  ///     // The squared loss of one logit against labels, at the last row of each sequence.
  ///     try engine.gradient(of: batch, .logits, in: lastRows, weights: weights, into: gradients) { index, logits, _ in
  ///       let slope = 2 * (logits[0] - labels[index])
  ///       logits.update(repeating: 0)
  ///       logits[0] = slope
  ///     }
  ///
  /// The batch's targets play no part, and there are no ``scores`` after it. A loss of hidden states costs the layers
  /// up to that one; all above have the gradient 0.
  /// - Parameters:
  ///   - rows: The rows of the batch that the loss reads, each once.
  ///   - reference: A frozen model whose values are to be compared with; none where it is nil. Of its logits, no more
  ///     than those of a group of rows are ever in memory.
  ///   - gradients: Where the gradient goes; laid out by ``trainedLayout``.
  ///   - accumulating: Whether it is added to what is there, instead of replacing it.
  ///   - dropoutSeed: What chooses the adapter's dropout mask; another for each step. The reference has none.
  ///   - loss: Called once for each of `rows`, in order.
  /// - Throws: `EngineError` where the batch does not fit or holds unknown tokens.
  public func gradient(
    of batch: Batch, _ values: RowValues = .logits, in rows: [Int], weights: Parameters,
    adapterWeights: Parameters? = nil, reference: FrozenModel? = nil, into gradients: Parameters,
    accumulating: Bool = false, dropoutSeed: UInt64 = 0, loss: RowLoss
  ) throws(EngineError) {
    precondition(!rows.isEmpty && Set(rows).count == rows.count, "a loss reads some rows, each once")
    precondition(rows.allSatisfy { (0..<batch.tokenCount).contains($0) }, "a loss reads rows of the batch")
    if case .hiddenStates(let layer) = values {
      precondition((0..<model.layerCount).contains(layer), "the model has no layer \(layer)")
    }
    var frozen: FrozenRows?
    if let reference {
      try prepare(batch, reference.weights, reference.adapterWeights)
      pass.dropout = nil
      frozen = pass.frozenRows(values, rows)
    }
    try prepare(batch, weights, adapterWeights, gradients, accumulating, dropoutSeed)
    switch values {
    case .logits:
      pass.forward()
      pass.head(rows: rows, frozen: frozen, loss: loss)
      pass.backward()
    case .hiddenStates(let layer): pass.hiddenStates(of: layer, rows: rows, frozen: frozen, loss: loss)
    }
  }
}
