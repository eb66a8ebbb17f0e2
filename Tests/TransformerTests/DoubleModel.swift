#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@testable import Transformer

/// The model written down a second time, in Double and as plainly as its definition: for finite differences, which need
/// more digits than the engine has.
struct DoubleModel {
  let model: ModelConfiguration
  let layout: ParameterLayout
  /// The weights, laid out as the engine's.
  var weights: [Double]

  init(_ model: ModelConfiguration, _ parameters: Parameters) {
    (self.model, layout) = (model, parameters.layout)
    weights = parameters.elements.map(Double.init)
  }

  /// The logits [T, V] of a sequence.
  func logits(_ tokens: [Int32]) -> [Double] {
    let (c, t) = (model.hiddenSize, tokens.count)
    let table = tensor("model.embed_tokens.weight")
    var x = tokens.flatMap { table[Int($0) * c..<(Int($0) + 1) * c] }
    for layer in 0..<model.layerCount {
      let prefix = "model.layers.\(layer)."
      let normed = norm(x, prefix + "input_layernorm.weight")
      func project(_ name: String) -> [Double] {
        linear(normed, prefix + "self_attn.\(name)_proj.weight", prefix + "self_attn.\(name)_proj.bias")
      }
      let mixed = attention(rotated(project("q"), t), rotated(project("k"), t), project("v"), t)
      x = sum(x, linear(mixed, prefix + "self_attn.o_proj.weight"))
      let middle = norm(x, prefix + "post_attention_layernorm.weight")
      let (gate, up) = (linear(middle, prefix + "mlp.gate_proj.weight"), linear(middle, prefix + "mlp.up_proj.weight"))
      x = sum(x, linear(zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }, prefix + "mlp.down_proj.weight"))
    }
    return linear(
      norm(x, "model.norm.weight"), model.tiesEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight")
  }

  private func tensor(_ name: String) -> ArraySlice<Double> {
    guard let range = layout[name]?.range else { preconditionFailure("no \(name)") }
    return ArraySlice(Array(weights[range]))
  }

  private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

  private func linear(_ x: [Double], _ weight: String, _ bias: String? = nil) -> [Double] {
    guard let shape = layout[weight]?.shape else { preconditionFailure("no \(weight)") }
    let n = x.count / shape[1]
    let y = multiply(x, Array(tensor(weight)), n, shape[0], shape[1])
    guard let bias, layout[bias] != nil else { return y }
    let b = Array(tensor(bias))
    return y.indices.map { y[$0] + b[$0 % shape[0]] }
  }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    let (c, gain) = (model.hiddenSize, Array(tensor(name)))
    return stride(from: 0, to: x.count, by: c).flatMap { start in
      let row = x[start..<start + c]
      let root = (row.reduce(0) { $0 + $1 * $1 } / Double(c) + model.normEpsilon).squareRoot()
      return zip(row, gain).map { $0 / root * $1 }
    }
  }

  private func rotated(_ x: [Double], _ t: Int) -> [Double] {
    let (d, width) = (model.headDimension, x.count / t)
    let frequencies = model.ropeFrequencies
    return x.indices.map { index in
      let (position, place) = (index / width, index % width % d)
      let (low, pair) = (place < d / 2, place % (d / 2))
      let angle = Double(position) * frequencies[pair]
      return x[index] * cos(angle) + (low ? -x[index + d / 2] : x[index - d / 2]) * sin(angle)
    }
  }

  private func attention(_ q: [Double], _ k: [Double], _ v: [Double], _ t: Int) -> [Double] {
    let (d, heads, shared) = (model.headDimension, model.headCount, model.headCount / model.keyValueHeadCount)
    let kv = model.keyValueWidth
    var out = [Double](repeating: 0, count: t * heads * d)
    for row in 0..<t {
      for head in 0..<heads {
        let (at, from) = ((row * heads + head) * d, head / shared * d)
        let scores = (0...row).map { other in
          exp((0..<d).reduce(0) { $0 + q[at + $1] * k[other * kv + from + $1] } / Double(d).squareRoot())
        }
        let total = scores.reduce(0, +)
        for other in 0...row {
          for place in 0..<d { out[at + place] += scores[other] / total * v[other * kv + from + place] }
        }
      }
    }
    return out
  }
}
