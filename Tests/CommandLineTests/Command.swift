import FileFormats
import Foundation
import Testing

/// How a run of the command ended.
struct Outcome {
  /// The exit status; nil where a signal ended the process.
  let status: Int32?
  let output: String
  let complaints: String

  var lines: [Substring] { output.split(separator: "\n") }
}

/// The built command, which lies beside the test bundle.
enum Command {
  static let path: String = {
    var candidates = [CommandLine.arguments[0], Bundle.main.bundlePath, Bundle.main.executablePath ?? ""]
    candidates += (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map { [$0] } ?? []
    // The bundle's own folder or the one that holds it, whichever runner loads the tests.
    for candidate in candidates + CommandLine.arguments {
      var folder = URL(fileURLWithPath: candidate)
      for _ in 0..<3 {
        folder.deleteLastPathComponent()
        let path = folder.appendingPathComponent("palimpsest").path
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
          return path
        }
      }
    }
    return "palimpsest"
  }()

  /// Runs the command in a folder; what it says goes through files, so that no pipe can fill up.
  static func run(
    _ arguments: [String], in directory: TemporaryDirectory, environment: [String: String] = [:],
    standardOutput: String? = nil
  ) throws -> Outcome {
    try start(path, arguments, in: directory.path, environment: environment, standardOutput: standardOutput)
  }

  /// Runs any program.
  static func start(
    _ program: String, _ arguments: [String], in directory: String = "/", environment: [String: String] = [:],
    standardOutput: String? = nil
  ) throws -> Outcome {
    try Running(program, arguments, in: directory, environment: environment, standardOutput: standardOutput).outcome()
  }

  /// Runs the command and expects success without a word on standard error.
  @discardableResult
  static func succeed(
    _ arguments: [String], in directory: TemporaryDirectory, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(arguments, in: directory)
    #expect(outcome.status == 0, "\(outcome.complaints)", sourceLocation: sourceLocation)
    #expect(outcome.complaints == "", sourceLocation: sourceLocation)
    return outcome
  }

  /// Runs the command and expects this exit status, one or two lines that say all of `words`, nothing on standard
  /// output, and no trace of a crash; and that the folder holds what it held before.
  static func fail(
    _ status: Int32, _ words: [String], _ arguments: [String], in directory: TemporaryDirectory,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try directory.contents()
    let outcome = try run(arguments, in: directory)
    #expect(outcome.status == status, "\(outcome.complaints)", sourceLocation: sourceLocation)
    #expect(outcome.output == "", sourceLocation: sourceLocation)
    #expect(outcome.complaints.hasPrefix("palimpsest: error: "), sourceLocation: sourceLocation)
    #expect(outcome.complaints.hasSuffix("\n"), sourceLocation: sourceLocation)
    #expect(
      (1...2).contains(outcome.complaints.split(separator: "\n", omittingEmptySubsequences: false).count - 1),
      "\(outcome.complaints)", sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.complaints.contains(word), "\(outcome.complaints)", sourceLocation: sourceLocation)
    }
    for sign in ["Fatal", "Crash", "Backtrace", "Swift.", "Error(", "\u{1B}"] {
      #expect(!outcome.complaints.contains(sign), "\(outcome.complaints)", sourceLocation: sourceLocation)
    }
    #expect(try directory.contents() == before, sourceLocation: sourceLocation)
  }
}

/// A program that has been started.
final class Running {
  let process = Process()
  // Apart from the test's folder, whose listing is compared.
  private let said: TemporaryDirectory
  private let output: String?

  init(
    _ program: String, _ arguments: [String], in directory: String, environment: [String: String] = [:],
    standardOutput: String? = nil
  ) throws {
    (said, output) = (try TemporaryDirectory(), standardOutput)
    let paths = [standardOutput ?? said.file("out"), said.file("err")]
    for path in paths where !FileManager.default.fileExists(atPath: path) {
      try #require(FileManager.default.createFile(atPath: path, contents: nil))
    }
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[0]))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[1]))
    try process.run()
  }

  /// Sends it a signal.
  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for its end.
  func outcome() throws -> Outcome {
    process.waitUntilExit()
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : nil,
      output: output == nil ? try String(contentsOfFile: said.file("out"), encoding: .utf8) : "",
      complaints: try String(contentsOfFile: said.file("err"), encoding: .utf8))
  }
}

/// A folder of its own for one test, removed with everything in it at the end.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/palimpsest-tests-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func bytes(_ name: String) throws -> [UInt8] { try InputFile.bytes(of: file(name)) }

  func json(_ name: String) throws -> JSON { try JSON(parsing: bytes(name)) }

  func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: file(name))) }

  /// The records of a CSV file as dictionaries from column to text.
  func csv(_ name: String) throws -> [[String: String]] {
    let records = try CSV.parse(bytes(name))
    let header = try #require(records.first)
    return try records.dropFirst().map { record in
      try #require(record.count == header.count)
      return Dictionary(uniqueKeysWithValues: zip(header, record))
    }
  }

  /// Every file within, with its bytes; folders have none.
  func contents(_ name: String = ".") throws -> [String: Data] {
    let root = file(name)
    var result: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
      result[path] = FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data()
    }
    return result
  }
}

/// What else may be here to compare with.
enum Tools {
  static let python = hasPython("numpy, safetensors.numpy")
  static let renderer = hasPython("vl_convert")
  static let frictionless = succeeds("frictionless --version")
  /// Whether a small file system can be mounted, which takes root and a kernel that allows it.
  static let mount = succeeds(
    "d=$(mktemp -d) && mount -t tmpfs -o size=1m none $d && umount $d; s=$?; rmdir $d; exit $s")

  static func succeeds(_ command: String) -> Bool {
    (try? Command.start("/bin/sh", ["-c", command]))?.status == 0
  }

  private static func hasPython(_ modules: String) -> Bool { succeeds("python3 -c 'import \(modules)'") }
}

/// Whether two numbers agree to this share of the larger.
func agree(_ one: Double?, _ other: Double?, within tolerance: Double) -> Bool {
  guard let one, let other else { return false }
  if one == other || one.isNaN && other.isNaN { return true }
  return abs(one - other) <= tolerance * max(abs(one), abs(other))
}
