// Losses of logits and of hidden states, compared with a frozen model.

/// Some rows of a frozen model: the head's input, with what makes logits of it, or hidden states.
struct FrozenRows {
  /// [rows, C]
  let values: [Float]
  let head: UnsafeMutablePointer<Float>
  let adapter: UnsafeMutablePointer<Float>?
}

extension Pass {
  /// The rows of the model that the pass was made ready for.
  func frozenRows(_ kind: Engine.RowValues, _ rows: [Int]) -> FrozenRows {
    let source: View
    switch kind {
    case .logits:
      forward()
      source = arena.finalNormed
    case .hiddenStates(let layer):
      forward(through: layer)
      source = stream(2 * layer + 2)
    }
    let c = model.hiddenSize
    let values = [Float](unsafeUninitializedCapacity: rows.count * c) { buffer, count in
      count = rows.count * c
      for (index, row) in rows.enumerated() {
        buffer.baseAddress?.advanced(by: index * c).initialize(from: source.row(row), count: c)
      }
    }
    return FrozenRows(values: values, head: weights + plan.head, adapter: adapter)
  }

  /// The head for a loss of the logits in these rows, distinct, a group of rows after the other: the gradients of the
  /// head's weights and of its input.
  func head(rows: [Int], frozen: FrozenRows?, loss: Engine.RowLoss) {
    clearScores()
    clearRows(arena.dFinalNormed)
    let v = model.vocabularySize
    var reference = [Float](repeating: 0, count: frozen == nil ? 0 : min(arena.headRows, rows.count) * v)
    for first in stride(from: 0, to: rows.count, by: arena.headRows) {
      let count = min(arena.headRows, rows.count - first)
      for index in 0..<count { arena.answerRows[index] = Int32(rows[first + index]) }
      forwardHead(count, first, scoring: false)
      if let frozen { logits(of: frozen, first..<first + count, into: &reference) }
      reference.withUnsafeBufferPointer { reference in
        for index in 0..<count {
          loss(
            first + index, UnsafeMutableBufferPointer(start: arena.logits.row(index), count: v),
            frozen == nil ? reference : UnsafeBufferPointer(rebasing: reference[index * v..<(index + 1) * v]))
        }
      }
      backwardHead(count, first, accumulating: accumulating || first > 0)
    }
  }

  /// The logits of some of a frozen model's rows, [rows, V].
  private func logits(of frozen: FrozenRows, _ rows: Range<Int>, into logits: inout [Float]) {
    let (c, v) = (model.hiddenSize, model.vocabularySize)
    logits.withUnsafeMutableBufferPointer { logits in
      frozen.values.withUnsafeBufferPointer { values in
        guard let logits = logits.baseAddress, let values = values.baseAddress else { return }
        // Nothing is written to x.
        let x = View(UnsafeMutablePointer(mutating: values + rows.lowerBound * c), rows: rows.count, columns: c)
        self.logits(
          x: x, head: View(frozen.head, rows: v, columns: c), adapter: frozen.adapter,
          y: View(logits, rows: rows.count, columns: v))
      }
    }
  }

  /// A loss of the hidden states that leave a layer, from the tokens to the gradients of all weights, or of all
  /// adapters; those above the layer are 0.
  func hiddenStates(of layer: Int, rows: [Int], frozen: FrozenRows?, loss: Engine.RowLoss) {
    clearScores()
    forward(through: layer)
    if !accumulating {
      forEachChunk(of: trainedCount, workers) { (gradients + $0.lowerBound).update(repeating: 0, count: $0.count) }
      accumulating = true
    }
    let (c, states, slopes) = (model.hiddenSize, stream(2 * layer + 2), arena.dStream[layer & 1])
    clearRows(slopes)
    let reference = frozen?.values ?? []
    reference.withUnsafeBufferPointer { reference in
      for (index, row) in rows.enumerated() {
        slopes.row(row).update(from: states.row(row), count: c)
        loss(
          index, UnsafeMutableBufferPointer(start: slopes.row(row), count: c),
          frozen == nil ? reference : UnsafeBufferPointer(rebasing: reference[index * c..<(index + 1) * c]))
      }
    }
    backward(through: layer)
  }
}
