extension Architecture {
  /// Llama 2, 3 and 3.2.
  static let llama = Architecture(
    name: "llama", className: "LlamaForCausalLM", baseClassName: "LlamaModel", hasQKVBias: false,
    defaultKeyValueHeadCount: nil, defaultContextLength: 2048,
    defaultSpecialTokens: SpecialTokens(begin: 1, end: [2]),
    refusedSwitches: [
      ("attention_bias", "Llama's linear layers must have no bias"),
      ("mlp_bias", "Llama's linear layers must have no bias"),
    ])
}
