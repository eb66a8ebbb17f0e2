extension Pass {
  /// From the gradient of the final norm's output to those of all weights, or of all adapters.
  ///
  /// A layer's weight gradients are independent of the next attention's backward pass and share its hand-off; that is
  /// why what they read exists twice, for layers of even and odd index.
  func backward() {
    let trainsLayers = adapter == nil || plan.adapterColumns > 0
    guard trainsLayers else { return }
    let layers = model.layerCount
    let perLayer = gradientTasks.count
    let groups = (starts.count - 1) * model.keyValueHeadCount
    for index in 0...layers {
      run(backwardSteps[index])
      // Block `index` of steps ends before the attention of this layer, and completes what the layer above needs.
      let layer = layers - 1 - index
      let attentions = layer >= 0 ? groups : 0
      let tasks = index > 0 ? perLayer : 0
      let embeddings = layer < 0 && adapter == nil ? embeddingTasks : 0
      workers.forEach(attentions + tasks + embeddings) { [self] task in
        if task < attentions {
          backwardAttention(layer, task)
        } else if task < attentions + tasks {
          run(gradientTasks[task - attentions], layer + 1)
        } else {
          backwardEmbedding(task - attentions - tasks)
        }
      }
    }
  }

  /// What is done before the backward attention of each layer, from the last on, and after that of the first.
  func makeBackwardSteps() -> [[Step]] {
    (0...model.layerCount).map { index in
      let layer = model.layerCount - 1 - index
      return (index == 0 ? [finalNormBackward] : attentionInputBackward(layer + 1))
        + (layer >= 0 ? mlpBackward(layer) + attentionOutputBackward(layer) : [])
    }
  }

  private var finalNormBackward: Step {
    Step { pass, rows, _ in
      let arena = pass.arena
      let last = pass.model.layerCount
      let out = arena.dStream[(last - 1) & 1](rows: rows)
      out.clear()
      RMSNorm.backward(
        dy: arena.dFinalNormed(rows: rows), x: pass.stream(2 * last)(rows: rows),
        weight: pass.weights + pass.plan.finalNorm, roots: arena.finalRoots.row(rows.lowerBound), base: out, out: out)
    }
  }

  /// From dStream, the gradient of the layer's output, to dMiddle, that of its MLP's input.
  private func mlpBackward(_ layer: Int) -> [Step] {
    let (c, f, parity) = (model.hiddenSize, model.intermediateSize, layer & 1)
    let layerPlan = plan.layers[layer]
    return [again(norm2(layer), for: layerPlan.gateUpAdapter), again(activation(layer), for: layerPlan.downAdapter)]
      + adapterGradient(layer, layerPlan.downAdapter) { $0.arena.dStream[parity] }
      + [
        Step(columns: f) { pass, rows, columns in
          let plan = pass.plan.layers[layer]
          let dx = pass.arena.dActivated(rows: rows, columns: columns)
          Linear.backward(
            dy: pass.arena.dStream[parity](rows: rows), weight: pass.weight(plan.down, c, f)(columns: columns), dx: dx)
          pass.addAdapterInputGradient(plan.downAdapter, layer, rows, columns, dx)
        },
        Step { pass, rows, _ in
          SwiGLU.backward(dout: pass.arena.dActivated(rows: rows), gateUp: pass.arena.gateUp[layer](rows: rows))
        },
      ] + adapterGradient(layer, layerPlan.gateUpAdapter) { $0.arena.gateUp[layer] }
      + [
        Step(columns: c) { pass, rows, columns in
          let plan = pass.plan.layers[layer]
          let dx = pass.arena.dNormed2[parity](rows: rows, columns: columns)
          Linear.backward(
            dy: pass.arena.gateUp[layer](rows: rows), weight: pass.weight(plan.gateUp, 2 * f, c)(columns: columns),
            dx: dx)
          pass.addAdapterInputGradient(plan.gateUpAdapter, layer, rows, columns, dx)
        },
        Step { pass, rows, _ in
          let arena = pass.arena
          RMSNorm.backward(
            dy: arena.dNormed2[parity](rows: rows), x: pass.stream(2 * layer + 1)(rows: rows),
            weight: pass.weights + pass.plan.layers[layer].norm2, roots: arena.roots2[layer].row(rows.lowerBound),
            base: arena.dStream[parity](rows: rows), out: arena.dMiddle[parity](rows: rows))
        },
      ]
  }

  /// From dMiddle to dAttended, the gradient of attention's output.
  private func attentionOutputBackward(_ layer: Int) -> [Step] {
    let parity = layer & 1
    return adapterGradient(layer, plan.layers[layer].outAdapter) { $0.arena.dMiddle[parity] }
      + [
        Step(columns: model.queryWidth) { pass, rows, columns in
          let plan = pass.plan.layers[layer]
          let dx = pass.arena.dAttended(rows: rows, columns: columns)
          let weight = pass.weight(plan.out, pass.model.hiddenSize, pass.model.queryWidth)
          Linear.backward(dy: pass.arena.dMiddle[parity](rows: rows), weight: weight(columns: columns), dx: dx)
          pass.addAdapterInputGradient(plan.outAdapter, layer, rows, columns, dx)
        }
      ]
  }

  /// From dqkv to dStream of the layer below. Below the first layer an adapter needs nothing.
  private func attentionInputBackward(_ layer: Int) -> [Step] {
    let (c, parity) = (model.hiddenSize, layer & 1)
    let adapter = plan.layers[layer].qkvAdapter
    let turnBack = Step { pass, rows, _ in
      let turned = 0..<pass.model.queryWidth + pass.model.keyValueWidth
      pass.rope.apply(
        pass.arena.dqkv[parity](rows: rows, columns: turned), positions: pass.arena.positions + rows.lowerBound,
        backward: true)
    }
    let toAdapter =
      [turnBack, again(norm1(layer), for: adapter)]
      + adapterGradient(layer, adapter) { $0.arena.dqkv[parity] }
    if layer == 0, adapterConfiguration != nil { return toAdapter }
    return toAdapter + [
      Step(columns: c) { pass, rows, columns in
        let plan = pass.plan.layers[layer]
        let dx = pass.arena.dNormed1[parity](rows: rows, columns: columns)
        let weight = pass.weight(plan.qkv, pass.model.qkvWidth, c)
        Linear.backward(dy: pass.arena.dqkv[parity](rows: rows), weight: weight(columns: columns), dx: dx)
        pass.addAdapterInputGradient(plan.qkvAdapter, layer, rows, columns, dx)
      },
      Step { pass, rows, _ in
        let arena = pass.arena
        RMSNorm.backward(
          dy: arena.dNormed1[parity](rows: rows), x: pass.stream(2 * layer)(rows: rows),
          weight: pass.weights + pass.plan.layers[layer].norm1, roots: arena.roots1[layer].row(rows.lowerBound),
          base: arena.dMiddle[parity](rows: rows), out: arena.dStream[parity ^ 1](rows: rows))
      },
    ]
  }

  /// A forward step whose result only weight gradients need; skipped where its layer is frozen.
  private func again(_ step: Step, for adapter: LoRALinear?) -> Step {
    let needed = adapterConfiguration == nil || adapter != nil
    return Step { pass, rows, columns in
      if needed { step.run(pass, rows, columns) }
    }
  }

  /// du = scale B' dy of an adapter, if there is one.
  private func adapterGradient(
    _ layer: Int, _ linear: LoRALinear?, _ dy: @escaping @Sendable (Pass) -> View
  ) -> [Step] {
    guard let linear else { return [] }
    return [
      Step { pass, rows, _ in
        guard let weights = pass.adapter else { return }
        linear.backward(
          dy: dy(pass)(rows: rows), du: pass.arena.du[layer & 1](rows: rows, columns: linear.columns), weights: weights)
      }
    ]
  }

  /// dx += A' du, if there is an adapter.
  private func addAdapterInputGradient(
    _ linear: LoRALinear?, _ layer: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ dx: View
  ) {
    guard let weights = adapter, let linear else { return }
    let du = arena.du[layer & 1](rows: rows, columns: linear.columns)
    scratch.withPiece { scratch in
      linear.addInputGradient(
        du: du, dx: dx, inputs: columns, weights: weights, dropout: dropout, firstRow: rows.lowerBound,
        scratch: scratch)
    }
  }

  /// One sequence and one key/value head, with all query heads that share it in order.
  private func backwardAttention(_ layer: Int, _ task: Int) {
    let (sequence, group) = (task / model.keyValueHeadCount, task % model.keyValueHeadCount)
    let rows = starts[sequence]..<starts[sequence + 1]
    let (qkv, dqkv) = (arena.qkv[layer](rows: rows), arena.dqkv[layer & 1](rows: rows))
    let lse = arena.lse[layer]
    let shared = model.headCount / model.keyValueHeadCount
    scratch.withPiece { scratch in
      for head in group * shared..<(group + 1) * shared {
        let (q, k, v) = heads(qkv, head)
        let (dq, dk, dv) = heads(dqkv, head)
        if head == group * shared {
          dk.clear()
          dv.clear()
        }
        let columns = columns(ofHead: head)
        attention.backward(
          q: q, k: k, v: v, out: arena.attended[layer](rows: rows, columns: columns),
          lse: lse.row(rows.lowerBound) + head, lseStride: lse.stride,
          dout: arena.dAttended(rows: rows, columns: columns), dq: dq, dk: dk, dv: dv, scratch: scratch)
      }
    }
  }
}
