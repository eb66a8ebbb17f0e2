import Glibc
import Transformer

/// A Llama or Qwen2 model in Double, written for clarity and nothing else.
struct ReferenceForward {
  /// Which coordinates of a head a rotary frequency turns together.
  enum Pairs { case halves, neighbours }

  let model: ModelConfiguration
  var pairs = Pairs.halves
  /// The numbers of a tensor by its Hugging Face name, or nil where there is none.
  let weight: (String) -> [Double]?

  init(_ model: ModelConfiguration, _ parameters: Parameters) {
    self.model = model
    weight = { name in parameters[name].map { $0.map(Double.init) } }
  }

  init(_ model: ModelConfiguration, pairs: Pairs, weight: @escaping (String) -> [Double]?) {
    self.model = model
    self.pairs = pairs
    self.weight = weight
  }

  /// The logits at every position.
  func logits(_ tokens: [Int]) -> [[Double]] {
    let c = model.hiddenSize
    let embedding = weight("model.embed_tokens.weight") ?? []
    var x = tokens.map { Array(embedding[$0 * c..<($0 + 1) * c]) }
    for layer in 0..<model.layerCount {
      let prefix = "model.layers.\(layer)."
      let attended = attention(x.map { norm($0, prefix + "input_layernorm") }, prefix + "self_attn.")
      for t in x.indices { x[t] = sum(x[t], attended[t]) }
      for t in x.indices {
        let h = norm(x[t], prefix + "post_attention_layernorm")
        let (gate, up) = (linear(h, prefix + "mlp.gate_proj"), linear(h, prefix + "mlp.up_proj"))
        let product = zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
        x[t] = sum(x[t], linear(product, prefix + "mlp.down_proj"))
      }
    }
    let head = model.tiesEmbeddings ? "model.embed_tokens" : "lm_head"
    return x.map { linear(norm($0, "model.norm"), head) }
  }

  private func attention(_ x: [[Double]], _ prefix: String) -> [[Double]] {
    let d = model.headDimension
    let queries = x.enumerated().map { rotated(linear($1, prefix + "q_proj"), at: $0) }
    let keys = x.enumerated().map { rotated(linear($1, prefix + "k_proj"), at: $0) }
    let values = x.map { linear($0, prefix + "v_proj") }
    return x.indices.map { t in
      var output: [Double] = []
      for head in 0..<model.headCount {
        let shared = head / (model.headCount / model.keyValueHeadCount) * d
        let query = queries[t][head * d..<(head + 1) * d]
        let scores = (0...t).map { dot(query, keys[$0][shared..<shared + d]) / Double(d).squareRoot() }
        let top = scores.max() ?? 0
        let weights = scores.map { exp($0 - top) }
        let total = weights.reduce(0, +)
        for i in 0..<d { output.append((0...t).reduce(0) { $0 + weights[$1] * values[$1][shared + i] } / total) }
      }
      return linear(output, prefix + "o_proj")
    }
  }

  private func rotated(_ x: [Double], at position: Int) -> [Double] {
    let d = model.headDimension
    var result = x
    for start in stride(from: 0, to: x.count, by: d) {
      for (pair, frequency) in model.ropeFrequencies.enumerated() {
        let angle = frequency * Double(position)
        let (i, j) =
          pairs == .halves ? (start + pair, start + pair + d / 2) : (start + 2 * pair, start + 2 * pair + 1)
        result[i] = x[i] * cos(angle) - x[j] * sin(angle)
        result[j] = x[i] * sin(angle) + x[j] * cos(angle)
      }
    }
    return result
  }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    let scale = 1 / (dot(x[...], x[...]) / Double(x.count) + model.normEpsilon).squareRoot()
    return zip(x, weight(name + ".weight") ?? []).map { $0 * scale * $1 }
  }

  private func linear(_ x: [Double], _ name: String) -> [Double] {
    let matrix = weight(name + ".weight") ?? []
    let product = (0..<matrix.count / x.count).map { dot(matrix[$0 * x.count..<($0 + 1) * x.count], x[...]) }
    return weight(name + ".bias").map { sum(product, $0) } ?? product
  }

  private func dot(_ x: ArraySlice<Double>, _ y: ArraySlice<Double>) -> Double {
    zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func sum(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map(+) }
}
