import Checkpoints
import Core
import FileFormats
import PropertyTesting
import TestSupport
import Testing
import Transformer

private let plain: JSON = [
  "peft_type": "LORA", "r": 4, "lora_alpha": 16, "lora_dropout": 0.25, "target_modules": ["q_proj", "down_proj"],
  "bias": "none", "base_model_name_or_path": "some/model", "task_type": "CAUSAL_LM",
]

private func read(_ json: JSON) throws -> AdapterConfigurationFile {
  try AdapterConfigurationFile(parsing: json.bytes())
}

/// Any set of targets, a rank, a scale.
private let adapters: Gen<LoRAConfiguration?> = zip(
  Gen.int(in: 1...255), Gen.int(in: 1...5), Gen.logUniform(in: 0.1...64), Gen.double(in: 0...0.9)
).map { targets, rank, alpha, dropout in
  let all = LoRAConfiguration.Target.allCases
  return try? LoRAConfiguration(
    rank: rank, alpha: alpha, dropout: dropout,
    targets: Set(all.indices.filter { targets >> $0 & 1 == 1 }.map { all[$0] }))
}

@Suite struct AdapterFolderTests {
  @Test func `an adapter_config is read`() throws {
    let file = try read(plain)
    #expect(file.adapter == (try LoRAConfiguration(rank: 4, alpha: 16, dropout: 0.25, targets: [.q, .down])))
    #expect(file.baseModel == "some/model")
    let all = try read(changed(plain, "target_modules", "all-linear")).adapter
    #expect(all.targets == [.q, .k, .v, .o, .gate, .up, .down])
    let defaults = try read(["peft_type": "LORA", "target_modules": ["v_proj"]]).adapter
    #expect(defaults == (try LoRAConfiguration(rank: 8, alpha: 8, targets: [.v])))
  }

