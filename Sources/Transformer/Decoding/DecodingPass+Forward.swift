import Core

extension DecodingPass {
  /// The least work of a thread, in multiply-adds of one row from memory, for which a hand-off is worthwhile.
  private static let leastWork = 1 << 18
  /// The work of one piece that a thread takes.
  private static let pieceWork = 1 << 15

  /// Weights of a model, in elements, that a processor's cache is expected to hold.
  private static let cachedWeights = 1 << 23
  /// The same for the head's weights, which otherwise are read once for all rows.
  private static let cachedHead = 1 << 19
  /// Rows that a thread takes through the whole model where rows are shared out.
  private static let groupRows = 4

  /// From the tokens of the first `count` rows to their normalised output; their keys and values go to the cache.
  func run(_ count: Int) { run(0..<count, workers) }

  /// From the tokens of the first `count` rows, all of different sequences, to their logits.
  func runToLogits(_ count: Int) {
    let groups = (count + Self.groupRows - 1) / Self.groupRows
    let isShared = groups > 1 && workers.count > 1 && weightCount <= Self.cachedWeights
    let sharesHead = isShared && model.vocabularySize * model.hiddenSize <= Self.cachedHead
    // One hand-off a step in place of several a layer; each thread reads all weights, from the cache.
    let (pieces, length, workers) = isShared ? (groups, Self.groupRows, Workers.one) : (1, count, self.workers)
    Workers(count: isShared ? self.workers.count : 1).forEach(pieces) { [self] piece in
      let rows = piece * length..<min(count, (piece + 1) * length)
      run(rows, workers)
      for row in rows { keep(row: row, as: row) }
      if sharesHead { runHead(rows, workers) }
    }
    if !sharesHead { runHead(count) }
  }

  private func run(_ rows: Range<Int>, _ workers: Workers) {
    for (operation, layer) in operations { run(operation, layer, rows, workers) }
  }

  private func run(_ operation: Operation, _ layer: Int, _ rows: Range<Int>, _ workers: Workers) {
    switch operation {
    case .embedding:
      Embedding.forward(
        tokens: tokens + rows.lowerBound, table: weight(plan.embedding, model.vocabularySize, model.hiddenSize),
        x: stream(rows: rows))
    case .norm(let norm):
      RMSNorm.forward(
        x: stream(rows: rows), weight: weights + plan.weight(of: norm, layer), epsilon: Float(model.normEpsilon),
        y: normed(rows: rows), roots: roots.row(rows.lowerBound))
    case .projection(.qkv): multiply(normed(rows: rows), plan.layers[layer][.qkv], qkv(rows: rows), rows, workers)
    case .projection(.attentionOutput):
      multiply(
        attended(rows: rows), plan.layers[layer][.attentionOutput], stream(rows: rows), adding: true, rows, workers)
    case .projection(.gateUp): gate(plan.layers[layer][.gateUp], rows, workers)
    case .projection(.down):
      multiply(activated(rows: rows), plan.layers[layer][.down], stream(rows: rows), adding: true, rows, workers)
    case .attention: attend(layer, rows, workers)
    // Piece by piece with the attention, and with gate and up, which saves a hand-off each.
    case .rotation, .activation: break
    }
  }

  /// Keeps a row's normalised output for ``runHead(_:)``.
  func keep(row: Int, as index: Int) {
    headInput.row(index).update(from: normed.row(row), count: model.hiddenSize)
  }

  /// The logits of the first `count` rows that were kept.
  func runHead(_ count: Int) { runHead(0..<count, workers) }

  private func runHead(_ rows: Range<Int>, _ workers: Workers) {
    multiply(
      headInput(rows: rows), weight(plan.head, model.vocabularySize, model.hiddenSize), logits(rows: rows),
      plan.headAdapter, u(rows: rows), workers)
  }

  /// A weight [out, in] at this offset.
  private func weight(_ offset: Int, _ rows: Int, _ columns: Int) -> View {
    View(weights + offset, rows: rows, columns: columns)
  }

  private func multiply(
    _ x: View, _ plan: ProjectionPlan, _ y: View, adding: Bool = false, _ rows: Range<Int>, _ workers: Workers
  ) {
    multiply(
      x, weight(plan.weight, plan.outputs, plan.inputs), y, plan.adapter, u(rows: rows), bias: plan.bias,
      adding: adding, workers)
  }

  /// y = bias + x W', or y += x W', with the adapter if there is one; u is the adapter's memory for these rows.
  private func multiply(
    _ x: View, _ weight: View, _ y: View, _ linear: LoRALinear?, _ u: View, bias: Int? = nil, adding: Bool = false,
    _ workers: Workers
  ) {
    runAdapterInput(x, linear, u, workers)
    share(outputs: weight.rows, inner: weight.columns, rows: x.rows, workers) { [self] outputs in
      let (weight, y) = (weight(rows: outputs), y(columns: outputs))
      if adding {
        RowProduct.add(x: x, weight: weight, y: y)
      } else {
        RowProduct.forward(x: x, weight: weight, y: y, bias: bias.map { weights + $0 + outputs.lowerBound })
      }
      addAdapter(linear, u, y, outputs)
    }
  }

