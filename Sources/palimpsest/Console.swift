import ArgumentParser
import Glibc
import LinearAlgebra

/// Options that every command has.
struct CommonOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print errors only.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more on what is being done, on standard error.")
  var verbose = false

  @Option(help: ArgumentHelp("Threads to use; the results do not depend on it.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be at least 1.") }
    if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
  }

  var workers: Workers { threads.map(Workers.init(count:)) ?? .all }
  var console: Console { Console(quiet: quiet, verbose: verbose) }
}

/// What the commands say: results on standard output, the rest on standard error.
struct Console: Sendable {
  let quiet: Bool
  let verbose: Bool

  /// A result.
  func result(_ line: String, terminator: String = "\n") {
    if !quiet { print(line, terminator: terminator) }
  }

  /// Something a user should know who did not ask.
  func notice(_ line: String) {
    if !quiet { Console.standardError("palimpsest: \(line)\n") }
  }

  /// Something for those who asked.
  func detail(_ line: @autoclosure () -> String) {
    if verbose { Console.standardError("palimpsest: \(line())\n") }
  }

  /// Writes to standard error as it is.
  static func standardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
