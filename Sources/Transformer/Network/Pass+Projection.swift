// The projections: y = W x, with a bias or an adapter where there is one, or added to the residual stream.

extension Pass {
  /// The product, and what an adapter adds to it.
  func forward(_ projection: Projection, _ layer: Int) -> [Step] {
    let plan = plan.layers[layer][projection]
    let product = Step(columns: plan.outputs) { pass, rows, columns in
      let y = pass.output(of: projection, layer)(rows: rows, columns: columns)
      if projection.addsToStream { y.copy(pass.streamBefore(projection, layer)(rows: rows, columns: columns)) }
      let weight = pass.weight(plan.weight, plan.outputs, plan.inputs)
      Linear.forward(
        x: pass.input(of: projection, layer)(rows: rows), weight: weight(rows: columns), y: y,
        beta: projection.addsToStream ? 1 : 0)
      if let bias = plan.bias { Bias.forward(y: y, bias: pass.weights + bias + columns.lowerBound) }
      if let weights = pass.adapter, let linear = plan.adapter {
        linear.addOutput(
          u: pass.arena.u[pass.slot(layer)](rows: rows, columns: linear.columns), y: y, outputs: columns,
          weights: weights)
      }
    }
    guard let linear = plan.adapter else { return [product] }
    // u = A x
    let inner = Step { pass, rows, _ in
      guard let weights = pass.adapter else { return }
      pass.scratch.withPiece { scratch in
        linear.forward(
          x: pass.input(of: projection, layer)(rows: rows),
          u: pass.arena.u[pass.slot(layer)](rows: rows, columns: linear.columns), weights: weights,
          dropout: pass.dropout, firstRow: rows.lowerBound, scratch: scratch)
      }
    }
    return [inner, product]
  }

  /// From dy to dx, and to du of an adapter.
  func backward(_ projection: Projection, _ layer: Int) -> [Step] {
    let plan = plan.layers[layer][projection]
    var steps: [Step] = []
    // Only gradients of weights need x, so that it is not made again where the projection is frozen.
    if let source = projection.source, adapterConfiguration == nil || plan.adapter != nil {
      steps += forward(source, layer)
    }
    if let linear = plan.adapter {
      // du = scale B' dy
      steps.append(
        Step { pass, rows, _ in
          guard let weights = pass.adapter else { return }
          linear.backward(
            dy: pass.outputGradient(of: projection, layer)(rows: rows),
            du: pass.arena.du[layer & 1](rows: rows, columns: linear.columns), weights: weights)
        })
    }
    if projection == .qkv, isLowest(layer) { return steps }
    let input = Step(columns: plan.inputs) { pass, rows, columns in
      let dx = pass.inputGradient(of: projection, layer)(rows: rows, columns: columns)
      let weight = pass.weight(plan.weight, plan.outputs, plan.inputs)
      Linear.backward(
        dy: pass.outputGradient(of: projection, layer)(rows: rows), weight: weight(columns: columns), dx: dx)
      guard let weights = pass.adapter, let linear = plan.adapter else { return }
      let du = pass.arena.du[layer & 1](rows: rows, columns: linear.columns)
      pass.scratch.withPiece { scratch in
        linear.addInputGradient(
          du: du, dx: dx, inputs: columns, weights: weights, dropout: pass.dropout, firstRow: rows.lowerBound,
          scratch: scratch)
      }
    }
    return steps + [input]
  }

  private func input(of projection: Projection, _ layer: Int) -> View {
    switch projection {
    case .qkv: arena.normed1[parity(layer)]
    case .attentionOutput: arena.attended[slot(layer)]
    case .gateUp: arena.normed2[parity(layer)]
    case .down: arena.activated[parity(layer)]
    }
  }

  private func output(of projection: Projection, _ layer: Int) -> View {
    switch projection {
    case .qkv: arena.qkv[slot(layer)]
    case .attentionOutput: stream(2 * layer + 1)
    case .gateUp: arena.gateUp[slot(layer)]
    case .down: stream(2 * layer + 2)
    }
  }

