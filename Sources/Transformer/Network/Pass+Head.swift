import CKernels
import Unlearning

extension Pass {
  /// Rows of a tile of logits.
  private static let logitRows = 256
  /// Rows of the head's gradient that are one piece.
  private static let vocabularyRows = 512

  /// The head for all examples, group by group: scores, and with `weigh` the gradients of the head's weights and of
  /// its input (into dFinalNormed).
  ///
  /// A group is whole examples, since a token's weight may depend on all log-likelihoods of its example. So each logit
  /// is computed once, and no more logits than a group's are ever in memory. Only rows that predict an answer token are
  /// computed.
  /// - Parameter weigh: dLoss/d log-likelihood of each answer token; called in order on the calling thread.
  func head(_ batch: Batch, weigh: Engine.Weigh?) throws(EngineError) {
    let (targets, count) = (batch.targets, batch.examples.count)
    clearScores()
    if weigh != nil { clearRows(arena.dFinalNormed) }
    var (first, answersBefore, isFirst) = (0, 0, true)
    while first < count {
      var (example, rows) = (first, 0)
      // The examples that fit, with the rows that predict something.
      while example < count {
        let range = starts[batch.examples[example].lowerBound]..<starts[batch.examples[example].upperBound]
        let answers = range.reduce(0) { $0 + (targets[$1] >= 0 ? 1 : 0) }
        guard rows + answers <= arena.headRows else { break }
        for row in range where targets[row] >= 0 {
          arena.answerRows[rows] = Int32(row)
          arena.answerTargets[rows] = targets[row]
          rows += 1
        }
        example += 1
      }
      forwardHead(rows, answersBefore, scoring: true)
      try weighAnswers(of: first..<example, batch, weigh)
      if weigh != nil, rows > 0 {
        backwardCrossEntropy(rows)
        backwardHead(rows, answersBefore, accumulating: accumulating || !isFirst)
        isFirst = false
      }
      answersBefore += rows
      first = example
    }
  }

  /// The head's weight, [V, C].
  private var headWeight: View { weight(plan.head, model.vocabularySize, model.hiddenSize) }

  /// Forgets what the last call found.
  func clearScores() {
    scores.removeAll(keepingCapacity: true)
    arena.logLikelihoods(rows: 0..<tokenCount).clear()
  }

  /// Zeros in all rows of the batch.
  func clearRows(_ view: View) {
    let n = tokenCount
    workers.forEach((n + 255) / 256) { view(rows: $0 * 256..<min(n, ($0 + 1) * 256)).clear() }
  }

  /// The token ids of a tile.
  func vocabulary(_ tile: Int) -> Range<Int> {
    tile * arena.headTile..<min(model.vocabularySize, (tile + 1) * arena.headTile)
  }

  /// From the group's rows of the final norm's output to their logits, or where it scores, to their log-likelihoods and
  /// the exponentials of their logits.
  func forwardHead(_ count: Int, _ answersBefore: Int, scoring: Bool) {
    let length = Pass.elementwiseRows
    workers.forEach((count + length - 1) / length) { [self] block in
      let rows = block * length..<min(count, (block + 1) * length)
      for row in rows {
        arena.headX.row(row).update(from: arena.finalNormed.row(Int(arena.answerRows[row])), count: model.hiddenSize)
      }
      if let linear = plan.headAdapter, let adapter {
        scratch.withPiece { scratch in
          linear.forward(
            x: arena.headX(rows: rows), u: arena.headU(rows: rows), weights: adapter, dropout: dropout,
            firstRow: answersBefore + rows.lowerBound, scratch: scratch)
        }
      }
    }
    let (down, tiles) = ((count + Pass.logitRows - 1) / Pass.logitRows, arena.headTiles)
    workers.forEach(down * tiles) { [self] index in
      let (block, tile) = (index % down, index / down)
      let rows = block * Pass.logitRows..<min(count, (block + 1) * Pass.logitRows)
      let statistics = arena.statistics.row(rows.lowerBound) + tile
      let logits = arena.logits(rows: rows, columns: vocabulary(tile))
      Linear.forward(x: arena.headX(rows: rows), weight: headWeight(rows: vocabulary(tile)), y: logits)
      if let linear = plan.headAdapter, let adapter {
        linear.addOutput(u: arena.headU(rows: rows), y: logits, outputs: vocabulary(tile), weights: adapter)
      }
      guard scoring else { return }
      CrossEntropy.forward(
        logits: logits, vocabulary: vocabulary(tile), targets: arena.answerTargets + rows.lowerBound,
        targetLogits: arena.targetLogits.row(rows.lowerBound), maxima: statistics, sums: statistics + tiles,
        statisticsStride: arena.statistics.stride)
    }
    guard scoring else { return }
    workers.forEach((count + length - 1) / length) { [self] block in
      for row in block * length..<min(count, (block + 1) * length) {
        let value = CrossEntropy.combine(
          tiles: tiles, targetLogit: arena.targetLogits.base[row], statistics: arena.statistics.row(row))
        arena.logLikelihoods.base[Int(arena.answerRows[row])] = Float(value)
      }
    }
  }

