import Foundation

/// The python3 on the PATH, for what needs one.
enum Python {
  /// Whether there is one.
  static let found = imports("json")
  /// Whether it has the renderer of plots.
  static let renders = imports("vl_convert")

  private static func imports(_ module: String) -> Bool { (try? run(["-c", "import \(module)"]))?.status == 0 }

  /// Runs it on these arguments to its end; the output is that of both streams.
  static func run(
    _ arguments: [String], input: [UInt8] = [], keepsInput: Bool = false, in directory: String = "/"
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    let (stdin, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, output, output)
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input))
    // The renderer takes the end of its input for the end of who called it; others wait for it.
    if !keepsInput { try stdin.fileHandleForWriting.close() }
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if keepsInput { try stdin.fileHandleForWriting.close() }
    return (process.terminationStatus, said)
  }
}
