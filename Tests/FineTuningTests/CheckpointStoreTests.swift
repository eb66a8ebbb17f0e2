import FileFormats
import FineTuning
import Glibc
import TestSupport
import Testing

private struct Refusal: Error {}

private func files(_ step: Int) -> [CheckpointFile] {
  [
    CheckpointFile("weights", bytes: (0..<5000).map { UInt8(truncatingIfNeeded: $0 * step) }),
    CheckpointFile("state.json", bytes: Array("{\"step\": \(step)}".utf8)), CheckpointFile("empty", bytes: []),
  ]
}

@Suite struct CheckpointStoreTests {
  @Test func `what is saved is the latest, file by file`() throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.file("a/b"))
    #expect(try store.latest().checkpoint == nil && store.latest().warnings.isEmpty)
    let saved = try store.save(step: 12, files: files(12))
    let (found, warnings) = try store.latest()
    #expect(found == saved && warnings.isEmpty && saved.step == 12)
    #expect(saved.names == ["weights", "state.json", "empty"])
    #expect(saved.directory == directory.file("a/b") + "/step-12")
    #expect(try content(try #require(saved.path(of: "state.json"))) == Array("{\"step\": 12}".utf8))
    #expect(saved.path(of: "manifest.json") == nil && saved.path(of: "../x") == nil)
    let manifest = try JSON(parsing: content(saved.directory + "/manifest.json"))
    #expect(manifest["step"] == 12)
    #expect(
      manifest["files"]?.elements?[1]["sha256"]?.stringValue == SHA256.hex(Array("{\"step\": 12}".utf8)))
  }

  @Test func `the last two are kept, by number and not by name`() throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.path)
    for step in [0, 8, 9, 10, 11] { try store.save(step: step, files: files(step)) }
    #expect(directory.names() == ["step-10", "step-11"])
    #expect(try store.steps() == [10, 11])
    // A run that resumed at 10 saves 10 again and gives up 11.
    try store.save(step: 10, files: files(3))
    #expect(try store.steps() == [10])
    #expect(try content(directory.file("step-10/state.json")) == Array("{\"step\": 3}".utf8))
  }

  @Test func `damaged checkpoints are passed over with a warning`() throws {
    let damages: [(String, (String) throws -> Void)] = [
      ("hash", { try place([UInt8](repeating: 1, count: 5000), at: $0 + "/weights") }),
      ("4999 bytes", { try place([UInt8](repeating: 1, count: 4999), at: $0 + "/weights") }),
      ("No such file", { unlink($0 + "/weights") }), ("No such file", { unlink($0 + "/manifest.json") }),
      ("manifest", { try place([], at: $0 + "/manifest.json") }),
      ("manifest", { try place(Array(#"{"format":1,"step":7,"files":[]}"#.utf8), at: $0 + "/manifest.json") }),
      ("manifest", { try place(Array(#"{"format":2,"step":20,"files":[]}"#.utf8), at: $0 + "/manifest.json") }),
      (
        "manifest",
        {
          try place(
            Array(#"{"format":1,"step":20,"files":[{"name":"../step-10/empty","bytes":0,"sha256":""}]}"#.utf8),
            at: $0 + "/manifest.json")
        }
      ),
    ]
    for (words, damage) in damages {
      let directory = try TemporaryDirectory()
      let store = CheckpointStore(directory: directory.path)
      for step in [10, 20] { try store.save(step: step, files: files(step)) }
      try damage(directory.file("step-20"))
      let (found, warnings) = try store.latest()
      #expect(found?.step == 10)
      #expect(warnings.map(\.directory) == [directory.file("step-20")])
      #expect(warnings.first?.reason.contains(words) == true, "\(warnings)")
      #expect(warnings.first?.description.contains("\n") == false)
      // The run goes on from 10 and comes to 20 again.
      try store.save(step: 20, files: files(20))
      #expect(try store.latest().checkpoint?.step == 20 && store.latest().warnings.isEmpty)
    }
  }

  @Test func `an error while saving leaves the others as they were`() throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.path)
    for step in [1, 2] { try store.save(step: step, files: files(step)) }
    for step in [2, 3] {
      #expect(throws: Refusal.self) {
        try store.save(
          step: step,
          files: files(9) + [
            CheckpointFile("bad") {
              try $0.write("abc"); throw Refusal()
            }
          ])
      }
      #expect(directory.names() == ["step-1", "step-2"])
      #expect(try store.latest().checkpoint?.step == 2 && store.latest().warnings.isEmpty)
      #expect(try content(directory.file("step-2/state.json")) == Array("{\"step\": 2}".utf8))
    }
    for name in ["", ".x", "a/b", "manifest.json", "a\0b"] {
      #expect(throws: CheckpointStoreError.name(name)) {
        try store.save(step: 3, files: [CheckpointFile(name, bytes: [])])
      }
    }
    #expect(throws: CheckpointStoreError.name("a")) {
      try store.save(step: 3, files: [CheckpointFile("a", bytes: []), CheckpointFile("a", bytes: [])])
    }
    #expect(throws: CheckpointStoreError.step(-1)) { try store.save(step: -1, files: []) }
    let file = CheckpointStore(directory: directory.file("step-1/weights"))
    #expect(throws: CheckpointStoreError.self) { try file.save(step: 1, files: files(1)) }
    #expect(throws: CheckpointStoreError.self) { try file.latest() }
  }

  /// The process ends while a checkpoint's second file is half written, as by kill -9.
  @Test func `the end of the process while saving leaves the earlier checkpoints`() async throws {
    let path = "/tmp/palimpsest-checkpoint-kill-test"
    func clean() { _ = system("rm -rf '\(path)'") }
    clean()
    defer { clean() }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let store = CheckpointStore(directory: "/tmp/palimpsest-checkpoint-kill-test")
      for step in [1, 2] { try store.save(step: step, files: files(step)) }
      try store.save(
        step: 3,
        files: files(3) + [
          CheckpointFile("more") { writer in
            try writer.write([UInt8](repeating: 1, count: 3 << 20))
            raise(SIGKILL)
          }
        ])
    }
    let store = CheckpointStore(directory: path)
    #expect(try store.latest().checkpoint?.step == 2 && store.latest().warnings.isEmpty)
    #expect(try store.steps() == [1, 2])
    // What was left behind is gone once the next one is saved.
    try store.save(step: 3, files: files(3))
    let names = try #require(opendir(path))
    defer { closedir(names) }
    var count = 0
    while readdir(names) != nil { count += 1 }
    #expect(count == 4, "., .. and two checkpoints")
  }

  @Test func `other names in the directory are left alone`() throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.path)
    for name in ["step-", "step-x", "step-007", "step--1", "step-99999999999999999999", "metrics.csv", ".hidden"] {
      try place([1], at: directory.file(name))
    }
    for step in [1, 2, 3] { try store.save(step: step, files: files(step)) }
    #expect(try store.steps() == [2, 3])
    #expect(directory.names().count == 9)
  }

  @Test func `random damage is found`() throws {
    let directory = try TemporaryDirectory()
    let store = CheckpointStore(directory: directory.path)
    for step in [1, 2] { try store.save(step: step, files: files(step)) }
    var random = SplitMix64(seed: 20_30)
    for name in ["weights", "state.json"] {
      let path = directory.file("step-2/\(name)")
      let original = try content(path)
      for _ in 0..<50 {
        let bytes = mutated(original, ["x"], with: &random)
        try place(bytes, at: path)
        #expect(try store.latest().checkpoint?.step == (bytes == original ? 2 : 1))
      }
      try place(original, at: path)
    }
    #expect(try store.latest().checkpoint?.step == 2)
  }
}
