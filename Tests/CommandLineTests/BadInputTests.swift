import Foundation
import Testing

/// An instance with one fault, and the words by which the command must name it.
struct Fault: Sendable, CustomTestStringConvertible {
  let name: String
  let words: [String]
  let bytes: [UInt8]

  init(_ name: String, _ words: [String], _ change: (inout InstanceBytes) -> Void) {
    var instance = InstanceBytes.small
    change(&instance)
    self.init(name, words, bytes: instance.bytes)
  }

  init(_ name: String, _ words: [String], bytes: [UInt8]) {
    (self.name, self.words, self.bytes) = (name, words, bytes)
  }

  var testDescription: String { name }
}

private let names = InstanceBytes.small.tensors.map(\.name)

private let valueFaults = names.flatMap { name in
  [Double.nan, .infinity, -.infinity].map { value in
    Fault("\(value) in \(name)", ["\(name) holds a NaN or an infinity", "must be finite"]) {
      $0[name].values[$0[name].values.count - 1] = value
    }
  }
}

private let tensorFaults = names.flatMap { name in
  [
    Fault("\(name) missing", ["\"\(name)\"", "no such tensor"]) { $0.remove(name) },
    Fault("\(name) as C64", ["tensor \(name) is C64", "must be one of F64, F32"]) { $0[name].dtype = "C64" },
    // The bits of Doubles are integers far beyond 2^53.
    Fault("\(name) as I64", ["tensor \(name) is I64", "beyond 2^53"]) { $0[name].dtype = "I64" },
    Fault("\(name) of an unknown dtype", ["\"\(name)\"", "dtype", "F65"]) { $0[name].dtype = "F65" },
    Fault("\(name) with one axis more", ["tensor \(name) has shape", "it must be ("]) {
      $0[name].shape.insert(1, at: 0)
    },
    Fault("\(name) as a scalar", ["tensor \(name) has shape []"]) {
      $0[name].shape = []
      $0[name].values = [1]
    },
    Fault("\(name) empty", ["tensor \(name) has shape", "no dimension may be 0"]) {
      $0[name].shape[0] = 0
      $0[name].values = []
    },
    Fault("\(name) with a row more than its bytes", ["\"\(name)\"", "bytes", "data_offsets"]) {
      $0[name].shape[0] += 1
    },
    Fault("\(name) with a negative dimension", ["\"\(name)\"", "shape"]) { $0[name].shape[0] = -1 },
    Fault("\(name) of a size beyond Int", ["\"\(name)\"", "shape"]) { $0[name].shape = [Int.max, Int.max] },
  ]
}

private let shapeFaults =
  ["X_B", "X_U", "X_test"].map { name in
    Fault("\(name) of another dimension", ["tensor \(name) has 4 columns and X_A 5", "must agree"]) {
      let rows = $0[name].shape[0]
      $0[name] = .init(shape: [rows, 4], values: (0..<(4 * rows)).map { Double($0 % 7) })
    }
  }
  + ["A", "B", "U"].map { name in
    Fault("y_\(name) of another length", ["tensor y_\(name) has 7 entries", "X_\(name)", "must agree"]) {
      $0["y_\(name)"] = .init(shape: [7], values: [1, 2, 3, 4, 5, 6, 7])
    }
  }
  + [
    Fault("k > d", ["X_U has 6 rows of 5 features", "k <= d"]) {
      $0["X_U"] = .init(shape: [6, 5], values: (0..<30).map { Double($0 * $0 % 11) })
      $0["y_U"] = .init(shape: [6], values: [1, 2, 3, 4, 5, 6])
      $0["X_test"] = .init(shape: [6, 5], values: (0..<30).map { Double($0 * $0 % 13) })
    },
    Fault("rank-deficient X_U", ["tensor X_U has numerical rank 1", "2 rows must be independent"]) {
      $0["X_U"].values = [1, 2, 3, 4, 5, 2, 4, 6, 8, 10]
    },
    Fault("X_U of zeros", ["tensor X_U has numerical rank 0"]) {
      $0["X_U"].values = [Double](repeating: 0, count: 10)
    },
    Fault("X_U rank-deficient", ["tensor X_U has numerical rank 1"]) {
      $0["X_U"].values = [1, 2, 3, 4, 5, 0.5, 1, 1.5, 2, 2.5]
    },
    Fault("features whose squares leave Double's range", ["stage A", "leaves Double's range"]) {
      $0["X_A"].values = $0["X_A"].values.map { $0 * 1e200 }
    },
  ]