  /// The logits of all rows, [N, V].
  func allLogits() -> [Float] {
    let (n, width) = (tokenCount, model.vocabularySize)
    return [Float](unsafeUninitializedCapacity: n * width) { buffer, initialised in
      initialised = n * width
      guard let base = buffer.baseAddress else { return }
      logits(
        x: arena.finalNormed(rows: 0..<n), head: headWeight, adapter: adapter, y: View(base, rows: n, columns: width))
    }
  }

  /// The head without dropout: y = x W', with the adapter where there is one and it is on.
  func logits(x: View, head: View, adapter: UnsafeMutablePointer<Float>?, y: View) {
    nonisolated(unsafe) let adapter = adapter
    let (down, length) = ((x.rows + Pass.logitRows - 1) / Pass.logitRows, Pass.logitRows)
    workers.forEach(down * arena.headTiles) { [self] index in
      let rows = index % down * length..<min(x.rows, (index % down + 1) * length)
      let (x, ids) = (x(rows: rows), vocabulary(index / down))
      let y = y(rows: rows, columns: ids)
      Linear.forward(x: x, weight: head(rows: ids), y: y)
      guard let linear = plan.headAdapter, let adapter else { return }
      scratch.withPiece { scratch in
        let u = View(scratch, rows: rows.count, columns: linear.columns.count)
        linear.forward(x: x, u: u, weights: adapter, dropout: nil, firstRow: 0, scratch: scratch)
        linear.addOutput(u: u, y: y, outputs: ids, weights: adapter)
      }
    }
  }

  /// The scores of the group's sequences, and the weights of its rows.
  private func weighAnswers(of examples: Range<Int>, _ batch: Batch, _ weigh: Engine.Weigh?) throws(EngineError) {
    var answer = 0
    for example in examples {
      let sequences = batch.examples[example]
      let firstScore = scores.count
      for sequence in sequences {
        var score = SequenceScore(logLikelihood: 0, answerTokens: 0)
        for row in batch.rows(of: sequence) where batch.targets[row] >= 0 {
          score.logLikelihood += Double(arena.logLikelihoods.base[row])
          score.answerTokens += 1
        }
        scores.append(score)
      }
      guard let weigh, scores[firstScore...].contains(where: { $0.answerTokens > 0 }) else { continue }
      for sequence in sequences where !scores[sequence].logLikelihood.isFinite {
        throw .notFinite(sequence: sequence, logLikelihood: scores[sequence].logLikelihood)
      }
      let answers = sequences.map { sequence in
        batch.rows(of: sequence).filter { batch.targets[$0] >= 0 }
      }
      let weights = try weigh(
        example, answers.map { rows in ScoredSequence(tokens: rows.map { Double(arena.logLikelihoods.base[$0]) }) })
      for (rows, weights) in zip(answers, weights) {
        precondition(rows.count == weights.count, "a loss weighs every answer token")
        for weight in weights {
          arena.headWeights.base[answer] = Float(weight)
          answer += 1
        }
      }
    }
  }

  /// From the group's exponentials and weights to the gradient of its logits, in their place.
  private func backwardCrossEntropy(_ count: Int) {
    let (down, tiles) = ((count + Pass.logitRows - 1) / Pass.logitRows, arena.headTiles)
    workers.forEach(down * tiles) { [self] index in
      let (block, tile) = (index % down, index / down)
      let rows = block * Pass.logitRows..<min(count, (block + 1) * Pass.logitRows)
      let statistics = arena.statistics(rows: rows, columns: tile..<tile + 1)
      let weights = arena.headWeights.base + rows.lowerBound
      for row in 0..<rows.count { statistics.row(row)[0] *= -weights[row] }
      CrossEntropy.backward(
        exponentials: arena.logits(rows: rows, columns: vocabulary(tile)), vocabulary: vocabulary(tile),
        targets: arena.answerTargets + rows.lowerBound, weights: weights, factors: statistics.base,
        factorsStride: statistics.stride)
    }
  }

