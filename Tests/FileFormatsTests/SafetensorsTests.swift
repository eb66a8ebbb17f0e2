import FileFormats
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  @Test func `what is written reads back`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let doubles = [0.0, -0.0, 1.5, .infinity, 0x1p-1074, -1e300]
    try SafetensorsWriter.write(
      tensors: [
        SafetensorsTensor(name: "z", dtype: .u8, shape: [3]) { try $0.write([1, 2, 255]) },
        SafetensorsTensor(name: "w", shape: [2, 3], values: doubles),
        SafetensorsTensor(name: "f", shape: [2], values: [Float(0.1), -2]),
        SafetensorsTensor(name: "i", shape: [], values: [-7]),
        SafetensorsTensor(name: "e", shape: [4, 0], values: [Double]()),
      ], metadata: ["seed": "1", "kind": "test"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["seed": "1", "kind": "test"])
    #expect(file.tensors.map(\.name) == ["i", "e", "w", "f", "z"])
    let read = try file.readFloat64("w")
    #expect(read.shape == [2, 3])
    #expect(read.values.map(\.bitPattern) == doubles.map(\.bitPattern))
    #expect(try file.readFloat64("f").values == [Double(Float(0.1)), -2])
    #expect(try file.readInteger("i").values == [-7])
    #expect(try file.readInteger("z").values == [1, 2, 255])
    #expect(try file.readFloat64("e").shape == [4, 0])
    #expect(try file.withTensorBytes("z") { Array($0) } == [1, 2, 255])
    #expect(file["w"]?.byteRange.count == 48)
    #expect(file["none"] == nil)
    let bytes = try InputFile.bytes(of: path)
    #expect(bytes[0] % 8 == 0)
  }

  @Test func `parts of a tensor read alone`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    // Longer than the conversion's chunk, so that chunks must join up.
    let floats = (0..<600_000).map { Float($0) }
    try SafetensorsWriter.write(
      tensors: [
        SafetensorsTensor(name: "f", shape: [floats.count], values: floats),
        SafetensorsTensor(name: "d", shape: [floats.count], values: floats.map(Double.init)),
      ], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(try file.readFloat64("f").values == floats.map(Double.init))
    var part = [Double](repeating: 0, count: 3)
    for name in ["f", "d"] {
      try part.withUnsafeMutableBufferPointer { try file.readFloat64(name, elements: 299_999..<300_002, into: $0) }
      #expect(part == [299_999, 300_000, 300_001])
    }
    for range in [599_999..<600_002, -1..<2, 0..<2] {
      let error = try #require(throws: SafetensorsError.self) {
        try part.withUnsafeMutableBufferPointer { try file.readFloat64("f", elements: range, into: $0) }
      }
      #expect(error.rule == .argument)
    }
    #expect(throws: SafetensorsError.self) {
      try part.withUnsafeMutableBytes { try file.readBytes("f", at: floats.count * 4 - 8, into: $0) }
    }
  }

  @Test func `equal content gives equal bytes in any order`() throws {
    let directory = try TemporaryDirectory()
    let tensors = ["b", "a", "c"].map { SafetensorsTensor(name: $0, shape: [1], values: [1.0]) }
    try SafetensorsWriter.write(tensors: tensors, metadata: ["x": "1", "y": "2"], to: directory.file("1"))
    try SafetensorsWriter.write(tensors: tensors.reversed(), metadata: ["y": "2", "x": "1"], to: directory.file("2"))
    #expect(try InputFile.bytes(of: directory.file("1")) == InputFile.bytes(of: directory.file("2")))
  }

  @Test(
    arguments: [
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#, 2, SafetensorsError.Rule.header),
      (#" {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 2, .header), ("[]", 0, .header), ("", 0, .header),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}x"#, 2, .header),
      (
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}"#,
        2,
        .duplicateName
      ),
      (#"{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 2, .duplicateName),
      (#"{"__metadata__":{"a":1}}"#, 0, .metadata), (#"{"__metadata__":"a"}"#, 0, .metadata),
      (#"{"a":{"dtype":"U8","shape":[2]}}"#, 2, .fields), (#"{"a":[]}"#, 2, .fields),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}"#, 2, .fields),
      (#"{"a":{"dtype":"U9","shape":[2],"data_offsets":[0,2]}}"#, 2, .dtype),
      (#"{"a":{"dtype":8,"shape":[2],"data_offsets":[0,2]}}"#, 2, .dtype),
      (#"{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}"#, 2, .shape),
      (#"{"a":{"dtype":"U8","shape":2,"data_offsets":[0,2]}}"#, 2, .shape),
      (#"{"a":{"dtype":"U8","shape":[-1,-2],"data_offsets":[0,2]}}"#, 2, .shape),
      (#"{"a":{"dtype":"U8","shape":[18446744073709551617],"data_offsets":[0,2]}}"#, 2, .shape),
      (#"{"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, .shape),
      (#"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, 0, .shape),
      (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, .shape),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}"#, 2, .offsets),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}"#, 2, .offsets),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[-1,1]}}"#, 2, .offsets),
      (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, 2, .offsets),
      (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}"#, 2, .offsets),
      (
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
        3,
        .overlap
      ),
      (
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
        2,
        .overlap
      ),
      (
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
        3,
        .hole
      ),
      (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2, .hole),
      (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 2, .hole), ("{}", 1, .hole),
    ] as [(String, Int, SafetensorsError.Rule)])
  func `a header that breaks a rule is refused by that rule`(
    _ header: String, _ dataByteCount: Int, _ rule: SafetensorsError.Rule
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("bad")
    try place(safetensors(header, data: [UInt8](repeating: 0, count: dataByteCount)), at: path)
    let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect(error.rule == rule)
    #expect(error.path == path)
    #expect(error.description.hasPrefix("\"\(path)\": "))
    #expect(!error.description.contains("\n"))
  }

  @Test func `a tensor may have many dimensions, but not any number`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    func header(_ rank: Int) -> String {
      let ones = [String](repeating: "1", count: rank).joined(separator: ",")
      return #"{"a":{"dtype":"U8","shape":[\#(ones)],"data_offsets":[0,1]}}"#
    }
    try place(safetensors(header(1024), data: [7]), at: path)
    #expect(try SafetensorsFile(path: path).readInteger("a").values == [7])
    try place(safetensors(header(1025), data: [7]), at: path)
    #expect(try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }.rule == .shape)
  }

  @Test func `a hostile header takes little more memory than its bytes`() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let (shape, unread) = (directory.file("shape"), directory.file("unread"))
      // 40 MB each, which trees of their values would make 20 times as many.
      let ones = String(repeating: "1,", count: 20_000_000) + "1"
      try place(safetensors(#"{"a":{"dtype":"U8","shape":[\#(ones)],"data_offsets":[0,1]}}"#, data: [7]), at: shape)
      try place(safetensors(#"{"a":{"dtype":"U8","shape":[],"x":[\#(ones)]}}"#, data: [7]), at: unread)
      try limitAddressSpace(beyondPresent: 256 << 20)
      #expect(try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: shape) }.rule == .shape)
      #expect(try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: unread) }.rule == .fields)
    }
  }

  @Test func `a header length is checked before it is believed`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("bad")
    let lengths: [UInt64] = [3, 100_000_000, 100_000_001, 1 << 62, 1 << 63, .max]
    for length in lengths {
      try place(safetensors("{}", length: length), at: path)
      #expect(try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }.rule == .headerLength)
    }
    for count in 0..<8 {
      try place([UInt8](repeating: 0, count: count), at: path)
      #expect(try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }.rule == .headerLength)
    }
    let absent = directory.file("absent")
    let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: absent) }
    #expect(error.rule == .system)
    #expect(error.description == "cannot read \"\(absent)\": No such file or directory")
  }

  @Test func `a file cut short after it was opened is noticed`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try SafetensorsWriter.write(tensors: [SafetensorsTensor(name: "w", shape: [4], values: [1.0, 2, 3, 4])], to: path)
    let file = try SafetensorsFile(path: path)
    let bytes = try InputFile.bytes(of: path)
    try place(Array(bytes.dropLast(5)), at: path)
    let error = try #require(throws: SafetensorsError.self) { try file.readFloat64("w") }
    #expect(error.rule == .system)
    #expect(error.tensor == "w")
  }

  @Test func `every numeric type converts exactly or not at all`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let content: [(name: String, dtype: SafetensorsDType, bytes: [UInt8])] = [
      ("f16", .f16, [0x00, 0x3C, 0x01, 0x00]), ("bf16", .bf16, [0x80, 0x3F, 0x20, 0xC1]),
      ("i8", .i8, [0x80, 0x7F]), ("u16", .u16, [0xFF, 0xFF]), ("i16", .i16, [0xFE, 0xFF]),
      ("u32", .u32, [0, 0, 0, 0x80]), ("i32", .i32, [0, 0, 0, 0x80]), ("bool", .bool, [0, 1]), ("bad", .bool, [2]),
      ("i64", .i64, [1, 0, 0, 0, 0, 0, 0x20, 0]), ("u64", .u64, [0, 0, 0, 0, 0, 0, 0, 0x80]),
      ("f8", .f8e4m3, [0]), ("f4", .f4, [0]), ("c64", .c64, [0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    try SafetensorsWriter.write(
      tensors: content.map { name, dtype, bytes in
        SafetensorsTensor(name: name, dtype: dtype, shape: [bytes.count * 8 / dtype.bitWidth]) { try $0.write(bytes) }
      }, to: path)
    let file = try SafetensorsFile(path: path)
    #expect(try file.readFloat64("f16").values == [1, 0x1p-24])
    #expect(try file.readFloat64("bf16").values == [1, -10])
    #expect(try file.readFloat64("i8").values == [-128, 127])
    #expect(try file.readFloat64("u16").values == [65535])
    #expect(try file.readInteger("i16").values == [-2])
    #expect(try file.readFloat64("u32").values == [0x1p31])
    #expect(try file.readInteger("i32").values == [-(1 << 31)])
    #expect(try file.readFloat64("bool").values == [0, 1])
    #expect(try file.readInteger("i64").values == [1 << 53 + 1])
    #expect(try file.readFloat64("u64").values == [0x1p63])
    for name in ["bad", "i64", "f8", "f4", "c64"] {
      #expect(try #require(throws: SafetensorsError.self) { try file.readFloat64(name) }.rule == .conversion)
    }
    for name in ["u64", "f16"] {
      #expect(try #require(throws: SafetensorsError.self) { try file.readInteger(name) }.rule == .conversion)
    }
    let error = try #require(throws: SafetensorsError.self) { try file.readFloat64("none") }
    #expect(error.rule == .missingTensor)
    #expect(error.description.contains("\"f16\""))
  }

  @Test func `tensors that cannot make a file are refused and leave nothing`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let good = SafetensorsTensor(name: "a", shape: [1], values: [1.0])
    let bad: [([SafetensorsTensor], SafetensorsError.Rule)] = [
      ([good, good], .duplicateName),
      ([SafetensorsTensor(name: "__metadata__", shape: [1], values: [1.0])], .duplicateName),
      ([SafetensorsTensor(name: "a", shape: [-1], values: [1.0])], .shape),
      ([SafetensorsTensor(name: "a", shape: [1 << 62], values: [1.0])], .shape),
      ([SafetensorsTensor(name: "a", shape: [2], values: [1.0])], .argument),
      ([SafetensorsTensor(name: "a", shape: [], values: [1.0, 2])], .argument),
    ]
    for (tensors, rule) in bad {
      let error = try #require(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(tensors: tensors, to: path)
      }
      #expect(error.rule == rule)
    }
    #expect(directory.names().isEmpty)
  }

  @Test(.enabled(if: hasPythonSafetensors, "needs python3 with the packages safetensors and numpy"))
  func `Python reads what is written, and writes the same bytes`() throws {
    let directory = try TemporaryDirectory()
    try SafetensorsWriter.write(
      tensors: [
        SafetensorsTensor(name: "flag", dtype: .bool, shape: [3]) { try $0.write([1, 0, 1]) },
        SafetensorsTensor(name: "w", shape: [2, 3], values: [0.1, -0.0, 3, .infinity, 0x1p-1074, -1e300]),
        SafetensorsTensor(name: "f", shape: [2], values: [Float(0.1), -2]),
        SafetensorsTensor(name: "labels é", shape: [2], values: [-7, .max]),
        SafetensorsTensor(name: "empty", shape: [4, 0], values: [Double]()),
      ], metadata: ["seed": "1"], to: directory.file("ours"))
    let script = """
      import numpy as np, sys
      from safetensors import safe_open
      from safetensors.numpy import load_file, save_file
      t = load_file(sys.argv[1])
      assert set(t) == {'flag', 'w', 'f', 'labels é', 'empty'}, t.keys()
      assert t['w'].dtype == np.float64 and t['w'].tolist() == [[0.1, -0.0, 3], [float('inf'), 5e-324, -1e300]]
      assert t['f'].dtype == np.float32 and t['f'].tolist() == [float(np.float32(0.1)), -2]
      assert t['labels é'].tolist() == [-7, 2**63 - 1] and t['flag'].tolist() == [True, False, True]
      assert t['empty'].shape == (4, 0)
      assert safe_open(sys.argv[1], 'numpy').metadata() == {'seed': '1'}
      save_file(t, sys.argv[2], metadata={'seed': '1'})
      """
    try place(Array(script.utf8), at: directory.file("check.py"))
    let result = run(
      "python3 '\(directory.file("check.py"))' '\(directory.file("ours"))' '\(directory.file("theirs"))'")
    #expect(result.status == 0, "\(result.output)")
    #expect(try InputFile.bytes(of: directory.file("ours")) == InputFile.bytes(of: directory.file("theirs")))
  }

  @Test(.enabled(if: hasPythonSafetensors, "needs python3 with the packages safetensors and numpy"))
  func `what Python writes reads back`() throws {
    let directory = try TemporaryDirectory()
    let script = """
      import numpy as np, sys
      from safetensors.numpy import save_file
      save_file({'h': np.array([1.5, -2], np.float16), 'w': np.arange(6.0).reshape(2, 3) / 7,
        'y': np.array([3, 1], np.int32), 'c': np.array([True]), 's': np.array(2.5)}, sys.argv[1],
        metadata={'who': 'python', 'é': 'ü'})
      """
    try place(Array(script.utf8), at: directory.file("make.py"))
    let result = run("python3 '\(directory.file("make.py"))' '\(directory.file("a"))'")
    #expect(result.status == 0, "\(result.output)")
    let file = try SafetensorsFile(path: directory.file("a"))
    #expect(file.metadata == ["who": "python", "é": "ü"])
    #expect(try file.readFloat64("h").values == [1.5, -2])
    #expect(try file.readFloat64("w").values == (0..<6).map { Double($0) / 7 })
    #expect(try file.readFloat64("w").shape == [2, 3])
    #expect(try file.readInteger("y").values == [3, 1])
    #expect(try file.readInteger("c").values == [1])
    #expect(try file.readFloat64("s").values == [2.5])
    #expect(try file.readFloat64("s").shape == [])
  }
}
