import FileFormats
import Testing

@testable import Transformer

/// A small random checkpoint and what PyTorch makes of it (ReferenceValues/transformer.py).
struct Reference {
  static let full = ["llama_tied", "llama_head_dim", "llama3_scaled", "qwen2"]
  static let adapted = ["llama_lora", "qwen2_lora"]

  let file: SafetensorsFile
  let model: ModelConfiguration
  let adapter: LoRAConfiguration?
  let batch: Batch

  init(_ name: String) throws {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let file = try SafetensorsFile(path: "/\(folder)/References/\(name).safetensors")
    func number(_ key: String) throws -> Double { try #require(file.metadata[key].flatMap(Double.init), "\(key)") }
    func count(_ key: String) throws -> Int { Int(try number(key)) }
    let scaling = try file.metadata["factor"].map { _ in
      try RopeScaling(
        factor: try number("factor"), lowFrequencyFactor: try number("low_freq_factor"),
        highFrequencyFactor: try number("high_freq_factor"),
        originalContextLength: try count("original_max_position_embeddings"))
    }
    model = try ModelConfiguration(
      vocabularySize: try count("vocabulary"), hiddenSize: try count("hidden"),
      intermediateSize: try count("intermediate"), layerCount: try count("layers"), headCount: try count("heads"),
      keyValueHeadCount: try count("kv_heads"), headDimension: try count("head_dim"), contextLength: 64,
      normEpsilon: try number("epsilon"), ropeTheta: try number("theta"), ropeScaling: scaling,
      tiesEmbeddings: try count("tied") == 1, hasQKVBias: try count("bias") == 1)
    adapter = try file.metadata["targets"].map { targets in
      try LoRAConfiguration(
        rank: try count("rank"), alpha: try number("alpha"),
        targets: Set(targets.split(separator: " ").compactMap { LoRAConfiguration.Target(rawValue: String($0)) }))
    }
    let tokens = try file.readInteger("tokens").values.map { Int32($0) }
    let answers = try file.readInteger("answers").values.map { $0 != 0 }
    var start = 0
    batch = Batch(
      try file.readInteger("lengths").values.map { length in
        defer { start += length }
        return Batch.Sequence(
          tokens: Array(tokens[start..<start + length]), isAnswer: Array(answers[start..<start + length]))
      })
    self.file = file
  }

  func parameters(_ layout: ParameterLayout, prefix: String = "") throws -> Parameters {
    let parameters = Parameters(layout: layout)
    for tensor in layout.tensors {
      let (shape, values) = try file.readFloat64(prefix + tensor.name)
      #expect(shape == tensor.shape, "\(tensor.name)")
      for (index, value) in values.enumerated() { parameters.elements(of: tensor)[index] = Float(value) }
    }
    return parameters
  }

  func weights() throws -> Parameters { try parameters(ParameterLayout(model)) }
  func adapterWeights() throws -> Parameters? { try adapter.map { try parameters(ParameterLayout(model, $0)) } }
  func numbers(_ name: String) throws -> [Double] { try file.readFloat64(name).values }
}

/// `||found - expected|| / ||expected||`, in the Euclidean norm.
func relativeDistance(_ found: some Sequence<Float>, _ expected: some Sequence<Double>) -> Double {
  var (difference, norm) = (0.0, 0.0)
  for (a, b) in zip(found, expected) {
    difference += (Double(a) - b) * (Double(a) - b)
    norm += b * b
  }
  return (difference / max(norm, .leastNormalMagnitude)).squareRoot()
}
