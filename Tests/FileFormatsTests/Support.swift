import FileFormats
import Glibc
import Testing

/// A directory of its own for one test, removed with everything in it at the end.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/palimpsest-tests-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  deinit { _ = run("rm -rf '\(path)'") }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The names within, those that start with a dot included.
  func names() -> [String] { run("ls -A '\(path)'").output.split(separator: "\n").map(String.init) }
}

/// Runs a shell command; its output has both streams.
func run(_ command: String) -> (status: Int32, output: String) {
  guard let stream = popen("{ \(command)\n} 2>&1", "r") else { return (-1, "popen failed") }
  var output: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = fread(&buffer, 1, buffer.count, stream)
    if count == 0 { break }
    output.append(contentsOf: buffer[..<count])
  }
  let status = pclose(stream)
  return (status & 0x7F == 0 ? status >> 8 & 0xFF : -1, String(decoding: output, as: UTF8.self))
}

/// Whether Python with the safetensors package is here to compare with.
let hasPythonSafetensors = run("python3 -c 'import safetensors.numpy, numpy'").status == 0

/// Whether the Frictionless validator is here to compare with.
let hasFrictionless = run("frictionless --version").status == 0

/// Whether a small file system can be mounted, which takes root and a kernel that allows it.
let canMount =
  run(
    "d=$(mktemp -d) && mount -t tmpfs -o size=1m none $d && umount $d; s=$?; rmdir $d; exit $s"
  ).status == 0

/// Writes bytes with no help from the module under test.
func place(_ bytes: [UInt8], at path: String) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  try #require(write(descriptor, bytes, bytes.count) == bytes.count)
}

/// A safetensors file from its parts, valid or not.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
}

/// A small generator whose stream depends on nothing but the seed.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
