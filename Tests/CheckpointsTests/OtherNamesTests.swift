import Checkpoints
import Core
import FileFormats
import TestSupport
import Testing
import Transformer

/// Weights under names that other programs give them.
@Suite struct OtherNamesTests {
  private func folder(
    _ directory: TemporaryDirectory, isTied: Bool = false, _ rename: @escaping (String) -> String
  ) throws -> (Parameters, () throws -> Parameters) {
    let model = try smallModel(isTied: isTied)
    let parameters = Parameters.random(ParameterLayout(model))
    let path = directory.file("m")
    try makeFolder(
      path, model, tensors: tensors(parameters) { for index in $0.indices { $0[index].name = rename($0[index].name) } })
    return (parameters, { try ModelFolder(path: path).loadParameters() })
  }

  private func withoutModel(_ name: String) -> String {
    name.hasPrefix("model.") ? String(name.dropFirst("model.".count)) : name
  }

  @Test func `wrappers and a missing prefix are understood`() throws {
    let renamings: [(String) -> String] = [
      withoutModel, { "_orig_mod." + $0 }, { "module." + $0 }, { "module._orig_mod." + $0 },
      { "_orig_mod." + withoutModel($0) }, { $0.replacing("model.layers.", with: "model._orig_mod.layers.") },
    ]
    for isTied in [false, true] {
      for rename in renamings {
        let directory = try TemporaryDirectory()
        let (parameters, load) = try folder(directory, isTied: isTied, rename)
        #expect(try load().bits == parameters.bits, "\(rename("model.norm.weight"))")
      }
    }
  }

  @Test func `an unknown wrapper is named, and a base model without head has none`() throws {
    let directory = try TemporaryDirectory()
    let (_, load) = try folder(directory) { "student." + $0 }
    #expect(checkpointError { try load() } == .prefix(file: directory.file("m/model.safetensors"), prefix: "student."))
    let model = try smallModel()
    let base = tensors(.random(ParameterLayout(model))) { all in
      all.removeAll { $0.name == "lm_head.weight" }
      for index in all.indices { all[index].name = withoutModel(all[index].name) }
    }
    try makeFolder(directory.file("b"), model, tensors: base)
    #expect(
      checkpointError { try ModelFolder(path: directory.file("b")) }
        == .missingTensor(file: directory.file("b/model.safetensors"), tensor: "lm_head.weight", expected: [7, 8]))
  }

  @Test(arguments: ["model.safetensors", "config.json"])
  func `a pointer of git-lfs is called one`(name: String) throws {
    let directory = try TemporaryDirectory()
    _ = try folder(directory) { $0 }
    try place(
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 123456\n",
      at: directory.file("m/\(name)"))
    let error = checkpointError { try ModelFolder(path: directory.file("m")) }
    #expect(error?.description.contains("this is a git-lfs pointer, not the weights") == true)
    #expect(error?.description.contains(name) == true)
  }
}
