// The norms. Of the gradients of the residual stream there are two, for layers of even and odd index: that of what
// leaves a layer lies in dStream[layer & 1], that of what enters it in the other.

extension Pass {
  /// RMSNorm of the stream.
  func forward(_ norm: Norm, _ layer: Int) -> Step {
    Step { pass, rows, _ in
      RMSNorm.forward(
        x: pass.input(of: norm, layer)(rows: rows), weight: pass.weights + pass.plan.weight(of: norm, layer),
        epsilon: Float(pass.model.normEpsilon), y: pass.output(of: norm, layer)(rows: rows),
        roots: pass.roots(of: norm, layer).row(rows.lowerBound))
    }
  }

  /// The gradient of the stream before what reads the norm: what has come down past that, and what comes through it.
  func backward(_ norm: Norm, _ layer: Int) -> [Step] {
    if norm == .attention, isLowest(layer) { return [] }
    return [
      Step { pass, rows, _ in
        let arena = pass.arena
        let (out, past): (View, View?) =
          switch norm {
          case .attention: (arena.dStream[(layer & 1) ^ 1], arena.dMiddle[layer & 1])
          case .mlp: (arena.dMiddle[layer & 1], arena.dStream[layer & 1])
          case .final: (arena.dStream[(layer & 1) ^ 1], nil)
          }
        let target = out(rows: rows)
        if past == nil { target.clear() }
        RMSNorm.backward(
          dy: pass.outputGradient(of: norm, layer)(rows: rows), x: pass.input(of: norm, layer)(rows: rows),
          weight: pass.weights + pass.plan.weight(of: norm, layer),
          roots: pass.roots(of: norm, layer).row(rows.lowerBound), base: past?(rows: rows) ?? target, out: target)
      }
    ]
  }

  /// The gradient of a norm's weight for these columns.
  func weightGradient(of norm: Norm, _ layer: Int, _ columns: Range<Int>) {
    let n = 0..<tokenCount
    RMSNorm.backward(
      dy: outputGradient(of: norm, layer)(rows: n, columns: columns),
      x: input(of: norm, layer)(rows: n, columns: columns), roots: roots(of: norm, layer).base,
      dWeight: gradients + plan.weight(of: norm, layer) + columns.lowerBound, accumulating: accumulating)
  }

  /// The stream where the norm reads it.
  private func input(of norm: Norm, _ layer: Int) -> View { stream(norm == .mlp ? 2 * layer + 1 : 2 * layer) }

  private func output(of norm: Norm, _ layer: Int) -> View {
    switch norm {
    case .attention: arena.normed1[parity(layer)]
    case .mlp: arena.normed2[parity(layer)]
    case .final: arena.finalNormed
    }
  }

  private func outputGradient(of norm: Norm, _ layer: Int) -> View {
    switch norm {
    case .attention: arena.dNormed1[layer & 1]
    case .mlp: arena.dNormed2[layer & 1]
    case .final: arena.dFinalNormed
    }
  }

  /// The rows' reciprocal roots of mean squares.
  private func roots(of norm: Norm, _ layer: Int) -> View {
    switch norm {
    case .attention: arena.roots1[slot(layer)]
    case .mlp: arena.roots2[slot(layer)]
    case .final: arena.finalRoots
    }
  }
}