  /// Gate, up and SwiGLU.
  private func gate(_ plan: ProjectionPlan, _ rows: Range<Int>, _ workers: Workers) {
    let f = model.intermediateSize
    let (x, both, out) = (normed(rows: rows), gateUp(rows: rows), activated(rows: rows))
    let (weight, u) = (weight(plan.weight, plan.outputs, plan.inputs), u(rows: rows))
    runAdapterInput(x, plan.adapter, u, workers)
    share(outputs: f, inner: 2 * model.hiddenSize, rows: rows.count, workers) { [self] outputs in
      func half(_ outputs: Range<Int>) {
        let y = both(columns: outputs)
        RowProduct.forward(x: x, weight: weight(rows: outputs), y: y)
        addAdapter(plan.adapter, u, y, outputs)
      }
      half(outputs)
      half(outputs.shifted(by: f))
      SwiGLU.forward(gateUp: both, out: out, columns: outputs)
    }
  }

  /// u = A x of an adapter, if there is one and it is on.
  private func runAdapterInput(_ x: View, _ linear: LoRALinear?, _ u: View, _ workers: Workers) {
    guard let adapter, let linear else { return }
    // The parts' matrices are adjacent: one product for all.
    let a = View(adapter + linear.parts[0].a, rows: linear.columns.count, columns: linear.inputWidth)
    share(outputs: a.rows, inner: a.columns, rows: x.rows, workers) { outputs in
      RowProduct.forward(x: x, weight: a(rows: outputs), y: u(columns: outputs))
    }
  }

  /// y += scale B u for `outputs` of the joint layer, which are the columns of y.
  private func addAdapter(_ linear: LoRALinear?, _ u: View, _ y: View, _ outputs: Range<Int>) {
    guard let adapter, let linear else { return }
    for (index, part) in linear.parts.enumerated() {
      let shared = part.outputs.clamped(to: outputs)
      guard !shared.isEmpty else { continue }
      let b = View(adapter + part.b, rows: part.outputs.count, columns: linear.rank)
      RowProduct.add(
        x: u(columns: index * linear.rank..<(index + 1) * linear.rank),
        weight: b(rows: shared.shifted(by: -part.outputs.lowerBound)),
        y: y(columns: shared.shifted(by: -outputs.lowerBound)), scale: linear.scale)
    }
  }

  /// The rotary embedding, and attention to the cache. All keys are kept before any query is answered, since several
  /// rows may belong to one sequence; a row sees no position after its own.
  private func attend(_ layer: Int, _ rows: Range<Int>, _ workers: Workers) {
    let (d, groups) = (model.headDimension, model.keyValueHeadCount)
    let shared = model.headCount / groups
    let keyStart = model.queryWidth
    let valueStart = keyStart + model.keyValueWidth
    let length = 8
    share((rows.count + length - 1) / length, work: rows.count * 4 * model.qkvWidth, workers) { [self] block in
      let start = rows.lowerBound + block * length
      let block = start..<min(rows.upperBound, start + length)
      rope.apply(qkv(rows: block, columns: 0..<valueStart), positions: positions + start)
      for row in block {
        for head in 0..<groups {
          cache.put(
            layer: layer, slot: Int(slots[row]), head: head, position: Int(positions[row]),
            key: qkv.row(row) + keyStart + head * d, value: qkv.row(row) + valueStart + head * d)
        }
      }
    }
    var seen = 0
    for row in rows { seen += Int(positions[row]) + 1 }
    share(rows.count * groups, work: 2 * seen * groups * d * shared, workers) { [self] index in
      let (row, head) = (rows.lowerBound + index / groups, index % groups)
      scratch.withPiece { scratch in
        cache.attend(
          layer: layer, slot: Int(slots[row]), head: head, count: Int(positions[row]) + 1,
          queries: View(qkv.row(row) + head * shared * d, rows: shared, columns: d),
          scale: 1 / Float(d).squareRoot(), out: attended.row(row) + head * shared * d, scratch: scratch)
      }
    }
  }

  /// Runs a product's outputs in pieces.
  private func share(
    outputs: Int, inner: Int, rows: Int, _ workers: Workers, _ body: @Sendable (Range<Int>) -> Void
  ) {
    // Reading a weight from memory takes as long as some eight rows' arithmetic with it.
    let work = inner * max(8, rows) / 8
    let length = max(16, Self.pieceWork / work / 16 * 16)
    share((outputs + length - 1) / length, work: outputs * work, workers) { piece in
      body(piece * length..<min(outputs, (piece + 1) * length))
    }
  }

  /// Runs pieces on as many threads as their work is worth. That decides speed only.
  private func share(_ pieces: Int, work: Int, _ workers: Workers, _ body: @Sendable (Int) -> Void) {
    Workers(count: min(workers.count, work / Self.leastWork)).forEach(pieces, body)
  }
}