  /// From the gradient of the group's logits to those of the head's weights and of its input.
  func backwardHead(_ count: Int, _ answersBefore: Int, accumulating: Bool) {
    let down = (count + Pass.logitRows - 1) / Pass.logitRows
    let dLogits = arena.logits(rows: 0..<count)
    if let linear = plan.headAdapter {
      let length = Pass.elementwiseRows
      workers.forEach((count + length - 1) / length) { [self] block in
        guard let adapter = self.adapter else { return }
        let rows = block * length..<min(count, (block + 1) * length)
        linear.backward(dy: dLogits(rows: rows), du: arena.headDU(rows: rows), weights: adapter)
      }
    }
    let across = (model.hiddenSize + Pass.tileColumns - 1) / Pass.tileColumns
    let pieces = (model.vocabularySize + Pass.vocabularyRows - 1) / Pass.vocabularyRows
    let needsInput = adapterConfiguration == nil || plan.adapterColumns > 0
    let inputs = needsInput ? down * across : 0
    let trainsHead = adapterConfiguration == nil || plan.headAdapter != nil
    workers.forEach(inputs + (trainsHead ? pieces + (adapterConfiguration == nil ? 0 : across) : 0)) { [self] task in
      if task < inputs {
        let (block, column) = (task % down, task / down * Pass.tileColumns)
        let rows = block * Pass.logitRows..<min(count, (block + 1) * Pass.logitRows)
        backwardHeadInput(
          dLogits, rows, column..<min(model.hiddenSize, column + Pass.tileColumns), firstRow: answersBefore)
      } else if task < inputs + pieces {
        let piece = task - inputs
        let outputs =
          piece * Pass.vocabularyRows..<min(model.vocabularySize, (piece + 1) * Pass.vocabularyRows)
        let beta: Float = accumulating ? 1 : 0
        if adapterConfiguration == nil {
          Linear.backward(
            dy: dLogits(columns: outputs), x: arena.headX(rows: 0..<count),
            dWeight: gradient(plan.head, model.vocabularySize, model.hiddenSize)(rows: outputs), beta: beta)
        } else {
          plan.headAdapter?.backwardB(
            0, dy: dLogits, u: arena.headU(rows: 0..<count), outputs: outputs, gradients: gradients, beta: beta)
        }
      } else {
        let column = (task - inputs - pieces) * Pass.tileColumns
        backwardHeadA(
          count, column..<min(model.hiddenSize, column + Pass.tileColumns), firstRow: answersBefore,
          accumulating: accumulating)
      }
    }
  }

  /// The gradient of the head's input for these rows and columns, taken to the rows of the batch.
  private func backwardHeadInput(_ dLogits: View, _ rows: Range<Int>, _ columns: Range<Int>, firstRow: Int) {
    let dx = arena.headDX(rows: rows, columns: columns)
    Linear.backward(dy: dLogits(rows: rows), weight: headWeight(columns: columns), dx: dx)
    if let linear = plan.headAdapter, let adapter {
      scratch.withPiece { scratch in
        linear.addInputGradient(
          du: arena.headDU(rows: rows), dx: dx, inputs: columns, weights: adapter, dropout: dropout,
          firstRow: firstRow + rows.lowerBound, scratch: scratch)
      }
    }
    for (index, row) in rows.enumerated() {
      let target = arena.dFinalNormed.row(Int(arena.answerRows[row])) + columns.lowerBound
      target.update(from: dx.row(index), count: columns.count)
    }
  }

  /// dA of the head's adapter for these columns.
  private func backwardHeadA(_ count: Int, _ columns: Range<Int>, firstRow: Int, accumulating: Bool) {
    scratch.withPiece { scratch in
      plan.headAdapter?.backwardA(
        0, du: arena.headDU(rows: 0..<count), x: arena.headX(rows: 0..<count), inputs: columns, gradients: gradients,
        beta: accumulating ? 1 : 0, dropout: dropout, firstRow: firstRow, scratch: scratch)
    }
  }
}
