// Attention, with the rotary embedding of queries and keys before it.

extension Pass {
  /// Turns queries and keys by their positions.
  func forwardRotation(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      pass.rope.apply(
        pass.arena.qkv[pass.slot(layer)](rows: rows, columns: pass.turned),
        positions: pass.arena.positions + rows.lowerBound)
    }
  }

  /// Turns their gradients back.
  func backwardRotation(_ layer: Int) -> Step {
    Step { pass, rows, _ in
      pass.rope.apply(
        pass.arena.dqkv[layer & 1](rows: rows, columns: pass.turned),
        positions: pass.arena.positions + rows.lowerBound, backward: true)
    }
  }

  /// The columns of queries and keys.
  private var turned: Range<Int> { 0..<model.queryWidth + model.keyValueWidth }

  /// Attention of all sequences and heads.
  func forwardAttention(_ layer: Int) {
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

  /// One sequence and one key/value head, with all query heads that share it in order.
  func backwardAttention(_ layer: Int, _ task: Int) {
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

  /// Two matrices, one below the other, copied to this place.
  private static func joined(_ upper: View, _ lower: View, at place: UnsafeMutablePointer<Float>) -> View {
    let all = View(place, rows: upper.rows + lower.rows, columns: upper.columns)
    all(rows: 0..<upper.rows).copy(upper)
    all(rows: upper.rows..<all.rows).copy(lower)
    return all
  }

  /// The columns of a head side by side with others.
  private func columns(ofHead head: Int) -> Range<Int> { head * model.headDimension..<(head + 1) * model.headDimension }

  /// The query head and its key and value heads in a joint matrix.
  private func heads(_ qkv: View, _ head: Int) -> (View, View, View) {
    let shared = columns(ofHead: head / (model.headCount / model.keyValueHeadCount))
    return (
      qkv(columns: columns(ofHead: head)), qkv(columns: shared.shifted(by: model.queryWidth)),
      qkv(columns: shared.shifted(by: model.queryWidth + model.keyValueWidth))
    )
  }
}
