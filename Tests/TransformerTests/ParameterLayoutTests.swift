import Testing

@testable import Transformer

@Suite("Parameter layout")
struct ParameterLayoutTests {
  @Test func `tensors of a group are adjacent, groups are aligned, names are Hugging Face's`() throws {
    let model = try ModelConfiguration(
      vocabularySize: 11, hiddenSize: 6, intermediateSize: 10, layerCount: 2, headCount: 3, keyValueHeadCount: 1,
      headDimension: 4, contextLength: 32, hasQKVBias: true)
    let layout = ParameterLayout(model)
    let q = try #require(layout["model.layers.1.self_attn.q_proj.weight"])
    let k = try #require(layout["model.layers.1.self_attn.k_proj.weight"])
    let v = try #require(layout["model.layers.1.self_attn.v_proj.weight"])
    #expect(q.shape == [12, 6] && k.shape == [4, 6] && v.shape == [4, 6])
    #expect(q.offset % 16 == 0 && k.offset == q.range.upperBound && v.offset == k.range.upperBound)
    #expect(layout["lm_head.weight"]?.shape == [11, 6])
    #expect(layout.tensors.count == 3 + 2 * 12)
    let attention = 20 * 6 + 20 + 12 * 6
    #expect(layout.parameterCount == 2 * 11 * 6 + 6 + 2 * (attention + 3 * 60 + 12))
    for (tensor, next) in zip(layout.tensors, layout.tensors.dropFirst()) {
      #expect(next.offset >= tensor.range.upperBound && next.offset < tensor.range.upperBound + 16)
    }
  }

  @Test func `adapters have PEFT's names and shapes`() throws {
    let model = try ModelConfiguration(
      vocabularySize: 11, hiddenSize: 6, intermediateSize: 10, layerCount: 1, headCount: 3, contextLength: 32,
      tiesEmbeddings: true)
    let adapter = try LoRAConfiguration(rank: 2, alpha: 8, targets: [.q, .v, .down, .head])
    let layout = ParameterLayout(model, adapter)
    #expect(adapter.scale == 4)
    #expect(layout.tensors.count == 8)
    #expect(layout["base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"]?.shape == [2, 10])
    #expect(layout["base_model.model.model.layers.0.mlp.down_proj.lora_B.weight"]?.shape == [6, 2])
    #expect(layout["base_model.model.lm_head.lora_B.weight"]?.shape == [11, 2])
  }

  @Test func `what makes no model is an error that names the value`() {
    func make(_ change: (inout (Int, Int, Int, Int)) -> Void) throws -> ModelConfiguration {
      var sizes = (12, 3, 3, 4)
      change(&sizes)
      return try ModelConfiguration(
        vocabularySize: 5, hiddenSize: sizes.0, intermediateSize: 8, layerCount: 1, headCount: sizes.1,
        keyValueHeadCount: sizes.2, headDimension: sizes.3, contextLength: 8)
    }
    #expect(throws: ModelConfigurationError.count("hidden size", 0)) { try make { $0.0 = 0 } }
    #expect(throws: ModelConfigurationError.headsNotShared(heads: 3, keyValueHeads: 2)) { try make { $0.2 = 2 } }
    #expect(throws: ModelConfigurationError.headDimensionOdd(3)) { try make { $0.3 = 3 } }
    #expect(throws: ModelConfigurationError.noAdapterTargets) {
      try LoRAConfiguration(rank: 1, alpha: 1, targets: [])
    }
    #expect(throws: ModelConfigurationError.dropout(1)) {
      try LoRAConfiguration(rank: 1, alpha: 1, dropout: 1, targets: [.q])
    }
  }
}
