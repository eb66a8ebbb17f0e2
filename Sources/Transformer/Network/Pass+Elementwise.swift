// The embedding and the activation.

extension Pass {
  /// The tokens' vectors.
  var embed: Step {
    Step { pass, rows, _ in
      let table = pass.weight(pass.plan.embedding, pass.model.vocabularySize, pass.model.hiddenSize)
      Embedding.forward(tokens: pass.arena.tokens + rows.lowerBound, table: table, x: pass.stream(0)(rows: rows))
    }
  }

  /// The pieces of the gradients of the embedding and of the final norm: blocks of columns.
  var embeddingTasks: Int { (model.hiddenSize + Pass.sumColumns - 1) / Pass.sumColumns }

  /// The look-up's gradient for a block of columns, and the final norm's.
  ///
  /// With a tied head the embedding's gradient already holds the head's.
  func backwardEmbedding(_ task: Int, andFinalNorm: Bool) {
    let columns = task * Pass.sumColumns..<min(model.hiddenSize, (task + 1) * Pass.sumColumns)
    let table = gradient(plan.embedding, model.vocabularySize, model.hiddenSize)(columns: columns)
    if !accumulating, !model.tiesEmbeddings { table.clear() }
    Embedding.backward(
      tokens: arena.tokens, dx: arena.dStream[1](rows: 0..<tokenCount, columns: columns), dTable: table)
    if andFinalNorm { weightGradient(of: .final, model.layerCount, columns) }
  }

  /// SwiGLU.
  func forwardActivation(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      SwiGLU.forward(
        gateUp: pass.arena.gateUp[pass.slot(layer)](rows: rows),
        out: pass.arena.activated[pass.parity(layer)](rows: rows))
    }
  }

  /// From the gradient of its result to that of gate and up, in their place.
  func backwardActivation(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      SwiGLU.backward(dout: pass.arena.dActivated(rows: rows), gateUp: pass.arena.gateUp[layer](rows: rows))
    }
  }
}
