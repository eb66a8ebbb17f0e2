extension Pass {
  /// A piece of one layer's weight gradients.
  struct GradientTask {
    let run: @Sendable (Pass, _ layer: Int) -> Void
  }

  /// Rows of a weight's gradient that are one piece: larger pieces are faster, but there must be enough of them.
  private var outputRows: Int {
    let outputs = model.qkvWidth + 2 * model.hiddenSize + 2 * model.intermediateSize
    return outputs >= 16 * 256 ? 256 : 128
  }
  /// Columns of a sum over rows that are one piece.
  private static let sumColumns = 64

  func run(_ task: GradientTask, _ layer: Int) { task.run(self, layer) }

  /// 0 where the gradient buffer is to be overwritten, 1 where it is added to.
  private var beta: Float { accumulating ? 1 : 0 }

  /// The pieces for one layer, the largest products first.
  func makeGradientTasks() -> [GradientTask] {
    adapterConfiguration == nil ? weightTasks() : adapterTasks()
  }

  private func weightTasks() -> [GradientTask] {
    let (c, f, q, joint) = (model.hiddenSize, model.intermediateSize, model.queryWidth, model.qkvWidth)
    func product(
      _ out: Int, _ width: Int, _ offset: @escaping @Sendable (LayerPlan) -> Int,
      _ operands: @escaping @Sendable (Pass, Int) -> (dy: View, x: View)
    ) -> [GradientTask] {
      blocks(of: out, length: outputRows).map { rows in
        GradientTask { pass, layer in
          let (dy, x) = operands(pass, layer)
          let n = 0..<pass.tokenCount
          Linear.backward(
            dy: dy(rows: n, columns: rows), x: x(rows: n),
            dWeight: pass.gradient(offset(pass.plan.layers[layer]), out, width)(rows: rows), beta: pass.beta)
        }
      }
    }
    let norms = blocks(of: c, length: Pass.sumColumns).map { columns in
      GradientTask { pass, layer in
        let (arena, plan, n) = (pass.arena, pass.plan.layers[layer], 0..<pass.tokenCount)
        RMSNorm.backward(
          dy: arena.dNormed1[layer & 1](rows: n, columns: columns),
          x: pass.stream(2 * layer)(rows: n, columns: columns), roots: arena.roots1[layer].base,
          dWeight: pass.gradients + plan.norm1 + columns.lowerBound, accumulating: pass.accumulating)
        RMSNorm.backward(
          dy: arena.dNormed2[layer & 1](rows: n, columns: columns),
          x: pass.stream(2 * layer + 1)(rows: n, columns: columns), roots: arena.roots2[layer].base,
          dWeight: pass.gradients + plan.norm2 + columns.lowerBound, accumulating: pass.accumulating)
      }
    }
    let biases =
      !model.hasQKVBias
      ? []
      : blocks(of: joint, length: Pass.sumColumns).map { columns in
        GradientTask { pass, layer in
          guard let bias = pass.plan.layers[layer].qkvBias else { return }
          Bias.backward(
            dy: pass.arena.dqkv[layer & 1](rows: 0..<pass.tokenCount, columns: columns),
            dBias: pass.gradients + bias + columns.lowerBound, accumulating: pass.accumulating)
        }
      }
    return product(2 * f, c, { $0.gateUp }) { ($0.arena.gateUp[$1], $0.arena.normed2[$1 & 1]) }
      + product(c, f, { $0.down }) { ($0.arena.dStream[$1 & 1], $0.arena.activated[$1 & 1]) }
      + product(joint, c, { $0.qkv }) { ($0.arena.dqkv[$1 & 1], $0.arena.normed1[$1 & 1]) }
      + product(c, q, { $0.out }) { ($0.arena.dMiddle[$1 & 1], $0.arena.attended[$1]) }
      + norms + biases
  }

  private func adapterTasks() -> [GradientTask] {
    guard let first = plan.layers.first else { return [] }
    let inputBlock = (adapterConfiguration?.dropout ?? 0) > 0 ? Pass.dropoutColumns : 4 * Pass.dropoutColumns
    func tasks(
      _ sample: LoRALinear?, _ adapter: @escaping @Sendable (LayerPlan) -> LoRALinear?,
      _ operands: @escaping @Sendable (Pass, Int) -> (dy: View, x: View)
    ) -> [GradientTask] {
      guard let sample else { return [] }
      return sample.parts.indices.flatMap { index in
        blocks(of: sample.parts[index].outputs.count, length: 2 * outputRows).map { outputs in
          GradientTask { pass, layer in
            guard let linear = adapter(pass.plan.layers[layer]) else { return }
            let n = 0..<pass.tokenCount
            linear.backwardB(
              index, dy: operands(pass, layer).dy(rows: n),
              u: pass.arena.u[layer](rows: n, columns: linear.columns), outputs: outputs, gradients: pass.gradients,
              beta: pass.beta)
          }
        }
          + blocks(of: sample.inputWidth, length: inputBlock).map { inputs in
            GradientTask { pass, layer in
              guard let linear = adapter(pass.plan.layers[layer]) else { return }
              let n = 0..<pass.tokenCount
              pass.scratch.withPiece { scratch in
                linear.backwardA(
                  index, du: pass.arena.du[layer & 1](rows: n, columns: linear.columns),
                  x: operands(pass, layer).x(rows: n), inputs: inputs, gradients: pass.gradients, beta: pass.beta,
                  dropout: pass.dropout, scratch: scratch)
              }
            }
          }
      }
    }
    return tasks(first.gateUpAdapter, { $0.gateUpAdapter }) { ($0.arena.gateUp[$1], $0.arena.normed2[$1 & 1]) }
      + tasks(first.downAdapter, { $0.downAdapter }) { ($0.arena.dStream[$1 & 1], $0.arena.activated[$1 & 1]) }
      + tasks(first.qkvAdapter, { $0.qkvAdapter }) { ($0.arena.dqkv[$1 & 1], $0.arena.normed1[$1 & 1]) }
      + tasks(first.outAdapter, { $0.outAdapter }) { ($0.arena.dMiddle[$1 & 1], $0.arena.attended[$1]) }
  }

  /// The pieces of the gradients of the embedding and of the final norm: blocks of columns.
  var embeddingTasks: Int { (model.hiddenSize + Pass.sumColumns - 1) / Pass.sumColumns }

  /// The look-up's gradient for a block of columns, and the final norm's.
  ///
  /// With a tied head the embedding's gradient already holds the head's.
  func backwardEmbedding(_ task: Int) {
    let columns = task * Pass.sumColumns..<min(model.hiddenSize, (task + 1) * Pass.sumColumns)
    let n = 0..<tokenCount
    let table = gradient(plan.embedding, model.vocabularySize, model.hiddenSize)(columns: columns)
    if !accumulating, !model.tiesEmbeddings { table.clear() }
    Embedding.backward(tokens: arena.tokens, dx: arena.dStream[1](rows: n, columns: columns), dTable: table)
    RMSNorm.backward(
      dy: arena.dFinalNormed(rows: n, columns: columns),
      x: stream(2 * model.layerCount)(rows: n, columns: columns), roots: arena.finalRoots.base,
      dWeight: gradients + plan.finalNorm + columns.lowerBound, accumulating: accumulating)
  }
}