private let metadataFaults =
  ["mu_A", "mu_B"].flatMap { key in
    ["0", "-1", "nan", "inf", "-0.0"].map { (value: String) in
      Fault("\(key) = \(value)", ["\(key) is ", "finite and greater than 0"]) { $0.setMetadata(key, value) }
    }
  }
  + ["0", "-0.125", "nan", "infinity"].map { (value: String) in
    Fault("eta = \(value)", ["eta is ", "finite and greater than 0"]) { $0.setMetadata("eta", value) }
  }
  + ["mu_A", "mu_B", "eta"].flatMap { key in
    [
      Fault("no \(key)", ["metadata \(key) is missing"]) { $0.setMetadata(key, nil) },
      Fault("\(key) empty", ["metadata \(key) is \"\""]) { $0.setMetadata(key, "") },
      Fault("\(key) no number", ["metadata \(key) is \"1,5\"", "decimal number"]) { $0.setMetadata(key, "1,5") },
      Fault("\(key) with a terminal's control characters", ["metadata \(key) is \"\\u{1B}[2J\\n\""]) {
        $0.setMetadata(key, "\\u001b[2J\\n")
      },
    ]
  }
  + [
    Fault("mu_U = 0", ["mu_U is 0", "greater than 0"]) { $0.metadata.append(("mu_U", "0")) },
    Fault("position_U = 4", ["position_U is 4", "1, 2 or 3"]) { $0.metadata += [("mu_U", "1"), ("position_U", "4")] },
    Fault("position_U no number", ["position_U is \"first\"", "1, 2 or 3"]) {
      $0.metadata += [("mu_U", "1"), ("position_U", "first")]
    },
    Fault("position_U without mu_U", ["position_U", "mu_U"]) { $0.metadata.append(("position_U", "1")) },
    Fault("no metadata at all", ["metadata mu_A is missing"]) { $0.metadata = [] },
    Fault("a trainer", ["metadata \"trainer_A\" is not known", "trained by ridge"]) {
      $0.metadata.append(("trainer_A", "gradient_descent"))
    },
    Fault("a third stage", ["tensor \"X_C\" is not known", "known are X_A"]) {
      $0.tensors.append(("X_C", .init(shape: [1, 5], values: [1, 2, 3, 4, 5])))
    },
    Fault("metadata twice", ["\"mu_A\" occurs twice"]) { $0.metadata.append(("mu_A", "1")) },
  ]

private let fileFaults: [Fault] = {
  let instance = InstanceBytes.small
  let (header, bytes) = (instance.header, instance.bytes)
  func replacing(_ old: String, _ new: String) -> [UInt8] {
    instance.bytes(header: header.replacingOccurrences(of: old, with: new))
  }
  return [
    Fault("empty file", ["0 bytes", "too short"], bytes: []),
    Fault("seven bytes", ["7 bytes", "too short"], bytes: Array(bytes.prefix(7))),
    Fault("only a length", ["header length", "past the end"], bytes: Array(bytes.prefix(8))),
    Fault("truncated in the header", ["header length", "past the end"], bytes: Array(bytes.prefix(60))),
    Fault("truncated in the data", ["\"X_test\"", "past the data"], bytes: Array(bytes.dropLast())),
    Fault("without its data", ["past the data's 0 bytes"], bytes: Array(bytes.prefix(8 + header.utf8.count))),
    Fault("a byte too many", ["belong to no tensor"], bytes: bytes + [0]),
    Fault(
      "header length 2^62", ["header length 4611686018427387904", "limit"],
      bytes: instance.bytes(header: header, length: 1 << 62)),
    Fault(
      "header length 2^64 - 1", ["header length 18446744073709551615"],
      bytes: instance.bytes(header: header, length: .max)),
    Fault("header length 0", ["header"], bytes: instance.bytes(header: header, length: 0)),
    Fault("a header that is no JSON", ["header", "JSON"], bytes: instance.bytes(header: "{\"X_A\":")),
    Fault("a header that is a list", ["header", "object"], bytes: instance.bytes(header: "[]")),
    Fault("metadata that are no strings", ["__metadata__", "string"], bytes: replacing("\"0.5\"", "0.5")),
    Fault("offsets out of range", ["\"X_A\"", "data_offsets"], bytes: replacing("[0, 120]", "[0, 99999]")),
    Fault("offsets that overlap", ["\"y_A\"", "within another tensor"], bytes: replacing("[120, 144]", "[96, 120]")),
    Fault("offsets with a hole", ["belong to no tensor"], bytes: replacing("[120, 144]", "[128, 152]")),
    Fault("offsets that go backwards", ["\"X_A\"", "begin <= end"], bytes: replacing("[0, 120]", "[120, 0]")),
    Fault("negative offsets", ["\"X_A\"", "data_offsets"], bytes: replacing("[0, 120]", "[-120, 0]")),
    Fault("huge offsets", ["\"X_A\"", "data_offsets"], bytes: replacing("[0, 120]", "[0, 4611686018427387904]")),
    Fault("a tensor twice", ["\"X_A\" occurs twice"], bytes: replacing("\"X_B\"", "\"X_A\"")),
    Fault("another kind of file", ["header"], bytes: Array("\u{89}PNG\r\n\u{1A}\n not a safetensors file at all".utf8)),
  ]
}()

