import Core
import FileFormats
import Foundation
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing

/// Whether Python can read and write safetensors files here; asked once.
private let pythonReadsSafetensors: Bool = {
  (try? runPython("import numpy, safetensors.numpy"))?.status == 0
}()

private func runPython(_ script: String, _ arguments: [String] = []) throws -> (status: Int32, output: String) {
  let (process, pipe) = (Process(), Pipe())
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", script] + arguments
  (process.standardOutput, process.standardError) = (pipe, pipe)
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// Runs the body with a path in a new folder, which is removed afterwards.
private func withFile<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("instance-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.appendingPathComponent("instance.safetensors").path)
}

/// The contents of an instance file, to be spoilt.
private struct Contents {
  var tensors: [String: (shape: [Int], values: [Double])] = [
    "X_A": ([2, 3], [1, 2, 3, 4, 5, 7]), "y_A": ([2], [1, -1]), "X_B": ([1, 3], [0.5, 0, -1]), "y_B": ([1], [2]),
    "X_U": ([2, 3], [1, 0, 1, 0, 2, 1]), "y_U": ([2], [0.25, 4]),
    "X_test": ([3, 3], [1, 1, 0, 0, 1, 1, 1, 0, 1]),
  ]
  var metadata = ["mu_A": "0.5", "mu_B": "2", "eta": "0.01"]
  /// Tensors written as single-precision or integer numbers instead.
  var otherTypes: [SafetensorsTensor] = []

  mutating func change(
    _ name: String, _ edit: ((shape: [Int], values: [Double])) -> (shape: [Int], values: [Double])
  ) {
    tensors[name] = tensors[name].map(edit)
  }

  func write(_ path: String) throws {
    let doubles = tensors.map { SafetensorsTensor(name: $0.key, shape: $0.value.shape, values: $0.value.values) }
    try SafetensorsWriter.write(tensors: doubles + otherTypes, metadata: metadata, to: path)
  }
}

@Suite("Instance files")
struct InstanceFileTests {
  private func expectSame(_ one: TwoPathInstance, _ other: TwoPathInstance) {
    #expect(one.stageA.examples == other.stageA.examples && one.stageB.examples == other.stageB.examples)
    #expect(one.stageA.trainer == other.stageA.trainer && one.stageB.trainer == other.stageB.trainer)
    #expect(one.forget == other.forget && one.test == other.test && one.stepSize == other.stepSize)
    #expect(one.forgetStage?.position == other.forgetStage?.position)
    #expect(one.forgetStage?.trainer == other.forgetStage?.trainer)
  }

  @Test func `What was written is read again bit for bit, for every law and position`() throws {
    for seed in 0..<20 {
      let generator = RandomGenerator(seed: UInt64(seed))
      let drawn = try RandomInstance.wide(generator).draw(generator)
      let position = seed % 4
      let instance = try TwoPathInstance(
        stageA: drawn.stageA, stageB: drawn.stageB, forget: drawn.forget,
        forgetStage: position == 0 ? nil : (.ridge(mu: 1.0 / 3), position), test: drawn.test,
        stepSize: drawn.stepSize)
      try withFile { path in
        try InstanceFile.write(instance, to: path)
        expectSame(try InstanceFile.read(path), instance)
        #expect(try InstanceFile.read(path, stepSize: 0.125).stepSize == 0.125)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try InstanceFile.write(InstanceFile.read(path, workers: Workers(count: 3)), to: path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
      }
    }
  }

  @Test func `Rows of the file are examples`() throws {
    try withFile { path in
      try Contents().write(path)
      let instance = try InstanceFile.read(path)
      #expect(instance.stageA.examples.features.column(1) == Vector([4, 5, 7]))
      #expect(instance.stageA.examples.labels == Vector([1, -1]) && instance.stageB.examples.count == 1)
      #expect(instance.test.column(0) == Vector([1, 1, 0]))
      #expect(instance.stageA.trainer == .ridge(mu: 0.5) && instance.stageB.trainer == .ridge(mu: 2))
      #expect(instance.stepSize == 0.01 && instance.forgetStage == nil)
      #expect((instance.dimension, instance.forgetCount, instance.testCount) == (3, 2, 3))
    }
  }

  @Test func `mu_U makes the forget set a stage, first unless position_U says otherwise`() throws {
    try withFile { path in
      var contents = Contents()
      contents.metadata["mu_U"] = "0.25"
      try contents.write(path)
      #expect(try InstanceFile.read(path).forgetStage?.trainer == .ridge(mu: 0.25))
      #expect(try InstanceFile.read(path).forgetStage?.position == 1)
      contents.metadata["position_U"] = "3"
      try contents.write(path)
      #expect(try InstanceFile.read(path).forgetStage?.position == 3)
    }
  }

  @Test(.enabled(if: pythonReadsSafetensors, "python3 with numpy and safetensors is needed"))
  func `NumPy reads what is written here and writes what is read here`() throws {
    let generator = RandomGenerator(seed: 11)
    let instance = try RandomInstance().draw(generator)
    try withFile { path in
      try InstanceFile.write(instance, to: path)
      let script = """
        import sys, numpy as np
        from safetensors import safe_open
        from safetensors.numpy import load_file, save_file
        source, target = sys.argv[1:]
        tensors = load_file(source)
        with safe_open(source, "numpy") as file:
            notes = file.metadata()
        assert {n: t.dtype for n, t in tensors.items()} == {n: np.float64 for n in tensors}, tensors
        assert tensors["X_A"].shape == (15, 60) and tensors["X_test"].shape == (10, 60) and tensors["y_U"].shape == (6,)
        assert sorted(notes) == ["eta", "mu_A", "mu_B"] and float(notes["eta"]) == 0.01, notes
        print(float(tensors["X_A"][1, 2]).hex(), float(tensors["y_U"][5]).hex())
        save_file({n: np.ascontiguousarray(t) for n, t in tensors.items()}, target, metadata=notes)
        """
      let copy = path + ".python"
      let (status, output) = try runPython(script, [path, copy])
      try #require(status == 0, "\(output)")
      let printed = output.split(whereSeparator: \.isWhitespace).map { Double($0) }
      #expect(printed == [instance.stageA.examples.features[2, 1], instance.forget.labels[5]])
      expectSame(try InstanceFile.read(copy), instance)
    }
  }

  @Test func `Every broken rule: a typed error that names file, tensor or parameter, and rule, in at most two lines`()
    throws
  {
    func check(
      _ what: String, mentions: [String], _ spoil: (inout Contents) -> Void,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      try withFile { path in
        var contents = Contents()
        spoil(&contents)
        try contents.write(path)
        let error = #expect(throws: (any Error).self, "\(what)", sourceLocation: sourceLocation) {
          try InstanceFile.read(path)
        }
        guard let error else { return }
        let text = String(describing: error)
        #expect(error is StagedLearnersError || error is SafetensorsError, "\(what): \(error)")
        if let error = error as? SafetensorsError { #expect(error.path == path) } else { #expect(text.contains(path)) }
        for word in mentions {
          #expect(text.contains(word), "\(what): \(text)", sourceLocation: sourceLocation)
        }
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 2, "\(what): \(text)")
      }
    }
    let names = ["X_A", "y_A", "X_B", "y_B", "X_U", "y_U", "X_test"]
    for name in names {
      try check("\(name) missing", mentions: [name]) { $0.tensors[name] = nil }
      for bad in [Double.nan, .infinity, -.infinity] {
        try check("\(bad) in \(name)", mentions: [name, "finite"]) {
          let last = ($0.tensors[name]?.values.count ?? 1) - 1
          $0.tensors[name]?.values[last] = bad
        }
      }
      for large in [1 << 53 + 1, -(1 << 60), Int.max] {
        try check("\(name) of the integer \(large)", mentions: [name]) {
          guard let shape = $0.tensors.removeValue(forKey: name)?.shape else { return }
          let values = [Int](repeating: large, count: shape.reduce(1, *))
          $0.otherTypes = [SafetensorsTensor(name: name, shape: shape, values: values)]
        }
      }
      try check("\(name) with another axis", mentions: [name, "shape"]) {
        $0.change(name) { ([1] + $0.shape + [1], $0.values) }
      }
      try check("\(name) flat", mentions: [name, "shape"]) {
        $0.change(name) { ([], [$0.values[0]]) }
      }
      try check("\(name) empty", mentions: [name, "0"]) {
        $0.change(name) { ([0] + $0.shape.dropFirst(), []) }
      }
    }
    for name in ["X_B", "X_U", "X_test"] {
      try check("\(name) with 4 columns", mentions: [name, "4", "3", "columns"]) {
        $0.change(name) { ([$0.shape[0], 4], [Double](repeating: 1, count: 4 * $0.shape[0])) }
      }
    }
    for name in ["y_A", "y_B", "y_U"] {
      try check("\(name) too long", mentions: [name, "entries", "rows"]) { $0.tensors[name] = ([5], [1, 2, 3, 4, 5]) }
    }
    try check("k > d", mentions: ["X_U", "k <= d"]) {
      $0.tensors["X_U"] = ([4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1])
      $0.tensors["y_U"] = ([4], [1, 2, 3, 4])
      $0.tensors["X_test"] = ([4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1])
    }
    try check("rank-deficient X_U", mentions: ["X_U", "rank 1", "2"]) {
      $0.tensors["X_U"] = ([2, 3], [1, 2, 3, 2, 4, 6])
    }
    try check("X_U of zeros", mentions: ["X_U", "rank 0"]) { $0.tensors["X_U"] = ([2, 3], [0, 0, 0, 0, 0, 0]) }
    for key in ["mu_A", "mu_B", "eta"] {
      try check("\(key) missing", mentions: [key, "missing"]) { $0.metadata[key] = nil }
      for text in ["", "one", "1,5", "0.5 ", "1e", String(repeating: "9x", count: 500)] {
        try check("\(key) = \(text)", mentions: [key, "decimal number"]) { $0.metadata[key] = text }
      }
      try check("\(key) of many lines", mentions: [key]) { $0.metadata[key] = "1\n2\n3\r4\u{2028}5\n\u{1B}[31m\"" }
      for text in ["0", "-1", "nan", "inf", "-inf", "1e999"] {
        try check("\(key) = \(text)", mentions: [key, "greater than 0"]) { $0.metadata[key] = text }
      }
      try check("\(key) = nan", mentions: [key, "nan", "finite"]) { $0.metadata[key] = "nan" }
    }
    for text in ["0", "4", "-1", "1000000000000"] {
      try check("position \(text)", mentions: ["position_U", text, "1, 2 or 3"]) {
        $0.metadata["mu_U"] = "1"
        $0.metadata["position_U"] = text
      }
    }
    for text in ["first", "2.0", "", "1\n2\n3\n4"] {
      try check("position \(text)", mentions: ["position_U", "1, 2 or 3"]) {
        $0.metadata["mu_U"] = "1"
        $0.metadata["position_U"] = text
      }
    }
    for text in ["0", "-2", "nan"] { try check("mu_U \(text)", mentions: ["mu_U"]) { $0.metadata["mu_U"] = text } }
    try check("a position without mu_U", mentions: ["position_U", "mu_U"]) { $0.metadata["position_U"] = "2" }
    let misspelt = [
      "positon_U": "position_U", "mu_a": "is mu_A meant?", "eta_U": "known are mu_A, mu_B, mu_U, eta, position_U",
      "Position_U": "is position_U meant?", "muU": "is mu_U meant?", "trainer_A": "trained by ridge",
      "steps_A": "trained by ridge", "step_size_A": "trained by ridge", "mu_C": "position_U", "author": "position_U",
    ]
    for (key, words) in misspelt {
      try check("metadata \(key)", mentions: ["metadata \"\(key)\" is not known", words]) { $0.metadata[key] = "2" }
    }
    for (name, words) in ["X_C": "X_test", "y_C": "X_test", "x_A": "is X_A meant?", "X_Test": "is X_test meant?"] {
      try check("tensor \(name)", mentions: ["tensor \"\(name)\" is not known", words]) {
        $0.tensors[name] = ([2], [1, 2])
      }
    }
  }

  @Test
  func `Floats and integers of other widths and labels as a column are read exactly, with a word that names them`()
    throws
  {
    try withFile { path in
      func read(_ contents: Contents) throws -> (instance: TwoPathInstance, notices: [String]) {
        try contents.write(path)
        var notices: [String] = []
        return (try InstanceFile.read(path) { notices.append($0) }, notices)
      }
      // Integers and halves, which every type below holds.
      var plain = Contents()
      plain.tensors["y_U"] = ([2], [3, 4])
      let (expected, silent) = try read(plain)
      #expect(silent.isEmpty)
      var mixed = plain
      for name in ["X_A", "y_A", "X_B", "y_U"] {
        guard let (shape, values) = mixed.tensors.removeValue(forKey: name) else { continue }
        mixed.otherTypes.append(
          ["X_B", "X_A"].contains(name)
            ? SafetensorsTensor(name: name, shape: shape, values: values.map { Float($0) })
            : SafetensorsTensor(name: name, shape: shape + [1], values: values.map { Int($0) }))
      }
      mixed.metadata["format"] = "np"
      let (read, notices) = try read(mixed)
      expectSame(read, expected)
      let notice = try #require(notices.first)
      #expect(notices.count == 1 && notice.contains(path))
      #expect(notice.contains("converted to F64, exactly: ") && notice.contains("shape (n, 1): "))
      for part in ["X_A (F32)", "X_B (F32)", "y_A (I64)", "y_U (I64)"] { #expect(notice.contains(part)) }
      #expect(!notice.contains("y_B") && !notice.contains("X_U"))
      // A Float that is no short decimal keeps its own value.
      var third = Contents()
      third.tensors["y_B"] = nil
      third.otherTypes = [SafetensorsTensor(name: "y_B", shape: [1], values: [Float(0.1)])]
      #expect(try InstanceFileTests.read(third, path).stageB.examples.labels == Vector([Double(Float(0.1))]))
    }
  }

  private static func read(_ contents: Contents, _ path: String) throws -> TwoPathInstance {
    try contents.write(path)
    return try InstanceFile.read(path)
  }

  @Test func `A given step size stands in for eta, and is checked alike`() throws {
    try withFile { path in
      var contents = Contents()
      contents.metadata["eta"] = nil
      try contents.write(path)
      #expect(try InstanceFile.read(path, stepSize: 0.5).stepSize == 0.5)
      for bad in [0, -1, Double.nan, .infinity] {
        let error = #expect(throws: StagedLearnersError.self) { try InstanceFile.read(path, stepSize: bad) }
        #expect(error?.description.contains("eta") == true)
      }
    }
  }

  @Test func `No file, no safetensors file, a truncated file`() throws {
    try withFile { path in
      #expect(throws: SafetensorsError.self) { try InstanceFile.read(path) }
      try Data("not a tensor in sight".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: SafetensorsError.self) { try InstanceFile.read(path) }
      try Contents().write(path)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in stride(from: 0, to: bytes.count, by: 41) {
        try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(throws: SafetensorsError.self) { try InstanceFile.read(path) }
      }
    }
  }

  @Test func `Only ridge stages can be written, and nothing is left of a failure`() throws {
    let stage = randomExamples(4, 2, seed: 1, stream: 0)
    for index in 0..<3 {
      func trainer(_ own: Int) -> SpectralFilter { own == index ? .interpolation : .ridge(mu: 1) }
      let instance = try TwoPathInstance(
        stageA: LinearStage("A", stage, trainer: trainer(0)), stageB: LinearStage("B", stage, trainer: trainer(1)),
        forget: stage, forgetStage: (trainer(2), 2), test: stage.features, stepSize: 1)
      try withFile { path in
        let error = #expect(throws: StagedLearnersError.self) { try InstanceFile.write(instance, to: path) }
        #expect(error?.description.contains("stage \(["A", "B", "U"][index])") == true)
        #expect(!FileManager.default.fileExists(atPath: path))
      }
    }
  }
}

@Suite("Instances")
struct InstanceTests {
  @Test func `The same seed gives the same instance on any number of workers; another seed another one`() throws {
    for seed in 0..<10 as Range<UInt64> {
      let generator = RandomGenerator(seed: seed)
      let one = try RandomInstance.wide(generator).draw(generator)
      let other = try RandomInstance.wide(generator).draw(generator, workers: Workers(count: 4))
      #expect(one.stageA.examples == other.stageA.examples && one.forget == other.forget && one.test == other.test)
      let next = RandomGenerator(seed: seed + 1)
      #expect(try RandomInstance().draw(next).test != RandomInstance().draw(generator).test)
    }
  }

  @Test func `Forget sets of every origin have the rows they should`() throws {
    for origin in RandomInstance.ForgetOrigin.allCases {
      var law = RandomInstance()
      (law.forgetOrigin, law.rowsA, law.rowsB, law.testRows) = (origin, 7, 9, 12)
      let instance = try law.draw(RandomGenerator(seed: 3))
      let (a, b) = (instance.stageA.examples, instance.stageB.examples)
      switch origin {
      case .independent:
        #expect(instance.forgetCount == 6 && instance.forget.labels != a.selecting([0, 1, 2, 3, 4, 5]).labels)
      case .partOfA: #expect(instance.forget == a.selecting([0, 1, 2, 3, 4, 5]))
      case .partOfB: #expect(instance.forget == b.selecting([0, 1, 2, 3, 4, 5]))
      case .allOfA: #expect(instance.forget == a)
      case .allOfB: #expect(instance.forget == b)
      }
    }
  }

  @Test func `Laws that no instance can have are refused`() {
    func refused(_ change: (inout RandomInstance) -> Void) -> Bool {
      var law = RandomInstance()
      change(&law)
      do { _ = try law.draw(RandomGenerator(seed: 1)) } catch { return error is StagedLearnersError }
      return false
    }
    #expect(refused { $0.dimension = 0 } && refused { $0.rowsA = -1 } && refused { $0.rowsB = 0 })
    #expect(refused { $0.forgetRows = 0 } && refused { $0.testRows = 5 } && refused { $0.dimension = 5 })
    #expect(refused { $0.muA = 0 } && refused { $0.muB = .nan } && refused { $0.stepSize = -1 })
    #expect(refused { ($0.forgetOrigin, $0.forgetRows, $0.testRows) = (.partOfA, 16, 20) })
    #expect(refused { $0.dimension = 1 << 40 })
  }

  @Test func `Stages of one name are refused, and the path of a stage U beside a stage called U`() throws {
    let stage = randomExamples(4, 2, seed: 1, stream: 0)
    func instance(_ one: String, _ other: String, own: Bool) throws -> TwoPathInstance {
      try TwoPathInstance(
        stageA: LinearStage(one, stage, trainer: .ridge(mu: 1)),
        stageB: LinearStage(other, stage, trainer: .ridge(mu: 1)),
        forget: stage, forgetStage: own ? (.ridge(mu: 1), 1) : nil, test: stage.features, stepSize: 1)
    }
    #expect(throws: StagedLearnersError.repeatedStage("A")) { try PathDivergence(instance("A", "A", own: false)) }
    #expect(throws: StagedLearnersError.repeatedStage("U")) { try PathDivergence(instance("A", "U", own: true)) }
  }
}
