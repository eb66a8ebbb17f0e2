import Checkpoints
import FileFormats
import TestSupport
import Testing
import Transformer

/// A folder with weights in two shards, and the means to break it.
private struct Sharded {
  let directory: TemporaryDirectory
  let model: ModelConfiguration
  let parameters: Parameters
  var map: [(String, String)] = []

  init() throws {
    directory = try TemporaryDirectory()
    model = try smallModel()
    parameters = Parameters.random(ParameterLayout(model))
    let all = tensors(parameters)
    let json = ModelConfigurationFile.json(for: model, format: .float32, specialTokens: SpecialTokens())
    try AtomicFile.write(json.text(), to: file("config.json"))
    for (index, part) in [all[..<5], all[5...]].enumerated() {
      try SafetensorsWriter.write(tensors: Array(part), to: file("part-\(index).safetensors"))
      map += part.map { ($0.name, "part-\(index).safetensors") }
    }
  }

  func file(_ name: String) -> String { directory.file("m/\(name)") }
  var indexPath: String { file("model.safetensors.index.json") }

  func open(_ index: JSON? = nil) throws -> ModelFolder {
    let weightMap = JSON.object(map.map { JSON.Member($0, .string($1)) })
    let index = index ?? ["metadata": ["total_size": 1], "weight_map": weightMap]
    try AtomicFile.write(index.text(), to: indexPath)
    return try ModelFolder(path: directory.file("m"))
  }
}

@Suite struct ShardTests {
  @Test func `shards are read like one file`() throws {
    let folder = try Sharded()
    #expect(try folder.open().loadParameters().bits == folder.parameters.bits)
  }

  @Test func `one file is taken before shards`() throws {
    let folder = try Sharded()
    let other = Parameters.random(folder.parameters.layout, seed: 9)
    try SafetensorsWriter.write(tensors: tensors(other), to: folder.file("model.safetensors"))
    #expect(try folder.open().loadParameters().bits == other.bits)
  }

  @Test func `an index cannot lead out of its folder`() throws {
    var folder = try Sharded()
    _ = run("cp '\(folder.file("part-1.safetensors"))' '\(folder.directory.file("out.safetensors"))'")
    let outside = folder.directory.file("out.safetensors")
    for name in ["../out.safetensors", outside, "", ".", "..", "sub/part-1.safetensors", "part-1\0"] {
      for index in 5..<folder.map.count { folder.map[index].1 = name }
      #expect(checkpointError { try folder.open() } == .shardPath(file: folder.indexPath, name: name))
    }
  }

  @Test func `an index that does not fit its shards is refused`() throws {
    var folder = try Sharded()
    let (name, shard) = folder.map[2]
    let shape = folder.parameters.layout.tensors[2].shape
    folder.map[2].1 = "part-1.safetensors"
    #expect(
      checkpointError { try folder.open() }
        == .unexpectedTensor(file: folder.file(shard), tensor: name, found: shape))
    folder.map[2].1 = shard
    folder.map.append(("model.layers.0.extra", "part-1.safetensors"))
    #expect(
      checkpointError { try folder.open() }
        == .missingTensor(file: folder.file("part-1.safetensors"), tensor: "model.layers.0.extra", expected: nil))
    folder.map.removeLast()
    folder.map.append(("model.layers.0.extra", "part-2.safetensors"))
    guard case .safetensors = checkpointError({ try folder.open() }) else {
      Issue.record("a missing shard was not refused")
      return
    }
  }

  @Test func `a tensor that its shard lacks is named with the shard`() throws {
    let folder = try Sharded()
    let lacking = tensors(folder.parameters)[6...]
    try SafetensorsWriter.write(tensors: Array(lacking), to: folder.file("part-1.safetensors"))
    let missing = folder.parameters.layout.tensors[5]
    #expect(
      checkpointError { try folder.open() }
        == .missingTensor(file: folder.file("part-1.safetensors"), tensor: missing.name, expected: missing.shape))
  }

  @Test func `an index of a wrong form is refused by its key`() throws {
    let folder = try Sharded()
    for (json, key) in [
      ([1], ""), (["metadata": .null], "weight_map"), (["weight_map": ["part"]], "weight_map"),
      (["weight_map": ["model.norm.weight": 3]], "weight_map.model.norm.weight"),
    ] as [(JSON, String)] {
      guard case .field(folder.indexPath, key, _) = checkpointError({ try folder.open(json) }) else {
        Issue.record("\(json.text()) was not refused")
        continue
      }
    }
  }
}