@Suite struct BadInputTests {
  @Test(arguments: valueFaults + tensorFaults + shapeFaults + metadataFaults + fileFaults)
  func `a bad instance is named, with its tensor and the rule it breaks`(_ fault: Fault) throws {
    let directory = try TemporaryDirectory()
    try directory.write(fault.bytes, to: "instance.safetensors")
    try Command.fail(
      65, ["\"instance.safetensors\": "] + fault.words,
      ["theorem", "--instance", "instance.safetensors", "-o", "result", "--save-instance", "copy"], in: directory)
  }

  @Test func `an instance without fault is accepted`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(InstanceBytes.small.bytes, to: "instance.safetensors")
    try Command.succeed(["theorem", "--instance", "instance.safetensors"], in: directory)
  }

  @Test func `the whole name of a long path is said`() throws {
    let directory = try TemporaryDirectory()
    let folder = String(repeating: "folder/", count: 20)
    try FileManager.default.createDirectory(atPath: directory.file(folder), withIntermediateDirectories: true)
    try directory.write([], to: folder + "the-file")
    try Command.fail(65, ["folder/the-file\""], ["theorem", "--instance", folder + "the-file"], in: directory)
    try Command.fail(74, ["folder/no-file\""], ["theorem", "--instance", folder + "no-file"], in: directory)
    // A line feed in a name does not break the line.
    try Command.fail(74, ["\"no\\nfile\""], ["theorem", "--instance", "no\nfile"], in: directory)
  }

  @Test func `a sparse file that no memory can hold is refused before it is read`() throws {
    let directory = try TemporaryDirectory()
    // 1 column and 2^31 - 1 rows: a hundred gigabytes on paper, next to nothing on disk.
    let (n, one) = (Int(Int32.max), 8)
    var (end, entries) = (0, [String]())
    for (name, shape) in [
      ("X_A", [n, 1]), ("y_A", [n]), ("X_B", [1, 1]), ("y_B", [1]), ("X_U", [1, 1]), ("y_U", [1]), ("X_test", [1, 1]),
    ] {
      let size = one * shape.reduce(1, *)
      entries.append("\"\(name)\":{\"dtype\":\"F64\",\"shape\":\(shape),\"data_offsets\":[\(end),\(end + size)]}")
      end += size
    }
    let header = "{" + entries.joined(separator: ",") + "}"
    let start = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8)
    try directory.write(start, to: "huge.safetensors")
    // A file system without sparse files of this size has nothing to refuse.
    guard truncate(directory.file("huge.safetensors"), off_t(start.count + end)) == 0 else { return }
    let outcome = try Command.run(["theorem", "--instance", "huge.safetensors"], in: directory)
    #expect(outcome.status == 65)
    #expect(outcome.complaints.hasPrefix("palimpsest: error: \"huge.safetensors\": with d = 1 and 2147483647, 1, 1, 1"))
  }

  @Test func `what is no readable file is said to be none`() throws {
    let directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.file("folder"), withIntermediateDirectories: false)
    try Command.fail(74, ["\"none\"", "No such file"], ["theorem", "--instance", "none", "-o", "r"], in: directory)
    try Command.fail(74, ["\"folder\"", "not a regular file"], ["theorem", "--instance", "folder"], in: directory)
    try Command.fail(
      74, ["\"/dev/zero\"", "not a regular file"], ["theorem", "--instance", "/dev/zero"], in: directory)
    try Command.fail(74, ["\"\"", "No such file"], ["theorem", "--instance", ""], in: directory)
  }

  @Test(arguments: [["theorem", "--random"], ["sweep", "--trials", "3"], ["figures", "ridge"]])
  func `an output that cannot be written is named and nothing is left behind`(_ command: [String]) throws {
    let directory = try TemporaryDirectory()
    try directory.write([1, 2, 3], to: "file")
    try Command.fail(74, ["\"file/", "Not a directory"], command + ["--output", "file"], in: directory)
    try Command.fail(
      74, ["\"file/deep/er/", "Not a directory"], command + ["--output", "file/deep/er"], in: directory)
    try Command.fail(74, ["\"/proc/nothing/"], command + ["--output", "/proc/nothing"], in: directory)
    try Command.fail(74, ["\"/dev/full/", "Not a directory"], command + ["--output", "/dev/full"], in: directory)
    // A name of the output that is taken by a folder.
    let name = command[0] == "theorem" ? "trajectory.csv" : command[0] == "sweep" ? "margins.csv" : "ridge.csv"
    try FileManager.default.createDirectory(atPath: directory.file("out/\(name)"), withIntermediateDirectories: true)
    try Command.fail(74, ["\"out/\(name)\"", "Is a directory"], command + ["--output", "out"], in: directory)
    try Command.fail(74, ["file name too long".capitalizedFirst], command + ["--output", longName], in: directory)
  }

  @Test func `an instance is not saved where it cannot be`() throws {
    let directory = try TemporaryDirectory()
    try directory.write([1], to: "file")
    func fail(_ path: String, _ words: [String]) throws {
      try Command.fail(74, words, ["theorem", "--random", "--save-instance", path], in: directory)
    }
    try fail("file/x", ["\"file/x\"", "Not a directory"])
    try fail("/dev/full", ["\"/dev/full\"", "not a regular file"])
    try fail("/tmp", ["\"/tmp\"", "Is a directory"])
    try fail("x/", ["\"x/\"", "names a directory"])
    try Command.fail(64, ["the path is empty"], ["theorem", "--random", "--save-instance", ""], in: directory)
  }

  @Test(.enabled(if: Tools.mount, "needs the right to mount a small file system"))
  func `a full disk leaves no file`() throws {
    let directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.file("disk"), withIntermediateDirectories: false)
    let mounted = try Command.start(
      "/usr/bin/env", ["mount", "-t", "tmpfs", "-o", "size=48k", "none", directory.file("disk")])
    try #require(mounted.status == 0)
    defer { _ = try? Command.start("/usr/bin/env", ["umount", directory.file("disk")]) }
    let words = ["\"disk/", "No space left on device"]
    let theorem = ["theorem", "--random", "--steps", "3000"]
    try Command.fail(74, words, theorem + ["--every", "1", "-o", "disk/result"], in: directory)
    try Command.fail(
      74, words, ["theorem", "--random", "--save-instance", "disk/a/b/i", "--dimension", "900"], in: directory)
    try Command.fail(74, words, ["figures", "stage-orders", "-o", "disk/figures"], in: directory)
    // What was there before is there still.
    try Command.succeed(["theorem", "--random", "--steps", "50", "-o", "disk/result"], in: directory)
    try Command.fail(74, words, theorem + ["--every", "1", "-o", "disk/result"], in: directory)
  }

  @Test func `a full standard output is an error too`() throws {
    let directory = try TemporaryDirectory()
    for arguments in [["theorem", "--random"], ["sweep", "--trials", "2"], ["figures", "--list"]] {
      let outcome = try Command.run(arguments, in: directory, standardOutput: "/dev/full")
      #expect(outcome.status == 74)
      #expect(outcome.complaints == "palimpsest: error: cannot write to standard output: No space left on device\n")
    }
  }
}

private let longName = String(repeating: "n", count: 300)

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
