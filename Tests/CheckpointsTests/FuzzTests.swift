import Checkpoints
import Core
import FileFormats
import Glibc
import TestSupport
import Testing
import Transformer

/// Changes that an unlucky disk or a hostile author might make.
private func mutated(_ original: [UInt8], with random: inout SplitMix64) -> [UInt8] {
  let fragments = [
    "18446744073709551616", "-1", "9223372036854775807", "2147483647", "1e999", "1e-999", "0", "NaN", "[", "{", "]",
    "}", ",", "\"", "\\ud800", "null", "true", "\"../x\"", "\"rope_scaling\":{\"rope_type\":\"llama3\"},",
    "\"type\":\"linear\",", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
  ]
  var bytes = original
  for _ in 0..<Int.random(in: 1...3, using: &random) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.insert(contentsOf: Array((fragments.randomElement(using: &random) ?? "").utf8), at: place)
    case 4:
      let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
      bytes.insert(contentsOf: Array(bytes[place..<end]), at: end)
    case 5:
      // A number for another keeps the grammar.
      let digits = bytes.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
      if let digit = digits.randomElement(using: &random) {
        let number = (fragments.prefix(7).randomElement(using: &random) ?? "").utf8
        bytes.replaceSubrange(digit...digit, with: Array(number))
      }
    default:
      let digits = bytes.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
      if let digit = digits.randomElement(using: &random) {
        bytes[digit] = UInt8.random(in: UInt8(ascii: "0")...UInt8(ascii: "9"), using: &random)
      }
    }
  }
  return bytes
}

/// Mutates one file many times; reading must succeed or throw the typed error, and both must happen.
private func fuzz(_ path: String, seed: UInt64, count: Int, _ read: () throws -> Void) throws {
  let original = try InputFile.bytes(of: path)
  var random = SplitMix64(seed: seed)
  var accepted = 0
  for _ in 0..<count {
    try place(mutated(original, with: &random), at: path)
    if checkpointError(read) == nil { accepted += 1 }
  }
  try place(original, at: path)
  #expect(accepted > count / 200, "\(path): \(accepted) of \(count)")
  #expect(accepted < count * 19 / 20, "\(path): \(accepted) of \(count)")
}

/// Each runs in a process that may map 256 MiB: what a hostile number claims cannot be allocated unnoticed.
@Suite struct FuzzTests {
  @Test func `mutated model folders are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let model = try smallModel(isTied: true, hasBias: true)
      let parameters = Parameters.random(ParameterLayout(model))
      try ModelFolder.save(model, parameters, to: directory.file("m"))
      let all = tensors(parameters)
      var map: [JSON.Member] = []
      for (index, part) in [all[..<5], all[5...]].enumerated() {
        try SafetensorsWriter.write(tensors: Array(part), to: directory.file("s/\(index).safetensors"))
        map += part.map { JSON.Member($0.name, .string("\(index).safetensors")) }
      }
      let index: JSON = ["weight_map": .object(map)]
      try AtomicFile.write(index.text(), to: directory.file("s/model.safetensors.index.json"))
      _ = run("cp '\(directory.file("m/config.json"))' '\(directory.file("s"))'")
      try limitAddressSpace(beyondPresent: 256 << 20)
      func read(_ folder: String) throws {
        _ = try ModelFolder(path: directory.file(folder)).loadParameters(workers: .one)
      }
      try fuzz(directory.file("m/config.json"), seed: 1, count: 4000) { try read("m") }
      try fuzz(directory.file("m/model.safetensors"), seed: 2, count: 2000) { try read("m") }
      try fuzz(directory.file("s/model.safetensors.index.json"), seed: 3, count: 3000) { try read("s") }
      try fuzz(directory.file("s/1.safetensors"), seed: 4, count: 1000) { try read("s") }
    }
  }

  @Test func `mutated configurations alone are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let path = directory.file("config.json")
      try place(
        """
        {"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2","vocab_size":64,"hidden_size":32,
        "intermediate_size":48,"num_hidden_layers":3,"num_attention_heads":4,"num_key_value_heads":2,
        "rope_parameters":{"rope_type":"llama3","rope_theta":1e6,"factor":8.0,"low_freq_factor":1.0,
        "high_freq_factor":4.0,"original_max_position_embeddings":128},"eos_token_id":[1,2]}
        """, at: path)
      try limitAddressSpace(beyondPresent: 256 << 20)
      try fuzz(path, seed: 5, count: 6000) {
        let model = try ModelConfigurationFile(path: path).model
        // What is accepted has a layout whose offsets can be computed.
        if model.layerCount < 1000 { _ = ParameterLayout(model).parameterCount }
      }
    }
  }

  @Test func `mutated adapters are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let model = try smallModel()
      let adapter = try LoRAConfiguration(rank: 2, alpha: 4, dropout: 0.5, targets: [.q, .v])
      let parameters = Parameters.random(ParameterLayout(model, adapter))
      try AdapterFolder.save(adapter, parameters, to: directory.file("a"))
      try limitAddressSpace(beyondPresent: 256 << 20)
      for (name, seed) in [("adapter_config.json", UInt64(6)), ("adapter_model.safetensors", 7)] {
        try fuzz(directory.file("a/\(name)"), seed: seed, count: 3000) {
          _ = try AdapterFolder(path: directory.file("a")).loadParameters(for: model, workers: .one)
        }
      }
    }
  }

  @Test func `mutated legacy headers are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let path = directory.file("a.bin")
      let header: [Int32] = [4, 3, 1, 2, 1, 5, 8]
      let count = 5 * 4 + 2 * 4 + 2 * 4 * (4 + 2) + 3 * 4 * 3 + 4
      let original = (header + Array(repeating: 0, count: count)).flatMap { word in
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * Int32($0))) }
      }
      try place(original, at: path)
      _ = try LegacyModelFile(path: path).loadParameters()
      try limitAddressSpace(beyondPresent: 256 << 20)
      var random = SplitMix64(seed: 8)
      var refused = 0
      for _ in 0..<4000 {
        var bytes = original
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          bytes[Int.random(in: 0..<28, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        try place(bytes, at: path)
        if checkpointError({ try LegacyModelFile(path: path).loadParameters() }) != nil { refused += 1 }
      }
      #expect(refused > 3000)
    }
  }
}
