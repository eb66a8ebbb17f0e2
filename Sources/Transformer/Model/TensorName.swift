/// The names of a model's tensors, as Hugging Face checkpoints have them, and of an adapter's, as PEFT has them.
///
/// Llama, Qwen2 and their kin share these; they stand here and nowhere else.
public enum TensorName {
  /// The table of the tokens' vectors, [V, C].
  public static let embedding = "model.embed_tokens.weight"
  /// The weight of the norm after the last layer, [C].
  public static let finalNorm = "model.norm.weight"
  /// The head, [V, C].
  public static let head = "lm_head.weight"
  /// What all names but the head's begin with; a model without a head may be stored without it.
  public static let prefix = "model."

  /// The weight of the norm before a layer's attention, [C].
  public static func attentionNorm(_ layer: Int) -> String { "\(self.layer(layer)).input_layernorm.weight" }

  /// The weight of the norm before a layer's MLP, [C].
  public static func mlpNorm(_ layer: Int) -> String { "\(self.layer(layer)).post_attention_layernorm.weight" }

  /// The weight of a linear layer, [out, in]; the number of its layer does not matter for the head.
  public static func weight(_ target: LoRAConfiguration.Target, _ layer: Int) -> String {
    module(target, layer) + ".weight"
  }

  /// The bias of a linear layer, [out].
  public static func bias(_ target: LoRAConfiguration.Target, _ layer: Int) -> String {
    module(target, layer) + ".bias"
  }

  /// An adapter's A for a linear layer, [r, in].
  public static func loraA(_ target: LoRAConfiguration.Target, _ layer: Int) -> String {
    "base_model.model.\(module(target, layer)).lora_A.weight"
  }

  /// An adapter's B for a linear layer, [out, r].
  public static func loraB(_ target: LoRAConfiguration.Target, _ layer: Int) -> String {
    "base_model.model.\(module(target, layer)).lora_B.weight"
  }

  /// The module that a linear layer is.
  public static func module(_ target: LoRAConfiguration.Target, _ layer: Int) -> String {
    switch target {
    case .q, .k, .v, .o: "\(self.layer(layer)).self_attn.\(target.moduleName)"
    case .gate, .up, .down: "\(self.layer(layer)).mlp.\(target.moduleName)"
    case .head: target.moduleName
    }
  }

  /// The module that a layer is.
  public static func layer(_ layer: Int) -> String { "model.layers.\(layer)" }

  /// The modules of the whole model and of one layer that are no linear layers.
  public static let outerModules = ["model", "model.embed_tokens", "model.layers", "model.norm", "model.rotary_emb"]
  /// What follows a layer's name in the names of its modules that are no linear layers.
  public static let layerModules = [
    "", ".self_attn", ".mlp", ".mlp.act_fn", ".input_layernorm", ".post_attention_layernorm",
  ]
}