  @Test func `settings that would change the numbers are refused by their key`() throws {
    for (key, value) in [
      ("use_dora", true), ("fan_in_fan_out", true), ("modules_to_save", ["lm_head"]),
      ("alpha_pattern", ["q_proj": 3]), ("rank_pattern", ["q_proj": 3]), ("bias", "all"), ("peft_type", "IA3"),
      ("target_modules", ".*embed_tokens"), ("target_modules", ["q_proj", "embed_tokens"]),
      ("target_modules", ".*"), ("target_modules", "q_proj"), ("target_modules", #"(.)\1"#), ("layers_pattern", "h"),
      ("target_modules", ".*(q_proj"), ("target_modules", ["q_proj", "c_attn"]), ("target_modules", ["self_attn"]),
      ("init_lora_weights", "pissa"), ("init_lora_weights", 3), ("lora_bias", true), ("use_something_new", 1),
    ] as [(String, JSON)] {
      guard case .unsupported("adapter_config.json", key, _) = checkpointError({ try read(changed(plain, key, value)) })
      else {
        Issue.record("\(key) was not refused")
        continue
      }
    }
    for (key, value) in [
      ("r", 4.5), ("lora_alpha", "16"), ("lora_dropout", false), ("target_modules", 3), ("target_modules", [3]),
      ("target_modules", .null), ("peft_type", .null), ("base_model_name_or_path", 7),
    ] as [(String, JSON)] {
      guard case .field("adapter_config.json", key, _) = checkpointError({ try read(changed(plain, key, value)) })
      else {
        Issue.record("\(key) was not refused")
        continue
      }
    }
    for (key, value) in [
      ("r", 0), ("r", .integer(.max)), ("lora_alpha", 0), ("lora_alpha", .decimal("1e999")), ("lora_dropout", 1),
      ("target_modules", []),
    ] as [(String, JSON)] {
      guard case .configuration = checkpointError({ try read(changed(plain, key, value)) }) else {
        Issue.record("\(key) was not refused")
        continue
      }
    }
    let harmless = changed(changed(plain, "init_lora_weights", "gaussian"), "use_something_new", .object([]))
    #expect(try read(harmless).adapter == read(plain).adapter)
  }

  /// alpha / sqrt(r), which PEFT calls rank-stabilised: of rank 4 and alpha 16 the scale is 8.
  @Test func `rsLoRA's scale is alpha over the root of the rank`() throws {
    #expect(try read(changed(plain, "use_rslora", true)).adapter.scale == 8)
    #expect(try read(changed(plain, "use_rslora", false)).adapter.scale == 4)
    let three = changed(changed(plain, "r", 3), "use_rslora", true)
    #expect(abs(try read(three).adapter.scale - 16 / 3.0.squareRoot()) <= 16 * 0x1p-52)
  }

  /// By PEFT's rules: a name in a list is a module's own or the end of it after a point, and a text must match all of
  /// it.
  @Test func `modules are named by lists of full names and by patterns`() throws {
    typealias Targets = Set<LoRAConfiguration.Target>
    let cases: [(JSON, Targets)] = [
      (["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"], [.q]),
      (["self_attn.q_proj", "layers.0.mlp.up_proj", "layers.1.mlp.up_proj", "lm_head"], [.q, .up, .head]),
      (#".*\.self_attn\.(q|v)_proj"#, [.q, .v]), (#"model\.layers\.\d+\.mlp\..*_proj"#, [.gate, .up, .down]),
      (#"^(?!lm_head)(?:.*?\.){3,4}(?P<x>[a-f]own|[^a-np-z])_proj$"#, [.o, .down]),
      (#".*[kv]_proj|lm_head"#, [.k, .v, .head]),
      (#"model\.layers\.[0-9]{1,2}\.self_attn\.k.+"#, [.k]), (#"(a*)*(.*)*(.*)*o_proj"#, [.o]),
    ]
    for (value, targets) in cases {
      let json = changed(plain, "target_modules", value)
      #expect(try read(json).adapter.targets == targets, "\(value)")
      #expect(try folderError(json, layers: 2) == nil, "\(value)")
    }
    #expect(try folderError(changed(plain, "layers_to_transform", [1, 0]), layers: 2) == nil)
    // The engine has no adapter of a part of the layers.
    for (json, key) in [
      (changed(plain, "target_modules", ["model.layers.1.self_attn.q_proj"]), "target_modules"),
      (changed(plain, "target_modules", #".*\.0\.self_attn\.q_proj"#), "target_modules"),
      (changed(plain, "layers_to_transform", [0]), "layers_to_transform"),
      (changed(plain, "layers_to_transform", 1), "layers_to_transform"),
    ] {
      guard case .unsupported(_, key, let reason) = try folderError(json, layers: 2) else {
        Issue.record("\(json.text(.compact)) was not refused")
        continue
      }
      #expect(reason.contains("model.layers.0.self_attn.q_proj") && reason.contains("model.layers.1.self_attn.q_proj"))
    }
  }

  /// The error of loading an adapter of this file's targets for a model of so many layers.
  private func folderError(_ json: JSON, layers: Int) throws -> CheckpointError? {
    let directory = try TemporaryDirectory()
    let model = try smallModel(layers: layers)
    let adapter = try read(json).adapter
    try AdapterFolder.save(adapter, .random(ParameterLayout(model, adapter)), to: directory.file("a"))
    try place(json.bytes(), at: directory.file("a/adapter_config.json"))
    return checkpointError { try AdapterFolder(path: directory.file("a")).loadParameters(for: model) }
  }

  @Test func `saving and loading is the identity, bit for bit`() {
    checkProperty("save and load", count: 60, zip(models, adapters)) { model, adapter in
      let (model, adapter) = (try #require(model), try #require(adapter))
      let directory = try TemporaryDirectory()
      let parameters = Parameters.random(ParameterLayout(model, adapter))
      try AdapterFolder.save(adapter, parameters, to: directory.file("a"), baseModel: "x/y")
      let folder = try AdapterFolder(path: directory.file("a"))
      try ensure(folder.adapter == adapter && folder.baseModel == "x/y", "another adapter")
      return try folder.loadParameters(for: model).bits == parameters.bits
        && directory.names("a") == ["adapter_config.json", "adapter_model.safetensors"]
    }
  }

  @Test func `matrices that do not fit are named`() throws {
    let directory = try TemporaryDirectory()
    let model = try smallModel()
    let adapter = try LoRAConfiguration(rank: 2, alpha: 4, targets: [.q, .head])
    let parameters = Parameters.random(ParameterLayout(model, adapter))
    let path = directory.file("a/adapter_model.safetensors")
    let base = Parameters.random(ParameterLayout(model))
    func error(
      base: Parameters? = nil, _ change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void
    ) throws -> CheckpointError? {
      try AdapterFolder.save(adapter, parameters, to: directory.file("a"))
      try SafetensorsWriter.write(tensors: tensors(parameters, change), to: path)
      return checkpointError { try AdapterFolder(path: directory.file("a")).loadParameters(for: model, base: base) }
    }
    #expect(try error { _ in } == nil)
    let a = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    #expect(
      try error { $0.removeAll { $0.name == a } } == .missingTensor(file: path, tensor: a, expected: [2, 8]))
    #expect(
      try error { all in for index in all.indices where all[index].name == a { all[index].shape = [8, 2] } }
        == .shape(file: path, tensor: a, expected: [2, 8], found: [8, 2]))
    let k = "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight"
    #expect(
      try error { $0.append((k, [1], [0])) } == .unexpectedTensor(file: path, tensor: k, found: [1]))
    // PEFT's copy of the head is accepted where it changes nothing.
    let head = "base_model.model.lm_head.base_layer.weight"
    let copy = Array(try #require(base["lm_head.weight"]))
    #expect(try error(base: base) { $0.append((head, [7, 8], copy)) } == nil)
    #expect(
      try error { $0.append((head, [7, 8], copy)) } == .unexpectedTensor(file: path, tensor: head, found: [7, 8]))
    #expect(
      try error(base: base) { $0.append((head, [7, 8], copy.map { -$0 })) }
        == .unequalCopy(file: path, tensor: head, original: "lm_head.weight"))
    _ = run("mv '\(path)' '\(directory.file("a/adapter_model.bin"))'")
    guard case .noWeights = checkpointError({ try AdapterFolder(path: directory.file("a")) }) else {
      Issue.record("a pickled adapter was not refused")
      return
    }
  }

  @Test func `merging adds the scaled product to every target and to nothing else`() {
    checkProperty("merge", count: 60, zip(models, adapters)) { model, adapter in
      let (model, adapter) = (try #require(model), try #require(adapter))
      let matrices = Parameters.random(ParameterLayout(model, adapter), seed: 2)
      let original = Parameters.random(ParameterLayout(model))
      let (one, many) = (Parameters(copying: original), Parameters(copying: original))
      if adapter.targets.contains(.head) && model.tiesEmbeddings {
        try ensure(
          checkpointError { try adapter.merge(matrices, into: one, of: model) } == .tiedHead, "no error")
        return one.bits == original.bits
      }
      try adapter.merge(matrices, into: one, of: model, workers: .one)
      try adapter.merge(matrices, into: many, of: model, workers: Workers(count: 3))
      try ensure(one.bits == many.bits, "the bits depend on the workers")
      for tensor in original.layout.tensors {
        let (before, after) = (original.elements(of: tensor), one.elements(of: tensor))
        let module = "base_model.model.\(tensor.name.dropLast(".weight".count))"
        guard let a = matrices["\(module).lora_A.weight"], let b = matrices["\(module).lora_B.weight"] else {
          try ensure(before.elementsEqual(after), "\(tensor.name) was changed")
          continue
        }
        let (rank, columns) = (adapter.rank, tensor.shape[1])
        for index in before.indices {
          let product = (0..<rank).reduce(0.0) {
            $0 + Double(b[index / columns * rank + $1]) * Double(a[$1 * columns + index % columns])
          }
          let expected = Double(before[index]) + adapter.alpha / Double(rank) * product
          let bound = 1e-6 * (1 + adapter.alpha / Double(rank) * Double(rank))
          try ensure(abs(Double(after[index]) - expected) <= bound, "\(tensor.name)[\(index)]")
        }
      }
      return true
    }
  }
}
