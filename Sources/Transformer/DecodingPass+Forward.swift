import LinearAlgebra

extension DecodingPass {
  /// The least work of a thread, in multiply-adds of one row from memory, for which a hand-off is worthwhile.
  private static let leastWork = 1 << 18
  /// The work of one piece that a thread takes.
  private static let pieceWork = 1 << 15

  /// From the tokens of the first `count` rows to their normalised output; their keys and values go to the cache.
  func run(_ count: Int) {
    let rows = 0..<count
    let (stream, normed) = (stream(rows: rows), normed(rows: rows))
    Embedding.forward(
      tokens: tokens, table: weight(plan.embedding, model.vocabularySize, model.hiddenSize), x: stream)
    for (index, layer) in plan.layers.enumerated() {
      norm(stream, layer.norm1)
      multiply(
        normed, weight(layer.qkv, model.qkvWidth, model.hiddenSize), qkv(rows: rows), layer.qkvAdapter,
        bias: layer.qkvBias)
      attend(index, count)
      multiply(
        attended(rows: rows), weight(layer.out, model.hiddenSize, model.queryWidth), stream, layer.outAdapter,
        adding: true)
      norm(stream, layer.norm2)
      gate(layer, count)
      multiply(
        activated(rows: rows), weight(layer.down, model.hiddenSize, model.intermediateSize), stream,
        layer.downAdapter, adding: true)
    }
    norm(stream, plan.finalNorm)
  }

  /// Keeps a row's normalised output for ``runHead(_:)``.
  func keep(row: Int, as index: Int) {
    headInput.row(index).update(from: normed.row(row), count: model.hiddenSize)
  }

  /// The logits of the first `count` rows that were kept.
  func runHead(_ count: Int) {
    multiply(
      headInput(rows: 0..<count), weight(plan.head, model.vocabularySize, model.hiddenSize), logits(rows: 0..<count),
      plan.headAdapter)
  }

  /// A weight [out, in] at this offset.
  private func weight(_ offset: Int, _ rows: Int, _ columns: Int) -> View {
    View(weights + offset, rows: rows, columns: columns)
  }

  private func norm(_ x: View, _ weight: Int) {
    RMSNorm.forward(
      x: x, weight: weights + weight, epsilon: Float(model.normEpsilon), y: normed(rows: 0..<x.rows),
      roots: roots.base)
  }

  /// y = bias + x W', or y += x W', with the adapter if there is one.
  private func multiply(
    _ x: View, _ weight: View, _ y: View, _ linear: LoRALinear?, bias: Int? = nil, adding: Bool = false
  ) {
    runAdapterInput(x, linear)
    share(outputs: weight.rows, inner: weight.columns, rows: x.rows) { [self] outputs in
      let (weight, y) = (weight(rows: outputs), y(columns: outputs))
      if adding {
        RowProduct.add(x: x, weight: weight, y: y)
      } else {
        RowProduct.forward(x: x, weight: weight, y: y, bias: bias.map { weights + $0 + outputs.lowerBound })
      }
      addAdapter(linear, y, outputs)
    }
  }

  /// Gate, up and SwiGLU.
  private func gate(_ layer: LayerPlan, _ count: Int) {
    let f = model.intermediateSize
    let (x, both, out) = (normed(rows: 0..<count), gateUp(rows: 0..<count), activated(rows: 0..<count))
    let weight = weight(layer.gateUp, 2 * f, model.hiddenSize)
    runAdapterInput(x, layer.gateUpAdapter)
    share(outputs: f, inner: 2 * model.hiddenSize, rows: count) { [self] outputs in
      func half(_ outputs: Range<Int>) {
        let y = both(columns: outputs)
        RowProduct.forward(x: x, weight: weight(rows: outputs), y: y)
        addAdapter(layer.gateUpAdapter, y, outputs)
      }
      half(outputs)
      half(outputs.shifted(by: f))
      SwiGLU.forward(gateUp: both, out: out, columns: outputs)
    }
  }

