extension Pass {
  /// From token ids to the normalised output of the last layer, for all rows.
  func forward() {
    for (layer, steps) in forwardSteps.enumerated() {
      run(steps)
      if layer < model.layerCount { forwardAttention(layer) }
    }
  }

  /// What is done before the attention of each layer, and after the last.
  func makeForwardSteps() -> [[Step]] {
    (0...model.layerCount).map { layer in
      (layer == 0 ? [Self.embed] : attentionOutput(layer - 1) + mlp(layer - 1))
        + (layer < model.layerCount ? attentionInput(layer) : [finalNorm])
    }
  }

  private static var embed: Step {
    Step { pass, rows, _ in
      let table = pass.weight(pass.plan.embedding, pass.model.vocabularySize, pass.model.hiddenSize)
      Embedding.forward(tokens: pass.arena.tokens + rows.lowerBound, table: table, x: pass.stream(0)(rows: rows))
    }
  }

  /// RMSNorm and q/k/v with their rotary embedding.
  private func attentionInput(_ layer: Int) -> [Step] {
    [norm1(layer)] + adapterInput(layer, plan.layers[layer].qkvAdapter) { $0.arena.normed1[$0.parity(layer)] }
      + [
        Step(columns: model.qkvWidth) { pass, rows, columns in
          let (arena, plan) = (pass.arena, pass.plan.layers[layer])
          let y = arena.qkv[pass.slot(layer)](rows: rows, columns: columns)
          let weight = pass.weight(plan.qkv, pass.model.qkvWidth, pass.model.hiddenSize)
          Linear.forward(x: arena.normed1[pass.parity(layer)](rows: rows), weight: weight(rows: columns), y: y)
          if let bias = plan.qkvBias { Bias.forward(y: y, bias: pass.weights + bias + columns.lowerBound) }
          pass.addAdapter(plan.qkvAdapter, layer, rows, columns, y)
        },
        Step { pass, rows, _ in
          let model = pass.model
          let turned = 0..<model.queryWidth + model.keyValueWidth
          pass.rope.apply(
            pass.arena.qkv[pass.slot(layer)](rows: rows, columns: turned),
            positions: pass.arena.positions + rows.lowerBound)
        },
      ]
  }

