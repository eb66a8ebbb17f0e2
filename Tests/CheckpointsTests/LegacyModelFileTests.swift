import Checkpoints
import FileFormats
import Glibc
import PropertyTesting
import TestSupport
import Testing
import Transformer

/// A legacy checkpoint made of random numbers, with its matrices by their Hugging Face names but not permuted.
private struct Legacy {
  var header: [Int32]
  var bytes: [UInt8] = []
  var matrices: [String: [Double]] = [:]

  init(isTied: Bool, hasTables: Bool) {
    let (c, f, layers, heads, groups, vocabulary, length) = (12, 10, 2, 3, 1, 9, 16)
    let d = c / heads
    header = [c, f, layers, heads, groups, isTied ? vocabulary : -vocabulary, length].map(Int32.init)
    var random = SplitMix64(seed: 3)
    var numbers: [Float] = []
    func add(_ name: String?, _ count: Int) {
      let values = (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &random) }
      numbers += values
      if let name { matrices["\(name).weight"] = values.map(Double.init) }
    }
    func addLayers(_ name: String, _ count: Int) {
      for layer in 0..<layers { add("model.layers.\(layer).\(name)", count) }
    }
    add("model.embed_tokens", vocabulary * c)
    addLayers("input_layernorm", c)
    addLayers("self_attn.q_proj", c * c)
    addLayers("self_attn.k_proj", groups * d * c)
    addLayers("self_attn.v_proj", groups * d * c)
    addLayers("self_attn.o_proj", c * c)
    addLayers("post_attention_layernorm", c)
    addLayers("mlp.gate_proj", f * c)
    addLayers("mlp.down_proj", c * f)
    addLayers("mlp.up_proj", f * c)
    add("model.norm", c)
    if hasTables { add(nil, length * d) }
    if !isTied { add("lm_head", vocabulary * c) }
    for word in header.map(UInt32.init(bitPattern:)) + numbers.map(\.bitPattern) {
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
    }
  }

  mutating func set(_ index: Int, _ value: Int32) {
    let word = UInt32(bitPattern: value)
    for byte in 0..<4 { bytes[4 * index + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte))) }
  }
}

@Suite struct LegacyModelFileTests {
  @Test(arguments: [false, true], [false, true])
  func `an imported model computes what the legacy one does`(isTied: Bool, hasTables: Bool) throws {
    let directory = try TemporaryDirectory()
    let legacy = Legacy(isTied: isTied, hasTables: hasTables)
    try place(legacy.bytes, at: directory.file("a.bin"))
    let file = try LegacyModelFile(path: directory.file("a.bin"))
    let expected = try ModelConfiguration(
      vocabularySize: 9, hiddenSize: 12, intermediateSize: 10, layerCount: 2, headCount: 3, keyValueHeadCount: 1,
      contextLength: 16, normEpsilon: 1e-5, tiesEmbeddings: isTied)
    #expect(file.model == expected)
    let tokens = [3, 1, 4, 1, 5, 8, 2, 6]
    let original = PlainForward(file.model, pairs: .neighbours, tensors: legacy.matrices).logits(tokens)
    let imported = PlainForward(file.model, try file.loadParameters()).logits(tokens)
    for (one, other) in zip(original.joined(), imported.joined()) { #expect(abs(one - other) < 1e-12) }
    // The rotation matters here: read in the other way, the matrices give other numbers.
    let wrong = PlainForward(file.model, pairs: .halves, tensors: legacy.matrices).logits(tokens)
    #expect(zip(original.joined(), wrong.joined()).contains { abs($0 - $1) > 1e-3 })
  }

  @Test func `headers that do not fit the file are refused`() throws {
    let directory = try TemporaryDirectory()
    func error(_ change: (inout Legacy) -> Void) throws -> CheckpointError? {
      var legacy = Legacy(isTied: true, hasTables: true)
      change(&legacy)
      try place(legacy.bytes, at: directory.file("a.bin"))
      return checkpointError { try LegacyModelFile(path: directory.file("a.bin")).loadParameters() }
    }
    #expect(try error { _ in } == nil)
    let changes: [(inout Legacy) -> Void] = [
      { $0.bytes.removeLast() }, { $0.bytes.append(0) }, { $0.bytes.removeLast($0.bytes.count - 27) },
      { $0.set(5, 0) }, { $0.set(5, .min) }, { $0.set(5, -9) }, { $0.set(0, 0x616B_3432) },
    ]
    for (index, change) in changes.enumerated() {
      guard case .legacy = try error(change) else {
        Issue.record("change \(index) was not refused")
        continue
      }
    }
    for index in 0..<7 where index != 5 {
      for value: Int32 in [0, -1, .max, .min] {
        // Each is a typed error; which one depends on the field.
        #expect(try error { $0.set(index, value) } != nil)
      }
    }
  }

  /// 257 tokens through a model of 260,000 parameters take a while in Double, so only the prompt's are.
  @Test(.enabled("the stories260K model is not in PALIMPSEST_DATA or ../shared/data") { storiesFolder != nil })
  func `stories260K has the reference's logits and log probabilities`() throws {
    let folder = try #require(storiesFolder)
    let file = try LegacyModelFile(path: "\(folder)/stories260K.bin")
    let reference = try JSON(parsing: InputFile.bytes(of: "\(folder)/reference_f64.json"))
    func numbers(_ key: String) throws -> [Double] {
      try #require(reference[key]?.elements).compactMap(\.doubleValue)
    }
    let tokens = try numbers("prompt_tokens").map { Int($0) }
    let logits = PlainForward(file.model, try file.loadParameters()).logits(tokens)
    for (position, key) in [(0, "first_position_logits"), (logits.count - 1, "last_position_logits")] {
      let expected = try numbers(key)
      #expect(expected.count == 512)
      for (one, other) in zip(logits[position], expected) { #expect(abs(one - other) < 1e-9) }
    }
    let expected = try numbers("prompt_token_logprobs")
    #expect(expected.count == tokens.count - 1)
    for (position, logProbability) in expected.enumerated() {
      let row = logits[position]
      let top = row.max() ?? 0
      let total = top + log(row.reduce(0) { $0 + exp($1 - top) })
      #expect(abs(row[tokens[position + 1]] - total - logProbability) < 1e-9)
    }
  }
}
