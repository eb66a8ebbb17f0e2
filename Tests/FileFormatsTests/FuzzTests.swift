import FileFormats
import Glibc
import TestSupport
import Testing

/// Changes that an unlucky disk or a hostile author might make.
private func mutated(_ original: [UInt8], with random: inout SplitMix64) -> [UInt8] {
  let fragments = [
    "18446744073709551616", "-1", "9223372036854775807", "4611686018427387904", "1e999", "0.5", "[", "{", "]", "}", ",",
    "\"", "\\u", "\\ud800", "null", "__metadata__", #","a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
  ]
  var bytes = original
  for _ in 0..<Int.random(in: 1...3, using: &random) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(place...)
    case 3:
      let count = Int.random(in: 1...16, using: &random)
      bytes.insert(contentsOf: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, at: place)
    case 4: bytes.insert(contentsOf: Array((fragments.randomElement(using: &random) ?? "").utf8), at: place)
    case 5:
      // The length field: near misses as well as anything at all.
      let anything = random.next() >> UInt64.random(in: 0..<64, using: &random)
      let value = Bool.random(using: &random) ? anything : UInt64(bytes.count) &+ anything % 16 &- 12
      for index in 0..<min(8, bytes.count) { bytes[index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    case 6:
      // A stretch twice, which also doubles header entries.
      let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
      bytes.insert(contentsOf: Array(bytes[place..<end]), at: end)
    default:
      // A digit for another keeps the grammar and hits shapes and offsets.
      let digits = bytes.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
      if let digit = digits.randomElement(using: &random) {
        bytes[digit] = UInt8.random(in: UInt8(ascii: "0")...UInt8(ascii: "9"), using: &random)
      }
    }
  }
  return bytes
}

@Suite struct FuzzTests {
  /// The inputs have at most a few kilobytes, so no honest allocation comes near the 256 MiB that each child may map.
  /// An allocation of what a hostile length or shape claims would fail there and end the child.
  @Test func `mutated safetensors files are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let path = directory.file("a")
      try SafetensorsWriter.write(
        tensors: [
          SafetensorsTensor(name: "w", shape: [2, 3], values: [1.0, 2, 3, 4, 5, 6]),
          SafetensorsTensor(name: "f", shape: [3], values: [Float(1), 2, 3]),
          SafetensorsTensor(name: "i", shape: [1, 2], values: [7, 8]),
          SafetensorsTensor(name: "b", dtype: .u8, shape: [5]) { try $0.write([1, 2, 3, 4, 5]) },
        ], metadata: ["seed": "1"], to: path)
      let original = try InputFile.bytes(of: path)
      try limitAddressSpace(beyondPresent: 256 << 20)
      var random = SplitMix64(seed: 20_26)
      var accepted = 0
      for _ in 0..<12_000 {
        try place(mutated(original, with: &random), at: path)
        do throws(SafetensorsError) {
          let file = try SafetensorsFile(path: path)
          for tensor in file.tensors {
            // Mutated dtypes may refuse conversion; what must hold is that nothing but the typed error comes out.
            do throws(SafetensorsError) { _ = try file.readFloat64(tensor.name) } catch {
              #expect(error.rule == .conversion)
            }
          }
          #expect(file.tensors.reduce(0) { $0 + $1.byteRange.count } <= original.count + 1024)
          accepted += 1
        } catch {
          #expect(error.rule != .system)
          #expect(!error.description.utf8.contains(UInt8(ascii: "\n")))
        }
      }
      // Both outcomes must occur, or the mutations test nothing.
      #expect(accepted > 100)
      #expect(accepted < 11_000)
    }
  }

  @Test func `mutated JSON texts are parsed or refused`() async {
    await #expect(processExitsWith: .success) {
      let original = Array(
        #"{"a":[1,-2.5,1e-3,true,null,"\u00e9\ud83d\ude00é"],"b":{"c":[[],{}],"d":123456789012345678901},"e":false}"#
          .utf8)
      try limitAddressSpace(beyondPresent: 256 << 20)
      var random = SplitMix64(seed: 2027)
      var accepted = 0
      for _ in 0..<12_000 {
        let bytes = mutated(original, with: &random)
        do throws(JSONError) {
          let value = try JSON(parsing: bytes)
          // What is accepted must survive its own writer.
          #expect(try JSON(parsing: value.bytes()) == value)
          #expect(try JSON(parsing: value.bytes(.compact)) == value)
          accepted += 1
        } catch {
          #expect((0...bytes.count).contains(error.offset))
        }
      }
      #expect(accepted > 100)
      #expect(accepted < 11_000)
    }
  }

  @Test func `mutated CSV texts are parsed or refused`() {
    let original = Array("a,b,c\n1,\"x\"\"y\",2\r\n,\" \n\",3\n".utf8)
    var random = SplitMix64(seed: 2028)
    for _ in 0..<3000 {
      let bytes = mutated(original, with: &random)
      do throws(TableError) { _ = try CSV.parse(bytes) } catch { #expect(error.rule == .syntax) }
    }
  }
}
