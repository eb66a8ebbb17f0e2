import Checkpoints
import Core
import FileFormats
import PropertyTesting
import TestSupport
import Testing
import Transformer

/// A model with an embedding of these numbers, and its folder's tensors in which the embedding has this form.
private func folder(
  _ directory: TemporaryDirectory, embedding: [UInt16], dtype: SafetensorsDType
) throws -> ModelFolder {
  let model = try ModelConfiguration(
    vocabularySize: embedding.count / 2, hiddenSize: 2, intermediateSize: 1, layerCount: 1, headCount: 1,
    contextLength: 8, tiesEmbeddings: true)
  let stored = SafetensorsTensor(
    name: "model.embed_tokens.weight", dtype: dtype, shape: [model.vocabularySize, 2]
  ) { writer in
    try writer.write(embedding.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
  }
  let others = tensors(Parameters(layout: ParameterLayout(model))).filter { $0.name != stored.name }
  try makeFolder(directory.file("m"), model, tensors: others + [stored])
  return try ModelFolder(path: directory.file("m"))
}

@Suite struct ModelFolderTests {
  @Test func `saving and loading is the identity, bit for bit`() {
    checkProperty("save and load", count: 60, zip(models, Gen.int(in: 0...1_000_000))) { model, seed in
      let model = try #require(model)
      let directory = try TemporaryDirectory()
      let parameters = Parameters.random(ParameterLayout(model), seed: UInt64(seed))
      let special: [UInt32] = [0x8000_0000, 1, 0x7F80_0001, 0xFFC1_2345, 0x7F80_0000, 0x0080_0000]
      for (index, bits) in special.prefix(model.hiddenSize).enumerated() {
        parameters["model.norm.weight"]?[index] = Float(bitPattern: bits)
      }
      try ModelFolder.save(model, parameters, to: directory.file("new/m"))
      let folder = try ModelFolder(path: directory.file("new/m"))
      try ensure(folder.model == model, "another model")
      let copy = try folder.loadParameters(workers: Workers(count: 1 + seed % 3))
      return copy.bits == parameters.bits && directory.names("new/m") == ["config.json", "model.safetensors"]
    }
  }

  @Test func `BF16 is the nearest number, ties to even`() throws {
    let directory = try TemporaryDirectory()
    let model = try smallModel(vocabulary: 40_000)
    let parameters = Parameters.random(ParameterLayout(model))
    let head = try #require(parameters["lm_head.weight"])
    var random = SplitMix64(seed: 5)
    for index in head.indices { head[index] = Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
    let cases: [(Float, UInt32)] = [
      // Ties go to the even neighbour, their own neighbours to the nearer one.
      (Float(bitPattern: 0x3F80_8000), 0x3F80_0000), (Float(bitPattern: 0x3F81_8000), 0x3F82_0000),
      (Float(bitPattern: 0x3F80_8001), 0x3F81_0000), (Float(bitPattern: 0x3F81_7FFF), 0x3F81_0000),
      (-0.0, 0x8000_0000), (.greatestFiniteMagnitude, 0x7F80_0000), (.infinity, 0x7F80_0000),
      (Float(bitPattern: 0x0000_8000), 0), (Float(bitPattern: 0x0001_8000), 0x0002_0000),
      (Float(bitPattern: 0x7F80_0001), 0x7FC0_0000), (Float(bitPattern: 0xFFFF_FFFF), 0xFFFF_0000),
    ]
    for (index, (number, _)) in cases.enumerated() { head[index] = number }
    for workers in [Workers.one, Workers(count: 3)] {
      try ModelFolder.save(model, parameters, to: directory.file("m"), format: .bfloat16, workers: workers)
      let copy = try ModelFolder(path: directory.file("m")).loadParameters(workers: workers)
      let rounded = try #require(copy["lm_head.weight"])
      for (index, (_, bits)) in cases.enumerated() { #expect(rounded[index].bitPattern == bits) }
      var wrong = 0
      for index in head.indices where head[index].isFinite && rounded[index].isFinite {
        let number = Double(head[index])
        let others = [rounded[index].bitPattern &- 0x1_0000, rounded[index].bitPattern &+ 0x1_0000].map {
          abs(Double(Float(bitPattern: $0)) - number)
        }
        let error = abs(Double(rounded[index]) - number)
        if others.contains(where: { $0 < error }) || rounded[index].bitPattern & 0xFFFF != 0 { wrong += 1 }
      }
      #expect(wrong == 0)
      #expect(zip(head, rounded).allSatisfy { $0.isNaN == $1.isNaN })
      // What is BF16 already stays.
      try ModelFolder.save(model, copy, to: directory.file("again"), format: .bfloat16)
      let again = try ModelFolder(path: directory.file("again")).loadParameters()
      #expect(again.bits == copy.bits)
    }
    let json = try JSON(parsing: InputFile.bytes(of: directory.file("m/config.json")))
    #expect(json["torch_dtype"] == "bfloat16")
  }

  @Test func `every F16 and every BF16 number is read exactly`() throws {
    let all = (0...UInt16.max).map { $0 }
    let directory = try TemporaryDirectory()
    let halves = try folder(directory, embedding: all, dtype: .f16).loadParameters()
    let brains = try folder(directory, embedding: all, dtype: .bf16).loadParameters()
    let (half, brain) = (
      try #require(halves["model.embed_tokens.weight"]), try #require(brains["model.embed_tokens.weight"])
    )
    for bits in all {
      let expected = Float(Float16(bitPattern: bits))
      if expected.isNaN {
        // The payload is kept, and so is its place below the sign.
        #expect(half[Int(bits)].isNaN)
        #expect(half[Int(bits)].bitPattern >> 13 & 0x3FF == UInt32(bits & 0x3FF))
      } else {
        #expect(half[Int(bits)].bitPattern == expected.bitPattern)
      }
      #expect(brain[Int(bits)].bitPattern == UInt32(bits) << 16)
    }
  }

  @Test func `large tensors are read in pieces alike on any number of workers`() throws {
    let directory = try TemporaryDirectory()
    // More than two pieces, and an odd rest.
    let numbers = (0..<400_002).map { UInt16(truncatingIfNeeded: $0 &* 40_503) & 0x7BFF }
    for dtype in [SafetensorsDType.f16, .bf16] {
      let folder = try folder(directory, embedding: numbers, dtype: dtype)
      let one = try folder.loadParameters(workers: .one)
      #expect(try folder.loadParameters(workers: Workers(count: 4)).bits == one.bits)
      let last = try #require(one["model.embed_tokens.weight"]?.last)
      let bits = numbers[numbers.count - 1]
      #expect(last == (dtype == .f16 ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16)))
    }
  }

  @Test func `a tied head may be stored when it equals the embedding`() throws {
    let directory = try TemporaryDirectory()
    let model = try smallModel(isTied: true)
    let parameters = Parameters.random(ParameterLayout(model))
    func load(_ change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void) throws -> Parameters {
      try makeFolder(directory.file("m"), model, tensors: tensors(parameters, change))
      return try ModelFolder(path: directory.file("m")).loadParameters()
    }
    let embedding = Array(try #require(parameters["model.embed_tokens.weight"]))
    let same = try load {
      $0.append(("lm_head.weight", [7, 8], embedding))
      $0.append(("model.layers.0.self_attn.rotary_emb.inv_freq", [3], [1, 2, 3]))
      $0.append(("model.rotary_emb.inv_freq", [3], [1, 2, 3]))
    }
    #expect(same.bits == parameters.bits)
    // Only the head is stored.
    let renamed = try load { $0[0].name = "lm_head.weight" }
    #expect(renamed.bits == parameters.bits)
    let path = directory.file("m/model.safetensors")
    var other = embedding
    other[55] = other[55].nextUp
    #expect(
      checkpointError { try load { $0.append(("lm_head.weight", [7, 8], other)) } }
        == .unequalCopy(file: path, tensor: "lm_head.weight", original: "model.embed_tokens.weight"))
    #expect(
      checkpointError { try load { $0.append(("lm_head.weight", [8, 7], embedding)) } }
        == .shape(file: path, tensor: "lm_head.weight", expected: [7, 8], found: [8, 7]))
  }

  @Test func `tensors that do not fit are named with file and shapes`() throws {
    let directory = try TemporaryDirectory()
    let model = try smallModel(hasBias: true)
    let parameters = Parameters.random(ParameterLayout(model))
    let path = directory.file("m/model.safetensors")
    func error(_ change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void) throws -> CheckpointError? {
      try makeFolder(directory.file("m"), model, tensors: tensors(parameters, change))
      return checkpointError { try ModelFolder(path: directory.file("m")) }
    }
    #expect(try error { _ in } == nil)
    for tensor in parameters.layout.tensors {
      #expect(
        try error { $0.removeAll { $0.name == tensor.name } }
          == .missingTensor(file: path, tensor: tensor.name, expected: tensor.shape))
    }
    let q = "model.layers.1.self_attn.q_proj.weight"
    #expect(
      try error { all in
        for index in all.indices where all[index].name == q { all[index].shape = [8, 24] }
      } == .shape(file: path, tensor: q, expected: [24, 8], found: [8, 24]))
    #expect(
      try error { $0.append(("model.layers.2.mlp.up_proj.weight", [1], [0])) }
        == .unexpectedTensor(file: path, tensor: "model.layers.2.mlp.up_proj.weight", found: [1]))
    // The embedding was padded and the configuration was not.
    #expect(
      try error { $0[0] = ($0[0].name, [16, 8], Array(repeating: 0, count: 128)) }
        == .vocabulary(file: path, tensor: "model.embed_tokens.weight", configured: 7, found: 16))
    let name = "model.norm.weight"
    let doubles = SafetensorsTensor(name: name, shape: [8], values: [Double](repeating: 1, count: 8))
    try makeFolder(directory.file("m"), model, tensors: tensors(parameters).filter { $0.name != name } + [doubles])
    #expect(
      checkpointError { try ModelFolder(path: directory.file("m")) } == .dtype(file: path, tensor: name, found: "F64"))
    // A configuration of many layers is refused before anything is made for them.
    let many = changed(
      ModelConfigurationFile.json(for: model, format: .float32, specialTokens: SpecialTokens()), "num_hidden_layers",
      65_536)
    try AtomicFile.write(many.text(), to: directory.file("m/config.json"))
    #expect(
      checkpointError { try ModelFolder(path: directory.file("m")) }
        == .missingTensor(file: path, tensor: "model.layers.65535.input_layernorm.weight", expected: [8]))
  }

  @Test func `folders without weights, and truncated files, are refused`() throws {
    let directory = try TemporaryDirectory()
    let model = try smallModel()
    let path = directory.file("m")
    guard case .file = checkpointError({ try ModelFolder(path: path) }) else {
      Issue.record("a missing folder was not refused")
      return
    }
    try makeFolder(path, model, tensors: tensors(Parameters.random(ParameterLayout(model))))
    let whole = try InputFile.bytes(of: "\(path)/model.safetensors")
    for count in [0, 7, 100, whole.count - 1] {
      try place(Array(whole[..<count]), at: "\(path)/model.safetensors")
      guard case .safetensors = checkpointError({ try ModelFolder(path: path) }) else {
        Issue.record("\(count) of \(whole.count) bytes were not refused")
        continue
      }
    }
    _ = run("rm '\(path)/model.safetensors'; touch '\(path)/pytorch_model.bin'")
    let error = checkpointError { try ModelFolder(path: path) }
    guard case .noWeights(path, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("safe_serialization") == true)
  }

  @Test func `saving copies the tokenizer's files and keeps what it does not know`() throws {
    let directory = try TemporaryDirectory()
    let model = try smallModel()
    let parameters = Parameters.random(ParameterLayout(model))
    let (source, target) = (directory.file("source"), directory.file("target"))
    try ModelFolder.save(model, parameters, to: source)
    let config = try JSON(parsing: InputFile.bytes(of: "\(source)/config.json"))
    let own = changed(changed(config, "initializer_range", 0.25), "eos_token_id", 3)
    try AtomicFile.write(own.text(), to: "\(source)/config.json")
    let large = (0..<700_000).map { UInt8(truncatingIfNeeded: $0) }
    try place(large, at: "\(source)/tokenizer.json")
    try place("merges", at: "\(source)/merges.txt")
    try place("{\"eos_token_id\": [4, 5], \"top_k\": 3}", at: "\(source)/generation_config.json")
    try place("mine", at: "\(source)/notes.txt")
    try ModelFolder.save(model, parameters, to: target, source: source)
    #expect(
      directory.names("target") == [
        "config.json", "generation_config.json", "merges.txt", "model.safetensors", "tokenizer.json",
      ])
    #expect(try InputFile.bytes(of: "\(target)/tokenizer.json") == large)
    let folder = try ModelFolder(path: target)
    #expect(folder.configuration.json["initializer_range"] == 0.25)
    #expect(folder.configuration.specialTokens == SpecialTokens(end: [3]))
    #expect(folder.specialTokens == SpecialTokens(end: [4, 5]))
    let tokens = SpecialTokens(begin: 1, end: [6], padding: 0)
    try ModelFolder.save(model, parameters, to: directory.file("own"), source: source, specialTokens: tokens)
    #expect(try ModelFolder(path: directory.file("own")).configuration.specialTokens == tokens)
    // Onto itself.
    try ModelFolder.save(model, parameters, to: source, source: source)
    #expect(try InputFile.bytes(of: "\(source)/tokenizer.json") == large)
    #expect(directory.names("source").contains("notes.txt"))
    let before = try InputFile.bytes(of: "\(target)/config.json")
    _ = run("rm '\(target)/model.safetensors'; mkdir '\(target)/model.safetensors'")
    guard case .file = checkpointError({ try ModelFolder.save(model, parameters, to: target) }) else {
      Issue.record("a directory in the place of the weights was not refused")
      return
    }
    #expect(try InputFile.bytes(of: "\(target)/config.json") == before)
    #expect(!directory.names("target").contains { $0.hasSuffix(".tmp") })
  }
}
