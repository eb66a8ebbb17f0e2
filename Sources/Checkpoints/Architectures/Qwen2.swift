extension Architecture {
  /// Qwen2 and Qwen2.5: Llama with biases of q, k and v.
  static let qwen2 = Architecture(
    name: "qwen2", className: "Qwen2ForCausalLM", baseClassName: "Qwen2Model", hasQKVBias: true,
    defaultKeyValueHeadCount: 32, defaultContextLength: 32_768, defaultSpecialTokens: SpecialTokens(),
    refusedSwitches: [("use_sliding_window", "every layer must attend to the whole sequence")])
}