  /// The stream that the product is added to.
  private func streamBefore(_ projection: Projection, _ layer: Int) -> View {
    stream(projection == .down ? 2 * layer + 1 : 2 * layer)
  }

  private func inputGradient(of projection: Projection, _ layer: Int) -> View {
    switch projection {
    case .qkv: arena.dNormed1[layer & 1]
    case .attentionOutput: arena.dAttended
    case .gateUp: arena.dNormed2[layer & 1]
    case .down: arena.dActivated
    }
  }

  private func outputGradient(of projection: Projection, _ layer: Int) -> View {
    switch projection {
    case .qkv: arena.dqkv[layer & 1]
    case .attentionOutput: arena.dMiddle[layer & 1]
    // In the place of what it is the gradient of.
    case .gateUp: arena.gateUp[layer]
    case .down: arena.dStream[layer & 1]
    }
  }

  // MARK: - Gradients of weights

  /// Rows of a weight's gradient that are one piece: larger pieces are faster, but there must be enough of them.
  private var outputRows: Int {
    let outputs = model.qkvWidth + 2 * model.hiddenSize + 2 * model.intermediateSize
    return outputs >= 16 * 256 ? 256 : 128
  }

  /// 0 where the gradient buffer is to be overwritten, 1 where it is added to.
  private var beta: Float { accumulating ? 1 : 0 }

  /// The pieces of the gradient of a projection's weights, the same for all layers.
  func weightTasks(_ projection: Projection) -> [GradientTask] {
    guard let sample = plan.layers.first?[projection] else { return [] }
    let products: [GradientTask] = blocks(of: sample.outputs, length: outputRows).map { rows in
      GradientTask { pass, layer in
        let (plan, n) = (pass.plan.layers[layer][projection], 0..<pass.tokenCount)
        Linear.backward(
          dy: pass.outputGradient(of: projection, layer)(rows: n, columns: rows),
          x: pass.input(of: projection, layer)(rows: n),
          dWeight: pass.gradient(plan.weight, plan.outputs, plan.inputs)(rows: rows), beta: pass.beta)
      }
    }
    guard sample.bias != nil else { return products }
    return products
      + blocks(of: sample.outputs, length: Pass.sumColumns).map { columns in
        GradientTask { pass, layer in
          guard let bias = pass.plan.layers[layer][projection].bias else { return }
          Bias.backward(
            dy: pass.outputGradient(of: projection, layer)(rows: 0..<pass.tokenCount, columns: columns),
            dBias: pass.gradients + bias + columns.lowerBound, accumulating: pass.accumulating)
        }
      }
  }

  /// The pieces of the gradients of a projection's adapter, the same for all layers.
  func adapterTasks(_ projection: Projection) -> [GradientTask] {
    guard let sample = plan.layers.first?[projection].adapter else { return [] }
    let inputBlock = (adapterConfiguration?.dropout ?? 0) > 0 ? Pass.dropoutColumns : 4 * Pass.dropoutColumns
    return sample.parts.indices.flatMap { index in
      blocks(of: sample.parts[index].outputs.count, length: 2 * outputRows).map { outputs in
        GradientTask { pass, layer in
          guard let linear = pass.plan.layers[layer][projection].adapter else { return }
          let n = 0..<pass.tokenCount
          linear.backwardB(
            index, dy: pass.outputGradient(of: projection, layer)(rows: n),
            u: pass.arena.u[layer](rows: n, columns: linear.columns), outputs: outputs, gradients: pass.gradients,
            beta: pass.beta)
        }
      }
        + blocks(of: sample.inputWidth, length: inputBlock).map { inputs in
          GradientTask { pass, layer in
            guard let linear = pass.plan.layers[layer][projection].adapter else { return }
            let n = 0..<pass.tokenCount
            pass.scratch.withPiece { scratch in
              linear.backwardA(
                index, du: pass.arena.du[layer & 1](rows: n, columns: linear.columns),
                x: pass.input(of: projection, layer)(rows: n), inputs: inputs, gradients: pass.gradients,
                beta: pass.beta, dropout: pass.dropout, scratch: scratch)
            }
          }
        }
    }
  }
}
