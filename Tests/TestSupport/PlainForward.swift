import Glibc
import Transformer

/// A model of any architecture here in Double, as plainly as its definition reads, top to bottom: what the engine's
/// forward pass, its gradients and the files that it reads are tested against.
public struct PlainForward {
  /// Which coordinates of a head a rotary frequency turns together.
  public enum Pairs { case halves, neighbours }

  /// The model's shape and constants.
  public let model: ModelConfiguration
  private let pairs: Pairs
  private var tensors: [String: [Double]]

  /// A model with the engine's weights.
  public init(_ model: ModelConfiguration, _ parameters: Parameters) {
    let names = parameters.layout.tensors.map(\.name)
    self.init(
      model,
      tensors: Dictionary(
        uniqueKeysWithValues: names.map { ($0, (parameters[$0] ?? .init(start: nil, count: 0)).map(Double.init)) }))
  }

  /// A model with these tensors, by their Hugging Face names.
  public init(_ model: ModelConfiguration, pairs: Pairs = .halves, tensors: [String: [Double]]) {
    (self.model, self.pairs, self.tensors) = (model, pairs, tensors)
  }

  /// The same with one number of a tensor moved.
  public func moved(_ name: String, _ index: Int, by step: Double) -> PlainForward {
    var copy = self
    copy.tensors[name]?[index] += step
    return copy
  }

  /// The logits at every position.
  public func logits(_ tokens: [Int]) -> [[Double]] {
    let head = model.tiesEmbeddings ? "model.embed_tokens" : "lm_head"
    return hiddenStates(tokens, after: model.layerCount - 1).map { linear(norm($0, "model.norm"), head) }
  }

  /// What leaves a layer at every position.
  public func hiddenStates(_ tokens: [Int], after last: Int) -> [[Double]] {
    let c = model.hiddenSize
    let embedding = tensors[TensorName.embedding] ?? []
    var x = tokens.map { Array(embedding[$0 * c..<($0 + 1) * c]) }
    for layer in 0...last {
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
    return x
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
    return zip(x, tensors[name + ".weight"] ?? []).map { $0 * scale * $1 }
  }

  private func linear(_ x: [Double], _ name: String) -> [Double] {
    let matrix = tensors[name + ".weight"] ?? []
    let product = (0..<matrix.count / x.count).map { dot(matrix[$0 * x.count..<($0 + 1) * x.count], x[...]) }
    return tensors[name + ".bias"].map { sum(product, $0) } ?? product
  }

  private func dot(_ x: ArraySlice<Double>, _ y: ArraySlice<Double>) -> Double {
    zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func sum(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map(+) }
}
