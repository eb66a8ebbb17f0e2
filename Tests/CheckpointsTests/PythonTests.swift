import Checkpoints
import FileFormats
import TestSupport
import Testing
import Transformer

/// Checkpoints exchanged with transformers and PEFT in both directions, and the numbers that all compute from them.
@Suite struct PythonTests {
  private static let tokens = [5, 17, 3, 3, 29, 0, 11, 30, 8, 2]

  /// Writes models `a` to `e` (with `x/logits.safetensors`) and an adapter of each, of which `d` is stored in shards.
  private static let make = """
    import sys, torch, peft, transformers
    transformers.logging.disable_progress_bar()
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config
    torch.manual_seed(3)
    root, ids = sys.argv[1], torch.tensor([[int(t) for t in sys.argv[2].split(",")]])
    common = dict(vocab_size=31, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
                  max_position_embeddings=64)
    llama3 = dict(rope_type="llama3", rope_theta=5e5, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                  original_max_position_embeddings=16)
    configs = dict(
        a=LlamaConfig(**common, num_key_value_heads=2, rms_norm_eps=1e-5),
        b=LlamaConfig(**common, num_key_value_heads=1, head_dim=10, rope_parameters=llama3, tie_word_embeddings=True),
        c=Qwen2Config(**common, num_key_value_heads=2, tie_word_embeddings=True,
                      rope_parameters=dict(rope_type="default", rope_theta=1e6)),
        d=Qwen2Config(**common, num_key_value_heads=4), e=LlamaConfig(**common))
    targets = dict(a=["q_proj", "v_proj"], b="all-linear", c=["k_proj", "o_proj", "gate_proj"],
                   d=["down_proj", "lm_head"], e=["up_proj"])
    for name, config in configs.items():
        model = AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            for p in model.parameters():
                p.add_(0.2 * torch.randn_like(p))
        if name == "e":
            model = model.to(torch.float16)
        model.save_pretrained(f"{root}/{name}", **(dict(max_shard_size="20KB") if name == "d" else {}))
        # Converted instead, the rotary frequencies would have been rounded too.
        model = AutoModelForCausalLM.from_pretrained(f"{root}/{name}", dtype=torch.float32).eval()
        with torch.no_grad():
            plain = model(ids).logits[0]
        lora = peft.get_peft_model(model, peft.LoraConfig(r=3, lora_alpha=6, target_modules=targets[name])).eval()
        with torch.no_grad():
            for key, p in lora.named_parameters():
                if "lora_" in key:
                    p.copy_(0.3 * torch.randn_like(p))
            adapted = lora(ids).logits[0]
        lora.save_pretrained(f"{root}/{name}-adapter")
        save_file(dict(plain=plain, adapted=adapted), f"{root}/{name}-logits.safetensors")
    """

  /// Compares what was saved here with the same numbers in transformers and PEFT.
  private static let compare = """
    import os, sys, torch, peft, transformers
    transformers.logging.disable_progress_bar()
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM
    root, ids = sys.argv[1], torch.tensor([[int(t) for t in sys.argv[2].split(",")]])
    def logits(model):
        with torch.no_grad():
            return model.to(torch.float32).eval()(ids).logits[0]
    def load(path, dtype=torch.float32):
        model, info = AutoModelForCausalLM.from_pretrained(path, output_loading_info=True)
        assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
        assert model.dtype == dtype, model.dtype
        return model
    for name in "abcde":
        expected = load_file(f"{root}/{name}-logits.safetensors")
        assert torch.equal(logits(load(f"{root}/{name}-saved")), expected["plain"]), name
        brain = load(f"{root}/{name}-bf16", torch.bfloat16)
        for key, p in AutoModelForCausalLM.from_pretrained(f"{root}/{name}", dtype=torch.float32).state_dict().items():
            assert torch.equal(p.to(torch.bfloat16), brain.state_dict()[key]), (name, key)
        lora = peft.PeftModel.from_pretrained(load(f"{root}/{name}-saved"), f"{root}/{name}-adapter-saved")
        assert torch.equal(logits(lora), expected["adapted"]), name
        if os.path.exists(f"{root}/{name}-merged"):
            merged = logits(load(f"{root}/{name}-merged"))
            error = ((merged - expected["adapted"]).abs().max() / expected["adapted"].abs().max()).item()
            assert error < 1e-5, (name, error)
    print("compared")
    """

  @Test(.enabled(if: hasTransformersAndPEFT, "Python has no torch, transformers, peft or safetensors"))
  func `transformers and PEFT read what is written here and the other way round`() throws {
    let directory = try TemporaryDirectory()
    let ids = Self.tokens.map(String.init).joined(separator: ",")
    func python(_ script: String) throws {
      let file = directory.file("script.py")
      try place(script, at: file)
      let (status, output) = run("OMP_NUM_THREADS=1 python3 '\(file)' '\(directory.path)' \(ids)")
      try #require(status == 0, "\(output.suffix(3000))")
    }
    try python(Self.make)
    for name in ["a", "b", "c", "d", "e"] {
      let folder = try ModelFolder(path: directory.file(name))
      let model = folder.model
      let parameters = try folder.loadParameters()
      #expect(directory.names(name).contains("model.safetensors.index.json") == (name == "d"))
      let expected = try SafetensorsFile(path: directory.file("\(name)-logits.safetensors"))
      func check(_ parameters: Parameters, _ key: String) throws {
        let logits = PlainForward(model, parameters).logits(Self.tokens).flatMap(\.self)
        let values = try expected.readFloat64(key).values
        let scale = values.map(abs).max() ?? 1
        #expect(logits.count == values.count)
        let error = zip(logits, values).map { abs($0 - $1) }.max() ?? 1
        #expect(error < 1e-5 * scale, "\(name), \(key)")
      }
      try check(parameters, "plain")
      try ModelFolder.save(model, parameters, to: directory.file("\(name)-saved"), source: folder.path)
      try ModelFolder.save(
        model, parameters, to: directory.file("\(name)-bf16"), format: .bfloat16, source: folder.path)
      let adapterFolder = try AdapterFolder(path: directory.file("\(name)-adapter"))
      let adapter = adapterFolder.adapter
      #expect(adapter.rank == 3 && adapter.alpha == 6)
      let matrices = try adapterFolder.loadParameters(for: model, base: parameters)
      try AdapterFolder.save(adapter, matrices, to: directory.file("\(name)-adapter-saved"))
      try adapter.merge(matrices, into: parameters, of: model)
      try check(parameters, "adapted")
      try ModelFolder.save(model, parameters, to: directory.file("\(name)-merged"), source: folder.path)
    }
    try python(Self.compare)
  }
}