  /// u = A x of an adapter, if there is one and it is on.
  private func runAdapterInput(_ x: View, _ linear: LoRALinear?) {
    guard let adapter, let linear else { return }
    // The parts' matrices are adjacent: one product for all.
    let a = View(adapter + linear.parts[0].a, rows: linear.columns.count, columns: linear.inputWidth)
    let u = u(rows: 0..<x.rows, columns: 0..<a.rows)
    share(outputs: a.rows, inner: a.columns, rows: x.rows) { outputs in
      RowProduct.forward(x: x, weight: a(rows: outputs), y: u(columns: outputs))
    }
  }

  /// y += scale B u for `outputs` of the joint layer, which are the columns of y.
  private func addAdapter(_ linear: LoRALinear?, _ y: View, _ outputs: Range<Int>) {
    guard let adapter, let linear else { return }
    for (index, part) in linear.parts.enumerated() {
      let shared = part.outputs.clamped(to: outputs)
      guard !shared.isEmpty else { continue }
      let b = View(adapter + part.b, rows: part.outputs.count, columns: linear.rank)
      RowProduct.add(
        x: u(rows: 0..<y.rows, columns: index * linear.rank..<(index + 1) * linear.rank),
        weight: b(rows: shared.shifted(by: -part.outputs.lowerBound)),
        y: y(columns: shared.shifted(by: -outputs.lowerBound)), scale: linear.scale)
    }
  }

  /// The rotary embedding, and attention to the cache. All keys are kept before any query is answered, since several
  /// rows may belong to one sequence; a row sees no position after its own.
  private func attend(_ layer: Int, _ count: Int) {
    let (d, groups) = (model.headDimension, model.keyValueHeadCount)
    let shared = model.headCount / groups
    let keyStart = model.queryWidth
    let valueStart = keyStart + model.keyValueWidth
    let length = 8
    share((count + length - 1) / length, work: count * 4 * model.qkvWidth) { [self] block in
      let rows = block * length..<min(count, (block + 1) * length)
      rope.apply(qkv(rows: rows, columns: 0..<valueStart), positions: positions + rows.lowerBound)
      for row in rows {
        for head in 0..<groups {
          cache.put(
            layer: layer, slot: Int(slots[row]), head: head, position: Int(positions[row]),
            key: qkv.row(row) + keyStart + head * d, value: qkv.row(row) + valueStart + head * d)
        }
      }
    }
    var seen = 0
    for row in 0..<count { seen += Int(positions[row]) + 1 }
    share(count * groups, work: 2 * seen * groups * d * shared) { [self] index in
      let (row, head) = (index / groups, index % groups)
      scratch.withPiece { scratch in
        cache.attend(
          layer: layer, slot: Int(slots[row]), head: head, count: Int(positions[row]) + 1,
          queries: View(qkv.row(row) + head * shared * d, rows: shared, columns: d),
          scale: 1 / Float(d).squareRoot(), out: attended.row(row) + head * shared * d, scratch: scratch)
      }
    }
  }

  /// Runs a product's outputs in pieces.
  private func share(outputs: Int, inner: Int, rows: Int, _ body: @Sendable (Range<Int>) -> Void) {
    // Reading a weight from memory takes as long as some eight rows' arithmetic with it.
    let work = inner * max(8, rows) / 8
    let length = max(16, Self.pieceWork / work / 16 * 16)
    share((outputs + length - 1) / length, work: outputs * work) { piece in
      body(piece * length..<min(outputs, (piece + 1) * length))
    }
  }

  /// Runs pieces on as many threads as their work is worth. That decides speed only.
  private func share(_ pieces: Int, work: Int, _ body: @Sendable (Int) -> Void) {
    Workers(count: min(workers.count, work / Self.leastWork)).forEach(pieces, body)
  }
}
