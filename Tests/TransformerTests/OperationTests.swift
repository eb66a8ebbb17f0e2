import Core
import Foundation
import Testing

@testable import Transformer

/// Each operation's forward pass against its definition in Double, and its backward pass against finite differences of
/// that definition, in Double too, for the loss `sum of coefficients times outputs`.
@Suite("Operations against finite differences in Double")
struct OperationTests {
  let tolerance = 2e-6

  @Test(arguments: [(3, 7), (2, 64), (5, 131)])
  func `RMSNorm is its definition, and so is its gradient`(rows: Int, width: Int) {
    let (x, w) = (normals(rows * width, seed: 1), normals(width, seed: 2))
    let (c, base) = (normals(rows * width, seed: 3), normals(rows * width, seed: 4))
    let epsilon = 1e-3
    func forward(_ x: [Double], _ w: [Double]) -> [Double] {
      (0..<rows).flatMap { row in
        let values = x[row * width..<(row + 1) * width]
        let root = (values.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
        return zip(values, w).map { $0 / root * $1 }
      }
    }
    let (xf, wf, y) = (Owned(rows, width, x), Owned(1, width, w), Owned(rows, width))
    let roots = Owned(rows, 1)
    RMSNorm.forward(x: xf.view, weight: wf.view.base, epsilon: Float(epsilon), y: y.view, roots: roots.view.base)
    #expect(relativeDistance(y.values, forward(x, w)) < tolerance)

    let (dy, dx, dw) = (Owned(rows, width, c), Owned(rows, width), Owned(1, width))
    RMSNorm.backward(
      dy: dy.view, x: xf.view, weight: wf.view.base, roots: roots.view.base, base: Owned(rows, width, base).view,
      out: dx.view)
    let expected = zip(differences(x) { dot(c, forward($0, w)) }, base).map { $0 + $1 }
    #expect(relativeDistance(dx.values, expected) < tolerance)
    for round in 1...2 {
      RMSNorm.backward(
        dy: dy.view, x: xf.view, roots: roots.view.base, dWeight: dw.view.base, accumulating: round == 2)
      let expected = differences(w) { dot(c, forward(x, $0)) }.map { Double(round) * $0 }
      #expect(relativeDistance(dw.values, expected) < tolerance)
    }
  }

  @Test func `linear layer, with a bias, in rectangles of wider matrices`() {
    let (n, k, m) = (5, 7, 6)
    let (x, w, c, b) = (normals(n * k, seed: 1), normals(m * k, seed: 2), normals(n * m, seed: 3), normals(m, seed: 4))
    let (xf, wf, bias) = (Owned(n, k, x, stride: k + 3), Owned(m, k, w), Owned(1, m, b))
    let y = Owned(n, m, stride: m + 2)
    Linear.forward(x: xf.view, weight: wf.view, y: y.view)
    Bias.forward(y: y.view, bias: bias.view.base)
    let product = multiply(x, w, n, m, k)
    #expect(relativeDistance(y.values, product.indices.map { product[$0] + b[$0 % m] }) < tolerance)
    let (dy, dx, dw, db) = (Owned(n, m, c, stride: m + 1), Owned(n, k), Owned(m, k), Owned(1, m))
    Linear.backward(dy: dy.view, weight: wf.view, dx: dx.view)
    #expect(relativeDistance(dx.values, differences(x) { dot(c, multiply($0, w, n, m, k)) }) < tolerance)
    Linear.backward(dy: dy.view, x: xf.view, dWeight: dw.view, beta: 0)
    #expect(relativeDistance(dw.values, differences(w) { dot(c, multiply(x, $0, n, m, k)) }) < tolerance)
    Bias.backward(dy: dy.view, dBias: db.view.base, accumulating: false)
    #expect(relativeDistance(db.values, (0..<m).map { j in (0..<n).reduce(0) { $0 + c[$1 * m + j] } }) < tolerance)
  }

  @Test(arguments: [2, 6, 64])
  func `rotary embedding turns pairs half a head apart; backward turns back`(width: Int) throws {
    let heads = 2
    let model = try ModelConfiguration(
      vocabularySize: 2, hiddenSize: 4, intermediateSize: 4, layerCount: 1, headCount: heads, headDimension: width,
      contextLength: 8, ropeTheta: 100)
    let positions: [Int32] = [0, 5, 3]
    let (x, c) = (normals(3 * heads * width, seed: 1), normals(3 * heads * width, seed: 2))
    func forward(_ x: [Double]) -> [Double] {
      var y = x
      for (row, position) in positions.enumerated() {
        for head in 0..<heads {
          for pair in 0..<width / 2 {
            let angle = Double(position) * pow(100, -2 * Double(pair) / Double(width))
            let first = (row * heads + head) * width + pair
            let (a, b) = (x[first], x[first + width / 2])
            y[first] = a * cos(angle) - b * sin(angle)
            y[first + width / 2] = b * cos(angle) + a * sin(angle)
          }
        }
      }
      return y
    }
    let rope = RotaryEmbedding(model, positionCount: 8)
    let y = Owned(3, heads * width, x)
    rope.apply(y.view, positions: positions)
    #expect(relativeDistance(y.values, forward(x)) < tolerance)
    let dy = Owned(3, heads * width, c)
    rope.apply(dy.view, positions: positions, backward: true)
    #expect(relativeDistance(dy.values, differences(x) { dot(c, forward($0)) }) < tolerance)
  }

  @Test func `llama3 scaling keeps fast frequencies, divides slow ones and blends between`() throws {
    let scaling = try RopeScaling(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    #expect(scaling.scaled(1) == 1)
    #expect(scaling.scaled(1e-5) == 1e-5 / 8)
    let middle = 2 * Double.pi / (8192 / 2.5)
    #expect(abs(scaling.scaled(middle) - (0.5 * middle / 8 + 0.5 * middle)) < 1e-15)
  }

  @Test(arguments: [(1, 1), (3, 37)])
  func `SwiGLU is its definition, and so is its gradient`(rows: Int, width: Int) {
    let (x, c) = (normals(rows * 2 * width, seed: 1, scale: 3), normals(rows * width, seed: 2))
    func forward(_ x: [Double]) -> [Double] {
      (0..<rows * width).map { index in
        let gate = x[index / width * 2 * width + index % width]
        return gate / (1 + exp(-gate)) * x[index / width * 2 * width + width + index % width]
      }
    }
    let (gateUp, out) = (Owned(rows, 2 * width, x), Owned(rows, width))
    SwiGLU.forward(gateUp: gateUp.view, out: out.view)
    #expect(relativeDistance(out.values, forward(x)) < tolerance)
    SwiGLU.backward(dout: Owned(rows, width, c).view, gateUp: gateUp.view)
    #expect(relativeDistance(gateUp.values, differences(x) { dot(c, forward($0)) }) < tolerance)
  }

  @Test func `the embedding looks up, and adds up gradients`() {
    let tokens: [Int32] = [2, 0, 2, 1]
    let (table, c) = (normals(4 * 5, seed: 1), normals(4 * 5, seed: 2))
    let x = Owned(4, 5)
    Embedding.forward(tokens: tokens, table: Owned(4, 5, table).view, x: x.view)
    #expect(x.values.map(Double.init) == tokens.flatMap { table[Int($0) * 5..<Int($0) * 5 + 5] })
    let dTable = Owned(4, 5)
    Embedding.backward(tokens: tokens, dx: Owned(4, 5, c).view, dTable: dTable.view)
    let expected = differences(table) { table in dot(c, tokens.flatMap { table[Int($0) * 5..<Int($0) * 5 + 5] }) }
    #expect(relativeDistance(dTable.values, expected) < tolerance)
  }

  /// Causal attention of one head by its definition; q, k, v are the thirds of `x`.
  func attention(_ x: [Double], _ count: Int, _ width: Int) -> [Double] {
    let part = count * width
    return (0..<count).flatMap { row in
      let scores = (0...row).map { key in
        (0..<width).reduce(0) { $0 + x[row * width + $1] * x[part + key * width + $1] } / Double(width).squareRoot()
      }
      let top = scores.max() ?? 0
      let powers = scores.map { exp($0 - top) }
      let sum = powers.reduce(0, +)
      return (0..<width).map { column in
        (0...row).reduce(0) { $0 + powers[$1] / sum * x[2 * part + $1 * width + column] }
      }
    }
  }

  @Test(arguments: [(1, 4), (9, 6), (70, 2)])
  func `attention, in tiles that are smaller than the sequence`(count: Int, width: Int) {
    let x = normals(3 * count * width, seed: 1, scale: 1.5)
    let c = normals(count * width, seed: 2)
    let (out, gradient) = runAttention(x, c, count, width)
    #expect(relativeDistance(out, attention(x, count, width)) < tolerance)
    #expect(relativeDistance(gradient, differences(x) { dot(c, attention($0, count, width)) }) < 2 * tolerance)
  }

  @Test func `attention over several blocks of keys: a directional derivative`() {
    let (count, width) = (Attention.keyBlock * 2 + 37, 4)
    let x = normals(3 * count * width, seed: 1, scale: 1.5)
    let (c, direction) = (normals(count * width, seed: 2), normals(x.count, seed: 3))
    let (out, gradient) = runAttention(x, c, count, width)
    #expect(relativeDistance(out, attention(x, count, width)) < tolerance)
    let along = differences([0]) { step in
      dot(c, attention(zip(x, direction).map { $0 + step[0] * $1 }, count, width))
    }[0]
    let found = dot(gradient.map(Double.init), direction)
    #expect(abs(found - along) < 1e-5 * dot(gradient.map { abs(Double($0)) }, direction.map(abs)))
  }

  private func runAttention(_ x: [Double], _ c: [Double], _ count: Int, _ width: Int) -> ([Float], [Float]) {
    let part = count * width
    let parts = (0..<3).map { Owned(count, width, Array(x[$0 * part..<($0 + 1) * part]), stride: 3 * width) }
    let gradients = (0..<3).map { _ in Owned(count, width, stride: 2 * width) }
    let (out, lse, scratch) = (Owned(count, width), Owned(count, 2), Owned(1, Attention.scratchCount))
    let head = Attention(headDimension: width)
    head.forward(
      q: parts[0].view, k: parts[1].view, v: parts[2].view, out: out.view, lse: lse.view.base, lseStride: 2,
      scratch: scratch.view.base)
    head.backward(
      q: parts[0].view, k: parts[1].view, v: parts[2].view, out: out.view, lse: lse.view.base, lseStride: 2,
      dout: Owned(count, width, c).view, dq: gradients[0].view, dk: gradients[1].view, dv: gradients[2].view,
      scratch: scratch.view.base)
    return (out.values, gradients.flatMap(\.values))
  }

  @Test func `attention with cached keys is that of the last rows`() {
    let (count, width, new) = (80, 8, 3)
    let x = normals(3 * count * width, seed: 5)
    let part = count * width
    let (k, v) = (Owned(count, width, Array(x[part..<2 * part])), Owned(count, width, Array(x[(2 * part)...])))
    let q = Owned(new, width, Array(x[(count - new) * width..<part]))
    let (out, lse, scratch) = (Owned(new, width), Owned(new, 1), Owned(1, Attention.scratchCount))
    Attention(headDimension: width).forward(
      q: q.view, k: k.view, v: v.view, out: out.view, lse: lse.view.base, lseStride: 1, scratch: scratch.view.base)
    #expect(relativeDistance(out.values, attention(x, count, width).suffix(new * width)) < tolerance)
  }

  @Test(arguments: [5, 16, 23])
  func `cross-entropy in tiles of the vocabulary`(vocabulary: Int) {
    let (rows, tile) = (4, 5)
    let z = normals(rows * vocabulary, seed: 1, scale: 4)
    let weights = normals(rows, seed: 2)
    let targets = (0..<rows).map { Int32($0 * 7 % vocabulary) }
    func likelihoods(_ z: [Double]) -> [Double] {
      (0..<rows).map { row in
        let values = z[row * vocabulary..<(row + 1) * vocabulary]
        let top = values.max() ?? 0
        return z[row * vocabulary + Int(targets[row])] - top - log(values.reduce(0) { $0 + exp($1 - top) })
      }
    }
    let tiles = (vocabulary + tile - 1) / tile
    let (logits, statistics, targetLogits) = (Owned(rows, vocabulary, z), Owned(rows, 2 * tiles), Owned(rows, 1))
    func ids(_ index: Int) -> Range<Int> { index * tile..<min(vocabulary, (index + 1) * tile) }
    for index in 0..<tiles {
      CrossEntropy.forward(
        logits: logits.view(columns: ids(index)), vocabulary: ids(index), targets: targets,
        targetLogits: targetLogits.view.base, maxima: statistics.view.base + index,
        sums: statistics.view.base + tiles + index, statisticsStride: 2 * tiles)
    }
    let found = (0..<rows).map { row in
      Float(
        CrossEntropy.combine(
          tiles: tiles, targetLogit: targetLogits.view.base[row], statistics: statistics.view.row(row)))
    }
    #expect(relativeDistance(found, likelihoods(z)) < tolerance)
    let factors = weights.map { Float($0) }
    for index in 0..<tiles {
      for row in 0..<rows { statistics.view.row(row)[index] *= -factors[row] }
      CrossEntropy.backward(
        exponentials: logits.view(columns: ids(index)), vocabulary: ids(index), targets: targets, weights: factors,
        factors: statistics.view.base + index, factorsStride: 2 * tiles)
    }
    #expect(relativeDistance(logits.values, differences(z) { dot(weights, likelihoods($0)) }) < tolerance)
  }

  @Test(arguments: [0.0, 0.4])
  func `adapters of two layers with one input, with and without dropout`(dropout: Double) {
    let (n, k, rank) = (6, 9, 2)
    let parts = [
      LoRALinear.Part(key: 1, outputs: 0..<5, a: 0, b: 2 * rank * k),
      LoRALinear.Part(key: 3, outputs: 7..<11, a: rank * k, b: 2 * rank * k + 5 * rank),
    ]
    let linear = LoRALinear(parts: parts, rank: rank, inputWidth: k, scale: 1.5, columns: 0..<2 * rank)
    let count = 2 * rank * k + 9 * rank
    let (x, w, c) = (normals(n * k, seed: 1), normals(count, seed: 2), normals(n * 11, seed: 3))
    let mask = DropoutMask(probability: dropout, seed: 17)
    let masks = parts.map { part in
      let kept = Owned(n, k, [Double](repeating: 1, count: n * k))
      mask?.apply(kept.view, to: kept.view, part: part.key, firstRow: 4, firstColumn: 0)
      return kept.values.map(Double.init)
    }
    func forward(_ x: [Double], _ w: [Double]) -> [Double] {
      var y = [Double](repeating: 0, count: n * 11)
      for (part, mask) in zip(parts, masks) {
        let seen = zip(x, mask).map { $0 * $1 }
        let u = multiply(seen, Array(w[part.a..<part.a + rank * k]), n, rank, k)
        let outputs = part.outputs.count
        let z = multiply(u, Array(w[part.b..<part.b + outputs * rank]), n, outputs, rank)
        for row in 0..<n {
          for column in 0..<outputs {
            y[row * 11 + part.outputs.lowerBound + column] += 1.5 * z[row * outputs + column]
          }
        }
      }
      return y
    }
    let (xf, wf, scratch) = (Owned(n, k, x), Owned(1, count, w), Owned(n, k))
    let (u, du, y, dx, dw) = (Owned(n, 2 * rank), Owned(n, 2 * rank), Owned(n, 11), Owned(n, k), Owned(1, count))
    let dy = Owned(n, 11, c)
    let weights = wf.view.base
    linear.forward(x: xf.view, u: u.view, weights: weights, dropout: mask, firstRow: 4, scratch: scratch.view.base)
    for outputs in [0..<4, 4..<11] {
      linear.addOutput(u: u.view, y: y.view(columns: outputs), outputs: outputs, weights: weights)
    }
    #expect(relativeDistance(y.values, forward(x, w)) < tolerance)
    linear.backward(dy: dy.view, du: du.view, weights: weights)
    for inputs in [0..<5, 5..<k] {
      linear.addInputGradient(
        du: du.view, dx: dx.view(columns: inputs), inputs: inputs, weights: weights, dropout: mask, firstRow: 4,
        scratch: scratch.view.base)
      for part in 0..<2 {
        linear.backwardA(
          part, du: du.view, x: xf.view, inputs: inputs, gradients: dw.view.base, beta: 0, dropout: mask, firstRow: 4,
          scratch: scratch.view.base)
      }
    }
    for part in 0..<2 {
      linear.backwardB(
        part, dy: dy.view, u: u.view, outputs: 0..<parts[part].outputs.count, gradients: dw.view.base, beta: 0)
    }
    #expect(relativeDistance(dx.values, differences(x) { dot(c, forward($0, w)) }) < tolerance)
    #expect(relativeDistance(dw.values, differences(w) { dot(c, forward(x, $0)) }) < tolerance)
  }

  @Test func `dropout keeps its share, scales it, and sees the same mask in any rectangle`() throws {
    let (rows, columns) = (300, 200)
    let ones = Owned(rows, columns, [Double](repeating: 1, count: rows * columns))
    let mask = try #require(DropoutMask(probability: 0.25, seed: 3))
    let whole = Owned(rows, columns)
    mask.apply(ones.view, to: whole.view, part: 2, firstRow: 0, firstColumn: 0)
    let kept = whole.values.filter { $0 != 0 }
    #expect(kept.allSatisfy { $0 == Float(1 / 0.75) })
    // Six standard deviations of a binomial count.
    let deviation = (Double(rows * columns) * 0.25 * 0.75).squareRoot()
    #expect(abs(Double(kept.count) - 0.75 * Double(rows * columns)) < 6 * deviation)
    let part = Owned(50, 30)
    mask.apply(
      ones.view(rows: 100..<150, columns: 40..<70), to: part.view, part: 2, firstRow: 100, firstColumn: 40)
    #expect(part.values == (100..<150).flatMap { row in (40..<70).map { whole.view.row(row)[$0] } })
    #expect(DropoutMask(probability: 0, seed: 3) == nil)
  }
}