  /// The first RMSNorm; the backward pass runs it again.
  func norm1(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      RMSNorm.forward(
        x: pass.stream(2 * layer)(rows: rows), weight: pass.weights + pass.plan.layers[layer].norm1,
        epsilon: Float(pass.model.normEpsilon), y: pass.arena.normed1[pass.parity(layer)](rows: rows),
        roots: pass.arena.roots1[pass.slot(layer)].row(rows.lowerBound))
    }
  }

  /// The second RMSNorm.
  func norm2(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      RMSNorm.forward(
        x: pass.stream(2 * layer + 1)(rows: rows), weight: pass.weights + pass.plan.layers[layer].norm2,
        epsilon: Float(pass.model.normEpsilon), y: pass.arena.normed2[pass.parity(layer)](rows: rows),
        roots: pass.arena.roots2[pass.slot(layer)].row(rows.lowerBound))
    }
  }

  /// SwiGLU.
  func activation(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      SwiGLU.forward(
        gateUp: pass.arena.gateUp[pass.slot(layer)](rows: rows),
        out: pass.arena.activated[pass.parity(layer)](rows: rows))
    }
  }

  private var finalNorm: Step {
    Step { pass, rows, _ in
      RMSNorm.forward(
        x: pass.stream(2 * pass.model.layerCount)(rows: rows), weight: pass.weights + pass.plan.finalNorm,
        epsilon: Float(pass.model.normEpsilon), y: pass.arena.finalNormed(rows: rows),
        roots: pass.arena.finalRoots.row(rows.lowerBound))
    }
  }

  /// Attention of all sequences and heads.
  private func forwardAttention(_ layer: Int) {
    let heads = model.headCount
    workers.forEach((starts.count - 1) * heads) { [self] index in
      let (sequence, head) = (index / heads, index % heads)
      let rows = starts[sequence]..<starts[sequence + 1]
      let (q, ownK, ownV) = self.heads(arena.qkv[slot(layer)](rows: rows), head)
      let out = arena.attended[slot(layer)](rows: rows, columns: columns(ofHead: head))
      let lse = arena.lse[slot(layer)]
      scratch.withPiece { scratch in
        var (k, v) = (ownK, ownV)
        if let prefix = prefixes[sequence] {
          let before = starts[prefix]..<starts[prefix + 1]
          let (_, prefixK, prefixV) = self.heads(arena.qkv[slot(layer)](rows: before), head)
          let joined = scratch + Attention.scratchCount
          let count = before.count + rows.count
          k = Self.joined(prefixK, ownK, at: joined)
          v = Self.joined(prefixV, ownV, at: joined + count * model.headDimension)
        }
        attention.forward(
          q: q, k: k, v: v, out: out, lse: lse.row(rows.lowerBound) + head, lseStride: lse.stride, scratch: scratch)
      }
    }
  }

  /// Two matrices, one below the other, copied to this place.
  private static func joined(_ upper: View, _ lower: View, at place: UnsafeMutablePointer<Float>) -> View {
    let all = View(place, rows: upper.rows + lower.rows, columns: upper.columns)
    all(rows: 0..<upper.rows).copy(upper)
    all(rows: upper.rows..<all.rows).copy(lower)
    return all
  }

  /// The columns of a head side by side with others.
  func columns(ofHead head: Int) -> Range<Int> { head * model.headDimension..<(head + 1) * model.headDimension }

  /// The query head and its key and value heads in a joint matrix.
  func heads(_ qkv: View, _ head: Int) -> (View, View, View) {
    let shared = columns(ofHead: head / (model.headCount / model.keyValueHeadCount))
    return (
      qkv(columns: columns(ofHead: head)), qkv(columns: shared.shifted(by: model.queryWidth)),
      qkv(columns: shared.shifted(by: model.queryWidth + model.keyValueWidth))
    )
  }

  /// The output projection, added to the residual stream.
  private func attentionOutput(_ layer: Int) -> [Step] {
    adapterInput(layer, plan.layers[layer].outAdapter) { $0.arena.attended[$0.slot(layer)] }
      + [
        Step(columns: model.hiddenSize) { pass, rows, columns in
          let plan = pass.plan.layers[layer]
          let y = pass.stream(2 * layer + 1)(rows: rows, columns: columns)
          y.copy(pass.stream(2 * layer)(rows: rows, columns: columns))
          let weight = pass.weight(plan.out, pass.model.hiddenSize, pass.model.queryWidth)
          Linear.forward(
            x: pass.arena.attended[pass.slot(layer)](rows: rows), weight: weight(rows: columns), y: y, beta: 1)
          pass.addAdapter(plan.outAdapter, layer, rows, columns, y)
        }
      ]
  }

  /// RMSNorm, gate and up, SwiGLU, and the down projection added to the residual stream.
  private func mlp(_ layer: Int) -> [Step] {
    let (c, f) = (model.hiddenSize, model.intermediateSize)
    return [norm2(layer)] + adapterInput(layer, plan.layers[layer].gateUpAdapter) { $0.arena.normed2[$0.parity(layer)] }
      + [
        Step(columns: 2 * f) { pass, rows, columns in
          let plan = pass.plan.layers[layer]
          let y = pass.arena.gateUp[pass.slot(layer)](rows: rows, columns: columns)
          Linear.forward(
            x: pass.arena.normed2[pass.parity(layer)](rows: rows),
            weight: pass.weight(plan.gateUp, 2 * f, c)(rows: columns), y: y)
          pass.addAdapter(plan.gateUpAdapter, layer, rows, columns, y)
        },
        activation(layer),
      ] + adapterInput(layer, plan.layers[layer].downAdapter) { $0.arena.activated[$0.parity(layer)] }
      + [
        Step(columns: c) { pass, rows, columns in
          let plan = pass.plan.layers[layer]
          let y = pass.stream(2 * layer + 2)(rows: rows, columns: columns)
          y.copy(pass.stream(2 * layer + 1)(rows: rows, columns: columns))
          Linear.forward(
            x: pass.arena.activated[pass.parity(layer)](rows: rows),
            weight: pass.weight(plan.down, c, f)(rows: columns), y: y, beta: 1)
          pass.addAdapter(plan.downAdapter, layer, rows, columns, y)
        }
      ]
  }

  /// u = A x of an adapter, if there is one.
  private func adapterInput(
    _ layer: Int, _ linear: LoRALinear?, _ input: @escaping @Sendable (Pass) -> View
  ) -> [Step] {
    guard let linear else { return [] }
    return [
      Step { pass, rows, _ in
        guard let weights = pass.adapter else { return }
        pass.scratch.withPiece { scratch in
          linear.forward(
            x: input(pass)(rows: rows), u: pass.arena.u[pass.slot(layer)](rows: rows, columns: linear.columns),
            weights: weights, dropout: pass.dropout, firstRow: rows.lowerBound, scratch: scratch)
        }
      }
    ]
  }

  /// y += scale B u, if there is an adapter.
  private func addAdapter(_ linear: LoRALinear?, _ layer: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ y: View) {
    guard let weights = adapter, let linear else { return }
    linear.addOutput(
      u: arena.u[slot(layer)](rows: rows, columns: linear.columns), y: y, outputs: columns, weights: weights)
  }
}
